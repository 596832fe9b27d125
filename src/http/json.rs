//! Reading JSON bodies strictly, with messages that name the field.
//!
//! Bodies are parsed to a value first: unknown fields are ignored and of duplicate keys the last
//! wins (C-GEN-09), which derived deserialisers don't do. Nothing is coerced: `"5"` is not a
//! number (C-GEN-10). Whether a problem fails the request (422) or one item (an issue) is the
//! caller's business.

use domain::amount::Amount;
use domain::catalog::{Invalid, NAME_CHARS_MAX, Patch, URL_CHARS_MAX, is_image_url, trimmed_name};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::error::ApiError;

/// Parses a required body. (C-GEN-06, C-API-11)
///
/// # Errors
/// 400 if it is empty or not JSON.
pub fn parse_body(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body).map_err(|_| ApiError::malformed_json())
}

/// The fields of a JSON object.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The fields of `value`, called `name` in the message if it isn't an object.
    pub fn of(value: &'a Value, name: &str) -> Result<Self, Invalid> {
        let object =
            value.as_object().ok_or_else(|| Invalid::error(format!("{name} must be an object")))?;
        Ok(Self { object })
    }

    /// The raw value of a field; `None` if omitted.
    pub fn value(self, field: &str) -> Option<&'a Value> {
        self.object.get(field)
    }

    /// Keys and values in order of the text.
    pub fn entries(self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.object.iter()
    }

    /// A field that may be omitted, null or given; `read` gets the value when it is given.
    pub fn nullable<T>(
        self,
        field: &str,
        read: impl FnOnce(&'a Value, &str) -> Result<T, Invalid>,
    ) -> Result<Patch<T>, Invalid> {
        match self.value(field) {
            None => Ok(Patch::Keep),
            Some(Value::Null) => Ok(Patch::Clear),
            Some(value) => read(value, field).map(Patch::Set),
        }
    }

    /// A field that may be omitted; null is what `read` makes of it, usually an error. (C-ADM-14)
    pub fn optional<T>(
        self,
        field: &str,
        read: impl FnOnce(&'a Value, &str) -> Result<T, Invalid>,
    ) -> Result<Option<T>, Invalid> {
        self.value(field).map(|value| read(value, field)).transpose()
    }

    /// A field that must be there.
    pub fn required<T>(
        self,
        field: &str,
        read: impl FnOnce(&'a Value, &str) -> Result<T, Invalid>,
    ) -> Result<T, Invalid> {
        match self.value(field) {
            None => Err(Invalid::error(format!("{field} is required"))),
            Some(value) => read(value, field),
        }
    }
}

/// A string without NUL. (C-GEN-14)
pub fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str, Invalid> {
    let text = value.as_str().ok_or_else(|| Invalid::error(format!("{field} must be a string")))?;
    if text.contains('\0') {
        return Err(Invalid::error(format!("{field} must not contain NUL")));
    }
    Ok(text)
}

/// A string with at most `max` characters.
pub fn text_up_to(max: usize) -> impl Fn(&Value, &str) -> Result<String, Invalid> {
    move |value, field| {
        let text = text(value, field)?;
        if text.chars().count() > max {
            return Err(Invalid::error(format!("{field} must have at most {max} characters")));
        }
        Ok(text.to_owned())
    }
}

/// The `name` of a configured object: 1 to 255 characters after trimming. (C-ADM-11, C-ADM-21)
pub fn name(value: &Value, field: &str) -> Result<String, Invalid> {
    if !value.is_string() {
        return Err(Invalid::error("Name not a string"));
    }
    trimmed_name(text(value, field)?)
        .ok_or_else(|| Invalid::error(format!("name must have 1 to {NAME_CHARS_MAX} characters")))
}

/// A boolean.
pub fn boolean(value: &Value, field: &str) -> Result<bool, Invalid> {
    value.as_bool().ok_or_else(|| Invalid::error(format!("{field} must be a boolean")))
}

/// An exact decimal in the legal range of event values. (C-GEN-33)
pub fn amount(value: &Value, field: &str) -> Result<Amount, Invalid> {
    let number =
        value.as_number().ok_or_else(|| Invalid::error(format!("{field} must be a number")))?;
    Amount::parse(number.as_str()).ok_or_else(|| {
        Invalid::error(format!("{field} must be between -1000000000000 and 1000000000000"))
    })
}

/// A whole number between `min` and `max`; `5.0` is the whole number 5.
pub fn integer(min: i64, max: i64) -> impl Fn(&Value, &str) -> Result<i64, Invalid> {
    move |value, field| {
        value
            .as_number()
            .and_then(|number| Amount::parse(number.as_str()))
            .filter(|amount| amount.is_whole())
            .map(|amount| amount.multiples_of(1))
            .filter(|whole| (min..=max).contains(whole))
            .ok_or_else(|| {
                Invalid::error(format!("{field} must be an integer between {min} and {max}"))
            })
    }
}

/// An array.
pub fn array<'a>(value: &'a Value, field: &str) -> Result<&'a [Value], Invalid> {
    let items =
        value.as_array().ok_or_else(|| Invalid::error(format!("{field} must be an array")))?;
    Ok(items)
}

/// One of a fixed set of strings.
pub fn one_of<T: Copy>(
    choices: &[(&'static str, T)],
) -> impl Fn(&Value, &str) -> Result<T, Invalid> {
    move |value, field| {
        let chosen = value.as_str().and_then(|text| choices.iter().find(|(name, _)| *name == text));
        chosen.map(|(_, choice)| *choice).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            Invalid::error(format!("{field} must be one of {}", names.join(", ")))
        })
    }
}

/// A hyphenated UUID; other spellings of one are not ids. (C-API-13)
pub fn parse_uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|_| text.len() == uuid::fmt::Hyphenated::LENGTH)
}

/// The id of a resource, wrapped by `make`. (C-API-13)
pub fn id<T>(make: impl Fn(Uuid) -> T) -> impl Fn(&Value, &str) -> Result<T, Invalid> {
    move |value, field| {
        value
            .as_str()
            .and_then(parse_uuid)
            .map(&make)
            .ok_or_else(|| Invalid::error(format!("{field} must be a valid UUID")))
    }
}

/// An image `{url}`: an absolute http(s) URL of at most 2048 characters. (C-ADM-23)
pub fn image_url(value: &Value, field: &str) -> Result<String, Invalid> {
    let url = Fields::of(value, field)?.required("url", text)?;
    if !is_image_url(url) {
        return Err(Invalid::error(format!(
            "{field}.url must be an absolute http(s) URL of at most {URL_CHARS_MAX} characters"
        )));
    }
    Ok(url.to_owned())
}
