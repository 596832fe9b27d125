//! Laws of what was written: totals, balances and ids, whatever happened.

use std::collections::BTreeSet;

use domain::amount::Amount;
use domain::calendar::{Frequency, Period, WeekStart};
use domain::ids::AchievementId;
use domain::time::Date;

use crate::lockstep::USER;
use crate::model::Model;
use crate::model::plan::{ACHIEVEMENTS, SYSTEMS, XP_MAX};
use crate::planned::Planned;
use crate::support::Stored;

/// Laws of what was written, whatever happened.
pub(crate) fn check_books(planned: &Planned) {
    let stored = planned.world.stored(USER);
    let state = stored.state.as_ref().expect("a known user");
    for metric in planned.metrics {
        let rows = stored.metric_days.iter().filter(|((own, _), _)| *own == metric);
        let mut sum = Amount::ZERO;
        for ((_, day), row) in rows {
            sum += row.change;
            assert_eq!(row.total, sum, "the day's row carries the total");
            let of_day = stored.events.iter().filter(|own| own.metric == metric && own.day == *day);
            assert_eq!(usize::try_from(row.events), Ok(of_day.clone().count()));
            assert_eq!(row.change, of_day.fold(Amount::ZERO, |sum, event| sum + event.value));
        }
        assert_eq!(state.total(metric), sum);
    }
    for (system, (key, _)) in planned.systems.iter().zip(SYSTEMS) {
        let awards = stored.awards.get(system).map_or(&[][..], Vec::as_slice);
        let mut balance = 0;
        for award in awards {
            balance += award.awarded;
            assert!(award.awarded != 0 && balance >= 0 && balance == award.total);
            assert!(key != "xp" || balance <= XP_MAX);
        }
        assert!(awards.is_sorted_by_key(|award| award.at), "awards follow each other in time");
        let days = stored.points_days.iter().filter(|((own, _), _)| own == system);
        let of_days: i64 = days.map(|(_, row)| row.change).sum();
        assert_eq!((state.balance(*system), of_days), (balance, balance));
    }
    assert!(stored.events.is_sorted_by_key(|event| (event.day, event.at)), "days go forward");
    assert!(stored.signals.is_sorted_by_key(|signal| signal.at), "signals go forward");
    check_uniqueness(stored);
    for frequency in Frequency::ALL {
        let track = state.streak.track(frequency);
        assert_eq!(track.length(), track.length_by_periods(), "{frequency:?}");
    }
}

/// What was written is what the model has.
pub(crate) fn check_agreement(planned: &Planned, model: &Model) {
    let state = planned.world.stored(USER).state.as_ref().expect("a known user");
    for (place, metric) in planned.metrics.iter().enumerate() {
        assert_eq!(state.total(*metric), model.sum(place, false));
    }
    for (system, (key, _)) in planned.systems.iter().zip(SYSTEMS) {
        assert_eq!(state.balance(*system), model.balance(key));
    }
    let completed: Vec<_> = model.completed().iter().map(|(name, at)| (*name, *at)).collect();
    let named = |id: &AchievementId| {
        let place = planned.achievements.iter().position(|own| own == id);
        ACHIEVEMENTS[place.expect("of the plan")].name
    };
    let held: Vec<_> =
        state.completions.iter().map(|own| (named(&own.achievement), own.at)).collect();
    assert_eq!(held, completed);
}

/// What reads of one user after each other must show.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    last_day: Option<Date>,
    grown: BTreeSet<(Frequency, Period)>,
}

impl Watch {
    /// The rules of the zone changed under what was stored: a day that was only read, and on which
    /// nothing happened, may begin later by the new ones.
    pub(crate) fn forget_reads(&mut self, stored: Date) {
        self.last_day = Some(stored);
    }

    /// Looks at the user after a step that was answered with `reply`.
    pub(crate) fn look(&mut self, planned: &Planned, day: Date, reply: &str) {
        assert!(self.last_day.is_none_or(|last| last <= day), "the effective day moved back");
        self.last_day = Some(day);
        if reply == "reset" || reply == "preferred" {
            // A reset period may be met again.
            self.grown.clear();
        }
        if reply.contains("; extended") {
            let frequency = planned.world.catalog.streaks.current().frequency;
            let period = Period::containing(frequency, WeekStart::Sunday, day);
            assert!(self.grown.insert((frequency, period)), "a period raised the streak twice");
        }
    }
}

fn check_uniqueness(stored: &Stored) {
    let state = stored.state.as_ref().expect("a known user");
    let events = stored.events.iter().map(|event| event.id.0);
    let awards = stored.awards.values().flatten().map(|award| award.id.0);
    let completions = state.completions.iter().map(|completion| completion.id.0);
    let ids: Vec<_> = events.chain(awards).chain(completions).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "ids are unique");
    let done = state.completions.iter().map(|completion| completion.achievement);
    assert_eq!(done.collect::<BTreeSet<_>>().len(), state.completions.len(), "completed once");
}
