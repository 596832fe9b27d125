//! What a settled user looks like from outside: pure readings of the state.

use super::{Pause, SpanKind, UserState};
use crate::calendar::{Frequency, Period};
use crate::catalog::{
    Achievement, AchievementStatus, Boost, BoostTerms, Catalog, Level, PointsSystem, Settings,
    Trigger, TriggerKind,
};
use crate::rules::filters_match_user;
use crate::rules::streak::is_protected;
use crate::time::{Date, Timestamp};

/// How far ahead the end of a streak is looked for. (C-STREAK-19)
const EXPIRY_HORIZON_DAYS: i64 = 3_653;

/// The streak as the API shows it. (C-STREAK-16 to 22)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreakView {
    /// The current length.
    pub length: u32,
    /// The configured frequency.
    pub frequency: Frequency,
    /// The start of the run; none at length 0.
    pub started: Option<Date>,
    /// The period of the effective day; none at length 0.
    pub period: Option<Period>,
    /// The last date before the streak is lost without activity; none at length 0.
    pub expires: Option<Date>,
    /// The latest extension; none at length 0.
    pub extended_at: Option<Timestamp>,
    /// Freezes, if enabled. (C-STREAK-21)
    pub freezes: Option<FreezesView>,
}

/// A user's freezes as the API shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreezesView {
    /// How many are held.
    pub held: u32,
    /// How many can be held.
    pub max: u32,
    /// Days between grants and freezes per grant, if auto-earn is on.
    pub auto_earn: Option<(u32, u32)>,
}

/// One period of the streak's history. (C-STREAK-24 to 27)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreakPeriod {
    /// Its dates.
    pub dates: Period,
    /// The length after it; 0 for an open period that was not met.
    pub length: u32,
    /// Whether a freeze was consumed for it.
    pub used_freeze: bool,
    /// Whether a day off, travel or a pause kept it.
    pub used_pause: bool,
    /// When an operator reset the streak in it. (C-STREAK-28)
    pub reset_at: Option<Timestamp>,
}

/// What a user's streaks are. Lengths are in the order of [`Frequency::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreakStanding {
    /// The current lengths.
    pub lengths: [u32; Frequency::ALL.len()],
    /// The greatest lengths ever. (C-STREAK-67)
    pub longest: [u32; Frequency::ALL.len()],
}

/// The user's streaks as of their last settlement; `None` if they never had one or want none.
#[must_use]
pub fn streak_standing(state: &UserState) -> Option<StreakStanding> {
    if state.preferences.streak.is_off() {
        return None;
    }
    let tracks = Frequency::ALL.map(|frequency| (frequency, state.streak.track(frequency)));
    let longest = tracks.map(|(_, track)| track.longest);
    (longest.iter().any(|longest| *longest > 0))
        .then(|| StreakStanding { lengths: tracks.map(|(_, track)| track.length()), longest })
}

/// The user's streak at the configured frequency.
#[must_use]
pub fn streak(state: &UserState, catalog: &Catalog) -> StreakView {
    let settings = state.personal_streaks(catalog, catalog.streaks.current());
    let track = state.streak.track(settings.frequency);
    let length = if settings.enabled { track.length() } else { 0 };
    let freezes = settings.freezes.map(|freezes| FreezesView {
        held: state.streak.freezes,
        max: freezes.max_count,
        auto_earn: freezes.auto_earn.map(|earn| (earn.interval_days, earn.amount)),
    });
    let active = length > 0;
    StreakView {
        length,
        frequency: settings.frequency,
        started: track.started_on.filter(|_| active),
        period: active.then_some(track.open),
        expires: if active { expires(state, catalog) } else { None },
        extended_at: track.extended_at.filter(|_| active),
        freezes,
    }
}

/// The last date of the first period, from the open one on, that is neither met nor protected.
fn expires(state: &UserState, catalog: &Catalog) -> Option<Date> {
    let frequency = catalog.streaks.current().frequency;
    let track = state.streak.track(frequency);
    let mut period = track.open;
    let horizon = period.start.plus_days(EXPIRY_HORIZON_DAYS);
    let mut met = track.met;
    while met || needs_no_activity(state, catalog, period) {
        period = period.next(frequency, catalog.settings.week_start);
        met = false;
        if period.start > horizon {
            return None;
        }
    }
    Some(period.end)
}

fn needs_no_activity(state: &UserState, catalog: &Catalog, period: Period) -> bool {
    let settings = state.personal_streaks(catalog, catalog.streaks.current());
    let zone = state.zone(&catalog.settings);
    is_protected(&state.streak, &settings, zone, settings.frequency, period)
}

