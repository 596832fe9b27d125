//! Boosts: a few open-ended ones that come, change and go. Their windows are told by examples.

use domain::catalog::Rounding;
use domain::time::Timestamp;

use super::Model;

/// The boosts there can be: their system and whether they are only for users of the `pro` plan.
pub(crate) const BOOSTS: [(&str, bool); 3] = [("xp", false), ("xp", true), ("energy", false)];

/// A boost as it is now: its multiplier in tenths.
pub(crate) type Boost = (i64, Rounding);

impl Model {
    pub(crate) fn set_boost(&mut self, now: Timestamp, which: usize, boost: Option<Boost>) {
        self.pass(now);
        self.boosts[which] = boost;
    }

    /// C-POINTS-36 to 38, with everything over one power of ten.
    pub(super) fn boosted(&self, system: &str, points: i64) -> i64 {
        let boosts = BOOSTS.iter().zip(self.boosts);
        let holding = boosts.filter(|((own, pro), _)| *own == system && self.fits(*pro));
        let holding: Vec<_> = holding.filter_map(|(_, boost)| boost).collect();
        let product = holding.iter().map(|(tenths, _)| i128::from(*tenths)).product::<i128>();
        let one = 10_i128.pow(u32::try_from(holding.len()).expect("a few"));
        let value = i128::from(points) * product;
        let has = |rounding| holding.iter().any(|(_, own)| *own == rounding);
        let rounded = if has(Rounding::Down) {
            value.div_euclid(one)
        } else if has(Rounding::Nearest) {
            (2 * value + one).div_euclid(2 * one)
        } else {
            (value + one - 1).div_euclid(one)
        };
        i64::try_from(rounded).expect("small")
    }
}
