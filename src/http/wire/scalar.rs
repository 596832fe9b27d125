//! Numbers, instants, dates and attribute pairs as JSON shows them.
//!
//! Domain types serialise the way they are stored, so each has a wrapper here that serialises the
//! way it is spoken.

use domain::amount::Amount;
use domain::catalog::{Catalog, Filter};
use domain::time::{Date, Timestamp};
use serde::{Serialize, Serializer};
use serde_json::Number;
use utoipa::ToSchema;

/// An exact decimal, written as the shortest JSON number. (C-GEN-33, C-API-14)
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = f64)]
pub struct Decimal(pub Amount);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.0.to_string();
        digits.parse::<Number>().expect("amounts print as JSON numbers").serialize(serializer)
    }
}

/// An instant in UTC with exactly three fractional digits. (C-GEN-12)
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct At(pub Timestamp);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A date, `YYYY-MM-DD`. (C-GEN-11)
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Date)]
pub struct On(pub Date);

impl Serialize for On {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An attribute filter by key, as the Application API shows it. (C-ADM-22)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttributeFilter<'a> {
    /// The attribute's key.
    pub key: &'a str,
    /// The value it must have.
    pub value: &'a str,
}

impl<'a> AttributeFilter<'a> {
    /// The filters with their attributes' keys; those of deleted attributes are known too.
    pub fn all(filters: &'a [Filter], catalog: &'a Catalog) -> Vec<Self> {
        filters
            .iter()
            .filter_map(|filter| {
                let attribute =
                    catalog.attributes.iter().find(|attribute| attribute.id == filter.attribute)?;
                Some(Self { key: attribute.key.as_str(), value: &filter.value })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::amount::Amount;
    use domain::time::{Date, Timestamp};
    use serde_json::to_string;

    use super::{At, Decimal, On};

    // C-GEN-33 C-API-14
    #[test]
    fn amounts_are_bare_exact_numbers() {
        for (literal, expected) in
            [("750.0", "750"), ("0.30", "0.3"), ("-1e-9", "-0.000000001"), ("0", "0")]
        {
            assert_eq!(to_string(&Decimal(Amount::parse(literal).unwrap())).unwrap(), expected);
        }
        let large = (0..1000)
            .fold(Amount::ZERO, |sum, _| sum + Amount::parse("999999999999.999999999").unwrap());
        assert_eq!(to_string(&[Decimal(large)]).unwrap(), "[999999999999999.999999]");
    }

    // C-GEN-11 C-GEN-12
    #[test]
    fn instants_and_dates_are_texts() {
        let at = Timestamp::parse("2026-01-06T03:30:00Z").unwrap();
        assert_eq!(to_string(&At(at)).unwrap(), "\"2026-01-06T03:30:00.000Z\"");
        assert_eq!(to_string(&On(Date::parse("2026-01-06").unwrap())).unwrap(), "\"2026-01-06\"");
    }
}
