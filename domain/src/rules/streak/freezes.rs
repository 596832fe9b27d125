//! Freezes: granted at creation, by time, and by operators. (C-STREAK-33 to 44)

use crate::catalog::{AutoEarn, StreakSettings};
use crate::time::{Date, Timestamp};
use crate::user::decision::Decision;
use crate::user::{Rejection, SignalKind, UserState};

/// The initial grant of a new user, silent. (C-STREAK-36, C-USER-23)
pub(crate) fn grant_initial_freezes(decision: &mut Decision<'_>) {
    if let Some(freezes) = decision.catalog.streaks.current().freezes {
        decision.state.streak.freezes = freezes.start_count;
    }
}

/// Grants what falls due on `day`: the anchor plus a multiple of the interval. (C-STREAK-41)
pub(super) fn accrue(
    decision: &mut Decision<'_>,
    settings: &StreakSettings,
    day: Date,
    at: Timestamp,
) {
    let Some(freezes) = settings.freezes else { return };
    let Some(earn) = freezes.auto_earn else { return };
    let elapsed = day.days_since(anchor(&decision.state, earn));
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

/// The first date after the effective day at which a freeze is granted, as the settings stand; none
/// while there is no room for one.
pub(crate) fn next_grant(state: &UserState, settings: &StreakSettings) -> Option<Date> {
    let freezes = settings.freezes?;
    let earn = freezes.auto_earn.filter(|_| state.streak.freezes < freezes.max_count)?;
    let (anchor, interval) = (anchor(state, earn), i64::from(earn.interval_days));
    let passed = state.effective_day.days_since(anchor).div_euclid(interval);
    Some(anchor.plus_days((passed.max(0) + 1) * interval))
}

/// The date that grants are counted from: the day the user came, if auto-earn was on by then. Else it
/// is the day auto-earn was enabled, a fact of the environment that is read as a UTC date: a user who
/// travels keeps their due dates.
fn anchor(state: &UserState, earn: AutoEarn) -> Date {
    let came_on = state.created_on;
    if earn.since <= state.created_at { came_on } else { came_on.max(earn.since.utc_date()) }
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
