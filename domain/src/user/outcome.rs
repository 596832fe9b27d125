//! What a command did: the new state, rows of history, signals, and the answer.
//!
//! An outcome is a proposal until it is committed; nothing in it has happened yet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{MetricProgress, Pause, UserState};
use crate::amount::Amount;
use crate::catalog::{ATTRIBUTES_MAX, Rounding};
use crate::ids::{
    AchievementId, AttributeId, AwardId, BoostId, CompletionId, EventId, IdempotencyKey, Key,
    LevelId, MetricId, PauseId, PointsSystemId, TriggerId,
};
use crate::leaderboard::ScoreMove;
use crate::time::{Date, TimeOfDay, Timestamp};
use crate::webhook::WebhookEvent;

/// Everything a command decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The user afterwards.
    pub state: UserState,
    /// The answer.
    pub reply: Reply,
    /// Rows of history to write.
    pub rows: Vec<HistoryRow>,
    /// What happened, in order, settled effects first.
    pub signals: Vec<Signal>,
    /// How scores changed: first what was due, then what the command did, each score at most once
    /// in either part.
    pub scores: Vec<ScoreMove>,
    /// The idempotency key this command used up. (C-IDEM-09)
    pub idempotency: Option<(MetricId, IdempotencyKey, IdempotencyRecord)>,
    /// Whether leaving the outcome uncommitted would lose something. Settling an idle day over
    /// again gives the same state, so it need not be written for its own sake; another
    /// [`UserState::next_due`] than before does.
    pub must_commit: bool,
}

/// Why a command was refused; nothing of it happened. (C-GEN-21)
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejection {
    /// The user doesn't exist.
    #[error("User not found")]
    UserNotFound,
    /// Subscribed without an address. (C-USER-11)
    #[error("email is required when subscribeToEmails is true")]
    EmailRequired,
    /// (C-USER-18)
    #[error("signUpDate must not be in the future")]
    SignUpDateInFuture,
    /// Too many attributes on one user. (C-GEN-14)
    #[error("attributes must have at most {} entries", ATTRIBUTES_MAX)]
    TooManyAttributes,
    /// The total would leave its range. (C-GEN-33)
    #[error("value would move the total out of range")]
    TotalOutOfRange,
    /// The balance doesn't cover a guarded deduction. (C-POINTS-31)
    #[error("Insufficient points in {0}")]
    InsufficientPoints(Key),
    /// (C-ACH-21)
    #[error("Achievement is locked")]
    AchievementLocked,
    /// (C-ACH-21)
    #[error("User does not meet the achievement's attribute filters")]
    FiltersNotMet,
    /// (C-ACH-21)
    #[error("Achievement not found")]
    AchievementNotFound,
    /// (C-STREAK-44)
    #[error("Streak freezes are not enabled")]
    FreezesNotEnabled,
    /// (C-STREAK-46)
    #[error("Start date must not be in the past")]
    PauseStartsInPast,
    /// (C-STREAK-46)
    #[error("End date must be on or after start date")]
    PauseEndsBeforeStart,
    /// (C-STREAK-46)
    #[error("Overlaps an existing pause")]
    PauseOverlaps,
    /// Too many pauses to come. (C-GEN-14)
    #[error("pauses must have at most 1000 entries")]
    TooManyPauses,
    /// (C-STREAK-50)
    #[error("Streak pause not found by ID")]
    PauseNotFound,
    /// (C-STREAK-57)
    #[error("No streak to restore")]
    NoStreakToRestore,
    /// (C-STREAK-61)
    #[error("No active streak to reset")]
    NoActiveStreakToReset,
    /// (C-PREF-06)
    #[error("Streak customization is not enabled")]
    CustomizationNotEnabled,
}

/// What a command answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To [`super::Command::Settle`].
    Settled,
    /// To [`super::Command::Identify`].
    Identified {
        /// Whether the user is new.
        created: bool,
    },
    /// To a processed event.
    Event(EventReply),
    /// To an event whose key was used before. (C-IDEM-06)
    Replayed {
        /// The original event.
        event: EventId,
        /// Its metric.
        metric: MetricId,
    },
    /// To [`super::Command::CompleteAchievement`].
    Completed(CompletionReply),
    /// To [`super::Command::GrantFreezes`].
    FreezesGranted {
        /// How many were given; the others would have exceeded the maximum.
        granted: u32,
    },
    /// To [`super::Command::CreatePause`].
    PauseCreated(Pause),
    /// To [`super::Command::DeletePause`].
    PauseDeleted(PauseId),
    /// To [`super::Command::RestoreStreak`].
    StreakRestored,
    /// To [`super::Command::ResetStreak`].
    StreakReset,
    /// To [`super::Command::UpdatePreferences`].
    PreferencesUpdated,
}

