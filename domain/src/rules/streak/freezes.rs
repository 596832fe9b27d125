//! Freezes: granted at creation, by time, and by operators. (C-STREAK-33 to 44)

use crate::catalog::StreakSettings;
use crate::time::{Date, Timestamp};
use crate::user::decision::Decision;
use crate::user::{Rejection, SignalKind};

/// The initial grant of a new user, silent. (C-STREAK-36, C-USER-23)
pub(crate) fn grant_initial_freezes(decision: &mut Decision<'_>) {
    if let Some(freezes) = decision.catalog.streaks.current().freezes {
        decision.state.streak.freezes = freezes.start_count;
    }
}

/// Grants what falls due on `day`: the anchor plus a multiple of the interval. (C-STREAK-41)
///
/// The anchor is the day the user came, if auto-earn was on by then. Else it is the day auto-earn
/// was enabled, a fact of the environment that is read as a UTC date: a user who travels keeps
/// their due dates.
pub(super) fn accrue(
    decision: &mut Decision<'_>,
    settings: &StreakSettings,
    day: Date,
    at: Timestamp,
) {
    let Some(freezes) = settings.freezes else { return };
    let Some(earn) = freezes.auto_earn else { return };
    let (came_at, came_on) = (decision.state.created_at, decision.state.created_on);
    let anchor = if earn.since <= came_at { came_on } else { came_on.max(earn.since.utc_date()) };
    let elapsed = day.days_since(anchor);
    if elapsed <= 0 || elapsed % i64::from(earn.interval_days) != 0 {
        return;
    }
    let held = decision.state.streak.freezes;
    let earned = earn.amount.min(freezes.max_count.saturating_sub(held));
    if earned == 0 {
        return;
    }
    decision.state.streak.freezes = held + earned;
    if settings.enabled {
        decision.signal(at, SignalKind::FreezeEarned { earned, freezes: held + earned });
    }
}

/// Grants up to `count` freezes below the maximum; how many were granted. (C-STREAK-43, 44)
pub(crate) fn grant_freezes(decision: &mut Decision<'_>, count: u32) -> Result<u32, Rejection> {
    let settings = decision.current_streaks();
    let freezes = settings.freezes.ok_or(Rejection::FreezesNotEnabled)?;
    let held = decision.state.streak.freezes;
    let earned = count.min(freezes.max_count.saturating_sub(held));
    if earned > 0 {
        decision.state.streak.freezes = held + earned;
        decision.must_commit();
        if settings.enabled {
            let kind = SignalKind::FreezeEarned { earned, freezes: held + earned };
            decision.signal(decision.now, kind);
        }
    }
    Ok(earned)
}
