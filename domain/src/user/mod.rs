//! One user: what is stored of them, what can be asked of them, what it changed.
//!
//! [`apply()`] is the one entry: state, catalog, instant and command in, [`Outcome`] out. It reads
//! no clock, draws no random number and does no IO, so the same history always gives the same
//! user.

mod apply;
mod command;
pub(crate) mod decision;
mod outcome;
mod preferences;
mod profile;
mod state;
mod view;

pub use crate::rules::leaderboard::{HistoryScores, MissingScores, every_score, missing_scores};
pub use crate::rules::tracker::{HistorySum, MissingSum, missing_sums};
pub use apply::{Input, apply};
pub use command::{Command, Existing, QueuePlace, Queued, RestoreMode, SubmitEvent};
pub use outcome::{
    AppliedBoost, AwardRecord, CompletionReply, EventRecord, EventReply, HistoryRow,
    IdempotencyRecord, MetricDay, Outcome, PointsChange, PointsDay, Rejection, Reply, Signal,
    SignalKind,
};
pub use preferences::{
    NotificationChannel, NotificationType, Preferences, PreferencesPatch, StreakOverrides,
    StreakOverridesPatch,
};
pub use profile::{Profile, ProfilePatch};
pub use state::{
    Completion, MetricProgress, Pause, Peak, PointsBalance, Reached, Reset, Span, SpanKind,
    StreakState, Track, Tracker, UserState,
};
pub use view::{
    FreezesView, StreakPeriod, StreakStanding, StreakView, can_see, effective_day, may_pay,
    points_boosts, points_level, streak, streak_history, streak_pauses, streak_standing,
};
