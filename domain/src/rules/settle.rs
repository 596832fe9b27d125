//! Settlement: everything due up to now, in due order. (C-GEN-22)
//!
//! A user is a list of things that will fall due: the end of a window that holds changed points, the
//! next local midnight, the next award of each time trigger, anniversaries, and reviews of what came
//! into force. The earliest is applied until none is left. At one instant windows end before anything
//! happens, periods close, then freezes are granted, time triggers pay, anniversaries complete, and
//! last comes what a change at that very instant asks for. Nothing here knows what any of them does.

use super::report;
use super::streak::{Passage, begin_day, is_idle, skip_to};
use super::{achievement, time};
use crate::calendar::{Period, Zone};
use crate::time::{Date, Timestamp};
use crate::user::decision::Decision;

/// Applies everything due up to now, in due order.
///
/// A user with nothing to lose and nothing to earn by a day passing is moved on without looking at
/// every midnight.
pub(crate) fn settle(decision: &mut Decision<'_>) {
    adopt_rules(decision);
    let zone = decision.zone();
    let mut settled = decision.state.settled_at;
    // A request may have been judged by a configuration read before a change and come after it.
    achievement::review_up_to(decision, settled);
    loop {
        let idle = is_idle(decision);
        let before = decision.state.effective_day;
        let midnight = (!idle).then(|| zone.day_start(before.succ()));
        let awards = time::next_due(decision, settled);
        let completions = achievement::next_due(decision, settled);
        let reports = report::next_due(decision);
        let dues = [midnight, awards, completions, reports];
        let next = dues.into_iter().flatten().min();
        let Some(due) = next.filter(|due| *due <= decision.now) else { break };
        report::close_due(decision, due);
        if idle {
            skip_to(decision, zone.local_date(due).max(before));
        } else {
            while zone.day_start(decision.state.effective_day.succ()) == due {
                let day = decision.state.effective_day.succ();
                begin_day(decision, day, due, Passage::Midnight);
            }
        }
        let begun = begun_at(zone, before, decision.state.effective_day, due);
        time::pay_due(decision, due, begun);
        achievement::complete_due(decision, due, begun);
        achievement::review_up_to(decision, due);
        settled = settled.max(due);
    }
    report::forget_over(decision);
    if is_idle(decision) {
        let today = zone.local_date(decision.now).max(decision.state.effective_day);
        skip_to(decision, today);
    }
    achievement::take_over(decision);
}

/// Recomputes the effective day after a change of zone: a move east skips dates, a move west waits
/// for local time to catch up. What begins with a skipped date happens at the move.
/// (C-GEN-16, C-STREAK-63)
pub(crate) fn travel(decision: &mut Decision<'_>) {
    if let Some(dates) = begin_passed(decision, decision.now, Passage::Travel) {
        time::pay_travelled(decision, dates);
        achievement::complete_travelled(decision, dates);
    }
}

/// Dates that had begun when the user was last settled, and that the effective day doesn't know of,
/// show that the rules of the zone have changed since: they begin at that instant, the earliest
/// that is not over. Under unchanged rules there are none. (C-GEN-37)
fn adopt_rules(decision: &mut Decision<'_>) {
    let at = decision.state.settled_at;
    if let Some(dates) = begin_passed(decision, at, Passage::NewRules) {
        time::pay_adopted(decision, at, dates);
        achievement::complete_due(decision, at, Some(dates));
    }
}

/// Begins every date that is behind local time at `at`; which these are.
fn begin_passed(decision: &mut Decision<'_>, at: Timestamp, passage: Passage) -> Option<Period> {
    let today = decision.zone().local_date(at);
    let start = decision.state.effective_day.succ();
    while decision.state.effective_day < today {
        let day = decision.state.effective_day.succ();
        begin_day(decision, day, at, passage);
    }
    (start <= today).then_some(Period { start, end: today })
}

/// The dates after `before` that began at `due`: none or one, or several where the zone skipped a
/// date.
fn begun_at(zone: Zone, before: Date, today: Date, due: Timestamp) -> Option<Period> {
    let began = |day: Date| day > before && zone.day_start(day) == due;
    if !began(today) {
        return None;
    }
    let mut start = today;
    while began(start.pred()) {
        start = start.pred();
    }
    Some(Period { start, end: today })
}
