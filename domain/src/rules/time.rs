//! Time triggers: awards that fall due by time alone. (C-POINTS-22, C-POINTS-23)
//!
//! Whatever held in between, each award is judged by what led up to its due instant: the trigger's
//! terms, the maximum and the levels, all of which the catalog remembers. Only awards that can
//! change the balance are stopped at, so a full balance costs nothing however often a trigger
//! would pay; the balance of such a user can only change at an instant that is stopped at.

use super::filters_match_user;
use super::points::{Occasion, award};
use crate::calendar::{Period, Zone};
use crate::catalog::{DueKind, DueTerms, PointsSystem, TimeUnit, Trigger};
use crate::time::{Date, Timestamp};
use crate::user::UserState;
use crate::user::decision::Decision;

const HOUR_MS: i64 = 3_600_000;

/// Intervals of days end here: nothing falls due in a thousand years.
const DAYS_AHEAD_MAX: i64 = 365_000;

/// The first instant after `settled` at which a time trigger may change a balance.
pub(crate) fn next_due(decision: &Decision<'_>, settled: Timestamp) -> Option<Timestamp> {
    let zone = decision.zone();
    timed_triggers(decision)
        .filter_map(|(system, trigger)| next_of(&decision.state, zone, system, trigger, settled))
        .min()
}

/// Pays what falls due at `due`; `begun` are the dates that began at that instant.
pub(crate) fn pay_due(decision: &mut Decision<'_>, due: Timestamp, begun: Option<Period>) {
    let zone = decision.zone();
    for (system, trigger) in timed_triggers(decision) {
        let Some(terms) = trigger.terms.before(due) else { continue };
        let is_due = match Clock::of(&decision.state, zone, terms) {
            Some(Clock::Hours { anchor, step_ms }) => is_due_hour(anchor, step_ms, due),
            Some(Clock::Days { anchor, interval }) => {
                begun.is_some_and(|dates| has_due_date(anchor, interval, dates))
            }
            None => false,
        };
        if is_due && filters_match_user(&terms.user_filters, &decision.state) {
            award(decision, system, trigger.id, terms.points, Occasion::Due(due));
        }
    }
}

/// Pays for the dates that a move east skipped, at the move. A move is part of a request and so
/// judged by the configuration that the request reads.
pub(crate) fn pay_travelled(decision: &mut Decision<'_>, dates: Period) {
    pay_jumped(decision, dates, Occasion::Moved, |trigger| trigger.terms.current().as_ref());
}

/// Pays for the dates that had begun by `at` under new rules of the zone. Hours that fell due at
/// that instant are paid already. (C-GEN-37)
pub(crate) fn pay_adopted(decision: &mut Decision<'_>, at: Timestamp, dates: Period) {
    pay_jumped(decision, dates, Occasion::Due(at), |trigger| trigger.terms.before(at).as_ref());
}

fn pay_jumped(
    decision: &mut Decision<'_>,
    dates: Period,
    occasion: Occasion,
    terms_of: impl Fn(&Trigger) -> Option<&DueTerms>,
) {
    let zone = decision.zone();
    for (system, trigger) in timed_triggers(decision) {
        if let Some(terms) = terms_of(trigger)
            && let Some(Clock::Days { anchor, interval }) = Clock::of(&decision.state, zone, terms)
            && has_due_date(anchor, interval, dates)
            && filters_match_user(&terms.user_filters, &decision.state)
        {
            award(decision, system, trigger.id, terms.points, occasion);
        }
    }
}

/// Every trigger that ever paid for something that falls due, deleted ones included.
fn timed_triggers<'a>(
    decision: &Decision<'a>,
) -> impl Iterator<Item = (&'a PointsSystem, &'a Trigger)> + use<'a> {
    decision.catalog.all_triggers().filter(|(_, trigger)| !trigger.terms.is_initial())
}

/// The first instant after `settled` at which the trigger may change the balance as it stands.
fn next_of(
    state: &UserState,
    zone: Zone,
    system: &PointsSystem,
    trigger: &Trigger,
    settled: Timestamp,
) -> Option<Timestamp> {
    let mut from = settled;
    loop {
        let (terms, until) = trigger.terms.after(from);
        let due = terms
            .as_ref()
            .filter(|terms| filters_match_user(&terms.user_filters, state))
            .and_then(|terms| {
                let clock = Clock::of(state, zone, terms)?;
                let from = effective_from(state, system, terms.points, from)?;
                clock.first_after(state, zone, from)
            })
            .filter(|due| until.is_none_or(|until| *due <= until));
        if due.is_some() {
            return due;
        }
        from = until?;
    }
}

/// The first instant from `from` on after which an award would not be cut to nothing, as long as
/// the balance stays what it is.
fn effective_from(
    state: &UserState,
    system: &PointsSystem,
    points: i64,
    mut from: Timestamp,
) -> Option<Timestamp> {
    let balance = state.balance(system.id);
    if points < 0 {
        return (balance > 0).then_some(from);
    }
    loop {
        let (rules, until) = system.rules.after(from);
        if rules.room_above(balance) > 0 {
            return Some(from);
        }
        from = until?;
    }
}

/// When a time trigger's awards are due for one user.
enum Clock {
    /// Elapsed time since an instant.
    Hours { anchor: Timestamp, step_ms: i64 },
    /// Days of the user's calendar since a date.
    Days { anchor: Date, interval: i64 },
}

impl Clock {
    /// None if the terms pay for something else than an interval.
    fn of(state: &UserState, zone: Zone, terms: &DueTerms) -> Option<Self> {
        match terms.kind {
            DueKind::Interval { unit: TimeUnit::Hours, length } => Some(Self::Hours {
                anchor: state.created_at.max(terms.since),
                step_ms: i64::from(length) * HOUR_MS,
            }),
            DueKind::Interval { unit: TimeUnit::Days, length } => Some(Self::Days {
                anchor: anchor_date(state, zone, terms),
                interval: i64::from(length),
            }),
            DueKind::Completion { .. } => None,
        }
    }

    /// The first due instant after `from`.
    fn first_after(&self, state: &UserState, zone: Zone, from: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Hours { anchor, step_ms } => {
                let passed =
                    from.as_millis().saturating_sub(anchor.as_millis()).div_euclid(*step_ms);
                Some(anchor.plus_millis((passed.max(0) + 1).saturating_mul(*step_ms)))
            }
            Self::Days { anchor, interval } => {
                let today = state.effective_day.max(zone.local_date(from));
                let passed = today.days_since(*anchor).div_euclid(*interval);
                let days = (passed.max(0) + 1).saturating_mul(*interval);
                (days <= DAYS_AHEAD_MAX + today.days_since(*anchor).max(0))
                    .then(|| zone.day_start(anchor.plus_days(days)))
            }
        }
    }
}

fn is_due_hour(anchor: Timestamp, step_ms: i64, due: Timestamp) -> bool {
    let elapsed = due.as_millis().saturating_sub(anchor.as_millis());
    elapsed > 0 && elapsed % step_ms == 0
}

/// Whether one of the dates is due; several that begin at one instant pay once.
fn has_due_date(anchor: Date, interval: i64, dates: Period) -> bool {
    let [first, last] = [dates.start, dates.end].map(|date| date.days_since(anchor));
    let latest = last - last.rem_euclid(interval);
    latest > 0 && latest >= first
}

/// The date the clock started on: of the user's creation, or of an activation after it in the zone
/// known now.
fn anchor_date(state: &UserState, zone: Zone, terms: &DueTerms) -> Date {
    if terms.since <= state.created_at { state.created_on } else { zone.local_date(terms.since) }
}
