//! Achievements as the contract tells them: what events complete, what anniversaries do, and what
//! existing users get when one opens. The model catches up before every change of anything and
//! judges existing users on the spot, so it needs no memory of what held when.

use domain::amount::Amount;
use domain::time::{Date, Timestamp};

use super::plan::{ACHIEVEMENTS, Achievement, Fires, LENGTHENED, Needs, TRIGGERS};
use super::{Event, Model, tenths_of};

impl Model {
    /// Locks or unlocks an achievement. (C-ACH-12, C-ACH-16)
    pub(crate) fn lock(&mut self, now: Timestamp, name: &'static str, locked: bool) {
        self.pass(now);
        if locked {
            self.locked.insert(name);
        } else if self.locked.remove(name) {
            self.review(now, name);
        }
    }

    /// Changes the length that a streak achievement asks for.
    pub(crate) fn lengthen(&mut self, now: Timestamp, length: u32) {
        self.pass(now);
        if self.length != length {
            self.length = length;
            self.review(now, LENGTHENED);
        }
    }

    /// An achievement opened or was changed while open: who qualifies gets it, nobody is told.
    /// (C-ACH-18, C-ACH-19)
    pub(super) fn review(&mut self, now: Timestamp, name: &'static str) {
        let own = ACHIEVEMENTS.iter().find(|own| own.name == name).expect("of the plan");
        if !self.exists || !self.is_open(own) {
            return;
        }
        let qualifies = match own.needs {
            Needs::Total(metric, tenths) => self.sum(metric, own.tagged) >= tenths_of(tenths),
            Needs::Streak(_) => {
                self.judge(now).longest(self.settings.frequency) >= self.length_of(own)
            }
            Needs::Call => false,
            Needs::All(names) => names.iter().all(|name| self.has(name)),
            Needs::Years(years) => {
                let today = self.judge(now).day;
                self.anniversary(years).is_some_and(|date| date <= today)
            }
        };
        if qualifies {
            self.completed.push((name, now));
            self.complete_composites(now, &mut vec![name]);
        }
    }

    /// The sign-up date was told: what is over comes silently, today's normally. (C-ACH-10)
    pub(super) fn sign_up(&mut self, now: Timestamp, date: Option<Date>) {
        if self.signed_up == date {
            return;
        }
        self.signed_up = date;
        let today = self.judge(now).day;
        let mut over = self.reached(|date| date < today);
        self.completed.extend(over.iter().map(|name| (*name, now)));
        self.complete_composites(now, &mut over);
        let told = self.celebrate(now, |date| date == today, self.requests - 1);
        self.pending.extend(told);
    }

    /// Completes anniversaries on the dates meant, and pays for them; the signals.
    pub(super) fn celebrate(
        &mut self,
        at: Timestamp,
        is_meant: impl Fn(Date) -> bool,
        request: usize,
    ) -> Vec<String> {
        let mut new = self.reached(is_meant);
        self.completed.extend(new.iter().map(|name| (*name, at)));
        self.complete_composites(at, &mut new);
        let mut told: Vec<_> =
            new.iter().map(|name| format!("{at} achievement.completed {name}")).collect();
        for name in new {
            for trigger in TRIGGERS {
                if matches!(trigger.fires, Fires::Achievement(own) if own == name) {
                    told.extend(self.pay_at(at, trigger, trigger.points, request));
                }
            }
        }
        told
    }

    fn reached(&self, is_meant: impl Fn(Date) -> bool) -> Vec<&'static str> {
        let on_the_date = |own: &&Achievement| match own.needs {
            Needs::Years(years) => self.anniversary(years).is_some_and(&is_meant),
            Needs::Total(..) | Needs::Streak(_) | Needs::Call | Needs::All(_) => false,
        };
        let open = ACHIEVEMENTS.iter().filter(|own| self.is_open(own));
        open.filter(on_the_date).map(|own| own.name).collect()
    }

    fn anniversary(&self, years: u32) -> Option<Date> {
        let signed_up = self.signed_up?.to_string();
        let mut parts = signed_up.split('-').map(|part| part.parse::<i32>().expect("a number"));
        let mut part = || parts.next().expect("three parts");
        let (year, month, day) = (part() + years as i32, part() as u32, part() as u32);
        Date::from_ymd(year, month, day).or_else(|| Date::from_ymd(year, 2, 28))
    }

    fn length_of(&self, own: &Achievement) -> u32 {
        match own.needs {
            Needs::Streak(_) if own.name == LENGTHENED => self.length,
            Needs::Streak(length) => length,
            Needs::Total(..) | Needs::Call | Needs::All(_) | Needs::Years(_) => {
                panic!("not a streak achievement")
            }
        }
    }

    /// What an event completes, in the order of the response. (C-EVENT-10)
    pub(super) fn complete(
        &mut self,
        now: Timestamp,
        event: Event,
        extended_to: Option<u32>,
    ) -> Vec<&'static str> {
        let mut due = Vec::new();
        for achievement in ACHIEVEMENTS.iter().filter(|own| self.is_open(own)) {
            if let Needs::Total(metric, tenths) = achievement.needs {
                let matches = !achievement.tagged || event.tag == Some(self.tag);
                let progress: Amount = self.sum(metric, achievement.tagged);
                if metric == event.metric && matches && progress >= tenths_of(tenths) {
                    due.push((0, tenths, achievement.name));
                }
            }
            if let (Needs::Streak(_), Some(reached)) = (achievement.needs, extended_to)
                && reached >= self.length_of(achievement)
            {
                due.push((1, i64::from(self.length_of(achievement)), achievement.name));
            }
        }
        due.sort_by_key(|(stage, needed, _)| (*stage, *needed));
        let mut new: Vec<_> = due.into_iter().map(|(.., name)| name).collect();
        self.completed.extend(new.iter().map(|name| (*name, now)));
        self.complete_composites(now, &mut new);
        new
    }

    /// C-ACH-08: round by round, until a round completes nothing.
    pub(super) fn complete_composites(&mut self, now: Timestamp, new: &mut Vec<&'static str>) {
        loop {
            let unlocked = |own: &&Achievement| match own.needs {
                Needs::All(names) => {
                    names.iter().all(|name| self.has(name))
                        && names.iter().any(|name| new.contains(name))
                }
                Needs::Total(..) | Needs::Streak(_) | Needs::Call | Needs::Years(_) => false,
            };
            let open = ACHIEVEMENTS.iter().filter(|own| self.is_open(own));
            let round: Vec<_> = open.filter(unlocked).map(|own| own.name).collect();
            if round.is_empty() {
                return;
            }
            self.completed.extend(round.iter().map(|name| (*name, now)));
            new.extend(round);
        }
    }

    fn has(&self, name: &str) -> bool {
        self.completed.iter().any(|(own, _)| *own == name)
    }

    fn is_open(&self, achievement: &Achievement) -> bool {
        !self.has(achievement.name)
            && self.fits(achievement.pro)
            && !self.locked.contains(achievement.name)
    }
}
