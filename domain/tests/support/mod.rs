//! A small world for tests of the rules: a catalog, users by id and the rows written so far.
//!
//! It stands in for whoever runs commands: it looks idempotency keys up, reads missing sums out of
//! the event rows and keeps an outcome only if it must be committed. It decides nothing itself.
//! Replies, signals and streaks are shown as one line of text each, so that an example reads like
//! the contract's.

#![allow(dead_code, unused_imports, reason = "each test crate uses its own part")]

mod board;
mod setup;
mod shown;

use std::collections::{BTreeMap, BTreeSet};

use domain::amount::Amount;
use domain::calendar::{Period, Zone};
use domain::catalog::{Catalog, Patch, Settings};
use domain::ids::{
    AchievementId, AttributeId, EnvironmentId, IdempotencyKey, LeaderboardId, MetricId, PauseId,
    PointsSystemId, Scope, UserId,
};
use domain::leaderboard::ScoreRecord;
use domain::time::{Date, Timestamp};
use domain::user::{
    AwardRecord, Command, EventRecord, Existing, HistoryRow, HistoryScores, HistorySum,
    IdempotencyRecord, Input, MetricDay, MetricProgress, MissingSum, Outcome, PointsDay,
    PreferencesPatch, ProfilePatch, Rejection, Reply, RestoreMode, Signal, StreakOverridesPatch,
    SubmitEvent, UserState, apply, missing_scores, missing_sums, streak, streak_history,
    streak_pauses,
};
use domain::wrapped::{AttributeDay, Days, Wrapped, days_needed};
use uuid::Uuid;

pub(crate) use board::Board;
pub(crate) use setup::{Ach, Trig, freezes};
pub(crate) use shown::Names;

/// What an example compares with when nothing happened.
pub(crate) const NONE: [&str; 0] = [];

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a valid instant")
}

pub(crate) fn date(text: &str) -> Date {
    Date::parse(text).expect("a valid date")
}

pub(crate) fn amount(literal: &str) -> Amount {
    Amount::parse(literal).expect("a valid amount")
}

pub(crate) fn zone(name: &str) -> Zone {
    Zone::parse(name).expect("a zone of the database")
}

/// A profile patch that only sets the zone.
pub(crate) fn tz(name: &str) -> ProfilePatch {
    ProfilePatch { time_zone: Patch::Set(zone(name)), ..ProfilePatch::default() }
}

/// One user with everything written about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) state: Option<UserState>,
    pub(crate) events: Vec<EventRecord>,
    pub(crate) awards: BTreeMap<PointsSystemId, Vec<AwardRecord>>,
    pub(crate) metric_days: BTreeMap<(MetricId, Date), MetricDay>,
    pub(crate) points_days: BTreeMap<(PointsSystemId, Date), PointsDay>,
    pub(crate) attribute_days: BTreeMap<(MetricId, Date, AttributeId, String), MetricDay>,
    pub(crate) attribute_progress: BTreeMap<(MetricId, AttributeId, String), MetricProgress>,
    pub(crate) keys: BTreeMap<(MetricId, IdempotencyKey), IdempotencyRecord>,
    /// The pauses that lead to this user.
    pub(crate) pauses: BTreeSet<PauseId>,
    pub(crate) scores: BTreeMap<(LeaderboardId, Date), ScoreRecord>,
    pub(crate) signals: Vec<Signal>,
}

/// An event about to be submitted.
#[derive(Clone, Debug)]
pub(crate) struct Event(SubmitEvent);

impl Event {
    pub(crate) fn of(metric: MetricId, value: &str) -> Self {
        Self(SubmitEvent {
            metric,
            value: amount(value),
            attributes: BTreeMap::new(),
            profile: ProfilePatch::default(),
            idempotency_key: None,
            replay_of: None,
            queued: None,
        })
    }

    pub(crate) fn command(self) -> Command {
        Command::SubmitEvent(self.0)
    }

