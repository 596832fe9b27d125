//! `POST /streaks/freezes`: grant freezes to users. (C-STREAK-43, C-STREAK-44, C-ADM-73 to 75)
//!
//! Every entry is one freeze, and a user may be listed several times. All entries of one user are
//! one command, because one request signals one gain per user; which entries count is then told
//! from how many freezes fitted: the first ones.

use std::collections::HashMap;
use std::sync::Arc;

use actors::Error;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalog::{Catalog, Invalid};
use domain::ids::{Scope, UserId};
use domain::user::{Command, Rejection, Reply};
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;
use utoipa::ToSchema;

use super::batch::{self, AdminIssue, Severity};
use super::wire::BodyFailures;
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::Body;
use crate::http::json::{self, Fields};

/// Freezes to grant.
#[derive(ToSchema)]
pub struct CreateStreakFreezesRequest {
    /// One entry for each freeze; repeat a user for more.
    #[schema(min_items = 1, max_items = 100)]
    pub freezes: Vec<StreakFreezeRequestItem>,
}

/// One freeze.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct StreakFreezeRequestItem {
    /// Who gets it.
    pub user_id: String,
}

/// What could not be granted.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreateStreakFreezesResponse {
    /// Entries that gave nothing.
    pub issues: Vec<AdminIssue>,
}

/// Grant streak freezes.
#[utoipa::path(
    post,
    path = "/streaks/freezes",
    operation_id = "admin_streaks_freezes_create",
    tag = "Admin",
    request_body = CreateStreakFreezesRequest,
    responses(
        (status = 200, description = "Nothing was granted", body = CreateStreakFreezesResponse),
        (status = 201, description = "At least one freeze was granted", body = CreateStreakFreezesResponse),
        BodyFailures
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<CreateStreakFreezesResponse>), ApiError> {
    let freezes = Fields::of(&body, "body")?.required("freezes", |value, _| Ok(value))?;
    let entries: Vec<_> = batch::items(freezes, "freezes")?.iter().map(read_entry).collect();
    let catalog = app.engine.catalog(caller.scope);
    let grants = match catalog.streaks.current().freezes {
        Some(_) => grant_all(&app, caller.scope, catalog, wanted(&entries)).await?,
        None => refuse_all(&entries),
    };
    let issues = issues(&entries, &grants);
    let status = if issues.len() < entries.len() { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(CreateStreakFreezesResponse { issues })))
}

/// One entry: its user, or what is wrong with it beside what was sent as the user.
type Entry = Result<UserId, (String, Invalid)>;

/// What became of one user's entries: how many freezes were given, or why none could be.
type Grant = Result<u32, String>;

fn read_entry(entry: &Value) -> Entry {
    let sent = entry.get("userId").and_then(Value::as_str).unwrap_or_default();
    let read = || {
        let id = Fields::of(entry, "item")?.required("userId", json::text)?;
        UserId::new(id).ok_or_else(|| Invalid::error("userId must have 1 to 255 characters"))
    };
    read().map_err(|invalid| (sent.to_owned(), invalid))
}

/// How many freezes each user is to get.
fn wanted(entries: &[Entry]) -> HashMap<UserId, u32> {
    let mut counts = HashMap::new();
    for user in entries.iter().flatten() {
        *counts.entry(user.clone()).or_default() += 1;
    }
    counts
}

fn refuse_all(entries: &[Entry]) -> HashMap<UserId, Grant> {
    let reason = Rejection::FreezesNotEnabled.to_string();
    entries.iter().flatten().map(|user| (user.clone(), Err(reason.clone()))).collect()
}

/// Runs one command for each user, side by side.
///
/// # Errors
/// Those of the engine, if nothing at all was granted: a 5xx must not hide a grant. (C-GEN-08)
async fn grant_all(
    app: &App,
    scope: Scope,
    catalog: Arc<Catalog>,
    wanted: HashMap<UserId, u32>,
) -> Result<HashMap<UserId, Grant>, ApiError> {
    let mut running = JoinSet::new();
    for (user, count) in wanted {
        let (engine, catalog) = (app.engine.clone(), catalog.clone());
        running.spawn(async move {
            let command = Command::GrantFreezes { count };
            let applied = engine.run(scope, user.clone(), catalog, command).await;
            (user, applied.map(|applied| applied.reply))
        });
    }
    let answers = running.join_all().await;
    let mut failure = None;
    let mut grants = HashMap::new();
    for (user, answer) in answers {
        let grant = match answer {
            Ok(reply) => Ok(granted(&reply)),
            Err(Error::Rejected(Rejection::UserNotFound)) => Err("User does not exist".to_owned()),
            Err(Error::Rejected(rejection)) => Err(rejection.to_string()),
            Err(error @ (Error::Overloaded | Error::Unavailable { .. } | Error::Internal)) => {
                let message = error.to_string();
                failure = Some(error);
                Err(message)
            }
        };
        grants.insert(user, grant);
    }
    match failure {
        Some(error) if grants.values().all(|grant| !matches!(grant, Ok(1..))) => Err(error.into()),
        Some(_) | None => Ok(grants),
    }
}

