//! When a user has to be settled next: the earliest of everything that time alone may change.
//!
//! Whoever stores a user also plans this instant, so that what falls due happens without anyone
//! asking. Each source answers for one family of rules, from the state as it is now settled and the
//! configuration as it now stands. An answer may be early, because settling then finds nothing and
//! plans anew; it is never late. What changes the configuration must have users planned again.
//! (C-GEN-22)

use super::{achievement, leaderboard, report, streak, time};
use crate::calendar::Frequency;
use crate::time::Timestamp;
use crate::user::decision::Decision;

/// What falls due by time alone, in no order.
type Source = fn(&Decision<'_>) -> Option<Timestamp>;
const SOURCES: [Source; 6] =
    [end_of_streak, freeze_grant, time_award, completion, board_of_streaks, report::next_due];

/// The first instant after now at which settling may change something; none if there is nothing to
/// wait for.
pub(crate) fn next_due(decision: &Decision<'_>) -> Option<Timestamp> {
    SOURCES.into_iter().filter_map(|source| source(decision)).min()
}

/// The first instant at which a streak of the user could end, or need a freeze, without another
/// event. Days off and pauses aren't looked at: settling then finds the streak kept.
fn end_of_streak(decision: &Decision<'_>) -> Option<Timestamp> {
    let week_start = decision.catalog.settings.week_start;
    let last_needed = |frequency| {
        let track = decision.state.streak.track(frequency);
        let unmet = if track.met { track.open.next(frequency, week_start) } else { track.open };
        (track.length() > 0).then_some(unmet.end)
    };
    let last_day = Frequency::ALL.into_iter().filter_map(last_needed).min()?;
    Some(decision.zone().day_start(last_day.succ()))
}

fn freeze_grant(decision: &Decision<'_>) -> Option<Timestamp> {
    let day = streak::next_grant(&decision.state, decision.catalog.streaks.current())?;
    Some(decision.zone().day_start(day))
}

fn board_of_streaks(decision: &Decision<'_>) -> Option<Timestamp> {
    leaderboard::first_date(decision).map(|day| decision.zone().day_start(day))
}

fn time_award(decision: &Decision<'_>) -> Option<Timestamp> {
    time::next_due(decision, decision.state.settled_at)
}

fn completion(decision: &Decision<'_>) -> Option<Timestamp> {
    achievement::next_due(decision, decision.state.settled_at)
}