/// This event's effects. (C-EVENT-06)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventReply {
    /// The event.
    pub event: EventId,
    /// Its metric.
    pub metric: MetricId,
    /// Achievements it completed, in response order. (C-EVENT-10)
    pub completed: Vec<AchievementId>,
    /// Whether it raised the streak. (C-STREAK-20)
    pub streak_extended: bool,
    /// Points systems with at least one award, in system order. (C-EVENT-09)
    pub points: Vec<PointsChange>,
}

/// A completion call's effects. (C-ACH-22, C-ACH-23)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionReply {
    /// The completion, new or original.
    pub completion: CompletionId,
    /// The achievement.
    pub achievement: AchievementId,
    /// Whether it was completed by this call.
    pub newly_completed: bool,
    /// Points systems with at least one award.
    pub points: Vec<PointsChange>,
}

/// What one request did to one points system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointsChange {
    /// The system.
    pub system: PointsSystemId,
    /// The balance afterwards.
    pub total: i64,
    /// The sum of the awards below. (C-EVENT-07)
    pub added: i64,
    /// The awards in processing order.
    pub awards: Vec<AwardRecord>,
    /// The new level, if the request changed it. (C-POINTS-47, C-POINTS-48)
    pub level: Option<Option<LevelId>>,
}

/// A row of history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryRow {
    /// An accepted event.
    Event {
        /// Its place among the user's events.
        sequence: u64,
        /// The event.
        record: EventRecord,
    },
    /// A recorded award or deduction.
    Award {
        /// The system.
        system: PointsSystemId,
        /// Its place among the user's awards in the system.
        sequence: u64,
        /// The award.
        record: AwardRecord,
    },
    /// A metric's day so far; replaces the row of the same day.
    MetricDay {
        /// The metric.
        metric: MetricId,
        /// The effective day. (C-METRIC-14)
        day: Date,
        /// The day's figures.
        record: MetricDay,
    },
    /// A points system's day so far; replaces the row of the same day.
    PointsDay {
        /// The system.
        system: PointsSystemId,
        /// The effective day.
        day: Date,
        /// The day's figures.
        record: PointsDay,
    },
    /// A metric's day so far counting only events with one attribute value; replaces the row of the
    /// same day. (C-WRAP-08)
    AttributeDay {
        /// The metric.
        metric: MetricId,
        /// The effective day.
        day: Date,
        /// The event attribute.
        attribute: AttributeId,
        /// Its value.
        value: String,
        /// The day's figures.
        record: MetricDay,
    },
    /// A metric's progress counting only events with one attribute value; replaces the row before.
    AttributeProgress {
        /// The metric.
        metric: MetricId,
        /// The event attribute.
        attribute: AttributeId,
        /// Its value.
        value: String,
        /// The progress. The snapshot doesn't hold it, because values have no limit in number.
        record: MetricProgress,
    },
    /// Whose a pause is, so that its id alone leads to it.
    PauseOwner {
        /// The pause.
        pause: PauseId,
    },
}

/// One accepted event as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Its id.
    pub id: EventId,
    /// The metric.
    pub metric: MetricId,
    /// What was added.
    pub value: Amount,
    /// The event's own attributes; they never change. (C-ATTR-08)
    pub attributes: BTreeMap<AttributeId, String>,
    /// When it was accepted. (C-EVENT-04)
    pub at: Timestamp,
    /// The effective day it was processed under. (C-METRIC-14)
    pub day: Date,
    /// What the user's clock showed. (C-LB-22)
    pub time: TimeOfDay,
    /// The number of the request. (C-LB-37)
    pub order: u64,
}

/// One award or deduction as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwardRecord {
    /// Its id.
    pub id: AwardId,
    /// The trigger that fired.
    pub trigger: TriggerId,
    /// The real change of the balance; never zero. (C-POINTS-27)
    pub awarded: i64,
    /// The balance afterwards.
    pub total: i64,
    /// When.
    pub at: Timestamp,
    /// The effective day at that instant. (C-LB-22)
    pub day: Date,
    /// What the user's clock showed. (C-LB-22)
    pub time: TimeOfDay,
    /// The number of the request; 0 if time alone awarded it. (C-LB-37)
    pub order: u64,
    /// The boosts that were applied, as they were then. (C-POINTS-39)
    pub boosts: Vec<AppliedBoost>,
}

