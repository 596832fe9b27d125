//! An independent model of one user, written from the contract alone.
//!
//! It keeps every event and every award and works each answer out of them again. It shares the
//! calendar, the decimal type and the plan with the product and none of its rules.

mod achievement;
pub(crate) mod boost;
pub(crate) mod plan;
pub(crate) mod streak;
pub(crate) mod time;

use std::collections::{BTreeMap, BTreeSet};

use domain::amount::Amount;
use domain::calendar::{Period, Zone};
use domain::catalog::StreakSettings;
use domain::ids::MetricId;
use domain::time::{Date, Timestamp};

use plan::{Fires, SWITCHED, SYSTEMS, TRIGGERS, Trigger, XP_MAX};
use streak::{Fact, Judged, Own, judge};
use time::Timed;

/// The profile fields a request passes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    /// A new zone, or none for the default.
    pub(crate) zone: Option<Option<Zone>>,
    /// Whether the user is on the `pro` plan.
    pub(crate) pro: Option<bool>,
    /// A new sign-up date, or none for null.
    pub(crate) signed_up: Option<Option<Date>>,
}

/// An event as the model keeps it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) metric: plan::Metric,
    pub(crate) value: Amount,
    pub(crate) tag: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Award {
    trigger: Trigger,
    awarded: i64,
    /// The request that caused it.
    request: usize,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) exists: bool,
    pub(crate) events: Vec<Event>,
    facts: Vec<(Timestamp, Fact)>,
    metrics: [MetricId; 2],
    zone: Option<Zone>,
    pro: bool,
    /// Events by metric and key.
    keys: BTreeMap<(plan::Metric, String), usize>,
    completed: Vec<(&'static str, Timestamp)>,
    awards: Vec<Award>,
    high_water: BTreeMap<&'static str, Amount>,
    requests: usize,
    told: usize,
    settings: StreakSettings,
    tag: &'static str,
    xp_max: i64,
    switched_off: BTreeSet<&'static str>,
    signed_up: Option<Date>,
    locked: BTreeSet<&'static str>,
    /// The length that the changeable streak achievement asks for.
    length: u32,
    timed: BTreeMap<&'static str, Timed>,
    boosts: [Option<boost::Boost>; 3],
    created_at: Timestamp,
    /// Time passed up to here.
    passed: Timestamp,
    /// How many begun dates were paid for.
    begun: usize,
    /// Signals of time that passed, not yet told by a request.
    pending: Vec<String>,
    /// Every instant at which a time trigger was due.
    pub(crate) dues: Vec<Timestamp>,
}

/// What the model expects of a request: its reply and the signals since the request before.
pub(crate) type Expected = (String, Vec<String>);

impl Model {
    pub(crate) fn new(metrics: [MetricId; 2], tag: &'static str, start: Timestamp) -> Self {
        let settings = StreakSettings::default();
        Self {
            exists: false,
            events: Vec::new(),
            facts: vec![(start, Fact::Settings(settings.clone()))],
            metrics,
            zone: None,
            pro: false,
            keys: BTreeMap::new(),
            completed: Vec::new(),
            awards: Vec::new(),
            high_water: BTreeMap::new(),
            requests: 0,
            told: 0,
            settings,
            tag,
            xp_max: XP_MAX,
            switched_off: BTreeSet::new(),
            signed_up: None,
            locked: BTreeSet::new(),
            length: 3,
            timed: time::of_the_plan(Timestamp::from_millis(0)),
            boosts: [None; 3],
            created_at: start,
            passed: start,
            begun: 0,
            pending: Vec::new(),
            dues: Vec::new(),
        }
    }

    pub(crate) fn set_streaks(&mut self, at: Timestamp, settings: &StreakSettings) {
        self.pass(at);
        self.settings = settings.clone();
        self.facts.push((at, Fact::Settings(settings.clone())));
    }

    /// Changes the tag that tagged achievements and triggers look for; high-water marks of edited
    /// triggers are dropped. (C-POINTS-18)
    pub(crate) fn set_tag(&mut self, now: Timestamp, tag: &'static str) {
        self.pass(now);
        if tag != self.tag {
            self.tag = tag;
            self.review(now, "A5tag");
            TRIGGERS.iter().filter(|trigger| trigger.tagged).for_each(|trigger| {
                self.high_water.remove(trigger.name);
            });
        }
    }

    pub(crate) fn set_xp_max(&mut self, now: Timestamp, max: i64) {
        self.pass(now);
        self.xp_max = max;
    }

    pub(crate) fn switch(&mut self, now: Timestamp, which: usize, on: bool) {
        self.pass(now);
        if on {
            self.switched_off.remove(SWITCHED[which]);
        } else {
            self.switched_off.insert(SWITCHED[which]);
        }
    }

