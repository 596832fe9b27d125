//! Streaks, judged from scratch: every fact of the user's life is gone through again for every
//! question. Slow and simple on purpose; nothing is kept that could be looked up.

use std::collections::BTreeMap;

use domain::amount::Amount;
use domain::calendar::{Frequency, Period, WeekStart, Zone};
use domain::catalog::{EvaluationMode, StreakSettings};
use domain::ids::MetricId;
use domain::time::{Date, Timestamp};

const WEEK: WeekStart = WeekStart::Sunday;

/// Something that happened to the user or to the settings, in order.
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    Created(Zone),
    Moved(Zone),
    /// The rules of the user's zone are from now on those of this one.
    Rules(Zone),
    Settings(StreakSettings),
    Event(MetricId, Amount),
    Granted(u32),
    Paused(Period),
    /// The pause by its place among those created.
    Unpaused(usize),
    /// Whether the one that was lost last.
    Restored(bool),
    Reset,
    Own(Own),
}

/// What the user overrides: whether they have a streak, and their days off.
pub(crate) type Own = (Option<bool>, Option<Vec<u8>>);

/// What a closed period with a length was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Met,
    Frozen,
    Protected,
    Restored,
}

/// What ends a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// Its midnight.
    Itself,
    ByTravel,
    /// New rules of the zone. (C-GEN-37)
    ByRules,
}

/// A length that a period ended with or a reset took from it, and the start of its run.
type Reached = (Frequency, Period, u32, Date);

/// A period by frequency and first date.
type Of = (Frequency, Date);

/// The streak as all facts up to an instant make it.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) day: Date,
    pub(crate) zone: Zone,
    pub(crate) freezes: u32,
    /// The effective day of each event, and whether it raised the streak.
    pub(crate) events: Vec<(Date, bool)>,
    pub(crate) granted: Vec<u32>,
    /// One line per signal.
    pub(crate) signals: Vec<String>,
    /// Every instant at which a day began by itself.
    pub(crate) midnights: Vec<Timestamp>,
    /// Every date that began, with the instant at which it did.
    pub(crate) begun: Vec<(Timestamp, Date)>,
    /// The environment's merged with the user's.
    settings: StreakSettings,
    common: StreakSettings,
    own: Own,
    values: Vec<(Date, MetricId, Amount)>,
    created_at: Timestamp,
    pub(crate) created_on: Date,
    /// Every pause in order of creation; none in the place of a deleted one.
    pub(crate) pauses: Vec<Option<Period>>,
    /// The periods whose conditions were met, with the effective day and the instant.
    met: BTreeMap<Of, (Date, Timestamp)>,
    closed: BTreeMap<Of, (u32, Kind)>,
    /// What an open period counts on from, where that isn't what the one before ended with.
    base: BTreeMap<Of, u32>,
    started: BTreeMap<Frequency, Date>,
    extended: BTreeMap<Frequency, Timestamp>,
    reached: Vec<Reached>,
    lost: BTreeMap<Frequency, (u32, Date)>,
    longest: BTreeMap<Frequency, u32>,
    reset: Option<Date>,
    /// Whether the latest restore or reset had an effect.
    pub(crate) acted: bool,
    frozen: Vec<(Frequency, Period)>,
    travelled: Vec<(Frequency, Date)>,
}

/// Goes through all facts and on to `until`. The first two are the settings and the creation.
pub(crate) fn judge(facts: &[(Timestamp, Fact)], until: Timestamp) -> Judged {
    let mut settings = StreakSettings::default();
    let mut judged: Option<Judged> = None;
    for (at, fact) in facts {
        match judged.as_mut() {
            Some(judged) => {
                judged.pass_midnights(*at);
                judged.take(*at, fact);
            }
            None => match fact {
                Fact::Settings(new) => settings = new.clone(),
                Fact::Created(zone) => judged = Some(Judged::new(settings.clone(), *zone, *at)),
                Fact::Moved(_)
                | Fact::Rules(_)
                | Fact::Event(..)
                | Fact::Granted(_)
                | Fact::Paused(_)
                | Fact::Unpaused(_)
                | Fact::Restored(_)
                | Fact::Reset
                | Fact::Own(_) => panic!("no user yet"),
            },
        }
    }
    let mut judged = judged.expect("a user was created");
    judged.pass_midnights(until);
    judged
}

