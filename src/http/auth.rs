//! Who is calling: `X-API-KEY` to the scope the key belongs to. (C-AUTH)
//!
//! This knows the header and nothing of how keys are stored or compared. It is an extractor and
//! not a layer because a wrong method on a known path is told before a wrong key. (C-API-09)

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::ids::Scope;

use super::error::ApiError;
use crate::app::App;

const API_KEY: &str = "x-api-key";

/// An authenticated caller: the first argument of every handler of both APIs.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// What the key gives access to. (C-AUTH-23)
    pub scope: Scope,
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let key = parts.headers.get(API_KEY).and_then(|value| value.to_str().ok());
        let scope = key.and_then(|key| app.keys.verify(key)).ok_or_else(ApiError::unauthorized)?;
        Ok(Self { scope })
    }
}
