//! What is stored of one user: the snapshot that every decision starts from.
//!
//! It holds what the next event needs and nothing that grows with every event: rows of history
//! (events, awards, days) are written beside it. Rules change it; storage only carries it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{MetricDay, Preferences, Profile, QueuePlace};
use crate::amount::Amount;
use crate::calendar::{Frequency, Period, Zone};
use crate::catalog::Settings;
use crate::ids::{
    AchievementId, CompletionId, LeaderboardId, MetricId, PauseId, PointsSystemId, UserId,
    derived_id,
};
use crate::leaderboard::Score;
use crate::time::{Date, Timestamp};
use crate::webhook::PointsWindow;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserState {
    /// The caller's id of the user.
    pub id: UserId,
    /// A unique id of this user in this life; ids of their events and awards derive from it.
    pub identity: Uuid,
    /// What the caller told about them.
    pub profile: Profile,
    /// Whether they are in the control group; decided once. (C-USER-19)
    pub control: bool,
    /// First identification. (C-USER-22)
    pub created_at: Timestamp,
    /// The effective day of their creation: the anchor of freeze accrual. (C-STREAK-41)
    pub created_on: Date,
    /// When a stored profile field last changed. (C-USER-22)
    pub updated_at: Timestamp,
    /// D(u): the local date, never moving backwards. (C-GEN-16)
    pub effective_day: Date,
    /// Everything due up to this instant has been applied. (C-GEN-22)
    pub settled_at: Timestamp,
    /// The first instant after that at which settling may change something; none if time alone
    /// changes nothing. It may be early, never late. (C-GEN-22)
    pub next_due: Option<Timestamp>,
    /// The number of the catalog's latest review that they were judged by. (C-ACH-16)
    pub reviewed: u64,
    /// How many events were accepted, and so the sequence number of the next.
    pub events: u64,
    /// Progress per metric that had an event.
    pub metrics: BTreeMap<MetricId, MetricProgress>,
    /// Completed achievements in order of completion.
    pub completions: Vec<Completion>,
    /// The streak at all three frequencies, and freezes.
    pub streak: StreakState,
    /// Balance per points system that ever moved.
    pub points: BTreeMap<PointsSystemId, PointsBalance>,
    /// Progress of metric achievements and triggers that a metric's total alone doesn't tell.
    pub trackers: BTreeMap<Uuid, Tracker>,
    /// What they chose for themselves. (C-PREF)
    pub preferences: Preferences,
    /// Scores by board and first date of the run, of runs that may still change.
    pub scores: BTreeMap<(LeaderboardId, Date), Score>,
    /// The latest [`crate::catalog::Recount`] that these scores know of: boards with a later one
    /// are counted from history at the next decision. (C-LB-27)
    pub recounted: u64,
    /// The latest event from the queue of batches that they accepted. (C-BATCH-03)
    pub queue_place: Option<QueuePlace>,
    /// The number of the latest request that wrote an event or an award. (C-LB-37)
    pub order: u64,
    /// When changed points were last told, per points system that was told of lately. (C-WH-44)
    pub windows: BTreeMap<PointsSystemId, PointsWindow>,
}

impl UserState {
    /// The zone of every date rule for this user. (C-GEN-15)
    #[must_use]
    pub fn zone(&self, settings: &Settings) -> Zone {
        self.profile.time_zone.unwrap_or(settings.default_time_zone)
    }

    /// How the achievement was completed, if it was.
    #[must_use]
    pub fn find_completion(&self, achievement: AchievementId) -> Option<&Completion> {
        self.completions.iter().find(|completion| completion.achievement == achievement)
    }

    /// The total of a metric; zero without events.
    #[must_use]
    pub fn total(&self, metric: MetricId) -> Amount {
        self.metrics.get(&metric).map_or(Amount::ZERO, |progress| progress.total)
    }

    /// The balance of a points system; zero if it never moved.
    #[must_use]
    pub fn balance(&self, system: PointsSystemId) -> i64 {
        self.points.get(&system).map_or(0, |balance| balance.total)
    }

    pub(crate) fn derived_id(&self, kind: &str, sequence: u64) -> Uuid {
        derived_id(self.identity, kind, sequence)
    }
}

/// A user's progress in one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricProgress {
    /// The sum of all accepted values. (C-METRIC-01)
    pub total: Amount,
    /// How many events there were.
    pub events: u64,
    /// The effective day of the latest event.
    pub day: Date,
    /// The sum of that day's values.
    pub day_change: Amount,
    /// How many events that day had.
    pub day_events: u32,
}

impl MetricProgress {
    /// No event yet, as of `day`.
    pub(crate) const fn starting_on(day: Date) -> Self {
        Self { total: Amount::ZERO, events: 0, day, day_change: Amount::ZERO, day_events: 0 }
    }

    /// Counts an event of effective day `day`.
    pub(crate) fn count(&mut self, value: Amount, day: Date) {
        if self.day != day {
            *self = Self { day, day_change: Amount::ZERO, day_events: 0, ..*self };
        }
        self.total += value;
        self.events += 1;
        self.day_change += value;
        self.day_events += 1;
    }

    /// The figures of the latest day.
    pub(crate) const fn latest_day(&self) -> MetricDay {
        MetricDay { change: self.day_change, total: self.total, events: self.day_events }
    }
}

/// One completed achievement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// The completion's own id.
    pub id: CompletionId,
    /// What was completed.
    pub achievement: AchievementId,
    /// When.
    pub at: Timestamp,
}

/// A user's balance in one points system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsBalance {
    /// The sum of all awards; never below zero. (C-POINTS-03)
    pub total: i64,
    /// How many awards were recorded, and so the sequence number of the next.
    pub awards: u64,
    /// The effective day of the latest award.
    pub day: Date,
    /// The sum of that day's awards.
    pub day_change: i64,
}

