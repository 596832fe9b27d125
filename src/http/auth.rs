//! Who is calling: `X-API-KEY` to the scope the key belongs to. (C-AUTH)
//!
//! This knows the header and nothing of how keys are stored or compared. It is an extractor and
//! not a layer because a wrong method on a known path is told before a wrong key. (C-API-09)
//!
//! What an application key may do is decided here for every operation at once: the router says with
//! [`ApplicationKeys`] where such keys are taken, and whatever names a user (C-AUTH-20) is looked at
//! wherever it can stand: path and query here, the body by [`super::extract::Body`]. A handler that
//! knows nothing of it can't let anyone through.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use domain::ids::{Scope, UserId};
use serde_json::Value;

use super::error::ApiError;
use super::extract::Query;
use super::rate;
use crate::app::App;
use crate::keys::{Holder, TooManyFailures};

const API_KEY: &str = "x-api-key";

/// An authenticated caller: the first argument of every handler of both APIs.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// What the key gives access to. (C-AUTH-23)
    pub scope: Scope,
}

/// What becomes of application keys at a route, as an extension of its requests; where there is
/// none, such a key is as good as unknown. (C-AUTH-19)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationKeys {
    /// They are taken, and act for the user they were made for.
    ForTheirUser,
    /// They are told that they may not.
    Forbidden,
}

/// The one user that the key of a request acts for.
#[derive(Clone, Debug)]
pub(super) struct OnlyUser(UserId);

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let holder = holder(parts, app)?;
        rate::count(parts, app)?;
        match holder {
            Holder::Admin(scope) => Ok(Self { scope }),
            Holder::User(scope, user) => {
                match parts.extensions.get::<ApplicationKeys>() {
                    None => return Err(ApiError::unauthorized()),
                    Some(ApplicationKeys::Forbidden) => return Err(ApiError::not_permitted()),
                    Some(ApplicationKeys::ForTheirUser) => {}
                }
                let only = OnlyUser(user);
                only.check_path(parts, app).await?;
                only.check_query(parts)?;
                parts.extensions.insert(only);
                Ok(Self { scope })
            }
        }
    }
}

/// Whose key it is; failures are counted by client address. (C-AUTH-27)
fn holder(parts: &Parts, app: &App) -> Result<Holder, ApiError> {
    let key = parts.headers.get(API_KEY).and_then(|value| value.to_str().ok());
    let holder = key.map(|key| app.keys.verify(key)).transpose()?.flatten();
    holder.ok_or_else(|| match app.failures.note(client(parts), app.engine.now()) {
        Ok(()) => ApiError::unauthorized(),
        Err(TooManyFailures) => ApiError::too_many(),
    })
}

/// Where the request came from; a service that is called without a connection has one client.
fn client(parts: &Parts) -> IpAddr {
    let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    connected.map_or(Ipv4Addr::UNSPECIFIED.into(), |ConnectInfo(address)| address.ip())
}

impl OnlyUser {
    /// `{id}` names a user on every route that takes these keys. A path that can't be read names
    /// another.
    async fn check_path(&self, parts: &mut Parts, app: &App) -> Result<(), ApiError> {
        let Ok(segments) = RawPathParams::from_request_parts(parts, app).await else {
            return Err(ApiError::not_permitted());
        };
        self.check(segments.iter().filter(|(name, _)| *name == "id").map(|(_, value)| value))
    }

    fn check_query(&self, parts: &Parts) -> Result<(), ApiError> {
        let query = Query::parse(parts.uri.query().unwrap_or_default())?;
        self.check(query.values("userId").filter(|id| !id.is_empty()))?;
        self.check(query.list("userIds").into_iter())
    }

    /// `user.id` of events and completions, `id` of an identification.
    pub(super) fn check_body(&self, body: &Value) -> Result<(), ApiError> {
        let named = [body.get("id"), body.get("user").and_then(|user| user.get("id"))];
        self.check(named.into_iter().flatten().filter_map(Value::as_str))
    }

    fn check<'a>(&self, mut named: impl Iterator<Item = &'a str>) -> Result<(), ApiError> {
        match named.all(|id| id == self.0.as_str()) {
            true => Ok(()),
            false => Err(ApiError::not_permitted()),
        }
    }
}