fn granted(reply: &Reply) -> u32 {
    match reply {
        Reply::FreezesGranted { granted } => *granted,
        Reply::Settled
        | Reply::Identified { .. }
        | Reply::Event(_)
        | Reply::Replayed { .. }
        | Reply::Completed(_)
        | Reply::PauseCreated(_)
        | Reply::PauseDeleted(_)
        | Reply::StreakRestored
        | Reply::StreakReset
        | Reply::PreferencesUpdated => unreachable!("a grant is answered as a grant"),
    }
}

/// Tells the entries that gave nothing, in request order: a user's first entries are the ones that
/// were granted.
fn issues(entries: &[Entry], grants: &HashMap<UserId, Grant>) -> Vec<AdminIssue> {
    let mut seen: HashMap<&UserId, u32> = HashMap::new();
    let mut issues = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let user = match entry {
            Ok(user) => user,
            Err((sent, invalid)) => {
                issues.push(AdminIssue::of_user(index, sent, Severity::Error, &invalid.message));
                continue;
            }
        };
        let place = seen.entry(user).or_default();
        *place += 1;
        let (severity, message) = match &grants[user] {
            Ok(granted) if *place <= *granted => continue,
            Ok(_) => (Severity::Warning, "Would exceed maximum freeze limit"),
            Err(message) => (Severity::Error, message.as_str()),
        };
        issues.push(AdminIssue::of_user(index, user.as_str(), severity, message));
    }
    issues
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::ids::UserId;
    use serde_json::json;

    use super::{Grant, issues, read_entry, refuse_all, wanted};

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    // C-STREAK-43 C-ADM-08 C-ADM-09 C-ADM-73 C-ADM-74
    #[test]
    fn a_users_first_entries_are_the_granted_ones() {
        let sent = ["a", "ghost", "b", "a", "a"].map(|id| json!({"userId": id}));
        let entries = sent.iter().map(read_entry).collect::<Vec<_>>();
        assert_eq!(
            wanted(&entries),
            HashMap::from([(user("a"), 3), (user("ghost"), 1), (user("b"), 1)])
        );
        let grants: HashMap<_, Grant> = HashMap::from([
            (user("a"), Ok(2)),
            (user("b"), Ok(1)),
            (user("ghost"), Err("User does not exist".to_owned())),
        ]);
        let issue = |index, user: &str, severity: &str, message: &str| {
            json!({"index": index, "userId": user, "severity": severity, "message": message,
                   "level": severity, "reason": message})
        };
        assert_eq!(
            serde_json::to_value(issues(&entries, &grants)).unwrap(),
            json!([
                issue(1, "ghost", "error", "User does not exist"),
                issue(4, "a", "warning", "Would exceed maximum freeze limit"),
            ])
        );
    }

    // C-STREAK-44 C-ADM-75
    #[test]
    fn disabled_freezes_are_an_error_for_every_entry() {
        let sent = [json!({"userId": "a"}), json!({"userId": "a"})];
        let entries = sent.iter().map(read_entry).collect::<Vec<_>>();
        let all = issues(&entries, &refuse_all(&entries));
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(|issue| issue.message == "Streak freezes are not enabled"));
    }

    // C-ADM-04 C-ADM-09 C-GEN-29
    #[test]
    fn malformed_entries_are_issues_with_the_user_as_sent() {
        let sent = [json!({}), json!({"userId": 5}), json!({"userId": ""}), json!("a")];
        let entries = sent.iter().map(read_entry).collect::<Vec<_>>();
        let told: Vec<_> = issues(&entries, &HashMap::new())
            .into_iter()
            .map(|issue| (issue.user_id.unwrap(), issue.message))
            .collect();
        let expected = [
            ("", "userId is required"),
            ("", "userId must be a string"),
            ("", "userId must have 1 to 255 characters"),
            ("", "item must be an object"),
        ];
        assert_eq!(told, expected.map(|(user, message)| (user.to_owned(), message.to_owned())));
    }
}
