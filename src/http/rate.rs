//! Rate limits on their way into requests and out of responses. (C-RL-05 to 08)
//!
//! A request is counted by the extractor of callers, after its key was found good and before
//! anything else is looked at (C-API-09), so what has no caller is not counted: the OpenAPI
//! documents, health checks, wrong keys. What was counted is left where the layer around all routes
//! finds it, which writes the headers.

use std::sync::{Arc, OnceLock};

use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use super::error::ApiError;
use crate::app::App;
use crate::rate_limit::{Standing, Tier};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The Application API's endpoints of tier 1. (C-RL-03)
const DEAR: [&str; 2] = ["/metrics/{key}/event", "/achievements/{key}/complete"];

/// Marks routes whose requests are not counted.
#[derive(Clone, Copy, Debug)]
pub struct Unlimited;

/// Where a request was found to stand.
type Counted = Arc<OnceLock<Standing>>;

/// Counts an authenticated request.
///
/// # Errors
/// 429 if it is one too many.
pub(super) fn count(parts: &Parts, app: &App) -> Result<(), ApiError> {
    let Some(limits) = &app.rate_limits else { return Ok(()) };
    if parts.extensions.get::<Unlimited>().is_some() {
        return Ok(());
    }
    let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let (endpoint, tier) = endpoint(&parts.method, path);
    let standing = limits.count(&endpoint, tier, app.engine.now());
    if let Some(counted) = parts.extensions.get::<Counted>() {
        // A request has one caller.
        let _ = counted.set(standing);
    }
    if standing.exceeded { Err(ApiError::too_many()) } else { Ok(()) }
}

/// An endpoint is a method and a route; the two ways to the Application API lead to the same ones.
fn endpoint(method: &Method, path: &str) -> (String, Tier) {
    let application = ["/v1", "/api"].iter().find_map(|base| path.strip_prefix(base));
    let tier = match application {
        Some(route) if *method != Method::POST || !DEAR.contains(&route) => Tier::Two,
        Some(_) | None => Tier::One,
    };
    (format!("{method} {}", application.unwrap_or(path)), tier)
}

/// Tells with every response to a request that was counted where it stood. (C-RL-06)
pub(super) async fn tell(mut request: Request, next: Next) -> Response {
    let counted = Counted::default();
    request.extensions_mut().insert(Arc::clone(&counted));
    let mut response = next.run(request).await;
    if let Some(Standing { limit, remaining, reset, .. }) = counted.get() {
        let headers = response.headers_mut();
        headers.insert(LIMIT, HeaderValue::from(*limit));
        headers.insert(REMAINING, HeaderValue::from(*remaining));
        headers.insert(RESET, HeaderValue::from(*reset));
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::endpoint;
    use crate::rate_limit::Tier;

    // C-RL-03 C-RL-05
    #[test]
    fn endpoints_are_the_same_by_both_ways_and_have_a_tier() {
        for base in ["/v1", "/api"] {
            for (method, route, tier) in [
                (Method::POST, "/metrics/{key}/event", Tier::One),
                (Method::POST, "/achievements/{key}/complete", Tier::One),
                (Method::POST, "/users", Tier::Two),
                (Method::GET, "/users/{id}", Tier::Two),
            ] {
                let expected = (format!("{method} {route}"), tier);
                assert_eq!(endpoint(&method, &format!("{base}{route}")), expected);
            }
        }
        let (admin, application) = ("/admin/v1/achievements", "/v1/achievements");
        assert_eq!(endpoint(&Method::GET, admin).1, Tier::One);
        assert_ne!(endpoint(&Method::GET, admin).0, endpoint(&Method::GET, application).0);
    }
}
