//! What a user's events say about the rows that are kept per attribute value.
//!
//! Summed anew from the events alone, the plain way, so that it shares nothing with the rules that
//! wrote the rows.

use std::collections::BTreeMap;
use std::fmt;

use domain::amount::Amount;
use domain::ids::{AttributeId, MetricId, Scope, UserId};
use domain::time::Date;
use domain::user::{EventRecord, MetricDay, MetricProgress};
use storage::Key;

/// A metric counting only events with one attribute value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owner<'a> {
    metric: MetricId,
    attribute: AttributeId,
    value: &'a str,
}

/// Sum of values and number of events, by day.
pub(super) type Days = BTreeMap<Date, (Amount, u32)>;

impl Owner<'_> {
    pub(super) fn day_key(&self, scope: Scope, user: &UserId, day: Date) -> Key {
        Key::attribute_day(scope, user, self.metric, day, (self.attribute, self.value))
    }

    pub(super) fn progress_key(&self, scope: Scope, user: &UserId) -> Key {
        Key::attribute_progress(scope, user, self.metric, (self.attribute, self.value))
    }
}

impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metric, attribute, value } = self;
        write!(f, "metric {metric} with {value:?} of attribute {attribute}")
    }
}

/// Every attribute value that occurs, with its days.
pub(super) fn days_of(events: &[EventRecord]) -> BTreeMap<Owner<'_>, Days> {
    let mut all = BTreeMap::<Owner<'_>, Days>::new();
    for event in events {
        for (attribute, value) in &event.attributes {
            let owner = Owner { metric: event.metric, attribute: *attribute, value };
            let (sum, count) = all.entry(owner).or_default().entry(event.day).or_default();
            *sum += event.value;
            *count += 1;
        }
    }
    all
}

/// The rows of these days.
pub(super) fn running(days: &Days) -> impl Iterator<Item = (Date, MetricDay)> {
    let mut total = Amount::ZERO;
    days.iter().map(move |(day, (change, events))| {
        total += *change;
        (*day, MetricDay { change: *change, total, events: *events })
    })
}

/// The progress after these days; none without a day.
pub(super) fn progress(days: &Days) -> Option<MetricProgress> {
    let (day, last) = running(days).last()?;
    let events = days.values().map(|(_, events)| u64::from(*events)).sum();
    let MetricDay { change, total, events: day_events } = last;
    Some(MetricProgress { total, events, day, day_change: change, day_events })
}