    pub(crate) fn with(mut self, attribute: AttributeId, value: &str) -> Self {
        self.0.attributes.insert(attribute, value.to_owned());
        self
    }

    pub(crate) fn user(mut self, profile: ProfilePatch) -> Self {
        self.0.profile = profile;
        self
    }

    pub(crate) fn key(mut self, key: &str) -> Self {
        self.0.idempotency_key = IdempotencyKey::parse(key).expect("short enough");
        self
    }
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) catalog: Catalog,
    pub(crate) names: Names,
    pub(crate) users: BTreeMap<UserId, Stored>,
    /// Keep every outcome, also those that may be thrown away.
    pub(crate) eager: bool,
    scope: Scope,
    told: BTreeMap<UserId, usize>,
    /// How many requests there were; settling is none.
    requests: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let environment = EnvironmentId(Uuid::from_u128(0xACC0_1ADE));
        Self {
            catalog: Catalog::new(environment, Settings::default()),
            names: Names::default(),
            users: BTreeMap::new(),
            eager: false,
            scope: Scope::untenanted(environment),
            told: BTreeMap::new(),
            requests: 0,
        }
    }

    /// Runs one command as its actor would.
    pub(crate) fn run(
        &mut self,
        now: Timestamp,
        user: &str,
        command: &Command,
    ) -> Result<Outcome, Rejection> {
        let id = UserId::new(user).expect("a valid user id");
        let stored = self.users.get(&id);
        let mut command = command.clone();
        let mut sums = Vec::new();
        let mut by_attribute = BTreeMap::new();
        if let Some(stored) = stored {
            if let Command::SubmitEvent(event) = &mut command {
                let known = event.idempotency_key.clone().map(|key| (event.metric, key));
                event.replay_of =
                    known.and_then(|key| stored.keys.get(&key)).map(|record| record.event);
                by_attribute = stored.read_progress(event);
            }
            sums = self.read_sums(stored, &command);
        }
        let scores = stored.and_then(|stored| self.read_scores(stored));
        self.requests += u64::from(!matches!(command, Command::Settle));
        let input = Input {
            scope: self.scope,
            user: &id,
            catalog: &self.catalog,
            now,
            sums: &sums,
            scores: scores.as_ref(),
            order: self.requests,
            by_attribute: &by_attribute,
        };
        let outcome = apply(stored.and_then(|stored| stored.state.as_ref()), input, &command)?;
        let state = &outcome.state;
        assert!(state.next_due.is_none_or(|due| due > state.settled_at), "nothing due is left");
        if outcome.must_commit || self.eager {
            self.users.entry(id).or_default().commit(&outcome);
        } else {
            assert!(outcome.rows.is_empty() && outcome.signals.is_empty());
            assert!(outcome.scores.is_empty());
        }
        Ok(outcome)
    }

    fn read_sums(&self, stored: &Stored, command: &Command) -> Vec<HistorySum> {
        let state = stored.state.as_ref().expect("stored users have a state");
        let missing = missing_sums(state, &self.catalog, command);
        let read = |missing: &MissingSum| {
            let counted = stored.events.iter().filter(|event| missing.counts(event));
            let sum = counted.fold(Amount::ZERO, |sum, event| sum + event.value);
            HistorySum { owner: missing.owner, revision: missing.revision, sum }
        };
        missing.iter().map(read).collect()
    }

    /// The instant the user is planned to be settled at.
    pub(crate) fn next_due(&self, user: &str) -> Option<Timestamp> {
        self.stored(user).state.as_ref().and_then(|state| state.next_due)
    }

    /// Whether settling the user at `now` would change anything that has to be kept.
    pub(crate) fn is_due(&self, now: Timestamp, user: &str) -> bool {
        let id = UserId::new(user).expect("a valid user id");
        let input = Input {
            scope: self.scope,
            user: &id,
            catalog: &self.catalog,
            now,
            sums: &[],
            scores: None,
            order: self.requests,
            by_attribute: &BTreeMap::new(),
        };
        let settled = apply(self.stored(user).state.as_ref(), input, &Command::Settle);
        settled.expect("settling is never rejected").must_commit
    }

    fn read_scores(&self, stored: &Stored) -> Option<HistoryScores> {
        let state = stored.state.as_ref().expect("stored users have a state");
        let mut read = missing_scores(state, &self.catalog)?.count();
        let from = read.from();
        let events = stored.events.iter().rev().take_while(|event| event.at >= from);
        events.for_each(|event| read.add_event(event));
        for (system, awards) in &stored.awards {
            let awards = awards.iter().rev().take_while(|award| award.at >= from);
            awards.for_each(|award| read.add_award(*system, award));
        }
        Some(read)
    }

    /// Submits an event; its reply in one line.
    pub(crate) fn event(&mut self, now: &str, user: &str, event: Event) -> String {
        let metric = event.0.metric;
        let outcome = match self.run(at(now), user, &Command::SubmitEvent(event.0)) {
            Ok(outcome) => outcome,
            Err(rejection) => return format!("rejected: {rejection}"),
        };
        let total = outcome.state.total(metric);
        match outcome.reply {
            Reply::Event(reply) => {
                self.names.event(reply.event);
                format!("total {total}{}", self.names.event_reply(&self.catalog, &reply))
            }
            Reply::Replayed { event, .. } => {
                format!("total {total}; replay of {}", self.names.event(event))
            }
            Reply::Settled
            | Reply::Identified { .. }
            | Reply::Completed(_)
            | Reply::FreezesGranted { .. }
            | Reply::PauseCreated(_)
            | Reply::PauseDeleted(_)
            | Reply::StreakRestored
            | Reply::StreakReset
            | Reply::PreferencesUpdated => panic!("not an answer to an event"),
        }
    }

    /// Identifies a user; whether they are new.
    pub(crate) fn identify(
        &mut self,
        now: &str,
        user: &str,
        profile: ProfilePatch,
    ) -> Result<bool, Rejection> {
        let command = Command::Identify { profile, existing: Existing::Optional };
        let outcome = self.run(at(now), user, &command)?;
        Ok(outcome.reply == Reply::Identified { created: true })
    }

    /// Calls an API achievement; the reply in one line.
    pub(crate) fn complete(
        &mut self,
        now: &str,
        user: &str,
        achievement: AchievementId,
        profile: ProfilePatch,
    ) -> String {
        let command = Command::CompleteAchievement { achievement, profile };
        let outcome = match self.run(at(now), user, &command) {
            Ok(outcome) => outcome,
            Err(rejection) => return format!("rejected: {rejection}"),
        };
        let Reply::Completed(reply) = outcome.reply else { panic!("not an answer to a call") };
        let held = outcome.state.completions.iter().find(|held| held.id == reply.completion);
        let held = held.expect("the completion is stored");
        assert_eq!((held.achievement, reply.achievement), (achievement, achievement));
        let points = self.names.points(&self.catalog, &reply.points);
        let new = if reply.newly_completed { "completed" } else { "held since" };
        format!("{new} {}{points}", held.at)
    }

    /// Grants freezes; how many were given.
    pub(crate) fn grant(&mut self, now: &str, user: &str, count: u32) -> Result<u32, Rejection> {
        let outcome = self.run(at(now), user, &Command::GrantFreezes { count })?;
        let Reply::FreezesGranted { granted } = outcome.reply else { panic!("not a grant") };
        Ok(granted)
    }

    /// Creates a pause; its id.
    pub(crate) fn pause(
        &mut self,
        now: &str,
        user: &str,
        start: &str,
        end: &str,
    ) -> Result<PauseId, Rejection> {
        let command = Command::CreatePause { start: date(start), end: date(end) };
        let outcome = self.run(at(now), user, &command)?;
        let Reply::PauseCreated(pause) = outcome.reply else { panic!("not a pause") };
        assert_eq!((pause.dates.start, pause.dates.end), (date(start), date(end)));
        Ok(pause.id)
    }

    /// Deletes a pause.
    pub(crate) fn unpause(&mut self, now: &str, user: &str, id: PauseId) -> Result<(), Rejection> {
        let outcome = self.run(at(now), user, &Command::DeletePause { id })?;
        assert_eq!(outcome.reply, Reply::PauseDeleted(id));
        Ok(())
    }

    /// Changes the user's streak overrides.
    pub(crate) fn prefer(
        &mut self,
        now: &str,
        user: &str,
        streak: Patch<StreakOverridesPatch>,
    ) -> Result<(), Rejection> {
        let patch = PreferencesPatch { streak, ..PreferencesPatch::default() };
        let outcome = self.run(at(now), user, &Command::UpdatePreferences(patch))?;
        assert_eq!(outcome.reply, Reply::PreferencesUpdated);
        Ok(())
    }

    /// Restores the streak.
    pub(crate) fn restore(
        &mut self,
        now: &str,
        user: &str,
        mode: RestoreMode,
    ) -> Result<(), Rejection> {
        let outcome = self.run(at(now), user, &Command::RestoreStreak { mode })?;
        assert_eq!(outcome.reply, Reply::StreakRestored);
        Ok(())
    }

    /// Resets the streak.
    pub(crate) fn reset(&mut self, now: &str, user: &str) -> Result<(), Rejection> {
        let outcome = self.run(at(now), user, &Command::ResetStreak)?;
        assert_eq!(outcome.reply, Reply::StreakReset);
        Ok(())
    }

    /// Settles the user and stores what that made of them, whether or not it had to be kept.
    pub(crate) fn settle(&mut self, now: &str, user: &str) {
        let eager = std::mem::replace(&mut self.eager, true);
        self.read(now, user);
        self.eager = eager;
    }

    /// A new tz database: by its rules the days of the user's zone are those of `name`. To the
    /// user it is no move, so nothing else changes and nobody is asked.
    pub(crate) fn new_rules(&mut self, user: &str, name: &str) {
        let stored = self.users.get_mut(&UserId::new(user).expect("a valid user id"));
        let state = stored.and_then(|stored| stored.state.as_mut()).expect("a known user");
        state.profile.time_zone = Some(zone(name));
    }

    /// The pauses as read at `now`, `2026-07-10..2026-07-14` each.
    pub(crate) fn pauses(&mut self, now: &str, user: &str) -> Vec<String> {
        let state = self.read(now, user);
        let dates = streak_pauses(&state).map(|pause| pause.dates);
        dates.map(|dates| format!("{}..{}", dates.start, dates.end)).collect()
    }

    /// The user as any read at `now` sees them.
    pub(crate) fn read(&mut self, now: &str, user: &str) -> UserState {
        self.run(at(now), user, &Command::Settle).expect("a known user").state
    }

    /// The streak as read at `now`, in one line.
    pub(crate) fn streak(&mut self, now: &str, user: &str) -> String {
        let state = self.read(now, user);
        shown::streak(&streak(&state, &self.catalog))
    }

    /// The first date of the history and the length of each period, `f` for a freeze, `p` for a
    /// pause.
    pub(crate) fn history(&mut self, now: &str, user: &str, periods: usize) -> String {
        let state = self.read(now, user);
        shown::history(&streak_history(&state, &self.catalog, periods))
    }

    /// The user's year as read at `now`, from the days that it needs and no others.
    pub(crate) fn wrapped(&mut self, now: &str, user: &str, year: i32) -> Wrapped {
        let state = self.read(now, user);
        let needed = days_needed(year, self.catalog.settings.week_start);
        let days = self.stored(user).days(needed);
        Wrapped::new(&state, &self.catalog, year, &days)
    }

    /// What was stored about a user.
    pub(crate) fn stored(&self, user: &str) -> &Stored {
        self.users.get(&UserId::new(user).expect("a valid user id")).expect("a known user")
    }

    /// Whether anything was ever stored about a user.
    pub(crate) fn knows(&self, user: &str) -> bool {
        self.users.contains_key(&UserId::new(user).expect("a valid user id"))
    }

    /// The user's signals since the last call, one line each.
    pub(crate) fn signals(&mut self, user: &str) -> Vec<String> {
        let id = UserId::new(user).expect("a valid user id");
        let Some(stored) = self.users.get(&id) else { return Vec::new() };
        let told = self.told.insert(id, stored.signals.len()).unwrap_or(0);
        let new = &stored.signals[told..];
        new.iter().map(|signal| self.names.signal(&self.catalog, signal)).collect()
    }
}