impl Judged {
    fn new(settings: StreakSettings, zone: Zone, at: Timestamp) -> Self {
        let day = zone.local_date(at);
        Self {
            day,
            zone,
            freezes: settings.freezes.map_or(0, |freezes| freezes.start_count),
            events: Vec::new(),
            granted: Vec::new(),
            signals: Vec::new(),
            midnights: Vec::new(),
            begun: Vec::new(),
            common: settings.clone(),
            settings,
            own: (None, None),
            values: Vec::new(),
            created_at: at,
            created_on: day,
            pauses: Vec::new(),
            met: BTreeMap::new(),
            closed: BTreeMap::new(),
            base: BTreeMap::new(),
            started: BTreeMap::new(),
            extended: BTreeMap::new(),
            reached: Vec::new(),
            lost: BTreeMap::new(),
            longest: BTreeMap::new(),
            reset: None,
            acted: false,
            frozen: Vec::new(),
            travelled: Vec::new(),
        }
    }

    fn take(&mut self, at: Timestamp, fact: &Fact) {
        match fact {
            Fact::Created(_) => panic!("created once"),
            Fact::Settings(settings) => {
                self.common = settings.clone();
                self.merge();
            }
            Fact::Own(own) => {
                if own.0 == Some(false) && self.own.0 != Some(false) {
                    self.discard();
                }
                self.own = own.clone();
                self.merge();
            }
            Fact::Moved(zone) => {
                self.zone = *zone;
                while self.day < zone.local_date(at) {
                    self.end_day(at, Ends::ByTravel);
                }
            }
            Fact::Rules(zone) => {
                self.zone = *zone;
                while self.day < zone.local_date(at) {
                    self.end_day(at, Ends::ByRules);
                }
            }
            Fact::Paused(dates) => self.pauses.push(Some(*dates)),
            Fact::Unpaused(place) => self.pauses[*place] = None,
            Fact::Restored(last_lost) => self.acted = self.restore(*last_lost),
            Fact::Reset => self.acted = self.reset(),
            Fact::Event(metric, value) => self.event(at, *metric, *value),
            Fact::Granted(count) => {
                let max = self.settings.freezes.expect("granted while enabled").max_count;
                let earned = (*count).min(max.saturating_sub(self.freezes));
                self.granted.push(earned);
                self.earn(at, earned);
            }
        }
    }

    fn pass_midnights(&mut self, until: Timestamp) {
        while self.zone.day_start(self.day.succ()) <= until {
            let due = self.zone.day_start(self.day.succ());
            self.midnights.push(due);
            self.end_day(due, Ends::Itself);
        }
    }

    fn end_day(&mut self, at: Timestamp, how: Ends) {
        // The configured frequency first: the freeze it uses covers dates of the others.
        let configured = self.settings.frequency;
        self.close(configured, at, how);
        for frequency in Frequency::ALL.into_iter().filter(|other| *other != configured) {
            self.close(frequency, at, how);
        }
        self.day = self.day.succ();
        self.begun.push((at, self.day));
        self.accrue(at);
    }

    /// C-STREAK-08, word for word.
    fn close(&mut self, frequency: Frequency, at: Timestamp, how: Ends) {
        let period = Period::containing(frequency, WEEK, self.day);
        if period.end != self.day {
            return;
        }
        let of = (frequency, period.start);
        let before = self.length_before(frequency, period);
        let counts = self.settings.enabled && frequency == self.settings.frequency;
        if self.met.contains_key(&of) {
            self.end(frequency, period, before + 1, Kind::Met);
        } else if before == 0 {
        } else if how == Ends::ByRules || self.is_protected(frequency, period) {
            self.end(frequency, period, before, Kind::Protected);
        } else if how == Ends::ByTravel && self.may_travel(frequency) {
            self.travelled.push((frequency, self.day));
            self.end(frequency, period, before, Kind::Protected);
        } else if counts && self.settings.freezes.is_some() && self.freezes > 0 {
            self.freezes -= 1;
            self.frozen.push((frequency, period));
            self.end(frequency, period, before, Kind::Frozen);
            self.signals.push(format!("{at} streak.freeze_consumed 1, {} left", self.freezes));
        } else {
            let started = self.started.remove(&frequency).expect("a run has a start");
            self.lost.insert(frequency, (before, started));
            if counts {
                self.signals.push(format!("{at} streak.lost {before}"));
            }
        }
    }

    fn end(&mut self, frequency: Frequency, period: Period, length: u32, kind: Kind) {
        self.closed.insert((frequency, period.start), (length, kind));
        self.reached.push((frequency, period, length, self.started[&frequency]));
    }