/// A boost as it was when it was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedBoost {
    /// Its id.
    pub id: BoostId,
    /// Its display name.
    pub name: String,
    /// Its first date.
    pub start: Date,
    /// Its last date; none for open-ended.
    pub end: Option<Date>,
    /// What the award was multiplied by.
    pub multiplier: Amount,
    /// How the product was to be rounded.
    pub rounding: Rounding,
}

/// One metric's figures of one effective day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricDay {
    /// The sum of the day's values.
    pub change: Amount,
    /// The total at the end of the day.
    pub total: Amount,
    /// How many events the day had.
    pub events: u32,
}

/// One points system's figures of one effective day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsDay {
    /// The sum of the day's awards.
    pub change: i64,
    /// The balance at the end of the day.
    pub total: i64,
}

/// What an idempotency key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    /// The event that used it.
    pub event: EventId,
    /// When. (C-IDEM-05)
    pub at: Timestamp,
}

/// Something that happened and that others may be told about. (C-EVENT-15)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// When it happened; for settled effects their due instant. (C-GEN-22)
    pub at: Timestamp,
    /// What happened.
    pub kind: SignalKind,
}

/// The kinds of signals, named as published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// `achievement.completed`
    AchievementCompleted {
        /// The achievement.
        achievement: AchievementId,
    },
    /// `streak.started`: length 0 to 1. (C-STREAK-30)
    StreakStarted,
    /// `streak.extended`: length n to n + 1. (C-STREAK-30)
    StreakExtended {
        /// The new length.
        length: u32,
    },
    /// `streak.lost` (C-STREAK-31)
    StreakLost {
        /// The lost length.
        length: u32,
    },
    /// `streak.freeze_consumed` (C-STREAK-31)
    FreezeConsumed {
        /// How many, always 1 per closed period. (C-STREAK-32)
        consumed: u32,
        /// The balance afterwards.
        freezes: u32,
    },
    /// `streak.freeze_earned` (C-STREAK-31)
    FreezeEarned {
        /// How many.
        earned: u32,
        /// The balance afterwards.
        freezes: u32,
    },
    /// `points.changed` (C-EVENT-16)
    PointsChanged {
        /// The system.
        system: PointsSystemId,
        /// The balance afterwards.
        total: i64,
        /// The awards that made the change.
        awards: Vec<AwardRecord>,
    },
    /// Changes of points as webhooks are told of them. (C-WH-43, C-WH-48)
    PointsReported {
        /// The system.
        system: PointsSystemId,
        /// The balance afterwards.
        total: i64,
        /// What the awards add up to.
        added: i64,
        /// The number of the first award since the last report; those of the user's creation
        /// are not meant.
        first: u64,
        /// The number after the last one.
        end: u64,
        /// The level, if it is another than was last told.
        level: Option<Option<LevelId>>,
    },
    /// `points.level_changed` (C-POINTS-50)
    LevelChanged {
        /// The system.
        system: PointsSystemId,
        /// The balance afterwards.
        total: i64,
        /// The level before.
        previous: Option<LevelId>,
        /// The level now.
        new: Option<LevelId>,
    },
}

impl SignalKind {
    /// The event that webhooks are told of; `None` for what is told in other words.
    #[must_use]
    pub const fn webhook_event(&self) -> Option<WebhookEvent> {
        match self {
            Self::AchievementCompleted { .. } => Some(WebhookEvent::AchievementCompleted),
            Self::StreakStarted => Some(WebhookEvent::StreakStarted),
            Self::StreakExtended { .. } => Some(WebhookEvent::StreakExtended),
            Self::StreakLost { .. } => Some(WebhookEvent::StreakLost),
            Self::FreezeConsumed { .. } => Some(WebhookEvent::StreakFreezeConsumed),
            Self::FreezeEarned { .. } => Some(WebhookEvent::StreakFreezeEarned),
            Self::PointsChanged { .. } => None,
            Self::PointsReported { .. } => Some(WebhookEvent::PointsChanged),
            Self::LevelChanged { .. } => Some(WebhookEvent::PointsLevelChanged),
        }
    }
}
