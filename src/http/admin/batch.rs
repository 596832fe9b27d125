//! The conventions every Admin API resource shares: lists, reads by id, and bulk writes. (C-ADM 6.1)
//!
//! A bulk write is one change of the catalog: its items run in request order, each whole or not at
//! all, and an item sees what earlier ones did. Resources say how one item is read and applied;
//! counting, ids, issues and statuses are decided here, once. Nothing here knows any resource.

use axum::Json;
use axum::http::StatusCode;
use domain::catalog::{Catalog, Invalid};
use domain::ids::{Key, Scope};
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::http::error::ApiError;
use crate::http::extract::{Page, Query};
use crate::http::json::{Fields, parse_uuid};

/// Most items of one request. (C-ADM-03, C-ADM-17)
pub(super) const ITEMS_MAX: usize = 100;

pub(super) const BAD_ID: &str = "id must be a valid UUID";

/// Whether an item was left undone or merely had less effect than asked. (C-ADM-10)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The item was not applied.
    Error,
    /// The item is valid but was without effect or capped.
    Warning,
}

/// What is to be said about one item of a bulk request. (C-ADM-07)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminIssue {
    /// The id as sent, for updates and deletions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<String>,
    /// The user, for operations on users.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user_id: Option<String>,
    /// The place of the item in the request, counted from zero. (C-ADM-08)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub index: Option<usize>,
    /// How bad it is.
    pub severity: Severity,
    /// What is the matter.
    pub message: String,
    /// The same as `severity`, for operations on users. (C-GEN-29)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub level: Option<Severity>,
    /// The same as `message`, for operations on users. (C-GEN-29)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
}

impl AdminIssue {
    /// An item of a configuration request that was not applied.
    pub(super) fn of_item(index: usize, id: Option<&str>, invalid: Invalid) -> Self {
        Self {
            id: id.map(str::to_owned),
            user_id: None,
            index: Some(index),
            severity: Severity::Error,
            message: invalid.message,
            level: None,
            reason: None,
        }
    }

    /// A leaderboard that went with what it ranked by.
    fn of_board(index: usize, id: &str, board: &Key) -> Self {
        let message = format!("Leaderboard \"{board}\" was deleted with it");
        let error = Self::of_item(index, Some(id), Invalid::error(message));
        Self { severity: Severity::Warning, ..error }
    }

    /// An entry of an operation on users; these carry both generations of names. (C-ADM-09)
    pub(super) fn of_user(index: usize, user: &str, severity: Severity, message: &str) -> Self {
        Self {
            id: None,
            user_id: Some(user.to_owned()),
            index: Some(index),
            severity,
            message: message.to_owned(),
            level: Some(severity),
            reason: Some(message.to_owned()),
        }
    }
}

/// Answer to a bulk creation. (C-ADM-05)
#[derive(Debug, Serialize, ToSchema)]
pub struct Created<T> {
    /// What was created, in request order.
    pub created: Vec<T>,
    /// What was not.
    pub issues: Vec<AdminIssue>,
}

/// Answer to a bulk update. (C-ADM-05)
#[derive(Debug, Serialize, ToSchema)]
pub struct Updated<T> {
    /// What was updated, in request order.
    pub updated: Vec<T>,
    /// What was not.
    pub issues: Vec<AdminIssue>,
}

/// Answer to a bulk deletion. (C-ADM-05)
#[derive(Debug, Serialize, ToSchema)]
pub struct Deleted {
    /// What was deleted, in request order.
    pub deleted: Vec<DeletedResource>,
    /// What was not.
    pub issues: Vec<AdminIssue>,
}

/// A deleted resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeletedResource {
    /// Its id.
    pub id: Uuid,
}

/// The 1 to 100 items of a bulk request. (C-ADM-03)
///
/// # Errors
/// 422 for anything else; `name` is what the array is called in the message.
pub(super) fn items<'a>(body: &'a Value, name: &str) -> Result<&'a [Value], ApiError> {
    let items = body.as_array().filter(|items| (1..=ITEMS_MAX).contains(&items.len()));
    let wrong = || ApiError::invalid(format!("{name} must be an array of 1 to {ITEMS_MAX} items"));
    items.map(Vec::as_slice).ok_or_else(wrong)
}

