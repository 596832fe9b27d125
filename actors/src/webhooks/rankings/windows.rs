//! Windows of many keys, found by when they end. (C-WH-43, C-WH-44)
//!
//! A key without a window may be told of at once. What is held is in which runs something changed;
//! how things stand is asked when the window ends.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use domain::time::{Date, Timestamp};
use domain::webhook::Window;

/// The runs in which a key changed since it was last told of, by first date.
pub(super) type Held = BTreeSet<Date>;

/// The open windows.
pub(super) struct Windows<K> {
    open: HashMap<K, Window<Held>>,
    ends: BTreeSet<(Timestamp, K)>,
}

impl<K> Default for Windows<K> {
    fn default() -> Self {
        Self { open: HashMap::new(), ends: BTreeSet::new() }
    }
}

impl<K: Clone + Ord + Hash> Windows<K> {
    /// Whether a change of this key has to wait.
    pub(super) fn blocks(&self, key: &K, now: Timestamp) -> bool {
        self.open.get(key).is_some_and(|window| !window.is_over(now))
    }

    /// Opens a window, in place of one that was there, with what is still held.
    pub(super) fn open(&mut self, key: &K, at: Timestamp, held: Option<Held>) {
        self.close(key);
        let window = Window { held, ..Window::opened(at) };
        self.ends.insert((window.ends_at(), key.clone()));
        self.open.insert(key.clone(), window);
    }

    /// Ends a window; what was held in it.
    pub(super) fn close(&mut self, key: &K) -> Option<Held> {
        let window = self.open.remove(key)?;
        self.ends.remove(&(window.ends_at(), key.clone()));
        window.held
    }

    /// What a key's window holds, to be changed; none if there is no window.
    pub(super) fn held_mut(&mut self, key: &K) -> Option<&mut Option<Held>> {
        self.open.get_mut(key).map(|window| &mut window.held)
    }

    /// When the first window ends.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// Keys whose windows end by `now`, in that order, with what they hold.
    pub(super) fn ended(&self, now: Timestamp) -> impl Iterator<Item = (&K, Option<&Held>)> {
        let ended = self.ends.iter().take_while(move |(end, _)| *end <= now);
        ended.map(|(_, key)| (key, self.open.get(key).and_then(|window| window.held.as_ref())))
    }

    /// Forgets what is held of a run.
    pub(super) fn release(&mut self, run: Date) {
        for window in self.open.values_mut() {
            if let Some(held) = &mut window.held {
                held.remove(&run);
            }
            window.held.take_if(|held| held.is_empty());
        }
    }
}
