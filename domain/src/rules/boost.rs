//! What boosts make of an award: all that hold multiply, and the product is rounded once.
//! (C-POINTS-34 to 39)
//!
//! Products are computed exactly, on integers of any size: ten multipliers of nine digits each are
//! beyond every fixed-width decimal, and one rounded digit could decide about a point.

use crate::catalog::{PointsSystem, Rounding};
use crate::time::Timestamp;
use crate::user::{AppliedBoost, UserState};

use super::filters_match_user;

/// Multipliers are whole numbers of billionths. (C-GEN-33)
const BILLION: u64 = 1_000_000_000;

/// The boosts that hold for an award, ordered by start and id: those in force just before `due`,
/// or now if it isn't given. (C-POINTS-39)
pub(super) fn holding(
    state: &UserState,
    system: &PointsSystem,
    due: Option<Timestamp>,
) -> Vec<AppliedBoost> {
    let applied = system.boosts.iter().filter_map(|boost| {
        let terms = match due {
            Some(due) => boost.terms.before(due),
            None => boost.terms.current(),
        };
        let terms = terms.as_ref().filter(|terms| {
            terms.covers(state.effective_day)
                && boost.user.as_ref().is_none_or(|user| *user == state.id)
                && filters_match_user(&terms.user_filters, state)
        })?;
        Some(AppliedBoost {
            id: boost.id,
            name: terms.name.clone(),
            start: terms.start,
            end: terms.end,
            multiplier: terms.multiplier,
            rounding: terms.rounding,
        })
    });
    let mut applied: Vec<_> = applied.collect();
    applied.sort_by_key(|boost| (boost.start, boost.id));
    applied
}

/// A positive award multiplied by all boosts, rounded once. (C-POINTS-35, C-POINTS-36)
pub(super) fn boosted(points: i64, boosts: &[AppliedBoost]) -> i64 {
    if boosts.is_empty() {
        return points;
    }
    let rounding = common_rounding(boosts);
    // Twice the product tells halves from what lies around them.
    let mut product = Natural::of(points.unsigned_abs());
    product.multiply(2);
    for boost in boosts {
        product.multiply(boost.multiplier.billionths().unsigned_abs());
    }
    let mut exact = true;
    for _ in boosts {
        exact &= product.divide(BILLION) == 0;
    }
    let is_whole = exact && product.is_even();
    let round_up = match rounding {
        Rounding::Down => false,
        Rounding::Up => !is_whole,
        Rounding::Nearest => !product.is_even(),
    };
    product.divide(2);
    product.to_i64().saturating_add(i64::from(round_up))
}

/// Of different modes the one that gives least. (C-POINTS-38)
fn common_rounding(boosts: &[AppliedBoost]) -> Rounding {
    let has = |rounding| boosts.iter().any(|boost| boost.rounding == rounding);
    [Rounding::Down, Rounding::Nearest].into_iter().find(|own| has(*own)).unwrap_or(Rounding::Up)
}

/// A natural number of any size, its least significant 32 bits first.
struct Natural(Vec<u32>);

impl Natural {
    fn of(number: u64) -> Self {
        let mut natural = Self(vec![1]);
        natural.multiply(number);
        natural
    }

    fn multiply(&mut self, factor: u64) {
        let mut carry: u128 = 0;
        for limb in &mut self.0 {
            carry += u128::from(*limb) * u128::from(factor);
            *limb = low_bits(carry);
            carry >>= 32;
        }
        while carry > 0 {
            self.0.push(low_bits(carry));
            carry >>= 32;
        }
    }

    /// Divides, rounding down; the remainder.
    fn divide(&mut self, divisor: u64) -> u64 {
        let mut rest: u128 = 0;
        for limb in self.0.iter_mut().rev() {
            rest = (rest << 32) | u128::from(*limb);
            *limb = low_bits(rest / u128::from(divisor));
            rest %= u128::from(divisor);
        }
        u64::try_from(rest).expect("a remainder is below its divisor")
    }

    fn is_even(&self) -> bool {
        self.0.first().is_none_or(|lowest| lowest.is_multiple_of(2))
    }

    /// The number, or the largest there is.
    fn to_i64(&self) -> i64 {
        let mut limbs = self.0.iter().rev().skip_while(|limb| **limb == 0);
        let number = limbs.try_fold(0_u64, |number, limb| {
            (number >> 32 == 0).then(|| (number << 32) | u64::from(*limb))
        });
        number.and_then(|number| i64::try_from(number).ok()).unwrap_or(i64::MAX)
    }
}

fn low_bits(number: u128) -> u32 {
    u32::try_from(number & u128::from(u32::MAX)).expect("masked to 32 bits")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::boosted;
    use crate::amount::Amount;
    use crate::catalog::Rounding::{self, Down, Nearest, Up};
    use crate::ids::BoostId;
    use crate::time::Date;
    use crate::user::AppliedBoost;

    fn boost(multiplier: &str, rounding: Rounding) -> AppliedBoost {
        AppliedBoost {
            id: BoostId(Uuid::nil()),
            name: String::new(),
            start: Date::from_ymd(2026, 1, 1).expect("a date"),
            end: None,
            multiplier: Amount::parse(multiplier).expect("a number"),
            rounding,
        }
    }

    /// Points, boosts and what they make of them.
    type Case = (i64, &'static [(&'static str, Rounding)], i64);

    // C-POINTS-35 C-POINTS-36 C-POINTS-37 C-POINTS-38
    #[test]
    fn products_are_exact_and_rounded_once() {
        let cases: [Case; 15] = [
            (1, &[("2", Down), ("1.5", Down), ("3", Down)], 9),
            (15, &[("1.5", Nearest), ("1.25", Down)], 28),
            (5, &[("1.5", Nearest)], 8),
            (5, &[("1.5", Down)], 7),
            (5, &[("1.5", Up)], 8),
            (12, &[("0.1", Nearest)], 1),
            (17, &[("0.1", Nearest)], 2),
            (5, &[("1.5", Up), ("1.3", Nearest)], 10),
            (5, &[("1.5", Up), ("1.1", Nearest)], 8),
            (10, &[("1.5", Up)], 15),
            (1, &[("0.000000001", Up)], 1),
            (1, &[("0.000000001", Nearest)], 0),
            // A third times three stays just below one.
            (1, &[("0.333333333", Down), ("3", Down)], 0),
            (i64::MAX, &[("99.999999999", Down)], i64::MAX),
            (i64::MAX, &[("0.5", Down)], i64::MAX / 2),
        ];
        for (points, boosts, expected) in cases {
            let boosts: Vec<_> = boosts.iter().map(|(by, how)| boost(by, *how)).collect();
            assert_eq!(boosted(points, &boosts), expected, "{points} {boosts:?}");
        }
        let many = vec![boost("1.000000001", Up); 200];
        assert_eq!(boosted(1_000_000, &many), 1_000_001);
        let many = vec![boost("99.999999999", Down); 200];
        assert_eq!(boosted(1, &many), i64::MAX);
    }
}