    /// C-STREAK-54 to 58; whether anything was restored.
    fn restore(&mut self, last_lost: bool) -> bool {
        let (frequency, open) = (self.settings.frequency, self.open());
        let from = self.window(frequency);
        let inside = self.reached.iter().filter(|own| own.0 == frequency && own.1.end >= from);
        let highest = inside.max_by_key(|own| (own.2, own.1.end)).map(|own| (own.2, own.3));
        let found = if last_lost { self.lost.get(&frequency).copied() } else { highest };
        let Some((length, started)) = found else { return false };
        if !self.settings.enabled || length <= self.length() {
            return false;
        }
        self.started.insert(frequency, started);
        if self.met.contains_key(&(frequency, open.start)) {
            self.base.insert((frequency, open.start), length - 1);
        } else {
            self.base.insert((frequency, open.start), length);
            let previous = open.previous(frequency, WEEK);
            let kind = self.closed.get(&(frequency, previous.start));
            let kind = kind.map_or(Kind::Restored, |(_, kind)| *kind);
            self.end(frequency, previous, length, kind);
        }
        true
    }

    fn window(&self, frequency: Frequency) -> Date {
        let year = self.day.to_string()[..4].parse::<i32>().expect("a year");
        let new_year = |year| Date::from_ymd(year, 1, 1).expect("a date");
        match frequency {
            Frequency::Daily => self.day.plus_days(-89),
            Frequency::Weekly => Period::containing(frequency, WEEK, new_year(year)).start,
            Frequency::Monthly => new_year(year - 1),
        }
    }

    /// C-STREAK-60, C-STREAK-61; whether there was a streak to reset.
    fn reset(&mut self) -> bool {
        if !self.settings.enabled || self.length() == 0 {
            return false;
        }
        self.discard();
        self.reset = Some(self.day);
        true
    }

    fn merge(&mut self) {
        self.settings = self.common.clone();
        self.settings.enabled &= self.own.0 != Some(false);
        if let (Frequency::Daily, Some(days)) = (self.common.frequency, &self.own.1) {
            self.settings.days_off = days.clone();
        }
    }

    fn discard(&mut self) {
        for frequency in Frequency::ALL {
            let period = Period::containing(frequency, WEEK, self.day);
            let of = (frequency, period.start);
            if self.met.remove(&of).is_some() {
                let length = self.length_before(frequency, period) + 1;
                self.reached.push((frequency, period, length, self.started[&frequency]));
            }
            self.base.insert(of, 0);
            self.started.remove(&frequency);
        }
        self.values.clear();
    }

    fn may_travel(&self, frequency: Frequency) -> bool {
        self.travelled.iter().all(|(own, on)| *own != frequency || self.day.days_since(*on) >= 7)
    }

    fn is_protected(&self, frequency: Frequency, period: Period) -> bool {
        let daily = frequency == Frequency::Daily;
        let day_off = self.settings.days_off.contains(&period.start.weekday());
        let skipped = !self.zone.has_date(period.start);
        (daily && (day_off || skipped))
            || self.pauses.iter().flatten().any(|dates| dates.overlaps(period))
            || self.frozen.iter().any(|(own, dates)| *own != frequency && dates.overlaps(period))
    }

    fn accrue(&mut self, at: Timestamp) {
        let Some(freezes) = self.settings.freezes else { return };
        let Some(earn) = freezes.auto_earn else { return };
        let mut due = match earn.since > self.created_at {
            true => self.created_on.max(earn.since.utc_date()),
            false => self.created_on,
        };
        while due < self.day {
            due = due.plus_days(i64::from(earn.interval_days));
            if due == self.day {
                self.earn(at, earn.amount.min(freezes.max_count.saturating_sub(self.freezes)));
            }
        }
    }

    fn earn(&mut self, at: Timestamp, earned: u32) {
        self.freezes += earned;
        if earned > 0 && self.settings.enabled {
            let line = format!("{at} streak.freeze_earned {earned}, {} held", self.freezes);
            self.signals.push(line);
        }
    }

    fn event(&mut self, at: Timestamp, metric: MetricId, value: Amount) {
        if self.own.0 == Some(false) {
            self.events.push((self.day, false));
            return;
        }
        self.values.push((self.day, metric, value));
        let mut raised = false;
        for frequency in Frequency::ALL {
            let period = Period::containing(frequency, WEEK, self.day);
            let of = (frequency, period.start);
            if value == Amount::ZERO || self.met.contains_key(&of) || !self.holds(period) {
                continue;
            }
            self.met.insert(of, (self.day, at));
            self.started.entry(frequency).or_insert(self.day);
            self.extended.insert(frequency, at);
            let length = self.length_before(frequency, period) + 1;
            let longest = self.longest.entry(frequency).or_default();
            *longest = length.max(*longest);
            if self.settings.enabled && frequency == self.settings.frequency {
                raised = true;
                self.signals.push(match self.length() {
                    1 => format!("{at} streak.started"),
                    length => format!("{at} streak.extended {length}"),
                });
            }
        }
        self.events.push((self.day, raised));
    }

