//! Metric values and totals: exact decimals with nine fractional digits. (C-GEN-33)
//!
//! Adding 0.1 and 0.2 shows 0.3: an [`Amount`] is read from the digits of a JSON literal and
//! printed back as digits, and never passes through binary floating point.

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub};

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

const FRACTIONAL_DIGITS: u32 = 9;
const VALUE_MAX: i64 = 1_000_000_000_000;
const TOTAL_MAX: i64 = 1_000_000_000_000_000;

/// An exact decimal with at most nine fractional digits.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Amount(Decimal);

impl Amount {
    /// Zero.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Reads a JSON number literal, rounding half away from zero to nine fractional digits.
    /// `None` if it isn't a number or its magnitude is above 10^12. (C-GEN-33, C-EVENT-03)
    #[must_use]
    pub fn parse(literal: &str) -> Option<Self> {
        let (mantissa, exponent) = match literal.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                (mantissa, exponent.parse::<i32>().ok().or_else(|| huge(exponent))?)
            }
            None => (literal, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let plain = shift_point(digits, exponent)?;
        let magnitude = Decimal::from_str_exact(&plain)
            .ok()?
            .round_dp_with_strategy(FRACTIONAL_DIGITS, RoundingStrategy::MidpointAwayFromZero)
            .normalize();
        if magnitude > Decimal::from(VALUE_MAX) {
            return None;
        }
        Some(Self(if negative { -magnitude } else { magnitude }.normalize()))
    }

    /// Whether this is a legal total: its magnitude is at most 10^15. (C-GEN-33)
    #[must_use]
    pub fn is_legal_total(self) -> bool {
        self.0.abs() <= Decimal::from(TOTAL_MAX)
    }

    /// How many billionths this is. Values have at most nine fractional digits, so it is exact; it
    /// saturates far beyond every legal value.
    #[must_use]
    pub(crate) fn billionths(self) -> i64 {
        let beyond = if self.0.is_sign_negative() { i64::MIN } else { i64::MAX };
        let shifted = self.0.checked_mul(Decimal::from(10_i64.pow(FRACTIONAL_DIGITS)));
        shifted.and_then(|billionths| billionths.to_i64()).unwrap_or(beyond)
    }

    /// How many percent of the magnitude of `base` this is, rounded half up to one decimal; `None` if
    /// `base` is zero. (C-WRAP-06)
    ///
    /// Exact for all that events can add up to; far beyond, it saturates.
    #[must_use]
    pub fn percent_of(self, base: Self) -> Option<Self> {
        let base = base.exact_billionths().abs();
        if base == 0 {
            return None;
        }
        // The floor of a number and one half is that number rounded half up.
        let doubled = self.exact_billionths().saturating_mul(2_000).saturating_add(base);
        let tenths = doubled.div_euclid(base.saturating_mul(2));
        let beyond = if tenths < 0 { Decimal::MIN } else { Decimal::MAX };
        let percent = Decimal::try_from_i128_with_scale(tenths, 1).unwrap_or(beyond);
        Some(Self(percent.normalize()))
    }

    /// The greatest whole number not above this. (C-LB-33)
    #[must_use]
    pub fn floor(self) -> i64 {
        self.multiples_of(1)
    }

    /// All digits as one number: how many billionths this is, exactly. It takes 97 bits with the
    /// sign, however large.
    #[must_use]
    pub fn exact_billionths(self) -> i128 {
        // At most nine digits follow the point, and the mantissa of the shifted number is exact.
        let missing = FRACTIONAL_DIGITS.saturating_sub(self.0.scale());
        self.0.mantissa().saturating_mul(10_i128.pow(missing))
    }

    /// The amount of so many billionths; none beyond 96 bits, which no legal sum reaches.
    #[must_use]
    pub fn from_billionths(billionths: i128) -> Option<Self> {
        let decimal = Decimal::try_from_i128_with_scale(billionths, FRACTIONAL_DIGITS).ok()?;
        Some(Self(decimal.normalize()))
    }

    /// Whether this is a whole number.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.0.fract().is_zero()
    }

    /// How many whole times `unit` fits: the floor of the quotient. (C-POINTS-17)
    ///
    /// A total always fits. A sum of matching events has no limit of its own, since the events that
    /// don't match may balance it, so it saturates.
    ///
    /// # Panics
    /// If `unit` is zero.
    #[must_use]
    pub fn multiples_of(self, unit: u64) -> i64 {
        let beyond = if self.0.is_sign_negative() { i64::MIN } else { i64::MAX };
        (self.0 / Decimal::from(unit)).floor().to_i64().unwrap_or(beyond)
    }
}

/// Exponents beyond i32 still decide between zero and too large.
fn huge(exponent: &str) -> Option<i32> {
    let (sign, digits) = match exponent.as_bytes().first()? {
        b'-' => (-1, exponent.get(1..)?),
        b'+' => (1, exponent.get(1..)?),
        _ => (1, exponent),
    };
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(sign * i32::MAX)
}

