//! Values of a catalog file with their own rules, so that a wrong one is told at its own place.
//!
//! A value that fails here carries its line and column without further work; the catalog checks the
//! same limits again and would only know the object.

use std::fmt;
use std::marker::PhantomData;

use domain::amount::Amount;
use domain::calendar::Zone;
use domain::catalog::{
    DESCRIPTION_CHARS_MAX, is_description, is_image_url, is_multiplier, trimmed_name,
};
use domain::time::{Date, TimeOfDay};
use domain::webhook::WebhookEvent;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
use toml::Spanned;

use crate::http::admin::webhooks;

/// A table whose keys are chosen by its writer, in the order of the file.
#[derive(Debug)]
pub(super) struct Table<T>(pub(super) Vec<(Spanned<String>, T)>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Table<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Table(entries))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// A whole number in a range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole<const MIN: i64, const MAX: i64>(pub(super) i64);

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    /// The number, where the range is that of counts.
    pub(super) fn count(self) -> u32 {
        u32::try_from(self.0).expect("counts have ranges inside u32")
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InRange<const MIN: i64, const MAX: i64>;

        impl<const MIN: i64, const MAX: i64> Visitor<'_> for InRange<MIN, MAX> {
            type Value = Whole<MIN, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an integer between {MIN} and {MAX}")
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
                match (MIN..=MAX).contains(&value) {
                    true => Ok(Whole(value)),
                    false => Err(E::invalid_value(Unexpected::Signed(value), &self)),
                }
            }
        }

        deserializer.deserialize_i64(InRange)
    }
}

/// A decimal of at least 1, written as an integer or a float, or as a text if it has more digits
/// than a float keeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal(pub(super) Amount);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FromOne;

        impl Visitor<'_> for FromOne {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number between 1 and 1000000000000")
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Decimal, E> {
                at_least_one(&value.to_string())
                    .ok_or_else(|| E::invalid_value(Unexpected::Signed(value), &self))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Decimal, E> {
                // The shortest decimal that reads back as this float is the one in the file.
                at_least_one(&value.to_string())
                    .ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Decimal, E> {
                at_least_one(value).ok_or_else(|| E::invalid_value(Unexpected::Str(value), &self))
            }
        }

        deserializer.deserialize_any(FromOne)
    }
}

fn at_least_one(literal: &str) -> Option<Decimal> {
    Amount::parse(literal).filter(|amount| *amount >= Amount::from(1)).map(Decimal)
}

/// What a boost multiplies by, written as an integer or a float. (C-POINTS-33)
#[derive(Clone, Copy, Debug)]
pub(super) struct Multiplier(pub(super) Amount);

impl<'de> Deserialize<'de> for Multiplier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Boosting;

        impl Visitor<'_> for Boosting {
            type Value = Multiplier;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number above 0 and below 100, but not 1")
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Multiplier, E> {
                multiplier(&value.to_string())
                    .ok_or_else(|| E::invalid_value(Unexpected::Signed(value), &self))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Multiplier, E> {
                multiplier(&value.to_string())
                    .ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))
            }
        }

        deserializer.deserialize_any(Boosting)
    }
}

fn multiplier(literal: &str) -> Option<Multiplier> {
    Amount::parse(literal).filter(|amount| is_multiplier(*amount)).map(Multiplier)
}

/// A date, written as a text `YYYY-MM-DD`. (C-GEN-11)
#[derive(Clone, Copy, Debug)]
pub(super) struct Day(pub(super) Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, "a date such as \"2026-01-31\"", Date::parse).map(Self)
    }
}

/// A time of day. (C-LB-56)
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(pub(super) TimeOfDay);

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, "a time such as \"09:00\"", TimeOfDay::parse).map(Self)
    }
}

/// The word `true`, where `false` would say nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Yes;

impl<'de> Deserialize<'de> for Yes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match bool::deserialize(deserializer)? {
            true => Ok(Self),
            false => Err(D::Error::custom("expected `true`; leave the line out instead")),
        }
    }
}

/// The key that an API achievement is called by.
#[derive(Clone, Debug)]
pub(super) enum ApiKey {
    /// The name of its table, written `true`.
    OfTable,
    /// Another one.
    Own(String),
}

impl<'de> Deserialize<'de> for ApiKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TrueOrText;

        impl Visitor<'_> for TrueOrText {
            type Value = ApiKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true` or the key to call it by")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<ApiKey, E> {
                match value {
                    true => Ok(ApiKey::OfTable),
                    false => Err(E::custom("expected `true`; leave the line out instead")),
                }
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<ApiKey, E> {
                Ok(ApiKey::Own(value.to_owned()))
            }
        }

        deserializer.deserialize_any(TrueOrText)
    }
}

/// A text that a check accepts, as the check returns it.
fn checked<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &str,
    check: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    check(&text).ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &expected))
}

/// The display name of an object. (C-ADM-21)
#[derive(Clone, Debug)]
pub(super) struct Name(pub(super) String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, "a name of 1 to 255 characters", trimmed_name).map(Self)
    }
}

/// A description. (C-GEN-13)
#[derive(Clone, Debug)]
pub(super) struct Description(pub(super) String);

impl<'de> Deserialize<'de> for Description {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let short = |text: &str| is_description(text).then(|| text.to_owned());
        let expected = format!("at most {DESCRIPTION_CHARS_MAX} characters");
        checked(deserializer, &expected, short).map(Self)
    }
}

/// The URL of a badge. (C-ADM-23)
#[derive(Clone, Debug)]
pub(super) struct ImageUrl(pub(super) String);

impl<'de> Deserialize<'de> for ImageUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let absolute = |text: &str| is_image_url(text).then(|| text.to_owned());
        checked(deserializer, "an absolute http(s) URL of at most 2048 characters", absolute)
            .map(Self)
    }
}

/// Where a webhook listens. (C-WH-02)
#[derive(Clone, Debug)]
pub(super) struct WebhookUrl(pub(super) String);

impl<'de> Deserialize<'de> for WebhookUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, webhooks::URL_FORM, webhooks::checked_url).map(Self)
    }
}

/// A type of event that webhooks are told of. (C-WH-03)
#[derive(Clone, Copy, Debug)]
pub(super) struct EventName(pub(super) WebhookEvent);

impl<'de> Deserialize<'de> for EventName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a type of webhook event such as \"points.changed\"";
        checked(deserializer, expected, WebhookEvent::parse).map(Self)
    }
}

/// A time zone. (C-USER-09)
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeZone(pub(super) Zone);

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, "an IANA time zone such as Europe/London", Zone::parse).map(Self)
    }
}
