//! Operations on users: one command for each entry of a request. (C-ADM-04, C-ADM-06, C-ADM-09)
//!
//! The commands of one user run in request order, those of different users side by side. A command
//! that is refused becomes an issue of its entry. What a command does is its handler's business;
//! nothing here knows any.

use std::collections::HashMap;
use std::sync::Arc;

use actors::Error;
use domain::catalog::{Catalog, Invalid};
use domain::ids::{Scope, UserId};
use domain::user::{Command, Rejection, Reply};
use serde_json::Value;
use tokio::task::JoinSet;

use super::batch::{AdminIssue, Severity};
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::json::{self, Fields};

/// One entry of a request.
pub(super) struct Entry {
    /// The user as far as it is known, for issues.
    pub(super) sent: String,
    /// The id of the entry itself, if entries are named by one.
    pub(super) id: Option<String>,
    /// What to do, or why that can't be told.
    pub(super) command: Result<(UserId, Command), Invalid>,
}

impl Entry {
    /// Reads an entry whose user is in `field`; `command` reads the rest.
    pub(super) fn read(
        entry: &Value,
        field: &str,
        command: impl FnOnce(Fields<'_>) -> Result<Command, Invalid>,
    ) -> Self {
        let sent = entry.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let read = || {
            let fields = Fields::of(entry, "item")?;
            let id = UserId::new(fields.required(field, json::text)?);
            let id = id.ok_or_else(|| {
                Invalid::error(format!("{field} must have 1 to {} characters", UserId::CHARS_MAX))
            })?;
            Ok((id, command(fields)?))
        };
        Self { sent, id: None, command: read() }
    }
}

/// What the entries did: users with replies, and issues, each in request order.
pub(super) struct Done {
    /// The entries that were applied.
    pub(super) replies: Vec<(UserId, Reply)>,
    /// The others.
    pub(super) issues: Vec<AdminIssue>,
}

/// One user's commands with the places of their entries.
type Queue = Vec<(usize, Command)>;

/// Runs every entry.
///
/// # Errors
/// Those of the engine, if nothing at all was applied: a 5xx must not hide a change. (C-GEN-08)
pub(super) async fn run(app: &App, scope: Scope, entries: &[Entry]) -> Result<Done, ApiError> {
    let catalog = app.engine.catalog(scope);
    let mut queues: HashMap<UserId, Queue> = HashMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Ok((user, command)) = &entry.command {
            queues.entry(user.clone()).or_default().push((index, command.clone()));
        }
    }
    let mut running = JoinSet::new();
    for (user, queue) in queues {
        running.spawn(run_queue(app.clone(), scope, user, catalog.clone(), queue));
    }
    let answers: HashMap<usize, _> = running.join_all().await.into_iter().flatten().collect();
    conclude(entries, answers)
}

async fn run_queue(
    app: App,
    scope: Scope,
    user: UserId,
    catalog: Arc<Catalog>,
    queue: Queue,
) -> Vec<(usize, Result<Reply, Error>)> {
    let mut answers = Vec::with_capacity(queue.len());
    for (index, command) in queue {
        let applied = app.engine.run(scope, user.clone(), Arc::clone(&catalog), command).await;
        answers.push((index, applied.map(|applied| applied.reply)));
    }
    answers
}

fn conclude(
    entries: &[Entry],
    mut answers: HashMap<usize, Result<Reply, Error>>,
) -> Result<Done, ApiError> {
    let mut done = Done { replies: Vec::new(), issues: Vec::new() };
    let mut failure = None;
    for (index, entry) in entries.iter().enumerate() {
        let (severity, message) = match &entry.command {
            Err(invalid) => (Severity::Error, invalid.message.clone()),
            Ok((user, _)) => match answers.remove(&index).expect("every command was run") {
                Ok(reply) => {
                    done.replies.push((user.clone(), reply));
                    continue;
                }
                Err(Error::Rejected(rejection)) => refusal(&rejection),
                Err(error @ (Error::Overloaded | Error::Unavailable { .. } | Error::Internal)) => {
                    let message = error.to_string();
                    failure = Some(error);
                    (Severity::Error, message)
                }
            },
        };
        let issue = AdminIssue::of_user(index, &entry.sent, severity, &message);
        done.issues.push(AdminIssue { id: entry.id.clone(), ..issue });
    }
    match failure {
        Some(error) if done.replies.is_empty() => Err(error.into()),
        Some(_) | None => Ok(done),
    }
}

/// How a refused command is told. (C-ADM-10, C-ADM-11)
fn refusal(rejection: &Rejection) -> (Severity, String) {
    match rejection {
        Rejection::UserNotFound => (Severity::Error, "User does not exist".to_owned()),
        Rejection::NoStreakToRestore | Rejection::NoActiveStreakToReset => {
            (Severity::Warning, rejection.to_string())
        }
        Rejection::EmailRequired
        | Rejection::SignUpDateInFuture
        | Rejection::TooManyAttributes
        | Rejection::TotalOutOfRange
        | Rejection::InsufficientPoints(_)
        | Rejection::AchievementLocked
        | Rejection::FiltersNotMet
        | Rejection::AchievementNotFound
        | Rejection::FreezesNotEnabled
        | Rejection::PauseStartsInPast
        | Rejection::PauseEndsBeforeStart
        | Rejection::PauseOverlaps
        | Rejection::TooManyPauses
        | Rejection::PauseNotFound
        | Rejection::CustomizationNotEnabled => (Severity::Error, rejection.to_string()),
    }
}
