//! Pieces of JSON that several Admin API resources share: badges, filters, limits.
//!
//! Requests are read by hand, so that one bad item is told precisely and fails alone; the request
//! schemas of the other files only describe to the OpenAPI document what is read.

use domain::catalog::{DESCRIPTION_CHARS_MAX, Filter, Invalid};
use domain::ids::AttributeId;
use domain::time::Date;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, IntoResponses, ToSchema};
use uuid::Uuid;

use crate::http::error::ErrorBody;
use crate::http::json::{self, Fields};

/// Largest whole number that requests may contain; far above any rule's own limit. (C-GEN-33)
pub(super) const WHOLE_MAX: i64 = 1_000_000_000_000;

/// An image. (C-ADM-23)
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Badge {
    /// Its absolute http(s) URL, at most 2048 characters.
    pub url: String,
}

impl Badge {
    /// The badge of an object that may have none.
    pub(super) fn of(url: Option<&String>) -> Option<Self> {
        url.map(|url| Self { url: url.clone() })
    }
}

/// One attribute must have exactly this value. (C-ADM-22)
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttributeFilter {
    /// The attribute.
    pub attribute_id: Uuid,
    /// Its value.
    pub attribute_value: String,
}

impl AttributeFilter {
    /// All filters of an object, in stored order.
    pub(super) fn all(filters: &[Filter]) -> Vec<Self> {
        let wire = |filter: &Filter| Self {
            attribute_id: filter.attribute.0,
            attribute_value: filter.value.clone(),
        };
        filters.iter().map(wire).collect()
    }
}

/// Reads filters; whether the attributes exist is the catalog's to check.
pub(super) fn filters(value: &Value, field: &str) -> Result<Vec<Filter>, Invalid> {
    let read = |(i, entry): (usize, &Value)| {
        let path = format!("{field}[{i}]");
        let fields = Fields::of(entry, &path)?;
        let attribute = fields.required("attributeId", json::id(AttributeId));
        let value = fields.required("attributeValue", json::text);
        let inside = |invalid: Invalid| invalid.inside(&path);
        Ok(Filter {
            attribute: attribute.map_err(inside)?,
            value: value.map_err(inside)?.to_owned(),
        })
    };
    json::array(value, field)?.iter().enumerate().map(read).collect()
}

/// A description. (C-GEN-13)
pub(super) fn description(value: &Value, field: &str) -> Result<String, Invalid> {
    json::text_up_to(DESCRIPTION_CHARS_MAX)(value, field)
}

/// A date. (C-GEN-11)
pub(super) fn date(value: &Value, field: &str) -> Result<Date, Invalid> {
    Date::parse(json::text(value, field)?)
        .ok_or_else(|| Invalid::error(format!("{field} must be a date (YYYY-MM-DD)")))
}

/// A whole number that fits the rules' own type for lengths and counts.
pub(super) fn whole_u32(min: u32) -> impl Fn(&Value, &str) -> Result<u32, Invalid> {
    move |value, field| {
        let whole = json::integer(i64::from(min), i64::from(u32::MAX))(value, field)?;
        Ok(u32::try_from(whole).expect("read inside the range of u32"))
    }
}

/// `limit` and `skip` of a list. (C-ADM-01)
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// How many resources to answer with at most.
    #[param(minimum = 1, maximum = 100, default = 10)]
    pub limit: Option<u32>,
    /// How many resources to leave out first.
    #[param(minimum = 0, default = 0)]
    pub skip: Option<u32>,
}

/// `ids` of a bulk deletion. (C-ADM-17)
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IdsParameters {
    /// The ids, repeated or separated by commas.
    #[param(min_items = 1, max_items = 100)]
    pub ids: Vec<String>,
}

/// What any operation may answer besides success.
#[derive(IntoResponses)]
pub enum Failures {
    /// The API key is missing, malformed, unknown, revoked or deleted.
    #[response(status = 401)]
    Unauthorized(ErrorBody<'static>),
    /// Too many requests in this second.
    #[response(status = 429)]
    TooMany(ErrorBody<'static>),
    /// The input is wrong as a whole.
    #[response(status = 422)]
    Invalid(ErrorBody<'static>),
}

/// What an operation with a body may answer besides success.
#[derive(IntoResponses)]
pub enum BodyFailures {
    /// The body is missing or not JSON.
    #[response(status = 400)]
    Malformed(ErrorBody<'static>),
    /// The API key is missing, malformed, unknown, revoked or deleted.
    #[response(status = 401)]
    Unauthorized(ErrorBody<'static>),
    /// Too many requests in this second.
    #[response(status = 429)]
    TooMany(ErrorBody<'static>),
    /// The input is wrong as a whole.
    #[response(status = 422)]
    Invalid(ErrorBody<'static>),
}

/// What an operation below a resource may answer if that resource is absent.
#[derive(IntoResponses)]
pub enum Absent {
    /// The path names something that doesn't exist.
    #[response(status = 404)]
    NotFound(ErrorBody<'static>),
}

/// What an operation may answer that tells application keys from unknown ones.
#[derive(IntoResponses)]
pub enum Forbidden {
    /// The API key is an application key.
    #[response(status = 403)]
    ApplicationKey(ErrorBody<'static>),
}