/// Progress of one metric achievement or metric trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracker {
    /// The revision of the owner's event filters this belongs to.
    pub revision: u32,
    /// The sum of all matching events ever, if the owner filters events. (C-ACH-05, C-POINTS-16)
    pub sum: Option<Amount>,
    /// The high-water mark of a trigger. (C-POINTS-17)
    pub high_water: Option<Amount>,
}

/// A user's streak: all three frequencies are tracked all the time. (C-STREAK-11)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreakState {
    /// Days.
    pub daily: Track,
    /// Weeks.
    pub weekly: Track,
    /// Months.
    pub monthly: Track,
    /// Freezes held.
    pub freezes: u32,
    /// Pauses that were not deleted, by their dates, which don't overlap. Those long over are
    /// forgotten when there are many.
    pub pauses: Vec<Pause>,
    /// How many pauses were ever created, and so the sequence number of the next.
    pub pauses_created: u64,
    /// The latest reset by an operator. (C-STREAK-28)
    pub reset: Option<Reset>,
}

/// An operator set the streak to zero. (C-STREAK-60)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    /// When.
    pub at: Timestamp,
    /// On which effective day.
    pub on: Date,
}

/// Dates that need no activity. (C-STREAK-45)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Its id.
    pub id: PauseId,
    /// The dates it covers, both ends included.
    pub dates: Period,
}

impl StreakState {
    /// The track of a frequency.
    #[must_use]
    pub const fn track(&self, frequency: Frequency) -> &Track {
        match frequency {
            Frequency::Daily => &self.daily,
            Frequency::Weekly => &self.weekly,
            Frequency::Monthly => &self.monthly,
        }
    }

    pub(crate) const fn track_mut(&mut self, frequency: Frequency) -> &mut Track {
        match frequency {
            Frequency::Daily => &mut self.daily,
            Frequency::Weekly => &mut self.weekly,
            Frequency::Monthly => &mut self.monthly,
        }
    }
}

/// The streak at one frequency. (C-STREAK-08, C-STREAK-12)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// The period that contains the effective day.
    pub open: Period,
    /// Whether its conditions were met; once met it stays met. (C-STREAK-06)
    pub met: bool,
    /// Net change per metric inside it.
    pub changes: BTreeMap<MetricId, Amount>,
    /// The length after the period before it.
    pub length_before: u32,
    /// The effective day that started the current run; none at length 0. (C-STREAK-17)
    pub started_on: Option<Date>,
    /// The latest extension, also of a run that is over. (C-STREAK-20, C-STREAK-58)
    pub extended_at: Option<Timestamp>,
    /// The greatest length ever.
    pub longest: u32,
    /// The last date of the latest period that a move east skipped and that was therefore kept.
    /// (C-STREAK-63)
    pub travel_protected_on: Option<Date>,
    /// The run that was lost last. (C-STREAK-55)
    pub lost: Option<Peak>,
    /// Lengths reached in periods that a reset or a restore left without them. What a later one
    /// reaches as well needs no place here. (C-STREAK-57, C-STREAK-61)
    pub discarded: Vec<Peak>,
    /// Closed periods that had a length, oldest first; what lies between has length 0.
    pub past: Vec<Span>,
    /// The greatest length of each year in periods too old for `past`, by the year they ended in.
    /// (C-WRAP-10)
    pub years: BTreeMap<i32, Reached>,
}

/// A length and the period after which it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The length, never 0.
    pub length: u32,
    /// The period.
    pub period: Period,
    /// The start of the run.
    pub started_on: Date,
}

/// A length that a run reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peak {
    /// The length.
    pub length: u32,
    /// The start of the run.
    pub started_on: Date,
    /// The last date of the period it was last held in.
    pub until: Date,
}

impl Track {
    /// The current length: an unmet open period never lowers it. (C-STREAK-09)
    #[must_use]
    pub const fn length(&self) -> u32 {
        if self.met { self.length_before + 1 } else { self.length_before }
    }

    /// What [`Track::length`] must be, from the last closed period of the run, or from the earlier
    /// length that a restore put on a met open period: for checks. (C-STREAK-09, C-STREAK-57)
    #[must_use]
    pub fn length_by_periods(&self) -> u32 {
        let length = self.length();
        let restored =
            |peak: Peak| (peak.length, Some(peak.started_on)) == (length, self.started_on);
        if self.met && self.peaks().chain(self.lost).any(restored) {
            return length;
        }
        let last = self.past.last().filter(|last| self.started_on == Some(last.started_on));
        last.map_or(0, |last| last.length) + u32::from(self.met)
    }

    /// The lengths of closed periods, after those that resets and restores took from theirs.
    pub(crate) fn peaks(&self) -> impl Iterator<Item = Peak> {
        let spans = self.past.iter().map(|span| Peak {
            length: span.length,
            started_on: span.started_on,
            until: span.dates.end,
        });
        self.discarded.iter().copied().chain(spans)
    }
}

/// Consecutive closed periods of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// From the start of the first period to the end of the last.
    pub dates: Period,
    /// How many periods these are.
    pub periods: u32,
    /// What kept or raised the length in them.
    pub kind: SpanKind,
    /// The length after the last of them.
    pub length: u32,
    /// The start of the run they belong to.
    pub started_on: Date,
}

/// What a closed period with a length was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpanKind {
    /// Its conditions were met.
    Met,
    /// A freeze was consumed for it.
    Frozen,
    /// A pause, a day off, travel, or protection at another frequency kept it.
    Protected,
    /// It was missed, and an operator put an earlier length on it. (C-STREAK-57)
    Restored,
}
