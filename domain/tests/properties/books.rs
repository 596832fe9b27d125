//! Laws of what was written: totals, balances and ids, whatever happened.

use std::collections::BTreeSet;

use domain::amount::Amount;
use domain::ids::AchievementId;

use crate::lockstep::USER;
use crate::model::Model;
use crate::model::plan::{ACHIEVEMENTS, SYSTEMS, XP_MAX};
use crate::planned::Planned;
use crate::support::Stored;

/// Laws of what was written, whatever the model says.
pub(crate) fn check_books(planned: &Planned, model: &Model) {
    let stored = planned.world.stored(USER);
    let state = stored.state.as_ref().expect("a known user");
    for (place, metric) in planned.metrics.iter().enumerate() {
        let rows = stored.metric_days.iter().filter(|((own, _), _)| own == metric);
        let mut sum = Amount::ZERO;
        for ((_, day), row) in rows {
            sum += row.change;
            assert_eq!(row.total, sum, "the day's row carries the total");
            let of_day =
                stored.events.iter().filter(|own| own.metric == *metric && own.day == *day);
            assert_eq!(usize::try_from(row.events), Ok(of_day.clone().count()));
            assert_eq!(row.change, of_day.fold(Amount::ZERO, |sum, event| sum + event.value));
        }
        assert_eq!((state.total(*metric), sum), (model.sum(place, false), sum));
    }
    for (system, (key, _)) in planned.systems.iter().zip(SYSTEMS) {
        let awards = stored.awards.get(system).map_or(&[][..], Vec::as_slice);
        let mut balance = 0;
        for award in awards {
            balance += award.awarded;
            assert!(award.awarded != 0 && balance >= 0 && balance == award.total);
            assert!(key != "xp" || balance <= XP_MAX);
        }
        let days = stored.points_days.iter().filter(|((own, _), _)| own == system);
        let of_days: i64 = days.map(|(_, row)| row.change).sum();
        assert_eq!(
            (state.balance(*system), of_days, model.balance(key)),
            (balance, balance, balance)
        );
    }
    check_uniqueness(stored);
    let completed: Vec<_> = model.completed().iter().map(|(name, at)| (*name, *at)).collect();
    let named = |id: &AchievementId| {
        let place = planned.achievements.iter().position(|own| own == id);
        ACHIEVEMENTS[place.expect("of the plan")].name
    };
    let held: Vec<_> =
        state.completions.iter().map(|own| (named(&own.achievement), own.at)).collect();
    assert_eq!(held, completed);
}

pub(crate) fn check_uniqueness(stored: &Stored) {
    let state = stored.state.as_ref().expect("a known user");
    let events = stored.events.iter().map(|event| event.id.0);
    let awards = stored.awards.values().flatten().map(|award| award.id.0);
    let completions = state.completions.iter().map(|completion| completion.id.0);
    let ids: Vec<_> = events.chain(awards).chain(completions).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "ids are unique");
    let done = state.completions.iter().map(|completion| completion.achievement);
    assert_eq!(done.collect::<BTreeSet<_>>().len(), state.completions.len(), "completed once");
}