/// Moves the decimal point of an unsigned literal by `exponent` places and cuts what lies beyond
/// the first fractional digit that is rounded away: with ties going away from zero that digit
/// alone decides, so nothing is lost. `None` if malformed or above any legal value.
fn shift_point(digits: &str, exponent: i32) -> Option<String> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let significant: String = format!("{whole}{fraction}");
    let leading_zeros = significant.len() - significant.trim_start_matches('0').len();
    let significant = &significant[leading_zeros..];
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    // Where the point stands, counted from the first significant digit.
    let point =
        i64::try_from(whole.len()).ok()? - i64::try_from(leading_zeros).ok()? + i64::from(exponent);
    if point > 13 {
        return None;
    }
    if point < -i64::from(FRACTIONAL_DIGITS) {
        return Some("0".to_owned());
    }
    let kept = usize::try_from(point + i64::from(FRACTIONAL_DIGITS) + 1).ok()?;
    let significant = &significant[..significant.len().min(kept)];
    Some(match usize::try_from(point) {
        Ok(point) if point >= significant.len() => {
            format!("{significant}{}", "0".repeat(point - significant.len()))
        }
        Ok(0) => format!("0.{significant}"),
        Ok(point) => format!("{}.{}", &significant[..point], &significant[point..]),
        Err(_) => format!("0.{}{significant}", "0".repeat(usize::try_from(-point).ok()?)),
    })
}

impl From<i64> for Amount {
    fn from(whole: i64) -> Self {
        Self(Decimal::from(whole))
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self((self.0 + other.0).normalize())
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self((self.0 - other.0).normalize())
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self((-self.0).normalize())
    }
}

/// The shortest JSON number: no trailing zeros, no exponent. (C-GEN-33, C-API-14)
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() { f.write_str("0") } else { self.0.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Amount;

    fn shown(literal: &str) -> Option<String> {
        Amount::parse(literal).map(|amount| amount.to_string())
    }

    // C-GEN-33
    #[test]
    fn literals_round_half_away_from_zero_to_nine_digits() {
        for (literal, expected) in [
            ("750", "750"),
            ("750.0", "750"),
            ("-0.0", "0"),
            ("0.1", "0.1"),
            ("1e3", "1000"),
            ("1.5E-3", "0.0015"),
            ("0.0000000005", "0.000000001"),
            ("-0.0000000005", "-0.000000001"),
            ("0.00000000049999999999999999999999999999999999", "0"),
            ("1.23456789049999999999999999999999999999", "1.23456789"),
            ("1.2345678905", "1.234567891"),
            ("1000000000000", "1000000000000"),
            ("1e-400", "0"),
            ("1e-99999999999", "0"),
            ("0e99999999999", "0"),
        ] {
            assert_eq!(shown(literal).as_deref(), Some(expected), "{literal}");
        }
    }

    // C-EVENT-03
    #[test]
    fn literals_beyond_the_limit_are_refused() {
        for literal in
            ["1000000000001", "-1e13", "1e400", "1e99999999999", "", "-", ".5", "1.2.3", "NaN"]
        {
            assert_eq!(Amount::parse(literal), None, "{literal}");
        }
    }

    // C-GEN-33
    #[test]
    fn a_tenth_and_two_tenths_are_three_tenths() {
        let sum = Amount::parse("0.1").expect("valid") + Amount::parse("0.2").expect("valid");
        assert_eq!(sum.to_string(), "0.3");
    }

    #[test]
    fn billionths_are_exact() {
        for (literal, billionths) in [
            ("0", 0),
            ("-0.000000001", -1),
            ("1.5", 1_500_000_000),
            ("1000000000000", 1_000_000_000_000_000_000_000),
        ] {
            let amount = Amount::parse(literal).expect("valid");
            assert_eq!(amount.exact_billionths(), billionths, "{literal}");
            assert_eq!(Amount::from_billionths(billionths), Some(amount), "{literal}");
        }
        assert_eq!(Amount::from_billionths(1 << 97), None);
    }

    #[test]
    fn multiples_are_floored() {
        assert_eq!(Amount::parse("750.5").expect("valid").multiples_of(100), 7);
        assert_eq!(Amount::parse("-1").expect("valid").multiples_of(100), -1);
        let mut huge = Amount::parse("1000000000000").expect("valid");
        for _ in 0..30 {
            huge += huge;
        }
        assert_eq!((huge.multiples_of(1), (-huge).multiples_of(1)), (i64::MAX, i64::MIN));
    }

    proptest! {
        #[test]
        fn shown_amounts_read_back(nanos in -1_000_000_000_000_000_000_000i128..=1_000_000_000_000_000_000_000) {
            let amount = Amount(rust_decimal::Decimal::from_i128_with_scale(nanos, 9).normalize());
            prop_assert_eq!(Amount::parse(&amount.to_string()), Some(amount));
        }
    }
}
