//! What webhooks are sent against what was published.
//!
//! `webhooks.json` is distilled from the published document by `distill.py --webhooks`: the fields
//! of each type's body. Every type must have a sample that has them, with the same types. Types that
//! nothing sends yet are listed; an entry that no longer applies fails as well.

use std::collections::{BTreeMap, BTreeSet};

use accolade::http::openapi::application_api;
use accolade::http::wire::webhook::sample;
use domain::webhook::WebhookEvent;
use serde_json::Value;

use crate::surface::body;
use crate::{compare_fields, matches};

/// Types that can be subscribed to before anything sends them.
const NOT_SENT_YET: [WebhookEvent; 4] = [
    WebhookEvent::EmailsRecapDue,
    WebhookEvent::EmailsReactivationDue,
    WebhookEvent::EmailsStreakReminderDue,
    WebhookEvent::EmailsAchievementDue,
];

/// Differences that are there on purpose: type, field, reason.
const ALLOWED: &[(&str, &str, &str)] = &[];

type Fields = BTreeMap<String, String>;

// C-WH-03 C-WH-04 C-WH-09 C-WH-12 C-WH-22 C-WH-26
#[test]
fn every_type_has_a_sample_of_the_published_shape() {
    let published: BTreeMap<String, Fields> =
        serde_json::from_str(include_str!("webhooks.json")).expect("distilled bodies");
    let names: Vec<_> = WebhookEvent::ALL.iter().map(|event| event.as_str()).collect();
    assert!(published.keys().all(|name| names.contains(&name.as_str())), "a type is missing");
    assert_eq!(published.len(), names.len());
    for event in WebhookEvent::ALL {
        let name = event.as_str();
        let Some(text) = sample(*event) else {
            assert!(NOT_SENT_YET.contains(event), "{name} has no sample");
            continue;
        };
        assert!(!NOT_SENT_YET.contains(event), "{name} is sent now");
        assert!(text.starts_with(&format!("{{\"type\":\"{name}\",")), "{text}");
        let body: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(serde_json::to_string(&body).expect("JSON"), text, "not compact");
        let mut wrong = differences(&published[name], &body);
        wrong.retain(|(field, _)| !ALLOWED.iter().any(|(t, f, _)| *t == name && f == field));
        assert!(wrong.is_empty(), "{name}: {wrong:#?}\n{text}");
    }
}

/// Differences between the published descriptions and ours that are there on purpose, with the reason.
const DESCRIBED: &[(&str, &str)] = &[
    ("* user.deviceTokens: array|null?, array", "always a list, empty if there are none"),
    ("* leaderboard.maxParticipants: integer|null, integer", "the enforced limit (C-LB-40)"),
    ("* points.maxPoints: null|number, integer|null", "points are whole numbers (C-POINTS-02)"),
];

// C-API-04 C-WH-09
#[test]
fn every_type_that_is_sent_is_described_as_published() {
    let published: BTreeMap<String, Fields> =
        serde_json::from_str(include_str!("webhooks.json")).expect("distilled bodies");
    let document = serde_json::to_value(application_api()).expect("a document is JSON");
    let mut differences = BTreeSet::new();
    for event in WebhookEvent::ALL {
        let name = event.as_str();
        let described = &document["webhooks"][name]["post"];
        assert_eq!(described.is_null(), NOT_SENT_YET.contains(event), "{name}");
        if !described.is_null() {
            assert_eq!(described["operationId"], format!("webhooks_{}", name.replace('.', "_")));
            let ours = body(&document, &described["requestBody"]);
            compare_fields(name, &published[name], &ours, &mut differences);
        }
    }
    let is_allowed = |own: &&String| DESCRIBED.iter().any(|(pattern, _)| matches(pattern, own));
    let unexpected: Vec<_> = differences.iter().filter(|own| !is_allowed(own)).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    for (pattern, _) in DESCRIBED {
        assert!(differences.iter().any(|own| matches(pattern, own)), "gone: {pattern}");
    }
}

/// The fields that are missing or of another type, with what is there.
fn differences(fields: &Fields, body: &Value) -> Vec<(String, String)> {
    let mut differences = Vec::new();
    for (field, types) in fields {
        let (types, optional) = match types.strip_suffix('?') {
            Some(types) => (types, true),
            None => (types.as_str(), false),
        };
        for value in values(body, field) {
            let fits = match value {
                None => optional,
                Some(value) => types.split('|').any(|own| is_a(value, own)),
            };
            if !fits {
                differences.push((field.clone(), format!("{value:?} is not {types}")));
            }
        }
    }
    differences
}

/// The values at a path, one for each object it could be in; `None` where it isn't.
fn values<'a>(body: &'a Value, path: &str) -> Vec<Option<&'a Value>> {
    if path.is_empty() {
        return vec![Some(body)];
    }
    let inside = |parent: &str| values(body, parent).into_iter().flatten();
    if let Some(parent) = path.strip_suffix("[]") {
        return inside(parent).filter_map(Value::as_array).flatten().map(Some).collect();
    }
    if let Some(parent) = path.strip_suffix("{}") {
        let maps = inside(parent).filter_map(Value::as_object);
        return maps.flat_map(|map| map.values()).map(Some).collect();
    }
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    inside(parent).filter_map(Value::as_object).map(|object| object.get(name)).collect()
}

fn is_a(value: &Value, published: &str) -> bool {
    match published {
        "any" => true,
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_number().is_some_and(|number| !number.to_string().contains('.')),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("unknown type {other}"),
    }
}
