//! A score as it is kept: few bytes, and in the shape it is compared in.
//!
//! The value and the instant it was reached become words that sort as places do, the highest value
//! first. They stand twice: in the user's [`Record`], to find the user's key, and in the [`Key`] of
//! the ranking, so that comparing two places rarely has to look anything up. What decides between
//! equal words, the order of the requests and the user id, is read from the record. (C-LB-37)

use domain::amount::Amount;
use domain::time::Timestamp;

use domain::leaderboard::Score;

/// Makes signed numbers sort as unsigned ones.
const SIGN: u64 = 1 << 63;

/// All that is known of a user beside the id: 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// The value's upper 64 bits, inverted, then its lower 32 and the instant's upper 32.
    words: [u64; 2],
    /// The instant's lower 32 bits.
    last: u32,
    /// The number of the user's group.
    pub(super) group: u32,
    /// See [`Score::order`].
    pub(super) order: u64,
}

/// A place in a ranking: 24 bytes, in the order of the first two fields as far as they decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) words: [u64; 2],
    pub(super) last: u32,
    /// The handle of who stands there.
    pub(super) user: u32,
}

impl Record {
    pub(super) fn new(score: Score, group: u32) -> Self {
        let billionths = score.value.exact_billionths();
        // 96 bits hold ten times what an i64 of points is in billionths, and far more than a total.
        let high = i64::try_from(billionths >> 32).expect("sums of legal values fit in 96 bits");
        let low = u64::from(billionths as u32);
        let reached = score.reached.as_millis().cast_unsigned() ^ SIGN;
        let words = [!(high.cast_unsigned() ^ SIGN), (low ^ 0xFFFF_FFFF) << 32 | reached >> 32];
        Self { words, last: reached as u32, group, order: score.order }
    }

    pub(super) fn key(&self, user: u32) -> Key {
        Key { words: self.words, last: self.last, user }
    }

    /// Whether the value is more than nothing, which takes it to be ranked. (C-LB-31)
    pub(super) fn is_above_zero(&self) -> bool {
        self.billionths() > 0
    }

    /// Whether it is of this very score.
    pub(super) fn has(&self, score: Score) -> bool {
        let other = Self::new(score, self.group);
        (self.words, self.last, self.order) == (other.words, other.last, other.order)
    }

    fn billionths(&self) -> i128 {
        let high = (!self.words[0] ^ SIGN).cast_signed();
        i128::from(high) << 32 | i128::from(self.words[1] >> 32 ^ 0xFFFF_FFFF)
    }

    pub(super) fn score(&self) -> Score {
        let value = Amount::from_billionths(self.billionths()).expect("it was an amount");
        let reached = (self.words[1] << 32 | u64::from(self.last)) ^ SIGN;
        Score { value, reached: Timestamp::from_millis(reached.cast_signed()), order: self.order }
    }
}

#[cfg(test)]
mod tests {
    use domain::amount::Amount;
    use domain::time::Timestamp;

    use super::{Key, Record, Score};

    #[test]
    fn records_are_small_and_keep_everything() {
        assert_eq!((size_of::<Record>(), size_of::<Key>()), (32, 24));
        let values = ["0", "0.000000001", "-0.000000001", "-7.5", "4294967296", "1000000000000"];
        let mut values: Vec<_> =
            values.iter().map(|value| Amount::parse(value).expect("a number")).collect();
        values.extend([i64::MAX, i64::MIN].map(Amount::from));
        for value in values {
            for reached in [0, -1, 1, i64::MIN, i64::MAX, 1_750_000_000_123] {
                let reached = Timestamp::from_millis(reached);
                let score = Score { value, reached, order: u64::MAX };
                let record = Record::new(score, 3);
                assert_eq!((record.score(), record.has(score)), (score, true));
                assert_eq!(record.is_above_zero(), value > Amount::ZERO);
            }
        }
    }
}
