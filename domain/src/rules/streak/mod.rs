//! Streaks: periods close day by day, events meet the open one. (C-STREAK)
//!
//! Time moves in one way only: [`begin_day`] advances the effective day by one date, closes the
//! periods that ended with the day before and grants freezes due that day. `rules::settle` calls it
//! for every local midnight that has passed and for every date a move east skips. All three
//! frequencies are tracked; freezes are consumed for the configured one alone. (C-STREAK-11, 12)

mod close;
mod freezes;
mod longest;
mod pauses;
mod protection;
mod restore;

use std::collections::BTreeMap;

pub(crate) use freezes::{grant_freezes, grant_initial_freezes, next_grant};
pub(crate) use longest::longest_in;
pub(crate) use pauses::{create_pause, delete_pause};
pub(crate) use protection::is_protected;
pub(crate) use restore::{reset, restore, silence};

use crate::amount::Amount;
use crate::calendar::{Frequency, Period, WeekStart};
use crate::catalog::{Catalog, EvaluationMode, StreakSettings};
use crate::ids::MetricId;
use crate::rules::leaderboard;
use crate::time::{Date, Timestamp};
use crate::user::decision::Decision;
use crate::user::{SignalKind, Track};

/// Why a new effective day began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// Local midnight passed.
    Midnight,
    /// The user moved east past it. (C-STREAK-63)
    Travel,
    /// The tz database was updated, and by its new rules it had passed. (C-GEN-37)
    NewRules,
}

/// A track that starts with the period of `today`.
pub(crate) fn fresh_track(frequency: Frequency, week_start: WeekStart, today: Date) -> Track {
    Track {
        open: Period::containing(frequency, week_start, today),
        met: false,
        changes: BTreeMap::new(),
        length_before: 0,
        started_on: None,
        extended_at: None,
        longest: 0,
        travel_protected_on: None,
        lost: None,
        discarded: Vec::new(),
        past: Vec::new(),
        years: BTreeMap::new(),
    }
}

/// At one instant periods close before freezes are granted. (C-GEN-22, C-STREAK-38)
///
/// A midnight is judged by the settings that led up to it; a move is part of a request and so
/// judged by the settings the request reads.
pub(crate) fn begin_day(decision: &mut Decision<'_>, day: Date, at: Timestamp, passage: Passage) {
    let catalog = decision.catalog;
    let settings = match passage {
        Passage::Midnight | Passage::NewRules => catalog.streaks.before(at),
        Passage::Travel => catalog.streaks.current(),
    };
    let settings = decision.state.personal_streaks(catalog, settings);
    close::close_ended(decision, &settings, day, at, passage);
    freezes::accrue(decision, &settings, day, at);
    decision.state.effective_day = day;
    leaderboard::on_day(decision, at, passage);
}

/// Whether days can pass without any effect: no length to lose, nothing met to carry over, and no
/// freezes to earn.
pub(crate) fn is_idle(decision: &Decision<'_>) -> bool {
    let streak = &decision.state.streak;
    let earns = |settings: &StreakSettings| {
        settings.freezes.is_some_and(|freezes| freezes.auto_earn.is_some())
    };
    [&streak.daily, &streak.weekly, &streak.monthly].into_iter().all(|track| track.length() == 0)
        && !decision.catalog.streaks.values().any(earns)
}

/// Moves an idle user to `today` in one step.
pub(crate) fn skip_to(decision: &mut Decision<'_>, today: Date) {
    let week_start = decision.catalog.settings.week_start;
    for frequency in Frequency::ALL {
        let track = decision.state.streak.track_mut(frequency);
        if track.open.end < today {
            track.open = Period::containing(frequency, week_start, today);
            track.changes.clear();
        }
    }
    decision.state.effective_day = today;
}

/// Counts an event towards the open periods; whether it raised the configured streak.
/// (C-STREAK-07, C-EVENT-02)
pub(crate) fn on_event(decision: &mut Decision<'_>, metric: MetricId, value: Amount) -> bool {
    if decision.state.preferences.streak.is_off() {
        return false;
    }
    let catalog = decision.catalog;
    let settings = decision.state.personal_streaks(catalog, catalog.streaks.current());
    let (now, day) = (decision.now, decision.state.effective_day);
    let mut extended = false;
    for frequency in Frequency::ALL {
        let track = decision.state.streak.track_mut(frequency);
        let change = track.changes.entry(metric).or_insert(Amount::ZERO);
        *change += value;
        if track.met || value == Amount::ZERO || !is_met(catalog, &settings, &track.changes) {
            continue;
        }
        track.met = true;
        track.started_on = track.started_on.or(Some(day));
        track.extended_at = Some(now);
        track.longest = track.longest.max(track.length());
        if frequency == settings.frequency && settings.enabled {
            let kind = match track.length() {
                1 => SignalKind::StreakStarted,
                length => SignalKind::StreakExtended { length },
            };
            decision.signal(now, kind);
            extended = true;
        }
    }
    extended
}

/// Whether the conditions hold for these net changes. (C-STREAK-02 to 06)
fn is_met(
    catalog: &Catalog,
    settings: &StreakSettings,
    changes: &BTreeMap<MetricId, Amount>,
) -> bool {
    let change = |metric| changes.get(&metric).copied().unwrap_or(Amount::ZERO);
    if settings.metrics.is_empty() {
        return catalog.live_metrics().any(|metric| change(metric.id) > Amount::ZERO);
    }
    let mut conditions =
        settings.metrics.iter().map(|condition| change(condition.metric) >= condition.threshold);
    match settings.evaluation_mode {
        EvaluationMode::Or => conditions.any(|holds| holds),
        EvaluationMode::And => conditions.all(|holds| holds),
    }
}
