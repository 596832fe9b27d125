//! Recording an event: the total, the day's figures, those by attribute value, the sums of matching
//! events. (C-METRIC, C-EVENT-01 to 04)

use std::collections::BTreeMap;

use super::leaderboard;
use super::tracker::{HistorySum, filtered_owners, known_sum};
use crate::catalog::{RankBy, all_match};
use crate::ids::{AttributeId, EventId};
use crate::leaderboard::Contribution;
use crate::user::decision::Decision;
use crate::user::{EventRecord, HistoryRow, MetricProgress, Rejection, SubmitEvent, Tracker};

/// Inserts the event and updates everything that counts values.
pub(crate) fn record(
    decision: &mut Decision<'_>,
    event: &SubmitEvent,
    sums: &[HistorySum],
    by_attribute: &BTreeMap<AttributeId, MetricProgress>,
) -> Result<EventId, Rejection> {
    record_sums(decision, event, sums);
    let id = record_row(decision, event);
    record_total(decision, event)?;
    record_attributes(decision, event, by_attribute);
    Ok(id)
}

fn record_row(decision: &mut Decision<'_>, event: &SubmitEvent) -> EventId {
    let sequence = decision.state.events;
    decision.state.events += 1;
    let id = EventId(decision.state.derived_id("event", sequence));
    let record = EventRecord {
        id,
        metric: event.metric,
        value: event.value,
        attributes: event.attributes.clone(),
        at: decision.now,
        day: decision.state.effective_day,
        time: decision.zone().time_of_day(decision.now),
        order: decision.order,
    };
    decision.state.order = decision.state.order.max(decision.order);
    leaderboard::on_value(decision, RankBy::Metric(event.metric), &Contribution::from(&record));
    decision.write(HistoryRow::Event { sequence, record });
    id
}

fn record_total(decision: &mut Decision<'_>, event: &SubmitEvent) -> Result<(), Rejection> {
    let day = decision.state.effective_day;
    let metrics = &mut decision.state.metrics;
    let progress = metrics.entry(event.metric).or_insert(MetricProgress::starting_on(day));
    progress.count(event.value, day);
    if !progress.total.is_legal_total() {
        return Err(Rejection::TotalOutOfRange);
    }
    let record = progress.latest_day();
    decision.write(HistoryRow::MetricDay { metric: event.metric, day, record });
    Ok(())
}

/// The same figures once more for each attribute value that the event carries. (C-WRAP-08)
fn record_attributes(
    decision: &mut Decision<'_>,
    event: &SubmitEvent,
    known: &BTreeMap<AttributeId, MetricProgress>,
) {
    let (metric, day) = (event.metric, decision.state.effective_day);
    for (attribute, value) in &event.attributes {
        let mut record = known.get(attribute).copied().unwrap_or(MetricProgress::starting_on(day));
        record.count(event.value, day);
        let (attribute, value) = (*attribute, value.clone());
        decision.write(HistoryRow::AttributeDay {
            metric,
            day,
            attribute,
            value: value.clone(),
            record: record.latest_day(),
        });
        decision.write(HistoryRow::AttributeProgress { metric, attribute, value, record });
    }
}

/// Brings the sum of every achievement and trigger that filters this metric's events up to date,
/// whether it is active or not: it may become so later, and its sum covers all events ever.
fn record_sums(decision: &mut Decision<'_>, event: &SubmitEvent, sums: &[HistorySum]) {
    for (owner, revision, filters) in filtered_owners(decision.catalog, event.metric) {
        let before = known_sum(&decision.state, owner, revision, sums);
        let counts = all_match(filters, &event.attributes);
        let sum = Some(if counts { before + event.value } else { before });
        let tracker = decision.state.trackers.entry(owner).or_insert(Tracker {
            revision,
            sum,
            high_water: None,
        });
        if tracker.revision != revision {
            *tracker = Tracker { revision, sum, high_water: None };
        }
        tracker.sum = sum;
    }
}