    pub(crate) fn judge(&self, now: Timestamp) -> Judged {
        judge(&self.facts, now)
    }

    pub(crate) fn read(&mut self, now: Timestamp) -> Expected {
        self.pass(now);
        (String::new(), self.new_signals(now, Vec::new()))
    }

    pub(crate) fn identify(&mut self, now: Timestamp, told: Told) -> Expected {
        self.pass(now);
        self.requests += 1;
        self.tell(now, told);
        let mut signals = Vec::new();
        self.conclude(now, &mut signals);
        (String::new(), self.new_signals(now, signals))
    }

    /// The rules of the user's zone become those of another. (C-GEN-37)
    pub(crate) fn new_rules(&mut self, now: Timestamp, zone: Zone) -> Expected {
        if !self.exists {
            return (String::new(), Vec::new());
        }
        self.pass(now);
        self.zone = Some(zone);
        self.facts.push((now, Fact::Rules(zone)));
        // What is paid for belongs to no request.
        self.requests += 1;
        self.pay_skipped(now);
        (String::new(), self.new_signals(now, Vec::new()))
    }

    pub(crate) fn grant(&mut self, now: Timestamp, count: u32) -> Expected {
        if !self.exists {
            return ("rejected: User not found".to_owned(), Vec::new());
        }
        if self.settings.freezes.is_none() {
            return ("rejected: Streak freezes are not enabled".to_owned(), Vec::new());
        }
        self.pass(now);
        self.facts.push((now, Fact::Granted(count)));
        let granted = self.judge(now).granted;
        let reply = format!("granted {}", granted.last().expect("just granted"));
        (reply, self.new_signals(now, Vec::new()))
    }

    /// C-STREAK-46
    pub(crate) fn pause(&mut self, now: Timestamp, start: Date, end: Date) -> Expected {
        if !self.exists {
            return ("rejected: User not found".to_owned(), Vec::new());
        }
        let judged = self.judge(now);
        let overlaps = |dates: &Period| start <= dates.end && dates.start <= end;
        let error = if start < judged.day {
            Some("Start date must not be in the past")
        } else if end < start {
            Some("End date must be on or after start date")
        } else if judged.pauses.iter().flatten().any(overlaps) {
            Some("Overlaps an existing pause")
        } else {
            None
        };
        if let Some(error) = error {
            return (format!("rejected: {error}"), Vec::new());
        }
        self.pass(now);
        self.facts.push((now, Fact::Paused(Period { start, end })));
        ("paused".to_owned(), self.new_signals(now, Vec::new()))
    }

    /// C-STREAK-50; the pause by its place among those created.
    pub(crate) fn unpause(&mut self, now: Timestamp, place: usize) -> Expected {
        if !self.exists {
            return ("rejected: User not found".to_owned(), Vec::new());
        }
        if self.judge(now).pauses.get(place).copied().flatten().is_none() {
            return ("rejected: Streak pause not found by ID".to_owned(), Vec::new());
        }
        self.pass(now);
        self.facts.push((now, Fact::Unpaused(place)));
        ("unpaused".to_owned(), self.new_signals(now, Vec::new()))
    }

    pub(crate) fn restore(&mut self, now: Timestamp, last_lost: bool) -> Expected {
        self.act(now, Fact::Restored(last_lost), "restored", "No streak to restore")
    }

    pub(crate) fn prefer(&mut self, now: Timestamp, own: Own) -> Expected {
        if !self.exists {
            return ("rejected: User not found".to_owned(), Vec::new());
        }
        self.pass(now);
        self.facts.push((now, Fact::Own(own)));
        ("preferred".to_owned(), self.new_signals(now, Vec::new()))
    }

    pub(crate) fn reset(&mut self, now: Timestamp) -> Expected {
        self.act(now, Fact::Reset, "reset", "No active streak to reset")
    }

    /// An operator's act, which is no fact if it has no effect.
    fn act(&mut self, now: Timestamp, fact: Fact, done: &str, refused: &str) -> Expected {
        if !self.exists {
            return ("rejected: User not found".to_owned(), Vec::new());
        }
        self.facts.push((now, fact));
        if !self.judge(now).acted {
            self.facts.pop();
            return (format!("rejected: {refused}"), Vec::new());
        }
        self.pass(now);
        (done.to_owned(), self.new_signals(now, Vec::new()))
    }

