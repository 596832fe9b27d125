//! What operators do to a length: put an earlier one back, or set it to zero. (C-STREAK-54 to 61)
//!
//! Both are silent: no signal, achievement, points or freeze. Either keeps the length it takes from
//! a period as a peak, so that a restore can undo it.

use super::close::push_span;
use crate::calendar::{Frequency, Period, WeekStart};
use crate::time::Date;
use crate::user::decision::Decision;
use crate::user::{Peak, Rejection, Reset, RestoreMode, Span, SpanKind, Track};

/// Local dates, today included, that a daily streak is looked for in. (C-STREAK-56)
const DAILY_WINDOW_DAYS: i64 = 90;

/// Puts an earlier length of the configured frequency back. (C-STREAK-57)
pub(crate) fn restore(decision: &mut Decision<'_>, mode: RestoreMode) -> Result<(), Rejection> {
    let settings = decision.current_streaks();
    let (frequency, week_start) = (settings.frequency, decision.catalog.settings.week_start);
    let from = window_start(frequency, week_start, decision.state.effective_day);
    let track = decision.state.streak.track_mut(frequency);
    let candidate = match mode {
        RestoreMode::Max => highest(track, from),
        RestoreMode::LastLost => track.lost,
    };
    let peak = candidate
        .filter(|peak| settings.enabled && peak.length > track.length())
        .ok_or(Rejection::NoStreakToRestore)?;
    track.started_on = Some(peak.started_on);
    if track.met {
        track.length_before = peak.length - 1;
    } else {
        track.length_before = peak.length;
        put_on_previous(track, peak, frequency, week_start, from);
    }
    decision.must_commit();
    Ok(())
}

/// The first date of the window that lengths are looked for in. (C-STREAK-54, C-STREAK-56)
fn window_start(frequency: Frequency, week_start: WeekStart, today: Date) -> Date {
    let new_year = |year| Date::from_ymd(year, 1, 1).expect("every year has a first of January");
    match frequency {
        Frequency::Daily => today.plus_days(1 - DAILY_WINDOW_DAYS),
        Frequency::Weekly => {
            Period::containing(frequency, week_start, new_year(today.year())).start
        }
        Frequency::Monthly => new_year(today.year() - 1),
    }
}

/// The greatest length in a closed or discarded period from `from` on; the latest of equals.
fn highest(track: &Track, from: Date) -> Option<Peak> {
    // Of equals in one period the one it ended with comes last.
    let inside = track.peaks().filter(|peak| peak.until >= from);
    inside.max_by_key(|peak| (peak.length, peak.until))
}

/// Makes the period before the open one end with the peak's length. (C-STREAK-57, C-STREAK-58)
///
/// A freeze or a pause that it used stays its own; a missed one has nothing to show but the length.
/// What it ended with was reached all the same, so it stays restorable.
fn put_on_previous(
    track: &mut Track,
    peak: Peak,
    frequency: Frequency,
    week_start: WeekStart,
    from: Date,
) {
    let dates = track.open.previous(frequency, week_start);
    let replaced = take_last_period(track, dates, frequency, week_start);
    if let Some(Span { length, started_on, .. }) = replaced {
        keep_peak(track, Peak { length, started_on, until: dates.end }, from);
    }
    let kind = replaced.map_or(SpanKind::Restored, |replaced| replaced.kind);
    let Peak { length, started_on, .. } = peak;
    push_span(track, Span { dates, periods: 1, kind, length, started_on });
}

/// Takes the period out of the latest span, if that one ends with it.
fn take_last_period(
    track: &mut Track,
    dates: Period,
    frequency: Frequency,
    week_start: WeekStart,
) -> Option<Span> {
    let last = track.past.last_mut().filter(|last| last.dates.end == dates.end)?;
    let taken = Span { dates, periods: 1, ..*last };
    if last.periods == 1 {
        track.past.pop();
        return Some(taken);
    }
    last.periods -= 1;
    last.dates.end = dates.previous(frequency, week_start).end;
    match taken.kind {
        SpanKind::Met => last.length -= 1,
        SpanKind::Frozen | SpanKind::Protected | SpanKind::Restored => {}
    }
    Some(taken)
}

/// Remembers a length that its period no longer shows, without those that can't be the highest of
/// any window any more: the lower ones up to it, and those before `from`.
fn keep_peak(track: &mut Track, peak: Peak, from: Date) {
    track.discarded.retain(|other| {
        other.until >= from && (other.length > peak.length || other.until > peak.until)
    });
    let falls_short = |other: &Peak| other.length < peak.length || other.until < peak.until;
    if track.discarded.iter().all(falls_short) {
        track.discarded.push(peak);
    }
}

/// Sets the streak to zero at every frequency and forgets the progress of the open periods.
/// (C-STREAK-60, C-STREAK-61)
pub(crate) fn reset(decision: &mut Decision<'_>) -> Result<(), Rejection> {
    let settings = decision.current_streaks();
    if !settings.enabled || decision.state.streak.track(settings.frequency).length() == 0 {
        return Err(Rejection::NoActiveStreakToReset);
    }
    silence(decision);
    let reset = Reset { at: decision.now, on: decision.state.effective_day };
    decision.state.streak.reset = Some(reset);
    Ok(())
}

/// As [`reset`], without a trace of it. (C-PREF-10)
pub(crate) fn silence(decision: &mut Decision<'_>) {
    let (week_start, today) = (decision.catalog.settings.week_start, decision.state.effective_day);
    for frequency in Frequency::ALL {
        let from = window_start(frequency, week_start, today);
        discard(decision.state.streak.track_mut(frequency), from);
    }
    decision.must_commit();
}

/// Length 0 with nothing met. A met open period is not in the past yet, so its length is kept as a
/// peak.
fn discard(track: &mut Track, from: Date) {
    let length = track.length();
    if track.met
        && let Some(started_on) = track.started_on
    {
        keep_peak(track, Peak { length, started_on, until: track.open.end }, from);
    }
    track.met = false;
    track.changes.clear();
    track.length_before = 0;
    track.started_on = None;
}
