//! What happens to every request and response, whatever the route.
//!
//! Paths are brought to one form before routing; panics become the error body of a 500; every
//! response gets an id; browsers may call the Application API.

use std::any::Any;

use axum::extract::Request;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::error::ApiError;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What a page may read of a response, besides the body.
const EXPOSED_HEADERS: &str =
    "x-ratelimit-limit,x-ratelimit-remaining,x-ratelimit-reset,x-request-id";
/// What a page may send, and for how many seconds browsers may remember that.
const PREFLIGHT: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET,POST,PUT,PATCH,DELETE"),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "x-api-key,tenant-id,idempotency-key,content-type,x-sdk-version,x-fern-language,x-fern-runtime,x-fern-platform,last-event-id",
    ),
    (header::ACCESS_CONTROL_MAX_AGE, "600"),
];

/// Gives every response an id. (C-API-21)
pub async fn request_id(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    let mut buffer = Uuid::encode_buffer();
    let value =
        HeaderValue::from_str(id.hyphenated().encode_lower(&mut buffer)).expect("a UUID is ASCII");
    response.headers_mut().insert(REQUEST_ID, value);
    response
}

/// Brings the path to one form: without a slash at its end (C-GEN-04), and under `/admin` if the
/// host says so (C-API-02).
pub async fn normalise_path(mut request: Request) -> Request {
    if let Some(path) = normal_path(request.uri().path(), is_admin_host(&request)) {
        *request.uri_mut() = with_path(request.uri(), &path);
    }
    request
}

/// The path in its one form; `None` if it has it.
///
/// The router lets a segment of a route be empty, but nothing has an empty name: such a path gets
/// the slash at its end that no route has, so that it is told as unknown, and before the key is
/// looked at. (C-API-09)
fn normal_path(path: &str, admin_host: bool) -> Option<String> {
    let nameless = path.contains("//");
    let trimmed = match path.strip_suffix('/') {
        Some(rest) if !nameless && !rest.is_empty() => rest,
        _ => path,
    };
    let admin = admin_host && (trimmed == "/v1" || trimmed.starts_with("/v1/"));
    let (start, end) = (if admin { "/admin" } else { "" }, if nameless { "/" } else { "" });
    (admin || nameless || trimmed != path).then(|| format!("{start}{trimmed}{end}"))
}

fn is_admin_host(request: &Request) -> bool {
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = header.or_else(|| request.uri().host());
    host.and_then(|host| host.get(..6)).is_some_and(|start| start.eq_ignore_ascii_case("admin."))
}

fn with_path(uri: &Uri, path: &str) -> Uri {
    let path_and_query = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.expect("a part of a valid path is a valid path"));
    Uri::from_parts(parts).expect("only the path changed")
}

/// The answer when a handler panicked: nothing was committed, or the engine would have answered.
#[expect(clippy::needless_pass_by_value, reason = "the signature `CatchPanicLayer` asks for")]
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown cause");
    tracing::error!(panic = message, "a request handler panicked");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error").into_response()
}

/// Lets browsers call the Application API from any origin. (C-API-20)
///
/// Only a preflight is answered here: any other `OPTIONS` is a wrong method like every other.
pub async fn cors(request: Request, next: Next) -> Response {
    let is_preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let (mut response, headers): (_, &[(HeaderName, &str)]) = if is_preflight {
        (StatusCode::NO_CONTENT.into_response(), &PREFLIGHT)
    } else {
        (next.run(request).await, &[(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS)])
    };
    let any_origin = (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let others =
        headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
    response.headers_mut().extend(others.chain([any_origin]));
    response
}

/// 404 for a path that no route has.
pub async fn not_found() -> ApiError {
    ApiError::not_found("Not found")
}

/// 405 for a path that has other methods; `Allow` is added by the router.
pub async fn method_not_allowed() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed")
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::StatusCode;

    use super::{normal_path, panicked, with_path};

    // C-API-06 C-API-08
    #[tokio::test]
    async fn a_panic_is_told_like_any_other_error_and_not_what_it_was() {
        for panic in [
            Box::new("static") as Box<_>,
            Box::new("owned".to_owned()) as Box<_>,
            Box::new(5) as Box<_>,
        ] {
            let response = panicked(panic);
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let body = to_bytes(response.into_body(), 1_000).await.unwrap();
            assert_eq!(body, r#"{"error":"Internal server error"}"#);
        }
    }

    // C-GEN-04 C-API-02
    #[test]
    fn paths_have_one_form() {
        assert_eq!(normal_path("/v1/users", false), None);
        assert_eq!(normal_path("/v1/users/", false).as_deref(), Some("/v1/users"));
        assert_eq!(normal_path("/", false), None);
        assert_eq!(normal_path("/v1/points/", true).as_deref(), Some("/admin/v1/points"));
        assert_eq!(normal_path("/v1", true).as_deref(), Some("/admin/v1"));
        assert_eq!(normal_path("/v10", true), None);
        assert_eq!(normal_path("/admin/v1/points", true), None);
        for (path, admin_host, expected) in [
            ("/v1/users//streak", false, "/v1/users//streak/"),
            ("/v1/users//", false, "/v1/users///"),
            ("/v1/points//levels", true, "/admin/v1/points//levels/"),
        ] {
            assert_eq!(normal_path(path, admin_host).as_deref(), Some(expected));
        }
    }

    #[test]
    fn the_query_stays() {
        let uri = "/v1/users/?limit=5".parse().unwrap();
        assert_eq!(with_path(&uri, "/v1/users").to_string(), "/v1/users?limit=5");
    }
}