    pub(crate) fn call(&mut self, now: Timestamp, told: Told) -> Expected {
        self.pass(now);
        let before = self.clone();
        self.requests += 1;
        self.tell(now, told);
        let mut signals = Vec::new();
        let held = self.completed.iter().find(|(name, _)| *name == "Call").map(|(_, at)| *at);
        if held.is_none() {
            if !self.pro {
                *self = before;
                let error = "rejected: User does not meet the achievement's attribute filters";
                return (error.to_owned(), Vec::new());
            }
            let mut new = vec!["Call"];
            self.completed.push(("Call", now));
            self.complete_composites(now, &mut new);
            self.pay_achievements(&new);
            signals.extend(new.iter().map(|name| format!("{now} achievement.completed {name}")));
        }
        let points = self.conclude(now, &mut signals);
        let reply = match held {
            Some(at) => format!("held since {at}{points}"),
            None => format!("completed {now}{points}"),
        };
        (reply, self.new_signals(now, signals))
    }

    /// C-EVENT-05, step by step.
    pub(crate) fn event(
        &mut self,
        now: Timestamp,
        told: Told,
        event: Event,
        key: Option<&str>,
    ) -> Expected {
        self.pass(now);
        let key = key.map(|key| (event.metric, key.to_owned()));
        if let Some(original) = key.as_ref().and_then(|key| self.keys.get(key)) {
            let total = self.sum(event.metric, false);
            let reply = format!("total {total}; replay of E{original}");
            return (reply, self.new_signals(now, Vec::new()));
        }
        let before = self.clone();
        self.requests += 1;
        self.tell(now, told);
        if let Some(system) = self.broke(event) {
            *self = before;
            return (format!("rejected: Insufficient points in {system}"), Vec::new());
        }
        self.events.push(event);
        self.facts.push((now, Fact::Event(self.metrics[event.metric], event.value)));
        if let Some(key) = key {
            self.keys.insert(key, self.events.len());
        }
        let judged = self.judge(now);
        let (_, extended) = *judged.events.last().expect("just recorded");
        let mut reply = format!("total {}", self.sum(event.metric, false));
        if extended {
            reply += "; extended";
        }
        let new = self.complete(now, event, extended.then(|| judged.length()));
        if !new.is_empty() {
            reply += &format!("; completed {}", new.join(" "));
        }
        let mut signals: Vec<_> =
            new.iter().map(|name| format!("{now} achievement.completed {name}")).collect();
        self.pay_metric(event);
        if extended {
            self.pay_streak(judged.length());
        }
        self.pay_achievements(&new);
        reply += &self.conclude(now, &mut signals);
        (reply, self.new_signals(now, signals))
    }

    /// Creates or updates the user.
    fn tell(&mut self, now: Timestamp, told: Told) {
        self.zone = told.zone.unwrap_or(self.zone);
        let zone = self.zone.unwrap_or(Zone::UTC);
        if self.exists {
            self.facts.push((now, Fact::Moved(zone)));
            self.pay_skipped(now);
        }
        self.pro = told.pro.unwrap_or(self.pro);
        let signed_up = told.signed_up.unwrap_or(self.signed_up);
        if self.exists {
            self.sign_up(now, signed_up);
            return;
        }
        self.exists = true;
        (self.created_at, self.passed) = (now, now);
        self.facts.push((now, Fact::Created(zone)));
        self.sign_up(now, signed_up);
        for trigger in TRIGGERS {
            if matches!(trigger.fires, Fires::Creation) {
                self.pay(trigger, 1);
            }
        }
    }

    fn new_signals(&mut self, now: Timestamp, own: Vec<String>) -> Vec<String> {
        let mut new = std::mem::take(&mut self.pending);
        let streak = self.judge(now).signals;
        new.extend_from_slice(&streak[self.told..]);
        self.told = streak.len();
        new.extend(own);
        new
    }

    /// The sum of a metric's events ever, of the tagged ones alone if asked.
    pub(crate) fn sum(&self, metric: plan::Metric, tagged: bool) -> Amount {
        let own = self.events.iter().filter(|event| event.metric == metric);
        own.filter(|event| !tagged || event.tag == Some(self.tag))
            .fold(Amount::ZERO, |sum, event| sum + event.value)
    }

    fn is_on(&self, trigger: &Trigger) -> bool {
        !self.switched_off.contains(trigger.name)
    }

    fn fits(&self, pro: bool) -> bool {
        !pro || self.pro
    }

    /// C-POINTS-17: how many multiples an event crosses, and the high-water mark after it.
    fn crossing(&self, trigger: &Trigger, event: Event, before: Amount) -> Option<(i64, Amount)> {
        let Fires::Metric(metric, every) = trigger.fires else { return None };
        let matches = !trigger.tagged || event.tag == Some(self.tag);
        if metric != event.metric || !matches || !self.is_on(trigger) {
            return None;
        }
        let after = before + event.value;
        let high = self.high_water.get(trigger.name).copied().unwrap_or(before);
        let base = before.max(high).max(Amount::ZERO);
        Some((after.multiples_of(every) - base.multiples_of(every), base.max(after)))
    }

