//! What the engine needs from outside to tell webhooks: words and a way to send them.
//!
//! The engine knows that something has to be told, to whom and when. How it reads as JSON and how it
//! gets there is the server's business, which implements these traits.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use domain::catalog::{
    Boost, BoostTerms, Catalog, Leaderboard, LeaderboardStatus, PointsSystem, SealedSecret,
};
use domain::ids::{MessageId, UserId, WebhookId};
use domain::leaderboard::{Group, Run};
use domain::time::Timestamp;
use domain::user::{AwardRecord, SignalKind, UserState};
use domain::webhook::{AttemptResult, RankedValue, WebhookEvent};

use crate::board::Row;

/// Everything from outside; clones share it.
#[derive(Clone)]
pub struct Ports {
    /// What events read like.
    pub renderer: Arc<dyn WebhookRenderer>,
    /// How they get to webhooks.
    pub transport: Arc<dyn WebhookTransport>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ports")
    }
}

/// Turns events into the bodies that webhooks get. (C-WH-12)
pub trait WebhookRenderer: Send + Sync {
    /// The body; `None` if the event names something that the catalog never had.
    fn render(&self, told: Told<'_>, catalog: &Catalog) -> Option<String>;
}

/// An event and what its body is made of.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// Something happened to a user.
    OfUser {
        /// What.
        signal: &'a SignalKind,
        /// The user afterwards.
        state: &'a UserState,
        /// The awards of a [`SignalKind::PointsReported`], oldest first.
        awards: &'a [AwardRecord],
    },
    /// A boost begins or is over.
    OfBoost {
        /// Which of the two.
        occasion: BoostOccasion,
        /// The boost.
        boost: &'a Boost,
        /// What it is now.
        terms: &'a BoostTerms,
        /// The system it boosts.
        system: &'a PointsSystem,
        /// When it is told.
        at: Timestamp,
    },
    /// A run begins, is final or has another ranking.
    OfRanking {
        /// Which of the three.
        event: WebhookEvent,
        /// The run, and the group whose ranking it is.
        of: ToldRun<'a>,
        /// Where the board stands.
        status: LeaderboardStatus,
        /// The first of its participants.
        rows: &'a [Row],
        /// Their names; who has none, or doesn't exist any more, may be missing.
        names: &'a HashMap<UserId, Option<String>>,
    },
    /// A user's rank changed.
    OfRank {
        /// The user.
        state: &'a UserState,
        /// The run, and the user's group.
        of: ToldRun<'a>,
        /// What was told before; none if the user did not take part.
        previous: Option<RankedValue>,
        /// The rank now; none if the user doesn't take part.
        place: Option<RankedValue>,
    },
}

/// The run of a leaderboard that something is told of.
#[derive(Clone, Copy, Debug)]
pub struct ToldRun<'a> {
    /// The leaderboard.
    pub board: &'a Leaderboard,
    /// The run.
    pub run: Run,
    /// The group; none for all groups together, or no group at all.
    pub group: Option<&'a Group>,
    /// The most users that a group can rank on this server. (C-LB-40)
    pub participants_max: u32,
}

/// What is told of a boost. (C-WH-35, C-WH-36)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BoostOccasion {
    /// It begins.
    Started = 0,
    /// It is over.
    Finished = 1,
}

/// Sends bodies to webhooks.
pub trait WebhookTransport: Send + Sync {
    /// Sends one, once; ends with the response or the failure, within the transport's own limits.
    fn post(&self, post: Post) -> Posting;
}

/// A posting under way.
pub type Posting = Pin<Box<dyn Future<Output = Posted> + Send>>;

/// One attempt.
#[derive(Clone, Debug)]
pub struct Post {
    /// Where to.
    pub url: String,
    /// What to sign with.
    pub secret: SealedSecret,
    /// The body.
    pub payload: String,
    /// The event's id.
    pub message: MessageId,
    /// The webhook's id.
    pub webhook: WebhookId,
    /// The attempt's number, from 1.
    pub number: usize,
    /// When it starts.
    pub at: Timestamp,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The status, or what went wrong.
    pub result: AttemptResult,
    /// The beginning of the response's body.
    pub response: String,
}
