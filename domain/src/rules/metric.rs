//! Recording an event: the total, the day's figures, the sums of matching events. (C-METRIC,
//! C-EVENT-01 to 04)

use super::leaderboard;
use super::tracker::{HistorySum, filtered_owners, known_sum};
use crate::amount::Amount;
use crate::catalog::{RankBy, all_match};
use crate::ids::EventId;
use crate::leaderboard::Contribution;
use crate::user::decision::Decision;
use crate::user::{
    EventRecord, HistoryRow, MetricDay, MetricProgress, Rejection, SubmitEvent, Tracker,
};

/// Inserts the event and updates everything that counts values.
pub(crate) fn record(
    decision: &mut Decision<'_>,
    event: &SubmitEvent,
    sums: &[HistorySum],
) -> Result<EventId, Rejection> {
    record_sums(decision, event, sums);
    let id = record_row(decision, event);
    record_total(decision, event)?;
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
    decision.state.order = decision.order;
    leaderboard::on_value(decision, RankBy::Metric(event.metric), &Contribution::from(&record));
    decision.write(HistoryRow::Event { sequence, record });
    id
}

fn record_total(decision: &mut Decision<'_>, event: &SubmitEvent) -> Result<(), Rejection> {
    let day = decision.state.effective_day;
    let progress = decision.state.metrics.entry(event.metric).or_insert(MetricProgress {
        total: Amount::ZERO,
        events: 0,
        day,
        day_change: Amount::ZERO,
        day_events: 0,
    });
    if progress.day != day {
        *progress = MetricProgress { day, day_change: Amount::ZERO, day_events: 0, ..*progress };
    }
    progress.total += event.value;
    progress.events += 1;
    progress.day_change += event.value;
    progress.day_events += 1;
    if !progress.total.is_legal_total() {
        return Err(Rejection::TotalOutOfRange);
    }
    let record = MetricDay {
        change: progress.day_change,
        total: progress.total,
        events: progress.day_events,
    };
    decision.write(HistoryRow::MetricDay { metric: event.metric, day, record });
    Ok(())
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
