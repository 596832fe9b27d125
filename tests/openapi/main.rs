//! The generated OpenAPI documents against the surface that clients were built for.
//!
//! `application.json` and `admin.json` are distilled from the published documents by `distill.py`:
//! names and types only. Every published operation, parameter and field must exist here with the
//! same type, presence and nullability. What differs on purpose is listed with its reason; an entry
//! that no longer applies fails as well, so the lists stay true. More than was published is fine.

mod surface;
mod webhooks;

use std::collections::BTreeSet;

use accolade::http::openapi::{admin_api, application_api};
use surface::{Fields, Operation, Surface, surface};

/// A difference, written as `OPERATION place field: published, ours`; `*` stands for anything.
type Allowed = (&'static str, &'static str);

const NOT_YET: &str = "not offered yet: its route answers 404";
const NO_TENANTS: &str = "tenants are not offered yet: the header is ignored, like any unknown one";
const WHOLE_POINTS: &str = "points are whole numbers (C-POINTS-02)";
const NULL_CLEARS: &str = "null clears the field (C-USER-07)";

const APPLICATION: &[Allowed] = &[
    ("* parameter header Tenant-ID: *", NO_TENANTS),
    ("* *maxParticipants: integer|null, integer", "the enforced limit, never null (C-LB-40)"),
    (
        "GET /users/{id}/wrapped 200 *byAttribute{}{}.*: *?, *",
        "always sent, as for the whole metric (C-WRAP-08)",
    ),
    ("GET /users/{id} 400: missing", "without a body nothing can be malformed (C-API-10)"),
    ("*maxPoints: null|number, integer|null", WHOLE_POINTS),
    ("GET /users/{id}/points/{key}/event-summary 200 [].*: number, integer", WHOLE_POINTS),
    ("*deviceTokens: array|null?, array", "always a list, empty if there are none (C-USER-27)"),
    ("* request *email: string?, null|string?", NULL_CLEARS),
    ("* request *name: string?, null|string?", NULL_CLEARS),
];

const ADMIN: &[Allowed] = &[
    ("* parameter header Tenant-ID: *", NO_TENANTS),
    ("* /tenants*: missing", NOT_YET),
    ("POST /metrics/events request [].user.*: string?, null|string?", NULL_CLEARS),
    ("* issues[].boostId: string?, missing", "never sent: boosts go by `id` (C-ADM-08)"),
];

// C-API-04 C-EVENT-17
#[test]
fn the_application_api_is_what_was_published() {
    compare(include_str!("application.json"), &application_api(), APPLICATION);
}

// C-API-04
#[test]
fn the_admin_api_is_what_was_published() {
    compare(include_str!("admin.json"), &admin_api(), ADMIN);
}

fn compare(published: &str, document: &utoipa::openapi::OpenApi, allowed: &[Allowed]) {
    let published: Surface = serde_json::from_str(published).expect("a distilled surface");
    let ours = surface(&serde_json::to_value(document).expect("a document is JSON"));
    let differences = differences(&published, &ours);
    let unexpected: Vec<_> = differences
        .iter()
        .filter(|difference| !allowed.iter().any(|(pattern, _)| matches(pattern, difference)))
        .collect();
    let stale: Vec<_> = allowed
        .iter()
        .filter(|(pattern, _)| !differences.iter().any(|difference| matches(pattern, difference)))
        .collect();
    assert!(
        unexpected.is_empty(),
        "{} differences nobody decided on:\n{unexpected:#?}",
        unexpected.len()
    );
    assert!(stale.is_empty(), "differences that are gone: {stale:#?}");
}

fn differences(published: &Surface, ours: &Surface) -> BTreeSet<String> {
    let mut differences = BTreeSet::new();
    for (name, published) in published {
        match ours.get(name) {
            Some(ours) => compare_operation(name, published, ours, &mut differences),
            None => {
                differences.insert(format!("{name}: missing"));
            }
        }
    }
    differences
}

fn compare_operation(
    name: &str,
    published: &Operation,
    ours: &Operation,
    differences: &mut BTreeSet<String>,
) {
    compare_fields(
        &format!("{name} parameter"),
        &published.parameters,
        &ours.parameters,
        differences,
    );
    compare_fields(&format!("{name} request"), &published.request, &ours.request, differences);
    for (status, published) in &published.responses {
        match ours.responses.get(status) {
            Some(ours) => compare_fields(&format!("{name} {status}"), published, ours, differences),
            None => {
                differences.insert(format!("{name} {status}: missing"));
            }
        }
    }
}

fn compare_fields(
    place: &str,
    published: &Fields,
    ours: &Fields,
    differences: &mut BTreeSet<String>,
) {
    for (field, published) in published {
        let ours = ours.get(field).map_or("missing", String::as_str);
        if ours != published {
            differences.insert(format!("{place} {field}: {published}, {ours}"));
        }
    }
}

/// Whether the text has the pattern's parts in order, from its start to its end.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| text.strip_prefix(start)) else {
        return false;
    };
    let mut open = false;
    for part in parts {
        open = part.is_empty();
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    open || rest.is_empty()
}
