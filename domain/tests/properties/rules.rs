//! Random histories over an update of the tz database, for the laws alone.
//!
//! The rules change under whatever was stored, however long ago the user was last settled. What the
//! model would say then depends on who looked when, so it isn't asked; the laws hold all the same.

use crate::books::{Watch, check_books};
use crate::histories::{Gap, STARTS, Step, ZONES, is_configuration};
use crate::lockstep::{USER, after};
use crate::planned::Planned;
use crate::support::{Stored, at};

/// Takes all steps, with the rules of the user's zone changed before one of them.
pub(crate) fn run_over_new_rules(
    start: usize,
    history: &[(Gap, Step)],
    (updated, rules): (usize, usize),
) {
    let mut planned = Planned::new();
    let mut now = at(STARTS[start]);
    let mut watch = Watch::default();
    let mut settled = None;
    for (place, (gap, step)) in history.iter().enumerate() {
        if place == updated % history.len() && planned.world.knows(USER) {
            let before = planned.world.stored(USER).clone();
            watch.forget_reads(before.state.as_ref().expect("a known user").effective_day);
            settled = Some(before);
            planned.world.new_rules(USER, ZONES[rules]);
        }
        now = after(now, gap, || {
            let state =
                planned.world.knows(USER).then(|| planned.world.read(&now.to_string(), USER))?;
            Some((state.zone(&planned.world.catalog.settings), state.effective_day))
        });
        let reply = planned.take(now, step);
        if planned.world.knows(USER) && !is_configuration(step) {
            let day = planned.world.read(&now.to_string(), USER).effective_day;
            watch.look(&planned, day, &reply);
        }
    }
    if planned.world.knows(USER) {
        planned.settle(now.plus_millis(9 * 86_400_000));
        check_books(&planned);
    }
    if let Some(settled) = settled {
        check_kept(&settled, planned.world.stored(USER));
    }
}

/// Nothing that was settled before the update is changed or gone after it.
fn check_kept(settled: &Stored, after: &Stored) {
    let today = settled.state.as_ref().expect("a known user").effective_day;
    assert!(after.events.starts_with(&settled.events));
    for (system, awards) in &settled.awards {
        assert!(after.awards[system].starts_with(awards));
    }
    // Days that were over are whole: no row was changed and none was added.
    let over = |stored: &Stored| {
        let metrics = stored.metric_days.clone().into_iter().filter(|((_, day), _)| *day < today);
        let points = stored.points_days.clone().into_iter().filter(|((_, day), _)| *day < today);
        (metrics.collect::<Vec<_>>(), points.collect::<Vec<_>>())
    };
    assert_eq!(over(settled), over(after));
}
