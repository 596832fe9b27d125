//! The greatest length of a year, also of years that the track no longer has period by period.
//! (C-WRAP-10)

use crate::calendar::{Frequency, Period, WeekStart};
use crate::time::Date;
use crate::user::{Reached, Span, SpanKind, Track};

/// Spans remembered per frequency. Neighbouring spans differ or have a gap between them, so this
/// covers more than the 400 periods that history can be asked for. (C-STREAK-24)
const SPANS_MAX: usize = 800;

/// Makes room for one more span. Of the oldest ones the greatest length of each year stays.
pub(super) fn make_room(track: &mut Track, frequency: Frequency, week_start: WeekStart) {
    while track.past.len() >= SPANS_MAX {
        let oldest = track.past.remove(0);
        for year in oldest.dates.start.year()..=oldest.dates.end.year() {
            let reached = longest_in(&oldest, frequency, week_start, Period::year(year));
            let known = track.years.get(&year).map_or(0, |known| known.length);
            if let Some(reached) = reached.filter(|reached| reached.length > known) {
                track.years.insert(year, reached);
            }
        }
    }
}

/// The greatest length after a period of the span that ends within `dates`, at its first occurrence.
pub(crate) fn longest_in(
    span: &Span,
    frequency: Frequency,
    week_start: WeekStart,
    dates: Period,
) -> Option<Reached> {
    let containing = |date: Date| Period::containing(frequency, week_start, date);
    let (period, length) = match span.kind {
        // Each period raised it: the last one counts.
        SpanKind::Met => {
            let (mut period, mut length) = (containing(span.dates.end), span.length);
            while period.end > dates.end && period.start > span.dates.start {
                period = period.previous(frequency, week_start);
                length = length.saturating_sub(1);
            }
            (period, length)
        }
        // No period changed it: the first one counts.
        SpanKind::Frozen | SpanKind::Protected | SpanKind::Restored => {
            let mut period = containing(span.dates.start);
            while period.end < dates.start && period.end < span.dates.end {
                period = period.next(frequency, week_start);
            }
            (period, span.length)
        }
    };
    dates.contains(period.end).then_some(Reached { length, period, started_on: span.started_on })
}
