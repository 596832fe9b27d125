//! `/backup`: everything that is stored, as one long answer, while requests go on.
//!
//! The answer is made by a thread that reads from disk and waits whenever the caller reads slowly.
//! What the parts mean is storage's; the one thing added here is the file with the master key, so
//! that a server can start from the copy.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use storage::Backup;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::wire::Failures;
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::secrets;

/// Parts on their way to the caller.
const PARTS_WAITING: usize = 4;

/// Copy everything that is stored, of all environments, as of the instant the answer ends. It is
/// meant for `accolade backup`, which makes a data directory of it; 503 while another copy is being
/// made.
#[utoipa::path(
    get,
    path = "/backup",
    operation_id = "admin_backup_read",
    tag = "Admin",
    responses(
        (status = 200, description = "The copy", content_type = "application/octet-stream"),
        Failures
    )
)]
pub(super) async fn read(State(app): State<App>, _caller: Caller) -> Result<Response, ApiError> {
    let file = app.settings.master_key_file.clone();
    let (sender, parts) = mpsc::channel(PARTS_WAITING);
    let files = file.map(|path| secrets::read_file(&path)).transpose();
    let files = files.map_err(|error| actors::Error::Unavailable { reason: error.to_string() })?;
    let backup = app.engine.backup(files.into_iter().collect())?;
    tokio::task::spawn_blocking(move || send(backup, &sender));
    let body = futures_util::stream::unfold(parts, async |mut parts: Receiver<_>| {
        parts.recv().await.map(|part| (part, parts))
    });
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    Ok((kind, Body::from_stream(body)).into_response())
}

/// Sends all parts, or as many as the caller waits for. An answer that breaks off can't be taken
/// for a whole one.
fn send(backup: Backup, sender: &Sender<Result<Bytes, storage::Error>>) {
    for part in backup {
        if let Err(error) = &part {
            tracing::warn!(%error, "a backup ended early");
        }
        if sender.blocking_send(part.map(|part| part.encode().into())).is_err() {
            tracing::warn!("a backup ended early: the caller hung up");
            return;
        }
    }
}