    fn holds(&self, period: Period) -> bool {
        let change = |metric: MetricId| {
            let inside = self.values.iter().filter(|(day, ..)| period.contains(*day));
            let own = inside.filter(|(_, own, _)| *own == metric);
            own.fold(Amount::ZERO, |sum, (.., value)| sum + *value)
        };
        if self.settings.metrics.is_empty() {
            return self.values.iter().any(|(_, metric, _)| change(*metric) > Amount::ZERO);
        }
        let reached = |condition: &domain::catalog::StreakMetric| {
            change(condition.metric) >= condition.threshold
        };
        match self.settings.evaluation_mode {
            EvaluationMode::Or => self.settings.metrics.iter().any(reached),
            EvaluationMode::And => self.settings.metrics.iter().all(reached),
        }
    }

    fn length_after(&self, frequency: Frequency, period: Period) -> u32 {
        self.closed.get(&(frequency, period.start)).map_or(0, |(length, _)| *length)
    }

    fn length_before(&self, frequency: Frequency, period: Period) -> u32 {
        let after = || self.length_after(frequency, period.previous(frequency, WEEK));
        self.base.get(&(frequency, period.start)).copied().unwrap_or_else(after)
    }

    fn open(&self) -> Period {
        Period::containing(self.settings.frequency, WEEK, self.day)
    }

    /// The current length at the configured frequency, also while streaks are off. (C-STREAK-09)
    pub(crate) fn length(&self) -> u32 {
        let (frequency, open) = (self.settings.frequency, self.open());
        let met = self.met.contains_key(&(frequency, open.start));
        self.length_before(frequency, open) + u32::from(met)
    }

    /// The greatest length ever at a frequency.
    pub(crate) fn longest(&self, frequency: Frequency) -> u32 {
        self.longest.get(&frequency).copied().unwrap_or(0)
    }

    /// The streak in the same words as the world shows it.
    pub(crate) fn shown(&self) -> String {
        let frequency = self.settings.frequency;
        let length = if self.settings.enabled { self.length() } else { 0 };
        let mut line = length.to_string();
        if length > 0 {
            let open = self.open();
            let (started, extended) = (self.started[&frequency], self.extended[&frequency]);
            line += &format!(" since {started}, {}..{}", open.start, open.end);
            let mut period = open;
            let horizon = open.start.plus_days(3653);
            while self.met.contains_key(&(frequency, period.start))
                || self.is_protected(frequency, period)
            {
                period = period.next(frequency, WEEK);
            }
            if period.start <= horizon {
                line += &format!(", expires {}", period.end);
            }
            line += &format!(", extended {extended}");
        }
        if let Some(freezes) = self.settings.freezes {
            line += &format!(", freezes {}/{}", self.freezes, freezes.max_count);
            if let Some(earn) = freezes.auto_earn {
                line += &format!(" +{} every {}", earn.amount, earn.interval_days);
            }
        }
        line
    }

    /// The history in the same words as the world shows it.
    pub(crate) fn history(&self, periods: usize) -> String {
        let frequency = self.settings.frequency;
        let mut shown = Vec::new();
        let mut period = self.open();
        let reset = if self.is_reset_in(period) { "r" } else { "" };
        shown.push(self.shown_open() + reset);
        for _ in 1..periods {
            period = period.previous(frequency, WEEK);
            let item = self.closed.get(&(frequency, period.start));
            let reset = if self.is_reset_in(period) { "r" } else { "" };
            let item = item.filter(|_| self.settings.enabled);
            shown.push(
                match item {
                    None => "0".to_owned(),
                    Some((length, Kind::Met | Kind::Restored)) => length.to_string(),
                    Some((length, Kind::Frozen)) => format!("{length}f"),
                    Some((length, Kind::Protected)) => format!("{length}p"),
                } + reset,
            );
        }
        shown.reverse();
        format!("{}: {}", period.start, shown.join(" "))
    }

    fn is_reset_in(&self, period: Period) -> bool {
        self.reset.is_some_and(|on| period.contains(on))
    }

    fn shown_open(&self) -> String {
        let (frequency, open) = (self.settings.frequency, self.open());
        let length = self.length();
        if !self.settings.enabled || length == 0 {
            "0".to_owned()
        } else if self.met.contains_key(&(frequency, open.start)) {
            length.to_string()
        } else if self.is_protected(frequency, open) {
            format!("{length}p")
        } else {
            "0".to_owned()
        }
    }
}