impl Stored {
    /// The stored days between two dates.
    pub(crate) fn days(&self, dates: Period) -> Days {
        let mut days = Days::default();
        for ((metric, date), record) in &self.metric_days {
            days.metrics
                .entry(*metric)
                .or_default()
                .extend(dates.contains(*date).then_some((*date, *record)));
        }
        for ((system, date), record) in &self.points_days {
            days.points
                .entry(*system)
                .or_default()
                .extend(dates.contains(*date).then_some((*date, *record)));
        }
        for ((metric, date, attribute, value), record) in &self.attribute_days {
            let day = AttributeDay {
                date: *date,
                attribute: *attribute,
                value: value.clone(),
                record: *record,
            };
            days.attributes
                .entry(*metric)
                .or_default()
                .extend(dates.contains(*date).then_some(day));
        }
        days
    }

    fn read_progress(&self, event: &SubmitEvent) -> BTreeMap<AttributeId, MetricProgress> {
        let known = |(attribute, value): (&AttributeId, &String)| {
            let key = (event.metric, *attribute, value.clone());
            self.attribute_progress.get(&key).map(|progress| (*attribute, *progress))
        };
        event.attributes.iter().filter_map(known).collect()
    }

    fn commit(&mut self, outcome: &Outcome) {
        for row in &outcome.rows {
            match row.clone() {
                HistoryRow::Event { sequence, record } => {
                    assert_eq!(usize::try_from(sequence), Ok(self.events.len()), "no gap");
                    self.events.push(record);
                }
                HistoryRow::Award { system, sequence, record } => {
                    let awards = self.awards.entry(system).or_default();
                    assert_eq!(usize::try_from(sequence), Ok(awards.len()), "no gap");
                    awards.push(record);
                }
                HistoryRow::MetricDay { metric, day, record } => {
                    self.metric_days.insert((metric, day), record);
                }
                HistoryRow::PointsDay { system, day, record } => {
                    self.points_days.insert((system, day), record);
                }
                HistoryRow::AttributeDay { metric, day, attribute, value, record } => {
                    self.attribute_days.insert((metric, day, attribute, value), record);
                }
                HistoryRow::AttributeProgress { metric, attribute, value, record } => {
                    self.attribute_progress.insert((metric, attribute, value), record);
                }
                HistoryRow::PauseOwner { pause } => {
                    assert!(self.pauses.insert(pause), "a pause is created once");
                }
            }
        }
        for change in &outcome.scores {
            let key = (change.leaderboard, change.run);
            match change.after.clone() {
                Some(record) => self.scores.insert(key, record),
                None => self.scores.remove(&key),
            };
        }
        if let Some((metric, key, record)) = outcome.idempotency.clone() {
            let reused = self.keys.insert((metric, key), record);
            assert_eq!(reused, None, "a key is used once");
        }
        self.signals.extend(outcome.signals.iter().cloned());
        self.state = Some(outcome.state.clone());
    }
}
