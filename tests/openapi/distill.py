#!/usr/bin/env python3
"""Distils a published OpenAPI document to its surface: names and types, no texts.

    python3 tests/openapi/distill.py PUBLISHED.json > tests/openapi/application.json
    python3 tests/openapi/distill.py --webhooks PUBLISHED.json > tests/openapi/webhooks.json

The result maps `METHOD /path` to its parameters (`in name`), request fields and response fields
per status. Fields are flat paths from the body down: `a.b` is a property, `a[]` an element of an
array, `a{}` a value of a map, and the empty path the body itself. Each is written as its types
joined by `|`, `?` at the end if it may be absent. `tests/openapi/surface.rs` flattens the generated
documents in the same way. With `--webhooks` it maps each type of webhook event to the fields of
its body.
"""

import json
import sys

METHODS = ("get", "post", "put", "patch", "delete")


def main():
    with open(sys.argv[-1], encoding="utf-8") as file:
        document = json.load(file)
    if sys.argv[1] == "--webhooks":
        surface = {
            name: body(document, resolve(document, item["post"]["requestBody"]))
            for name, item in document["webhooks"].items()
        }
        return write(surface)
    surface = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                surface[f"{method.upper()} {path}"] = operation(document, item, item[method])
    write(surface)


def write(surface):
    json.dump(surface, sys.stdout, indent=1, sort_keys=True)
    print()


def operation(document, item, described):
    parameters = {}
    for parameter in item.get("parameters", []) + described.get("parameters", []):
        parameter = resolve(document, parameter)
        types = sorted(types_of(document, parameter["schema"]))
        name = f"{parameter['in']} {parameter['name']}"
        parameters[name] = "|".join(types) + ("" if parameter.get("required") else "?")
    responses = {
        status: body(document, resolve(document, response))
        for status, response in described["responses"].items()
    }
    request = body(document, resolve(document, described.get("requestBody", {})))
    return {"parameters": parameters, "request": request, "responses": responses}


def body(document, described):
    schema = described.get("content", {}).get("application/json", {}).get("schema")
    fields = {}
    if schema is not None:
        flatten(document, schema, "", True, fields)
    return fields


def resolve(document, node):
    while "$ref" in node:
        target = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def alternatives(document, schema):
    """The schemas a value must match one of, with `allOf` merged into one."""
    schema = resolve(document, schema)
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return [leaf for option in schema[choice] for leaf in alternatives(document, option)]
    if "allOf" in schema:
        merged = {"type": "object", "properties": {}, "required": []}
        for part in schema["allOf"] + [{key: schema[key] for key in schema if key != "allOf"}]:
            (part,) = alternatives(document, part)
            merged["properties"].update(part.get("properties", {}))
            merged["required"] += part.get("required", [])
        return [merged]
    return [schema]


def types_of(document, schema):
    types = set()
    for leaf in alternatives(document, schema):
        given = leaf.get("type", "object" if "properties" in leaf else "any")
        types.update([given] if isinstance(given, str) else given)
    return types


def flatten(document, schema, path, required, fields):
    types = sorted(types_of(document, schema))
    fields[path] = "|".join(types) + ("" if required else "?")
    leaves = [leaf for leaf in alternatives(document, schema) if leaf.get("type") != "null"]
    for leaf in leaves:
        for name, property_schema in leaf.get("properties", {}).items():
            everywhere = all(name in other.get("required", []) for other in leaves)
            flatten(document, property_schema, f"{path}.{name}".lstrip("."), everywhere, fields)
        if "items" in leaf:
            flatten(document, leaf["items"], f"{path}[]", True, fields)
        if isinstance(leaf.get("additionalProperties"), dict):
            flatten(document, leaf["additionalProperties"], f"{path}{{}}", True, fields)


if __name__ == "__main__":
    main()