/// The body of a bulk creation or update, checked as a whole.
pub(super) struct Batch(Vec<Value>);

impl Batch {
    /// # Errors
    /// 422 if it isn't an array of 1 to 100 items. (C-ADM-03)
    pub(super) fn of(body: Value) -> Result<Self, ApiError> {
        items(&body, "body")?;
        let Value::Array(items) = body else { unreachable!("checked above") };
        Ok(Self(items))
    }

    /// The items as sent.
    pub(super) fn items(&self) -> &[Value] {
        &self.0
    }
}

/// Creates each item; 201 if at least one was created, else 200. (C-GEN-27)
///
/// # Errors
/// Only those of the engine: then nothing was created.
pub(super) async fn create<T, F>(
    app: &App,
    scope: Scope,
    Batch(items): Batch,
    apply: F,
) -> Result<(StatusCode, Json<Created<T>>), ApiError>
where
    T: Send + 'static,
    F: Fn(&mut Catalog, Fields<'_>, Timestamp) -> Result<T, Invalid> + Send + 'static,
{
    let change = move |catalog: &mut Catalog, now| create_each(catalog, &items, now, apply);
    let Created { created, issues } = app.engine.change_catalog(scope, change).await?;
    Ok(self::created(created, issues))
}

/// The answer to a bulk creation: 201 if at least one was created, else 200. (C-GEN-27)
pub(super) fn created<T>(
    created: Vec<T>,
    issues: Vec<AdminIssue>,
) -> (StatusCode, Json<Created<T>>) {
    let status = if created.is_empty() { StatusCode::OK } else { StatusCode::CREATED };
    (status, Json(Created { created, issues }))
}

/// Updates each item by its `id`.
///
/// # Errors
/// Only those of the engine: then nothing was updated.
pub(super) async fn update<T, F>(
    app: &App,
    scope: Scope,
    Batch(items): Batch,
    apply: F,
) -> Result<Json<Updated<T>>, ApiError>
where
    T: Send + 'static,
    F: Fn(&mut Catalog, Uuid, Fields<'_>, Timestamp) -> Result<T, Invalid> + Send + 'static,
{
    let change = move |catalog: &mut Catalog, now| update_each(catalog, &items, now, apply);
    Ok(Json(app.engine.change_catalog(scope, change).await?))
}

/// The `ids` of a bulk deletion as sent. (C-GEN-31, C-API-18)
pub(super) struct Ids(Vec<String>);

impl Ids {
    /// # Errors
    /// 422 if there are none or more than 100. (C-ADM-17)
    pub(super) fn of(query: &Query) -> Result<Self, ApiError> {
        let ids = query.list("ids");
        if !(1..=ITEMS_MAX).contains(&ids.len()) {
            return Err(ApiError::invalid(format!("ids must have 1 to {ITEMS_MAX} entries")));
        }
        Ok(Self(ids.into_iter().map(str::to_owned).collect()))
    }

    /// The ids in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Deletes each id.
///
/// # Errors
/// Only those of the engine: then nothing was deleted.
pub(super) async fn delete<F>(
    app: &App,
    scope: Scope,
    Ids(ids): Ids,
    apply: F,
) -> Result<Json<Deleted>, ApiError>
where
    F: Fn(&mut Catalog, Uuid, Timestamp) -> Result<(), Invalid> + Send + 'static,
{
    let alone = move |catalog: &mut Catalog, id, now| apply(catalog, id, now).map(|()| Vec::new());
    delete_with_boards(app, scope, Ids(ids), alone).await
}

/// Deletes each id, where leaderboards may go with it: a warning names each. (C-LB-83)
///
/// # Errors
/// Only those of the engine: then nothing was deleted.
pub(super) async fn delete_with_boards<F>(
    app: &App,
    scope: Scope,
    Ids(ids): Ids,
    apply: F,
) -> Result<Json<Deleted>, ApiError>
where
    F: Fn(&mut Catalog, Uuid, Timestamp) -> Result<Vec<Key>, Invalid> + Send + 'static,
{
    let change = move |catalog: &mut Catalog, now| delete_each(catalog, &ids, now, apply);
    Ok(Json(app.engine.change_catalog(scope, change).await?))
}

/// One page of a list, oldest first, then by id. (C-ADM-01, C-ADM-02)
pub(super) fn oldest_first<T>(
    resources: impl Iterator<Item = T>,
    page: Page,
    order: impl Fn(&T) -> (Timestamp, Uuid),
) -> impl Iterator<Item = T> {
    let mut sorted: Vec<_> = resources.collect();
    sorted.sort_by_key(order);
    one_page(sorted, page)
}

/// One page of a list that is in order already.
pub(super) fn one_page<T>(sorted: Vec<T>, page: Page) -> impl Iterator<Item = T> {
    sorted.into_iter().skip(page.skip).take(page.limit)
}

/// A page as it is shown.
pub(super) fn shown<T, W: From<T>>(page: impl Iterator<Item = T>) -> Json<Vec<W>> {
    Json(page.map(W::from).collect())
}

fn create_each<T>(
    catalog: &mut Catalog,
    items: &[Value],
    now: Timestamp,
    apply: impl Fn(&mut Catalog, Fields<'_>, Timestamp) -> Result<T, Invalid>,
) -> Created<T> {
    let mut answer = Created { created: Vec::new(), issues: Vec::new() };
    for (index, item) in items.iter().enumerate() {
        match Fields::of(item, "item").and_then(|fields| apply(catalog, fields, now)) {
            Ok(created) => answer.created.push(created),
            Err(invalid) => answer.issues.push(AdminIssue::of_item(index, None, invalid)),
        }
    }
    answer
}

fn update_each<T>(
    catalog: &mut Catalog,
    items: &[Value],
    now: Timestamp,
    apply: impl Fn(&mut Catalog, Uuid, Fields<'_>, Timestamp) -> Result<T, Invalid>,
) -> Updated<T> {
    let mut answer = Updated { updated: Vec::new(), issues: Vec::new() };
    for (index, item) in items.iter().enumerate() {
        let result = Fields::of(item, "item").and_then(|fields| {
            let id = fields.required("id", |value, _| {
                value.as_str().and_then(parse_uuid).ok_or_else(|| Invalid::error(BAD_ID))
            })?;
            apply(catalog, id, fields, now)
        });
        match result {
            Ok(updated) => answer.updated.push(updated),
            Err(invalid) => {
                let id = item.get("id").and_then(Value::as_str);
                answer.issues.push(AdminIssue::of_item(index, id, invalid));
            }
        }
    }
    answer
}

fn delete_each(
    catalog: &mut Catalog,
    ids: &[String],
    now: Timestamp,
    apply: impl Fn(&mut Catalog, Uuid, Timestamp) -> Result<Vec<Key>, Invalid>,
) -> Deleted {
    let mut answer = Deleted { deleted: Vec::new(), issues: Vec::new() };
    for (index, sent) in ids.iter().enumerate() {
        let id = parse_uuid(sent).ok_or_else(|| Invalid::error(BAD_ID));
        match id.and_then(|id| apply(catalog, id, now).map(|boards| (id, boards))) {
            Ok((id, boards)) => {
                answer.deleted.push(DeletedResource { id });
                let warning = |board| AdminIssue::of_board(index, sent, &board);
                answer.issues.extend(boards.into_iter().map(warning));
            }
            Err(invalid) => answer.issues.push(AdminIssue::of_item(index, Some(sent), invalid)),
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use domain::catalog::{Catalog, Invalid, Settings};
    use domain::ids::EnvironmentId;
    use domain::time::Timestamp;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::{Batch, Ids, create_each, delete_each, update_each};
    use crate::http::extract::Query;
    use crate::http::json::text;

    const KNOWN: &str = "00000000-0000-4000-8000-000000000001";

    fn catalog() -> Catalog {
        Catalog::new(EnvironmentId(Uuid::nil()), Settings::default())
    }

    fn now() -> Timestamp {
        Timestamp::from_millis(0)
    }

    /// `(updated, issues)` of an update that knows one resource.
    fn update(items: Value) -> Value {
        let items = items.as_array().unwrap().clone();
        let answer = update_each(&mut catalog(), &items, now(), |_, id, fields, _| {
            let name = fields.optional("name", text)?;
            match id.to_string() == KNOWN {
                true => Ok(name.map(str::to_owned)),
                false => Err(Invalid::error("Thing not found by ID")),
            }
        });
        serde_json::to_value(answer).unwrap()
    }

    // C-ADM-03
    #[test]
    fn the_whole_must_be_an_array_of_1_to_100_items() {
        for wrong in [json!({}), json!(null), json!("x"), json!([]), json!(vec![1; 101])] {
            assert!(Batch::of(wrong).is_err());
        }
        assert!(Batch::of(json!([1])).is_ok());
        assert!(Batch::of(json!(vec![1; 100])).is_ok());
    }

    // C-GEN-30 C-ADM-04 C-ADM-06 C-ADM-07
    #[test]
    fn bad_items_become_issues_in_request_order() {
        let items =
            [json!({"key": "a"}), json!(7), json!({}), json!({"key": 5}), json!({"key": "b"})];
        let answer = create_each(&mut catalog(), &items, now(), |_, fields, _| {
            fields.required("key", text).map(str::to_owned)
        });
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            json!({"created": ["a", "b"], "issues": [
                {"index": 1, "severity": "error", "message": "item must be an object"},
                {"index": 2, "severity": "error", "message": "key is required"},
                {"index": 3, "severity": "error", "message": "key must be a string"},
            ]})
        );
    }

    // C-ADM-08 C-ADM-13 C-ADM-16
    #[test]
    fn updates_name_the_id_as_sent_and_the_index() {
        let unknown = KNOWN.replace('1', "2");
        let issue = |index, id: &str, message| json!({"index": index, "id": id, "severity": "error", "message": message});
        assert_eq!(
            update(
                json!([{"id": KNOWN}, {"id": "x"}, {"id": unknown}, {"id": KNOWN, "name": 1}, {"id": KNOWN, "name": "n"}])
            ),
            json!({"updated": [null, "n"], "issues": [
                issue(1, "x", "id must be a valid UUID"),
                issue(2, &unknown, "Thing not found by ID"),
                issue(3, KNOWN, "name must be a string"),
            ]})
        );
        assert_eq!(
            update(json!([{}, {"id": 5}, []])),
            json!({"updated": [], "issues": [
                {"index": 0, "severity": "error", "message": "id is required"},
                {"index": 1, "severity": "error", "message": "id must be a valid UUID"},
                {"index": 2, "severity": "error", "message": "item must be an object"},
            ]})
        );
    }

    // C-GEN-31 C-ADM-17
    #[test]
    fn deletions_report_each_id() {
        let ids = ["nonsense".to_owned(), KNOWN.to_owned(), KNOWN.replace('1', "2")];
        let answer = delete_each(&mut catalog(), &ids, now(), |_, id, _| {
            if id.to_string() == KNOWN {
                Ok(Vec::new())
            } else {
                Err(Invalid::error("Thing not found by ID"))
            }
        });
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            json!({"deleted": [{"id": KNOWN}], "issues": [
                {"index": 0, "id": "nonsense", "severity": "error", "message": "id must be a valid UUID"},
                {"index": 2, "id": ids[2], "severity": "error", "message": "Thing not found by ID"},
            ]})
        );
    }

    // C-ADM-17
    #[test]
    fn deletions_take_1_to_100_ids() {
        let many = |count: u32| {
            format!("ids={}", (0..count).map(|i| i.to_string()).collect::<Vec<_>>().join(","))
        };
        for (query, is_good) in
            [(String::new(), false), ("ids=".into(), false), (many(100), true), (many(101), false)]
        {
            assert_eq!(Ids::of(&Query::parse(&query).unwrap()).is_ok(), is_good, "{query}");
        }
    }
}
