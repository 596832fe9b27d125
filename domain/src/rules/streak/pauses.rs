//! Pauses: date ranges that an operator takes out of a user's streak. (C-STREAK-45 to 50)
//!
//! A pause is only a fact of the user's state; what it does is said where protection is. Periods
//! it kept are remembered as such when they close, so a deleted pause leaves nothing behind here.

use crate::calendar::{Frequency, Period};
use crate::ids::PauseId;
use crate::time::Date;
use crate::user::decision::Decision;
use crate::user::{HistoryRow, Pause, Rejection};

/// Pauses remembered per user.
const PAUSES_MAX: usize = 1_000;

/// Adds a pause over dates from today on. (C-STREAK-45, C-STREAK-46)
pub(crate) fn create_pause(
    decision: &mut Decision<'_>,
    start: Date,
    end: Date,
) -> Result<Pause, Rejection> {
    if start < decision.state.effective_day {
        return Err(Rejection::PauseStartsInPast);
    }
    if end < start {
        return Err(Rejection::PauseEndsBeforeStart);
    }
    let dates = Period { start, end };
    if decision.state.streak.pauses.iter().any(|pause| pause.dates.overlaps(dates)) {
        return Err(Rejection::PauseOverlaps);
    }
    forget_oldest(decision)?;
    let streak = &mut decision.state.streak;
    let sequence = streak.pauses_created;
    streak.pauses_created += 1;
    let id = PauseId::of(decision.state.identity, sequence);
    let pause = Pause { id, dates };
    let pauses = &mut decision.state.streak.pauses;
    let place = pauses.partition_point(|earlier| earlier.dates < dates);
    pauses.insert(place, pause);
    decision.write(HistoryRow::PauseOwner { pause: id });
    Ok(pause)
}

/// Makes room for one more by forgetting the oldest, unless an open period still needs it.
fn forget_oldest(decision: &mut Decision<'_>) -> Result<(), Rejection> {
    let streak = &mut decision.state.streak;
    if streak.pauses.len() < PAUSES_MAX {
        return Ok(());
    }
    let needed = |dates: Period| {
        Frequency::ALL.into_iter().any(|frequency| streak.track(frequency).open.start <= dates.end)
    };
    if needed(streak.pauses[0].dates) {
        return Err(Rejection::TooManyPauses);
    }
    streak.pauses.remove(0);
    Ok(())
}

/// Takes a pause back: periods already closed stay kept, the open one and later ones aren't.
/// (C-STREAK-50)
pub(crate) fn delete_pause(decision: &mut Decision<'_>, id: PauseId) -> Result<(), Rejection> {
    let pauses = &mut decision.state.streak.pauses;
    let place = pauses.iter().position(|pause| pause.id == id).ok_or(Rejection::PauseNotFound)?;
    pauses.remove(place);
    decision.must_commit();
    Ok(())
}
