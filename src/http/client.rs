//! The Admin API as commands use it: what they send and what they read of the answers.
//!
//! Only the fields that commands show are read, so a newer server is understood as well.

use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::outbound::api::{AdminApi, CallError};

/// Most keys that a page of the list holds; no environment has as many.
const PAGE: &str = "/api-keys?limit=100";

/// An admin key as the server tells it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRow {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The part before the full stop.
    pub prefix: String,
    /// `active` or `inactive`.
    pub status: String,
    /// When it was created.
    pub created: String,
    /// When it was last used.
    pub last_used: Option<String>,
    /// The whole key, where the answer tells it.
    #[serde(default)]
    pub key: Option<String>,
}

/// What can be done to one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyChange {
    /// Give it another value.
    Rotate,
    /// Refuse it until it is activated.
    Revoke,
    /// Accept it again.
    Activate,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The request failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The answer isn't one of this API.
    #[error("the answer is not understood: {0}")]
    Answer(#[from] serde_json::Error),
    /// The server took the request and did nothing.
    #[error("{0}")]
    Issue(String),
}

#[derive(Deserialize)]
struct Created {
    created: Vec<KeyRow>,
    issues: Vec<Issue>,
}

#[derive(Deserialize)]
struct Issue {
    message: String,
}

/// Makes an admin key.
///
/// # Errors
/// If the server didn't.
pub async fn create_key(api: &AdminApi, name: &str) -> Result<KeyRow, ClientError> {
    let body = json!([{"name": name}]).to_string();
    let answer = api.call(Method::POST, "/api-keys", Some(body)).await?;
    let Created { mut created, issues } = read(&answer)?;
    let why = || issues.into_iter().map(|issue| issue.message).collect::<Vec<_>>().join(", ");
    created.pop().ok_or_else(|| ClientError::Issue(why()))
}

/// All admin keys.
///
/// # Errors
/// If the server didn't answer with them.
pub async fn list_keys(api: &AdminApi) -> Result<Vec<KeyRow>, ClientError> {
    read(&api.call(Method::GET, PAGE, None).await?)
}

/// Changes an admin key and answers with what it is now.
///
/// # Errors
/// If the server didn't.
pub async fn change_key(
    api: &AdminApi,
    id: &str,
    change: KeyChange,
) -> Result<KeyRow, ClientError> {
    let change = match change {
        KeyChange::Rotate => "rotate",
        KeyChange::Revoke => "revoke",
        KeyChange::Activate => "activate",
    };
    read(&api.call(Method::POST, &format!("/api-keys/{id}/{change}"), None).await?)
}

/// Deletes an admin key for good.
///
/// # Errors
/// If the server didn't.
pub async fn delete_key(api: &AdminApi, id: &str) -> Result<(), ClientError> {
    api.call(Method::DELETE, &format!("/api-keys/{id}"), None).await?;
    Ok(())
}

fn read<T: DeserializeOwned>(answer: &str) -> Result<T, ClientError> {
    Ok(serde_json::from_str(answer)?)
}
