//! Closing a period: met, kept, saved by a freeze, or lost. (C-STREAK-08)

use super::{Passage, is_protected, longest};
use crate::calendar::{Frequency, Zone};
use crate::catalog::StreakSettings;
use crate::time::{Date, Timestamp};
use crate::user::decision::Decision;
use crate::user::{Peak, SignalKind, Span, SpanKind, StreakState, Track};

/// A move east protects at most one period in so many local dates. (C-STREAK-63)
const TRAVEL_PROTECTION_DAYS: i64 = 7;

/// Closes every period that ended before `day`, the configured frequency first: a freeze it
/// consumes protects the others. (C-STREAK-12)
pub(super) fn close_ended(
    decision: &mut Decision<'_>,
    settings: &StreakSettings,
    day: Date,
    at: Timestamp,
    passage: Passage,
) {
    let others = Frequency::ALL.into_iter().filter(|frequency| *frequency != settings.frequency);
    for frequency in std::iter::once(settings.frequency).chain(others) {
        if decision.state.streak.track(frequency).open.end < day {
            close(decision, settings, frequency, at, passage);
        }
    }
}

/// Each frequency has its own allowance, so that switching shows the streak it would have had.
/// (C-STREAK-11)
fn may_protect_travel(track: &Track, last_day: Date) -> bool {
    track.travel_protected_on.is_none_or(|last| last_day.days_since(last) >= TRAVEL_PROTECTION_DAYS)
}

fn close(
    decision: &mut Decision<'_>,
    settings: &StreakSettings,
    frequency: Frequency,
    at: Timestamp,
    passage: Passage,
) {
    let zone = decision.zone();
    let week_start = decision.catalog.settings.week_start;
    let counts = settings.enabled && frequency == settings.frequency;
    let last_day = decision.state.effective_day;
    let streak = &mut decision.state.streak;
    let jump = match passage {
        Passage::Midnight => None,
        Passage::Travel => {
            may_protect_travel(streak.track(frequency), last_day).then_some(Verdict::Travelled)
        }
        // Nobody can bring a change of rules about, so there is nothing to ration.
        Passage::NewRules => Some(Verdict::Protected),
    };
    let verdict = judge(streak, settings, frequency, zone, jump);
    if verdict == Verdict::Frozen {
        streak.freezes -= 1;
    }
    let freezes = streak.freezes;
    let track = streak.track_mut(frequency);
    longest::make_room(track, frequency, week_start);
    let length = track.length();
    match verdict {
        Verdict::Met => remember(track, SpanKind::Met),
        Verdict::Protected => remember(track, SpanKind::Protected),
        Verdict::Travelled => {
            track.travel_protected_on = Some(last_day);
            remember(track, SpanKind::Protected);
        }
        Verdict::Frozen => remember(track, SpanKind::Frozen),
        Verdict::Nothing => {}
        Verdict::Lost => {
            let started_on = track.started_on.take().expect("a length belongs to a run");
            track.lost = Some(Peak { length, started_on, until: track.open.start.pred() });
        }
    }
    track.length_before = if verdict == Verdict::Lost { 0 } else { length };
    track.met = false;
    track.changes.clear();
    track.open = track.open.next(frequency, week_start);
    match verdict {
        Verdict::Frozen => decision.signal(at, SignalKind::FreezeConsumed { consumed: 1, freezes }),
        Verdict::Lost if counts => decision.signal(at, SignalKind::StreakLost { length }),
        Verdict::Lost
        | Verdict::Met
        | Verdict::Nothing
        | Verdict::Protected
        | Verdict::Travelled => {}
    }
}

/// What becomes of a period that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Met,
    /// There was no length to keep.
    Nothing,
    Protected,
    /// Protected because the user moved east past its end.
    Travelled,
    Frozen,
    Lost,
}

/// Protection is tried before freezes; `jump` is what a jump of the date makes of the period, if
/// it protects it. (C-STREAK-08, C-STREAK-40)
fn judge(
    streak: &StreakState,
    settings: &StreakSettings,
    frequency: Frequency,
    zone: Zone,
    jump: Option<Verdict>,
) -> Verdict {
    let track = streak.track(frequency);
    if track.met {
        return Verdict::Met;
    }
    if track.length_before == 0 {
        return Verdict::Nothing;
    }
    if is_protected(streak, settings, zone, frequency, track.open) {
        return Verdict::Protected;
    }
    if let Some(verdict) = jump {
        return verdict;
    }
    let can_freeze =
        settings.enabled && frequency == settings.frequency && settings.freezes.is_some();
    if can_freeze && streak.freezes > 0 { Verdict::Frozen } else { Verdict::Lost }
}

/// Adds the open period to the past.
fn remember(track: &mut Track, kind: SpanKind) {
    let length = track.length();
    let started_on = track.started_on.expect("a period with a length belongs to a run");
    let period = track.open;
    push_span(track, Span { dates: period, periods: 1, kind, length, started_on });
}

/// Adds one closed period, to the latest span if it continues it.
pub(super) fn push_span(track: &mut Track, span: Span) {
    if let Some(last) = track.past.last_mut()
        && last.kind == span.kind
        && last.started_on == span.started_on
        && last.dates.end.succ() == span.dates.start
        && span.length == last.length + u32::from(span.kind == SpanKind::Met)
    {
        last.dates.end = span.dates.end;
        last.periods += 1;
        last.length = span.length;
        return;
    }
    track.past.push(span);
}
