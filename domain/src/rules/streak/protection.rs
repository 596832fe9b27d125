//! What keeps a streak over a period without activity, at no cost. (C-STREAK-08)
//!
//! Closing a period, showing the open one and looking for the end of a streak all ask here, so
//! that what is shown is what will happen. Travel and new rules of a zone aren't here: they protect
//! only in the instant of the jump.

use crate::calendar::{Frequency, Period, Zone};
use crate::catalog::StreakSettings;
use crate::user::{SpanKind, StreakState};

/// Whether the period needs no activity: a day off, a date the zone skipped, or dates that a pause
/// or a freeze consumed at another frequency covers. (C-STREAK-12, C-STREAK-47, C-STREAK-51)
pub(crate) fn is_protected(
    streak: &StreakState,
    settings: &StreakSettings,
    zone: Zone,
    frequency: Frequency,
    period: Period,
) -> bool {
    is_day_off(settings, frequency, period)
        || is_skipped(zone, frequency, period)
        || is_paused(streak, period)
        || is_covered_by_freeze(streak, frequency, period)
}

/// (C-STREAK-51, C-STREAK-53)
fn is_day_off(settings: &StreakSettings, frequency: Frequency, period: Period) -> bool {
    frequency == Frequency::Daily && settings.days_off.contains(&period.start.weekday())
}

/// A date that the zone itself skipped can't be missed by anyone living there.
fn is_skipped(zone: Zone, frequency: Frequency, period: Period) -> bool {
    frequency == Frequency::Daily && !zone.has_date(period.start)
}

/// One shared date is enough at any frequency. (C-STREAK-47)
fn is_paused(streak: &StreakState, period: Period) -> bool {
    streak.pauses.iter().any(|pause| pause.dates.overlaps(period))
}

/// The other frequency may have been the configured one earlier: the freeze still covers its dates.
fn is_covered_by_freeze(streak: &StreakState, frequency: Frequency, period: Period) -> bool {
    Frequency::ALL.into_iter().filter(|other| *other != frequency).any(|other| {
        let spans = streak.track(other).past.iter().rev();
        spans
            .take_while(|span| span.dates.end >= period.start)
            .any(|span| span.kind == SpanKind::Frozen && span.dates.overlaps(period))
    })
}
