//! Time triggers, paid as time passes: the model catches up before every change of anything, so it
//! needs no memory of what held when.

use std::collections::BTreeMap;

use domain::calendar::Zone;
use domain::time::{Date, Timestamp};

use super::plan::{Fires, TIMED, TRIGGERS, Trigger};
use super::{Award, Model};

const HOUR_MS: i64 = 3_600_000;

/// A time trigger as it is configured now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timed {
    pub(crate) trigger: Trigger,
    pub(crate) interval: u32,
    pub(crate) points: i64,
    /// The latest activation; none while inactive.
    pub(crate) since: Option<Timestamp>,
}

/// A change of a time trigger.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    On(bool),
    Interval(u32),
    Points(i64),
}

/// The time triggers of the plan, active since `setup`.
pub(super) fn of_the_plan(setup: Timestamp) -> BTreeMap<&'static str, Timed> {
    let timed = |trigger: &Trigger| {
        let (Fires::Hours(interval) | Fires::Days(interval)) = trigger.fires else { return None };
        assert!(TIMED.contains(&trigger.name));
        let timed =
            Timed { trigger: *trigger, interval, points: trigger.points, since: Some(setup) };
        Some((trigger.name, timed))
    };
    TRIGGERS.iter().filter_map(timed).collect()
}

impl Model {
    /// Changes a time trigger; activating one that was off starts its clock.
    pub(crate) fn retime(&mut self, now: Timestamp, name: &str, change: Change) {
        self.pass(now);
        let timed = self.timed.get_mut(name).expect("of the plan");
        match change {
            Change::On(true) => timed.since = timed.since.or(Some(now)),
            Change::On(false) => timed.since = None,
            Change::Interval(interval) => timed.interval = interval,
            Change::Points(points) => timed.points = points,
        }
    }

    /// Lets time pass up to `now`: streaks and time awards, in due order.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        if !self.exists {
            return;
        }
        let judged = self.judge(now);
        let mut told = judged.signals[self.told..].to_vec();
        self.told = judged.signals.len();
        let new = judged.begun[self.begun..].to_vec();
        self.begun = judged.begun.len();
        let mut due = self.due_hours(now);
        due.extend(self.due_days(&new, judged.zone, judged.created_on));
        self.passed = now;
        self.dues.extend(due.iter().map(|(at, _)| *at));
        told.extend(self.let_fall_due(due, &new, self.requests));
        // At one instant streaks come first, and they are first in the list.
        told.sort_by(|a, b| a.split(' ').next().cmp(&b.split(' ').next()));
        self.pending.extend(told);
    }

    /// Pays for the dates that a move skipped just now.
    pub(super) fn pay_skipped(&mut self, now: Timestamp) {
        let judged = self.judge(now);
        let new = judged.begun[self.begun..].to_vec();
        self.begun = judged.begun.len();
        self.pending.extend(judged.signals[self.told..].iter().cloned());
        self.told = judged.signals.len();
        let due = self.due_days(&new, judged.zone, judged.created_on);
        let told = self.let_fall_due(due, &new, self.requests - 1);
        self.pending.extend(told);
    }

    fn due_hours(&self, now: Timestamp) -> Vec<(Timestamp, usize)> {
        let mut due = Vec::new();
        for (place, timed) in self.timed_in_order() {
            let (Fires::Hours(_), Some(since)) = (timed.trigger.fires, timed.since) else {
                continue;
            };
            let mut at = since.max(self.created_at);
            while at <= now {
                if at > self.passed && at > since.max(self.created_at) {
                    due.push((at, place));
                }
                at = at.plus_millis(i64::from(timed.interval) * HOUR_MS);
            }
        }
        due
    }

    fn due_days(
        &self,
        begun: &[(Timestamp, Date)],
        zone: Zone,
        created_on: Date,
    ) -> Vec<(Timestamp, usize)> {
        let mut due = Vec::new();
        for (place, timed) in self.timed_in_order() {
            let (Fires::Days(_), Some(since)) = (timed.trigger.fires, timed.since) else {
                continue;
            };
            let anchor = if since > self.created_at { zone.local_date(since) } else { created_on };
            for (at, day) in begun {
                let days = day.days_since(anchor);
                if days > 0 && days % i64::from(timed.interval) == 0 {
                    due.push((*at, place));
                }
            }
        }
        due
    }

    fn timed_in_order(&self) -> impl Iterator<Item = (usize, &Timed)> {
        TRIGGERS
            .iter()
            .enumerate()
            .filter_map(|(place, own)| Some((place, self.timed.get(own.name)?)))
    }

    /// Pays what is due in order, once per trigger and instant, and completes the anniversaries of
    /// the dates that begin; the signals.
    fn let_fall_due(
        &mut self,
        mut due: Vec<(Timestamp, usize)>,
        begun: &[(Timestamp, Date)],
        request: usize,
    ) -> Vec<String> {
        due.sort_unstable();
        due.dedup();
        let mut instants: Vec<_> = due.iter().map(|(at, _)| *at).collect();
        instants.extend(begun.iter().map(|(at, _)| *at));
        instants.sort_unstable();
        instants.dedup();
        let mut told = Vec::new();
        for now in instants {
            for (at, place) in due.iter().filter(|(at, _)| *at == now) {
                let timed = self.timed[TRIGGERS[*place].name];
                told.extend(self.pay_at(*at, timed.trigger, timed.points, request));
            }
            let dates: Vec<_> =
                begun.iter().filter(|(at, _)| *at == now).map(|(_, date)| *date).collect();
            told.extend(self.celebrate(now, |date| dates.contains(&date), request));
        }
        told
    }

    /// Pays something on its own, at its instant; the signals.
    pub(super) fn pay_at(
        &mut self,
        at: Timestamp,
        trigger: Trigger,
        points: i64,
        request: usize,
    ) -> Vec<String> {
        let system = trigger.system;
        let before = self.balance(system);
        let never = !self.awards.iter().any(|award| award.trigger.system == system);
        let max = if system == "xp" { self.xp_max } else { i64::MAX };
        let awarded = if points > 0 {
            self.boosted(system, points).min((max - before).max(0))
        } else {
            points.max(-before)
        };
        if awarded == 0 || !self.fits(trigger.pro) || !self.is_on(&trigger) {
            return Vec::new();
        }
        self.awards.push(Award { trigger, awarded, request });
        let (total, name) = (before + awarded, trigger.name);
        let mut told = vec![format!("{at} points.changed {system} {total}: {awarded} {name}")];
        let previous = if never { "none" } else { super::level_at(system, before) };
        let level = super::level_at(system, total);
        if level != previous {
            let moved = format!("{previous} -> {level}");
            told.push(format!("{at} points.level_changed {system} {total}: {moved}"));
        }
        told
    }
}
