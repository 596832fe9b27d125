//! The one error body and the one mapping from what went wrong to a status. (C-API-06)

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::catalog::Invalid;
use domain::user::Rejection;
use serde::Serialize;
use utoipa::ToSchema;

/// A failed request: its status and what to tell the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    message: String,
}

/// The body of every response that isn't a success. (C-GEN-05, C-API-06)
#[derive(Serialize, ToSchema)]
pub struct ErrorBody<'a> {
    #[schema(min_length = 1)]
    pub(super) error: &'a str,
}

/// The message of a body of a response that isn't a success.
#[must_use]
pub fn message_of(body: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    Some(body.get("error")?.as_str()?.to_owned())
}

impl ApiError {
    /// An error with a status and a message.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// 422: input that is JSON but wrong. (C-GEN-06)
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// The same error, said to be about a part of the request.
    #[must_use]
    pub fn inside(self, part: &str) -> Self {
        Self { message: format!("{part}: {}", self.message), ..self }
    }

    /// 404: the path names something absent. (C-GEN-07)
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 400: a required body is missing or not JSON. (C-API-10)
    pub fn malformed_json() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request body is not valid JSON")
    }

    /// What the caller is told.
    pub fn body(&self) -> ErrorBody<'_> {
        ErrorBody { error: &self.message }
    }

    /// Whether it is the server's fault, so that the same request may succeed later.
    pub fn is_fault(&self) -> bool {
        self.status.is_server_error()
    }

    /// 401, the same for every reason. (C-AUTH-15)
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Invalid or missing API key")
    }

    /// 403: a valid key, for something else. (C-AUTH-19, C-AUTH-20)
    pub fn not_permitted() -> Self {
        Self::new(StatusCode::FORBIDDEN, "API key is not permitted to access this user")
    }

    /// 429: too many of something in this second. (C-AUTH-27)
    pub fn too_many() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        let passes = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS];
        if passes.contains(&self.status) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.message)
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            Rejection::UserNotFound | Rejection::AchievementNotFound => Self::not_found(message),
            Rejection::CustomizationNotEnabled => Self::new(StatusCode::FORBIDDEN, message),
            Rejection::EmailRequired
            | Rejection::SignUpDateInFuture
            | Rejection::TooManyAttributes
            | Rejection::TotalOutOfRange
            | Rejection::InsufficientPoints(_)
            | Rejection::AchievementLocked
            | Rejection::FiltersNotMet
            | Rejection::FreezesNotEnabled
            | Rejection::PauseStartsInPast
            | Rejection::PauseEndsBeforeStart
            | Rejection::PauseOverlaps
            | Rejection::TooManyPauses
            | Rejection::PauseNotFound
            | Rejection::NoStreakToRestore
            | Rejection::NoActiveStreakToReset => Self::invalid(message),
        }
    }
}

/// The engine's errors. A 5xx is sent only when nothing was committed. (C-API-08)
impl From<actors::Error> for ApiError {
    fn from(error: actors::Error) -> Self {
        match error {
            actors::Error::Rejected(rejection) => rejection.into(),
            actors::Error::Overloaded => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The server is overloaded, try again")
            }
            actors::Error::Unavailable { reason } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, reason)
            }
            actors::Error::Internal => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
            }
        }
    }
}
