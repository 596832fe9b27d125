//! What an operation of the Application API may answer besides success, for its description.
//!
//! Nothing is built from these: failures are sent by [`crate::http::error`]. Handlers list the ones
//! that can happen to them, and the OpenAPI document shows those.

use utoipa::IntoResponses;

use crate::http::error::ErrorBody;

/// The body is missing or not JSON.
#[derive(IntoResponses)]
#[response(status = 400, description = "The body is missing or not JSON.")]
pub struct BadRequest(#[expect(dead_code, reason = "describes the body")] ErrorBody<'static>);

/// The API key doesn't let the request through.
#[derive(IntoResponses)]
pub enum Unauthorized {
    /// The API key is missing or invalid.
    #[response(status = 401)]
    Unknown(ErrorBody<'static>),
    /// The API key acts for another user.
    #[response(status = 403)]
    OtherUser(ErrorBody<'static>),
    /// Too many requests in this second.
    #[response(status = 429)]
    TooMany(ErrorBody<'static>),
}

/// The operation is switched off, or the API key acts for another user.
#[derive(IntoResponses)]
#[response(
    status = 403,
    description = "The operation is switched off, or the API key acts for another user."
)]
pub struct Forbidden(#[expect(dead_code, reason = "describes the body")] ErrorBody<'static>);

/// The path names something that doesn't exist.
#[derive(IntoResponses)]
#[response(status = 404, description = "The path names something that doesn't exist.")]
pub struct NotFound(#[expect(dead_code, reason = "describes the body")] ErrorBody<'static>);

/// The body is too large.
#[derive(IntoResponses)]
#[response(status = 413, description = "The body is too large.")]
pub struct TooLarge(#[expect(dead_code, reason = "describes the body")] ErrorBody<'static>);

/// Something in the request is wrong.
#[derive(IntoResponses)]
#[response(status = 422, description = "Something in the request is wrong; the message says what.")]
pub struct Invalid(#[expect(dead_code, reason = "describes the body")] ErrorBody<'static>);

/// The server can't do it now.
#[derive(IntoResponses)]
#[response(status = 503, description = "Not now; `Retry-After` says when to try again.")]
pub struct NotNow(#[expect(dead_code, reason = "describes the body")] ErrorBody<'static>);
