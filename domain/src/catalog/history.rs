//! A setting over time.
//!
//! Users are settled when they are next looked at, which may be long after a period closed. The
//! period is still judged by the settings in force at the instant it closed, so those are kept;
//! that is why settling late gives the same result as settling on time. (C-GEN-22, C-STREAK-07)

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How many versions are remembered; beyond that the two oldest are merged.
const VERSIONS_MAX: usize = 1_000;

/// Values of a setting with the instants from which they hold, oldest first, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History<T> {
    initial: T,
    changes: Vec<(Timestamp, T)>,
}

impl<T> History<T> {
    /// A setting that was never changed.
    pub const fn starting_with(initial: T) -> Self {
        Self { initial, changes: Vec::new() }
    }

    /// Whether the setting was never changed.
    pub fn is_initial(&self) -> bool {
        self.changes.is_empty()
    }

    /// The value in force now.
    pub fn current(&self) -> &T {
        self.changes.last().map_or(&self.initial, |(_, value)| value)
    }

    /// All remembered values, oldest first.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.initial).chain(self.changes.iter().map(|(_, value)| value))
    }

    /// The remembered changes with their instants, oldest first.
    pub fn changes(&self) -> impl Iterator<Item = (Timestamp, &T)> {
        self.changes.iter().map(|(from, value)| (*from, value))
    }

    /// The value in force just before `instant`: what is due at an instant is judged by the
    /// settings that held up to it, not by a change made at that very instant.
    pub fn before(&self, instant: Timestamp) -> &T {
        let known = self.changes.partition_point(|(from, _)| *from < instant);
        match known {
            0 => &self.initial,
            _ => &self.changes[known - 1].1,
        }
    }

    /// The value in force right after `instant` and the latest instant that is judged by it, if it
    /// was ever changed again.
    pub fn after(&self, instant: Timestamp) -> (&T, Option<Timestamp>) {
        let known = self.changes.partition_point(|(from, _)| *from <= instant);
        let value = match known {
            0 => &self.initial,
            _ => &self.changes[known - 1].1,
        };
        (value, self.changes.get(known).map(|(until, _)| *until))
    }

    /// Changes the value from `instant` on, and remembers also a value that held for no time
    /// because it is changed at the same instant.
    pub fn append(&mut self, instant: Timestamp, value: T) {
        let latest = self.changes.last().map_or(instant, |(from, _)| *from);
        self.changes.push((instant.max(latest), value));
        self.forget_oldest();
    }

    /// Changes the value from `instant` on.
    pub fn change(&mut self, instant: Timestamp, value: T) {
        match self.changes.last_mut() {
            Some((from, last)) if *from >= instant => *last = value,
            Some(_) | None => self.changes.push((instant, value)),
        }
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        if self.changes.len() > VERSIONS_MAX {
            self.initial = self.changes.remove(0).1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::History;
    use crate::time::Timestamp;

    // C-STREAK-07
    #[test]
    fn an_instant_is_judged_by_what_held_before_it() {
        let at = Timestamp::from_millis;
        let mut history = History::starting_with("a");
        history.change(at(10), "b");
        history.change(at(20), "c");
        assert_eq!(
            (*history.before(at(10)), *history.before(at(11)), *history.before(at(99))),
            ("a", "b", "c")
        );
        assert_eq!(*history.current(), "c");
    }

    // C-GEN-22
    #[test]
    fn an_appended_value_takes_no_other_away() {
        let at = Timestamp::from_millis;
        let mut history = History::starting_with("a");
        for value in ["b", "c"] {
            history.append(at(10), value);
        }
        assert_eq!(history.changes().collect::<Vec<_>>(), [(at(10), &"b"), (at(10), &"c")]);
        assert_eq!((history.before(at(10)), history.after(at(10))), (&"a", (&"c", None)));
        assert_eq!(history.before(at(11)), &"c");
    }

    #[test]
    fn a_value_holds_up_to_the_instant_of_the_next_change() {
        let at = Timestamp::from_millis;
        let mut history = History::starting_with("a");
        history.change(at(10), "b");
        history.change(at(20), "c");
        assert_eq!(history.after(at(9)), (&"a", Some(at(10))));
        assert_eq!(history.after(at(10)), (&"b", Some(at(20))));
        assert_eq!(history.after(at(20)), (&"c", None));
    }
}
