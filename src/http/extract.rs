//! What a handler takes from a request besides its key: path segments, query and body.
//!
//! The order of failures is part of the contract (C-API-09), and extractors run in argument order:
//! take [`super::auth::Caller`] first and [`Body`] last. Reading [`Segments`] can fail only when
//! the handler looks at them, after the body was found to be JSON.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::ids::UserId;
use percent_encoding::percent_decode;
use serde_json::Value;
use uuid::Uuid;

use super::auth::OnlyUser;
use super::error::ApiError;
use super::json::{parse_body, parse_uuid};
use crate::app::App;

/// The named segments of the path, percent-decoded once. (C-API-17)
#[derive(Debug)]
pub struct Segments(Option<RawPathParams>);

impl Segments {
    /// The segment `name` of the route, such as `key` in `/points/{key}`.
    ///
    /// # Errors
    /// 422 if the path isn't UTF-8.
    ///
    /// # Panics
    /// If the route has no such segment.
    pub fn text(&self, name: &str) -> Result<&str, ApiError> {
        let segments =
            self.0.as_ref().ok_or_else(|| ApiError::invalid("path must be valid UTF-8"))?;
        let segment = segments.iter().find(|(own, _)| *own == name);
        Ok(segment
            .map(|(_, value)| value)
            .expect("the route declares the segments its handler reads"))
    }

    /// The user id in segment `id`. (C-USER-02)
    ///
    /// # Errors
    /// 422 if it can't be one.
    pub fn user_id(&self) -> Result<UserId, ApiError> {
        UserId::new(self.text("id")?).ok_or_else(|| ApiError::invalid(USER_ID_FORM))
    }

    /// The resource id in segment `name`, wrapped by `make`. (C-ADM-18)
    ///
    /// # Errors
    /// 422 if it isn't a UUID.
    pub fn uuid<T>(&self, name: &str, make: impl FnOnce(Uuid) -> T) -> Result<T, ApiError> {
        parse_uuid(self.text(name)?).map(make).ok_or_else(|| invalid_uuid(name))
    }
}

/// What a user id must look like, as error messages say it.
pub const USER_ID_FORM: &str = "id must have 1 to 255 characters";

fn invalid_uuid(name: &str) -> ApiError {
    ApiError::invalid(format!("{name} must be a valid UUID"))
}

impl FromRequestParts<App> for Segments {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Ok(Self(RawPathParams::from_request_parts(parts, app).await.ok()))
    }
}

/// The query parameters; unknown ones are ignored. (C-GEN-09)
#[derive(Debug, Default)]
pub struct Query(Vec<(String, String)>);

/// A window of a list. (C-ADM-01)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many items at most.
    pub limit: usize,
    /// How many to leave out first.
    pub skip: usize,
}

impl Query {
    /// Reads a query string; `+` is a space.
    ///
    /// # Errors
    /// 422 if a name or value isn't UTF-8.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((decode(name)?, decode(value)?))
            })
            .collect::<Result<_, ApiError>>()
            .map(Self)
    }

    /// The parameter's value; of several the last.
    #[must_use]
    pub fn text<'a>(&'a self, name: &str) -> Option<&'a str> {
        self.values(name).last()
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// 422 if it is missing or empty.
    pub fn required<'a>(&'a self, name: &str) -> Result<&'a str, ApiError> {
        let value = self.text(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| ApiError::invalid(format!("{name} is required")))
    }

    /// An integer between `min` and `max`, `default` if missing. (C-API-19)
    ///
    /// # Errors
    /// 422 naming the parameter.
    pub fn integer(&self, name: &str, min: u32, max: u32, default: u32) -> Result<u32, ApiError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        whole_number(text)
            .filter(|value| (min..=max).contains(value))
            .ok_or_else(|| ApiError::invalid(integer_form(name, min, max)))
    }

    /// A boolean, `default` if missing. (C-API-19)
    ///
    /// # Errors
    /// 422 naming the parameter.
    pub fn boolean(&self, name: &str, default: bool) -> Result<bool, ApiError> {
        match self.text(name) {
            None => Ok(default),
            Some(text) if text == "1" || text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text == "0" || text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(ApiError::invalid(format!("{name} must be true or false"))),
        }
    }

    /// A list given by repetition, commas or both: trimmed, each member once. (C-API-18)
    #[must_use]
    pub fn list<'a>(&'a self, name: &str) -> Vec<&'a str> {
        let mut members = Vec::new();
        for member in self.values(name).flat_map(|value| value.split(',')).map(str::trim) {
            if !member.is_empty() && !members.contains(&member) {
                members.push(member);
            }
        }
        members
    }

    /// `limit` and `skip` of an Admin API list. (C-ADM-01)
    ///
    /// # Errors
    /// 422 naming the parameter that is out of range.
    pub fn page(&self) -> Result<Page, ApiError> {
        let limit = self.integer("limit", 1, 100, 10)?;
        let skip = self.integer("skip", 0, u32::MAX, 0)?;
        Ok(Page { limit: limit as usize, skip: skip as usize })
    }

    /// Every value of a parameter, in order.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// A number without sign, or a negative one that is zero; one beyond `u32` counts as its greatest.
