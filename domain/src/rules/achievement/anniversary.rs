//! Anniversaries of the sign-up date. (C-ACH-03, C-ACH-10)
//!
//! An anniversary falls due with the start of its date, judged by the terms that led up to it. When
//! the sign-up date is only told on that day it completes then; told later, silently.

use super::{Manner, complete_all, is_completed, open};
use crate::calendar::{Period, Zone};
use crate::catalog::{Achievement, AchievementTerms, AchievementTrigger};
use crate::ids::AchievementId;
use crate::rules::filters_match_user;
use crate::time::{Date, Timestamp};
use crate::user::UserState;
use crate::user::decision::Decision;

/// The first instant after `settled` at which an anniversary falls due.
pub(super) fn next_due(decision: &Decision<'_>, settled: Timestamp) -> Option<Timestamp> {
    let zone = decision.zone();
    let signed_up = decision.state.profile.sign_up_on?;
    let all = decision.catalog.achievements.iter();
    all.filter_map(|achievement| {
        let due = next_of(&decision.state, zone, signed_up, achievement, settled)?;
        (!is_completed(decision, achievement.id)).then_some(due)
    })
    .min()
}

/// Completes what falls due at `due`; `begun` are the dates that began at that instant.
pub(crate) fn complete_due(decision: &mut Decision<'_>, due: Timestamp, begun: Option<Period>) {
    if let Some(dates) = begun {
        complete_within(decision, dates, Manner::Due(due));
    }
}

/// Completes for the dates that a move east skipped, at the move. A move is part of a request and
/// so judged by the configuration that the request reads.
pub(crate) fn complete_travelled(decision: &mut Decision<'_>, dates: Period) {
    complete_within(decision, dates, Manner::Passing);
}

/// The sign-up date was set or changed: anniversaries that are over complete silently, today's as
/// ever.
pub(crate) fn on_sign_up_date(decision: &mut Decision<'_>) {
    let Some(signed_up) = decision.state.profile.sign_up_on else { return };
    let today = decision.state.effective_day;
    if signed_up < today {
        complete_within(decision, Period { start: signed_up, end: today.pred() }, Manner::Belated);
    }
    complete_within(decision, Period { start: today, end: today }, Manner::Passing);
}

/// The date on which these terms complete for someone who signed up on `signed_up`.
pub(super) fn date_of(terms: &AchievementTerms, signed_up: Date) -> Option<Date> {
    match terms.trigger {
        AchievementTrigger::Anniversary { years } => signed_up.plus_years(years),
        AchievementTrigger::Metric { .. }
        | AchievementTrigger::Streak { .. }
        | AchievementTrigger::Api { .. }
        | AchievementTrigger::Composite { .. } => None,
    }
}

fn complete_within(decision: &mut Decision<'_>, dates: Period, manner: Manner) {
    let Some(signed_up) = decision.state.profile.sign_up_on else { return };
    let reached: Vec<AchievementId> = open(decision, manner)
        .filter(|(_, terms)| {
            date_of(terms, signed_up).is_some_and(|date| dates.start <= date && date <= dates.end)
        })
        .map(|(id, _)| id)
        .collect();
    complete_all(decision, reached, manner);
}

/// The first instant after `settled` at which the achievement's date begins under the terms that
/// hold then.
fn next_of(
    state: &UserState,
    zone: Zone,
    signed_up: Date,
    achievement: &Achievement,
    settled: Timestamp,
) -> Option<Timestamp> {
    let mut from = settled;
    loop {
        let (terms, until) = achievement.terms.after(from);
        let due = date_of(terms, signed_up)
            .filter(|date| *date > state.effective_day && terms.is_open())
            .filter(|_| filters_match_user(&terms.user_filters, state))
            .map(|date| zone.day_start(date))
            .filter(|due| *due > from && until.is_none_or(|until| *due <= until));
        if due.is_some() {
            return due;
        }
        from = until?;
    }
}