/// The latest `periods` periods, oldest first, ending with the open one. (C-STREAK-25, C-STREAK-26)
#[must_use]
pub fn streak_history(state: &UserState, catalog: &Catalog, periods: usize) -> Vec<StreakPeriod> {
    let settings = state.personal_streaks(catalog, catalog.streaks.current());
    let week_start = catalog.settings.week_start;
    let track = state.streak.track(settings.frequency);
    let mut history = Vec::with_capacity(periods);
    let mut spans = track.past.iter().rev().peekable();
    let mut seen_in_span = 0;
    let mut dates = track.open;
    for _ in 1..periods {
        dates = dates.previous(settings.frequency, week_start);
        while spans.next_if(|span| dates.end < span.dates.start).is_some() {
            seen_in_span = 0;
        }
        let span = spans.peek().filter(|span| settings.enabled && span.dates.contains(dates.start));
        let reset_at = reset_in(state, dates);
        history.push(match span {
            None => {
                StreakPeriod { dates, length: 0, used_freeze: false, used_pause: false, reset_at }
            }
            Some(span) => {
                let length = match span.kind {
                    SpanKind::Met => span.length.saturating_sub(seen_in_span),
                    SpanKind::Frozen | SpanKind::Protected | SpanKind::Restored => span.length,
                };
                seen_in_span += 1;
                StreakPeriod {
                    dates,
                    length,
                    used_freeze: span.kind == SpanKind::Frozen,
                    used_pause: span.kind == SpanKind::Protected,
                    reset_at,
                }
            }
        });
    }
    history.reverse();
    if periods > 0 {
        history.push(open_period(state, catalog));
    }
    history
}

/// The pauses not yet over, by start. (C-STREAK-29)
pub fn streak_pauses(state: &UserState) -> impl Iterator<Item = &Pause> {
    state.streak.pauses.iter().filter(|pause| pause.dates.end >= state.effective_day)
}

fn open_period(state: &UserState, catalog: &Catalog) -> StreakPeriod {
    let settings = state.personal_streaks(catalog, catalog.streaks.current());
    let track = state.streak.track(settings.frequency);
    let kept =
        !track.met && track.length_before > 0 && needs_no_activity(state, catalog, track.open);
    let length = if settings.enabled && (track.met || kept) { track.length() } else { 0 };
    StreakPeriod {
        dates: track.open,
        length,
        used_freeze: false,
        used_pause: kept && settings.enabled,
        reset_at: reset_in(state, track.open),
    }
}

fn reset_in(state: &UserState, period: Period) -> Option<Timestamp> {
    state.streak.reset.filter(|reset| period.contains(reset.on)).map(|reset| reset.at)
}

/// Whether the user can still complete this achievement and so may see it. (C-ACH-30)
#[must_use]
pub fn can_see(state: &UserState, achievement: &Achievement) -> bool {
    achievement.status() == AchievementStatus::Active
        && filters_match_user(achievement.user_filters(), state)
}

/// Whether a trigger may ever award or deduct points of this user: it is on, meant for them, and
/// what fires it can still happen to them. (C-POINTS-09, C-POINTS-20, C-POINTS-21)
#[must_use]
pub fn may_pay(state: &UserState, trigger: &Trigger) -> bool {
    let can_fire = match &trigger.kind {
        TriggerKind::Achievement { achievement } => state.find_completion(*achievement).is_none(),
        TriggerKind::UserCreation => false,
        TriggerKind::Metric { .. } | TriggerKind::Streak { .. } | TriggerKind::Time { .. } => true,
    };
    can_fire
        && trigger.active
        && !trigger.archived
        && filters_match_user(&trigger.user_filters, state)
}

/// The user's effective day at `now`, as settling them would make it. (C-GEN-16)
#[must_use]
pub fn effective_day(state: &UserState, settings: &Settings, now: Timestamp) -> Date {
    state.zone(settings).local_date(now).max(state.effective_day)
}

/// The boosts that apply to the settled user now, by start, then creation.
/// (C-POINTS-41, C-POINTS-42)
#[must_use]
pub fn points_boosts<'a>(
    state: &UserState,
    system: &'a PointsSystem,
) -> Vec<(&'a Boost, &'a BoostTerms)> {
    let applies = |(boost, terms): &(&Boost, &BoostTerms)| {
        terms.covers(state.effective_day)
            && boost.user.as_ref().is_none_or(|user| *user == state.id)
            && filters_match_user(&terms.user_filters, state)
    };
    let mut boosts: Vec<_> = system.live_boosts().filter(applies).collect();
    boosts.sort_by_key(|(_, terms)| terms.start);
    boosts
}

/// The user's level in a points system, by their balance. (C-POINTS-46, C-POINTS-55)
#[must_use]
pub fn points_level<'a>(state: &UserState, system: &'a PointsSystem) -> Option<&'a Level> {
    system.level_at(state.balance(system.id))
}
