//! Flattens an OpenAPI document to names and types, the way `distill.py` does.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Operations by `METHOD /path`.
pub(crate) type Surface = BTreeMap<String, Operation>;

/// Field paths and their types, as `distill.py` describes them.
pub(crate) type Fields = BTreeMap<String, String>;

/// One operation.
#[derive(Debug, Deserialize)]
pub(crate) struct Operation {
    /// Types of parameters by `in name`.
    pub(crate) parameters: Fields,
    /// Fields of the request body.
    pub(crate) request: Fields,
    /// Fields of the response body by status.
    pub(crate) responses: BTreeMap<String, Fields>,
}

/// The surface of a generated document.
pub(crate) fn surface(document: &Value) -> Surface {
    let mut surface = Surface::new();
    for (path, item) in object(&document["paths"]) {
        for (method, operation) in
            object(item).iter().filter(|(_, operation)| operation.get("responses").is_some())
        {
            surface.insert(
                format!("{} {path}", method.to_uppercase()),
                flatten_operation(document, operation),
            );
        }
    }
    surface
}

fn flatten_operation(document: &Value, operation: &Value) -> Operation {
    let parameters = operation["parameters"].as_array().into_iter().flatten().map(|parameter| {
        let parameter = resolve(document, parameter);
        let types = types(document, &parameter["schema"]);
        let name = format!("{} {}", text(&parameter["in"]), text(&parameter["name"]));
        (name, written(&types, parameter["required"] == true))
    });
    let responses = object(&operation["responses"]).iter();
    Operation {
        parameters: parameters.collect(),
        request: body(document, &operation["requestBody"]),
        responses: responses
            .map(|(status, response)| (status.clone(), body(document, response)))
            .collect(),
    }
}

/// The fields of a described body.
pub(crate) fn body(document: &Value, described: &Value) -> Fields {
    let mut fields = Fields::new();
    if let Some(schema) = described.pointer("/content/application~1json/schema") {
        flatten(document, schema, "", true, &mut fields);
    }
    fields
}

fn flatten(document: &Value, schema: &Value, path: &str, required: bool, fields: &mut Fields) {
    fields.insert(path.to_owned(), written(&types(document, schema), required));
    let leaves: Vec<_> =
        alternatives(document, schema).into_iter().filter(|leaf| leaf["type"] != "null").collect();
    for leaf in &leaves {
        for (name, property) in leaf["properties"].as_object().into_iter().flatten() {
            let everywhere =
                leaves.iter().all(|other| list(&other["required"]).contains(&json!(name)));
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            flatten(document, property, &path, everywhere, fields);
        }
        if let Some(items) = leaf.get("items") {
            flatten(document, items, &format!("{path}[]"), true, fields);
        }
        if let Some(values) = leaf.get("additionalProperties").filter(|values| values.is_object()) {
            flatten(document, values, &format!("{path}{{}}"), true, fields);
        }
    }
}

/// The schemas a value must match one of, with `allOf` merged into one.
fn alternatives(document: &Value, schema: &Value) -> Vec<Value> {
    let schema = resolve(document, schema);
    for choice in ["oneOf", "anyOf"] {
        if let Some(options) = schema.get(choice) {
            return list(options)
                .iter()
                .flat_map(|option| alternatives(document, option))
                .collect();
        }
    }
    match schema.get("allOf") {
        None => vec![schema.clone()],
        Some(parts) => {
            let mut properties = Map::new();
            let mut required = Vec::new();
            for part in list(parts).iter().flat_map(|part| alternatives(document, part)) {
                properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
                required.extend(list(&part["required"]).iter().cloned());
            }
            vec![json!({"type": "object", "properties": properties, "required": required})]
        }
    }
}

fn types(document: &Value, schema: &Value) -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    for leaf in alternatives(document, schema) {
        match leaf.get("type") {
            Some(Value::Array(given)) => {
                types.extend(given.iter().map(|name| text(name).to_owned()))
            }
            Some(given) => {
                types.insert(text(given).to_owned());
            }
            None => {
                types.insert(
                    if leaf.get("properties").is_some() { "object" } else { "any" }.to_owned(),
                );
            }
        }
    }
    types
}

fn written(types: &BTreeSet<String>, required: bool) -> String {
    let names: Vec<_> = types.iter().map(String::as_str).collect();
    format!("{}{}", names.join("|"), if required { "" } else { "?" })
}

fn resolve<'a>(document: &'a Value, node: &'a Value) -> &'a Value {
    let mut node = node;
    while let Some(reference) = node.get("$ref") {
        let pointer = text(reference).trim_start_matches('#');
        node = document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"));
    }
    node
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
