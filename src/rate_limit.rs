//! How many requests are answered in a second. (C-RL)
//!
//! A window is one second of the engine's clock, and counts live as long as it. There is one count
//! for everything, or one per endpoint; who asks makes no difference. Nothing here knows HTTP.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use domain::time::Timestamp;
use parking_lot::Mutex;

/// What is limited, and to how many requests per second. (C-RL-04)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimit {
    /// All endpoints together. (C-RL-01)
    Global(NonZeroU32),
    /// Each endpoint, by its tier. (C-RL-02)
    Tiered {
        /// Endpoints of [`Tier::One`].
        one: NonZeroU32,
        /// Endpoints of [`Tier::Two`].
        two: NonZeroU32,
    },
}

/// How dear an endpoint is. (C-RL-03)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Events, completions, and everything of the Admin API.
    One,
    /// Everything else.
    Two,
}

/// Where a request stands in its window. (C-RL-06)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many requests the window has room for.
    pub limit: u32,
    /// How many of them are left.
    pub remaining: u32,
    /// When the next window begins, in seconds since 1970.
    pub reset: i64,
    /// Whether this request was one too many.
    pub exceeded: bool,
}

/// The counts; clones share them.
#[derive(Clone, Debug)]
pub struct RateLimits {
    limit: RateLimit,
    window: Arc<Mutex<Window>>,
}

#[derive(Debug, Default)]
struct Window {
    second: i64,
    /// Bounded by the number of endpoints.
    counts: HashMap<String, u32>,
}

impl RateLimits {
    /// Nothing was counted yet.
    #[must_use]
    pub fn new(limit: RateLimit) -> Self {
        Self { limit, window: Arc::default() }
    }

    /// Counts a request to an endpoint, whatever comes of it. (C-RL-05)
    #[must_use]
    pub fn count(&self, endpoint: &str, tier: Tier, now: Timestamp) -> Standing {
        let (counted, limit) = match (self.limit, tier) {
            (RateLimit::Global(limit), _) => ("", limit.get()),
            (RateLimit::Tiered { one, .. }, Tier::One) => (endpoint, one.get()),
            (RateLimit::Tiered { two, .. }, Tier::Two) => (endpoint, two.get()),
        };
        let second = now.as_millis().div_euclid(1_000);
        let mut window = self.window.lock();
        if window.second != second {
            *window = Window { second, counts: HashMap::new() };
        }
        let count = match window.counts.get_mut(counted) {
            Some(count) => {
                *count = count.saturating_add(1);
                *count
            }
            None => *window.counts.entry(counted.to_owned()).or_insert(1),
        };
        let remaining = limit.saturating_sub(count);
        Standing { limit, remaining, reset: second + 1, exceeded: count > limit }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use domain::time::Timestamp;

    use super::{RateLimit, RateLimits, Standing, Tier};

    fn some(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).expect("not zero")
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    // C-RL-01 C-RL-05 C-RL-06
    #[test]
    fn a_window_is_one_second_and_has_room_for_as_many_as_the_limit() {
        let limits = RateLimits::new(RateLimit::Global(some(2)));
        let standing =
            |remaining, reset, exceeded| Standing { limit: 2, remaining, reset, exceeded };
        assert_eq!(limits.count("a", Tier::One, at(5_000)), standing(1, 6, false));
        assert_eq!(limits.count("b", Tier::Two, at(5_500)), standing(0, 6, false));
        assert_eq!(limits.count("a", Tier::One, at(5_999)), standing(0, 6, true));
        assert_eq!(limits.count("a", Tier::One, at(6_000)), standing(1, 7, false));
    }

    // C-RL-02
    #[test]
    fn tiers_count_each_endpoint() {
        let limits = RateLimits::new(RateLimit::Tiered { one: some(1), two: some(2) });
        let exceeded = |endpoint, tier| limits.count(endpoint, tier, at(0)).exceeded;
        assert_eq!([exceeded("a", Tier::One), exceeded("a", Tier::One)], [false, true]);
        assert!(!exceeded("b", Tier::One));
        assert_eq!([(); 3].map(|()| exceeded("c", Tier::Two)), [false, false, true]);
    }
}