    /// C-POINTS-31: the first system whose guarded deductions the balance doesn't cover.
    fn broke(&self, event: Event) -> Option<&'static str> {
        let covers = |system: &str| {
            let guarded = TRIGGERS.iter().filter(|own| own.system == system && own.guarded);
            let deducted: i64 = guarded
                .filter(|trigger| self.fits(trigger.pro))
                .filter_map(|trigger| {
                    let before = self.sum(event.metric, trigger.tagged);
                    let (multiples, _) = self.crossing(trigger, event, before)?;
                    Some(multiples.max(0) * trigger.points.abs())
                })
                .sum();
            self.balance(system) >= deducted
        };
        SYSTEMS.iter().map(|(system, _)| *system).find(|system| !covers(system))
    }

    fn pay_metric(&mut self, event: Event) {
        for trigger in TRIGGERS {
            let after = self.sum(event.metric, trigger.tagged);
            let before = after - event.value;
            let Some((multiples, high)) = self.crossing(&trigger, event, before) else { continue };
            self.high_water.insert(trigger.name, high);
            if multiples > 0 {
                self.pay(trigger, multiples);
            }
        }
    }

    fn pay_streak(&mut self, length: u32) {
        for trigger in TRIGGERS {
            if matches!(trigger.fires, Fires::Streak(every) if length.is_multiple_of(every)) {
                self.pay(trigger, 1);
            }
        }
    }

    fn pay_achievements(&mut self, new: &[&'static str]) {
        for name in new {
            for trigger in TRIGGERS {
                if matches!(trigger.fires, Fires::Achievement(own) if own == *name) {
                    self.pay(trigger, 1);
                }
            }
        }
    }

    /// C-POINTS-03, C-POINTS-26, C-POINTS-27
    fn pay(&mut self, trigger: Trigger, times: i64) {
        if !self.fits(trigger.pro) || !self.is_on(&trigger) {
            return;
        }
        let balance = self.balance(trigger.system);
        let max = if trigger.system == "xp" { self.xp_max } else { i64::MAX };
        let points = times * trigger.points;
        let points = if points > 0 { self.boosted(trigger.system, points) } else { points };
        let awarded =
            if points > 0 { points.min((max - balance).max(0)) } else { points.max(-balance) };
        if awarded != 0 {
            self.awards.push(Award { trigger, awarded, request: self.requests });
        }
    }

    pub(crate) fn balance(&self, system: &str) -> i64 {
        self.balance_before(system, usize::MAX)
    }

    fn balance_before(&self, system: &str, request: usize) -> i64 {
        let own = self.awards.iter().filter(|award| award.trigger.system == system);
        own.filter(|award| award.request < request).map(|award| award.awarded).sum()
    }

    /// The points part of the reply; adds the signals of points and levels.
    fn conclude(&self, now: Timestamp, signals: &mut Vec<String>) -> String {
        let mut reply = String::new();
        for (system, _) in SYSTEMS {
            let own = || self.awards.iter().filter(|award| award.trigger.system == system);
            let new: Vec<_> = own().filter(|award| award.request == self.requests).collect();
            if new.is_empty() {
                continue;
            }
            let awards: Vec<_> =
                new.iter().map(|own| format!("{} {}", own.awarded, own.trigger.name)).collect();
            let (awards, total) = (awards.join(", "), self.balance(system));
            let added: i64 = new.iter().map(|award| award.awarded).sum();
            if new.iter().any(|award| !matches!(award.trigger.fires, Fires::Creation)) {
                signals.push(format!("{now} points.changed {system} {total}: {awards}"));
            }
            let first = own().all(|award| award.request == self.requests);
            let earlier = self.balance_before(system, self.requests);
            let previous = if first { "none" } else { level_at(system, earlier) };
            let level = level_at(system, total);
            let mut shown = String::new();
            if level != previous {
                shown = format!(" level {level}");
                let moved = format!("{previous} -> {level}");
                signals.push(format!("{now} points.level_changed {system} {total}: {moved}"));
            }
            reply += &format!("; {system} {total} ({added:+}){shown}: {awards}");
        }
        reply
    }

    /// Every completion, in order.
    pub(crate) fn completed(&self) -> &[(&'static str, Timestamp)] {
        &self.completed
    }
}

/// The level of a balance.
fn level_at(system: &str, total: i64) -> &'static str {
    let (_, levels) = SYSTEMS.iter().find(|(own, _)| *own == system).expect("of the plan");
    levels.iter().rfind(|(_, points)| *points <= total).map_or("none", |(key, _)| *key)
}

/// An amount given in tenths.
pub(crate) fn tenths_of(tenths: i64) -> Amount {
    Amount::parse(&format!("{}.{}", tenths / 10, tenths % 10)).expect("a plain number")
}