fn whole_number(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse().unwrap_or(u32::MAX);
    (magnitude == 0 || digits.len() == text.len()).then_some(magnitude)
}

fn integer_form(name: &str, min: u32, max: u32) -> String {
    match max {
        u32::MAX => format!("{name} must be an integer of at least {min}"),
        _ => format!("{name} must be an integer between {min} and {max}"),
    }
}

fn decode(text: &str) -> Result<String, ApiError> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8();
    decoded.map(Into::into).map_err(|_| ApiError::invalid("query parameters must be valid UTF-8"))
}

impl FromRequestParts<App> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, ApiError> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

/// The body as JSON, whatever its `Content-Type`. (C-API-11)
///
/// Rejections: 413 if it is too large, 400 if it is missing or not JSON (C-API-09), 403 if it names
/// a user that the key doesn't act for (C-AUTH-20).
#[derive(Debug)]
pub struct Body(pub Value);

impl FromRequest<App> for Body {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, app: &App) -> Result<Self, ApiError> {
        let only = request.extensions_mut().remove::<OnlyUser>();
        let bytes = Bytes::from_request(request, app).await.map_err(unreadable)?;
        let body = parse_body(&bytes)?;
        only.map_or(Ok(()), |only| only.check_body(&body))?;
        Ok(Self(body))
    }
}

/// The body as text, whatever its `Content-Type`; an empty one is an empty text.
///
/// Rejections: 413 if it is too large, then 400 if it is not UTF-8. (C-API-09)
#[derive(Debug)]
pub struct Text(pub String);

impl FromRequest<App> for Text {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, app).await.map_err(unreadable)?;
        let text = String::from_utf8(bytes.into());
        text.map(Self)
            .map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "Request body is not UTF-8 text"))
    }
}

fn unreadable(rejection: BytesRejection) -> ApiError {
    if let BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) = rejection {
        return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large");
    }
    // The connection broke off, so nobody reads the answer.
    ApiError::malformed_json()
}

#[cfg(test)]
mod tests {
    use super::{Page, Query};

    fn query(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    // C-API-18 C-STREAK-66
    #[test]
    fn lists_mix_repetition_and_commas() {
        let ids = query("ids=a,b&other=x&ids=%20c%2Cd&ids=a&ids=,");
        assert_eq!(ids.list("ids"), ["a", "b", "c", "d"]);
        assert!(ids.list("none").is_empty());
    }

    // C-API-19
    #[test]
    fn integers_are_plain_digits_in_range() {
        for (text, expected) in
            [("n=5", Some(5)), ("", Some(10)), ("n=05", Some(5)), ("n=1&n=7", Some(7))]
        {
            assert_eq!(query(text).integer("n", 1, 100, 10).ok(), expected, "{text}");
        }
        for text in [
            "n=",
            "n=0",
            "n=101",
            "n=-1",
            "n=%2B5",
            "n=5.0",
            "n=1e1",
            "n=99999999999999999999",
            "n=five",
        ] {
            assert!(query(text).integer("n", 1, 100, 10).is_err(), "{text}");
        }
    }

    // C-API-19
    #[test]
    fn booleans_are_words_or_digits() {
        for (text, expected) in [
            ("b=TRUE", Some(true)),
            ("b=1", Some(true)),
            ("b=False", Some(false)),
            ("b=0", Some(false)),
            ("", Some(true)),
        ] {
            assert_eq!(query(text).boolean("b", true).ok(), expected, "{text}");
        }
        assert!(query("b=yes").boolean("b", true).is_err());
        assert!(query("b").boolean("b", true).is_err());
    }

    // C-ADM-01 C-GEN-25
    #[test]
    fn pages_have_defaults_and_bounds() {
        assert_eq!(query("").page(), Ok(Page { limit: 10, skip: 0 }));
        assert_eq!(query("limit=100&skip=7").page(), Ok(Page { limit: 100, skip: 7 }));
        // However far that is, it is past the end.
        for beyond in ["4294967295", "4294967296", "99999999999999999999"] {
            let page = query(&format!("skip={beyond}")).page();
            assert_eq!(page, Ok(Page { limit: 10, skip: u32::MAX as usize }), "{beyond}");
        }
        for text in ["limit=0", "limit=101", "limit=99999999999999999999", "skip=-1"] {
            assert!(query(text).page().is_err(), "{text}");
        }
    }

    #[test]
    fn queries_must_be_utf8() {
        assert!(Query::parse("a=%FF").is_err());
        assert_eq!(query("a=b+c%20d").text("a"), Some("b c d"));
    }
}
