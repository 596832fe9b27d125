//! Ranges of keys that are read together, and pages of long listings.

use domain::{
    calendar::Period,
    ids::{LeaderboardId, MetricId, PointsSystemId, Scope, UserId, WebhookId},
    leaderboard::Group,
    time::{Date, Timestamp},
    webhook::{DeliveryPlace, MessagePlace},
};

use super::{Key, Kind, tuple::Tuple};
use crate::shard::ShardId;

/// An ascending run of keys: from a start (inclusive) to an end (exclusive).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    pub(crate) start: Vec<u8>,
    /// `None` is the end of the tree.
    pub(crate) end: Option<Vec<u8>>,
}

impl KeyRange {
    /// Every row.
    #[must_use]
    pub const fn all() -> Self {
        Self { start: Vec::new(), end: None }
    }

    /// Every fact about the instance.
    #[must_use]
    pub fn instance() -> Self {
        Self::prefix(Tuple::global(Kind::Instance).0)
    }

    /// Every admin API key.
    #[must_use]
    pub fn api_keys() -> Self {
        Self::prefix(Tuple::global(Kind::ApiKey).0)
    }

    /// Every application key.
    #[must_use]
    pub fn application_keys() -> Self {
        Self::prefix(Tuple::global(Kind::ApplicationKey).0)
    }

    /// Every row of one kind in a scope: all snapshots of a tenant, say.
    #[must_use]
    pub fn kind(scope: Scope, kind: Kind) -> Self {
        Self::prefix(Tuple::scoped(scope, kind).0)
    }

    /// Every row of one kind of one user.
    #[must_use]
    pub fn user(scope: Scope, kind: Kind, user: &UserId) -> Self {
        Self::prefix(Tuple::of_user(scope, kind, user).0)
    }

    /// A user's awards in one points system.
    #[must_use]
    pub fn awards(scope: Scope, user: &UserId, system: PointsSystemId) -> Self {
        Self::prefix(Tuple::of_user(scope, Kind::Award, user).uuid(system.0).0)
    }

    /// A user's days of one metric.
    #[must_use]
    pub fn metric_days(scope: Scope, user: &UserId, metric: MetricId) -> Self {
        Self::prefix(Tuple::of_user(scope, Kind::MetricDay, user).uuid(metric.0).0)
    }

    /// A user's days of one metric by attribute value, in order of days.
    #[must_use]
    pub fn attribute_days(scope: Scope, user: &UserId, metric: MetricId) -> Self {
        Self::prefix(Tuple::of_user(scope, Kind::AttributeDay, user).uuid(metric.0).0)
    }

    /// A user's days in one points system.
    #[must_use]
    pub fn points_days(scope: Scope, user: &UserId, system: PointsSystemId) -> Self {
        Self::prefix(Tuple::of_user(scope, Kind::PointsDay, user).uuid(system.0).0)
    }

    /// The timers of a shard that are due between `from` and `to`, both included, the earliest
    /// first.
    #[must_use]
    pub fn timers(scope: Scope, shard: ShardId, from: Timestamp, to: Timestamp) -> Self {
        let start = Tuple::timer(scope, shard).instant(from).0;
        let end = successor(Tuple::timer(scope, shard).instant(to).0);
        Self { start, end }
    }

    /// Every score in the run of a leaderboard that begins on a date.
    #[must_use]
    pub fn scores(scope: Scope, leaderboard: LeaderboardId, run: Date) -> Self {
        Self::prefix(Tuple::of_run(scope, Kind::Score, leaderboard, run).0)
    }

    /// Every row of one kind in a run.
    #[must_use]
    pub fn run(scope: Scope, kind: Kind, leaderboard: LeaderboardId, run: Date) -> Self {
        Self::prefix(Tuple::of_run(scope, kind, leaderboard, run).0)
    }

    /// Every row of one kind that a user has in a run.
    #[must_use]
    pub fn user_in_run(
        scope: Scope,
        kind: Kind,
        (leaderboard, run): (LeaderboardId, Date),
        user: &UserId,
    ) -> Self {
        let run = Tuple::of_run(scope, kind, leaderboard, run);
        Self::prefix(run.text(user.as_str().as_bytes()).0)
    }

    /// Every score of a leaderboard in runs that begin on a date or later, by run.
    #[must_use]
    pub fn scores_from(scope: Scope, leaderboard: LeaderboardId, run: Date) -> Self {
        let all = Self::prefix(Tuple::scoped(scope, Kind::Score).uuid(leaderboard.0).0);
        Self { start: Tuple::of_run(scope, Kind::Score, leaderboard, run).0, ..all }
    }

    /// The settled runs of a leaderboard, the earliest first.
    #[must_use]
    pub fn settled_runs(scope: Scope, leaderboard: LeaderboardId) -> Self {
        Self::prefix(Tuple::scoped(scope, Kind::SettledRun).uuid(leaderboard.0).0)
    }

    /// Every rank of a settled run, group by group.
    #[must_use]
    pub fn settled_ranks(scope: Scope, leaderboard: LeaderboardId, run: Date) -> Self {
        Self::prefix(Tuple::of_run(scope, Kind::SettledRank, leaderboard, run).0)
    }

    /// The ranks of a group in a settled run, the best first.
    #[must_use]
    pub fn settled_group(
        scope: Scope,
        leaderboard: LeaderboardId,
        run: Date,
        group: &Group,
    ) -> Self {
        let run = Tuple::of_run(scope, Kind::SettledRank, leaderboard, run);
        Self::prefix(run.group(group).0)
    }

    /// Where the users of a settled run ended up.
    #[must_use]
    pub fn settled_places(scope: Scope, leaderboard: LeaderboardId, run: Date) -> Self {
        Self::prefix(Tuple::of_run(scope, Kind::SettledPlace, leaderboard, run).0)
    }

    /// The days of everyone in the run of a leaderboard, user by user.
    #[must_use]
    pub fn rank_days_of_run(scope: Scope, leaderboard: LeaderboardId, run: Date) -> Self {
        Self::prefix(Tuple::of_run(scope, Kind::RankDay, leaderboard, run).0)
    }

    /// A user's days of the run of a leaderboard, the earliest first.
    #[must_use]
    pub fn rank_days(scope: Scope, leaderboard: LeaderboardId, run: Date, user: &UserId) -> Self {
        let run = Tuple::of_run(scope, Kind::RankDay, leaderboard, run);
        Self::prefix(run.text(user.as_str().as_bytes()).0)
    }

    /// What was last told of a leaderboard's groups ([`Kind::ToldGroup`]) or users
    /// ([`Kind::ToldRank`]), run by run.
    #[must_use]
    pub fn told(scope: Scope, kind: Kind, leaderboard: LeaderboardId) -> Self {
        Self::prefix(Tuple::scoped(scope, kind).uuid(leaderboard.0).0)
    }

    /// The part of [`KeyRange::told`] about one run.
    #[must_use]
    pub fn told_of_run(scope: Scope, kind: Kind, leaderboard: LeaderboardId, run: Date) -> Self {
        Self::prefix(Tuple::of_run(scope, kind, leaderboard, run).0)
    }

    /// The messages of a shard.
    #[must_use]
    pub fn messages(scope: Scope, shard: ShardId) -> Self {
        Self::prefix(Tuple::messages(scope, shard.0).0)
    }

    /// The deliveries of messages that fired before `until`, the oldest first.
    #[must_use]
    pub fn deliveries_before(scope: Scope, until: Timestamp) -> Self {
        let all = Self::kind(scope, Kind::Delivery);
        Self { end: Some(Tuple::scoped(scope, Kind::Delivery).instant(until).0), ..all }
    }

    /// The deliveries of one message.
    #[must_use]
    pub fn deliveries_of(scope: Scope, message: MessagePlace) -> Self {
        let place = |number| DeliveryPlace { message, number };
        let key = |number| Tuple::scoped(scope, Kind::Delivery).delivery(place(number)).0;
        Self { start: key(0), end: successor(key(u16::MAX)) }
    }

    /// What a webhook waits for that is due by `until`, the earliest first.
    #[must_use]
    pub fn pending(scope: Scope, webhook: WebhookId, until: Timestamp) -> Self {
        let all = Self::prefix(Tuple::pending(scope, webhook).0);
        Self { end: successor(Tuple::pending(scope, webhook).instant(until).0), ..all }
    }

    /// What the queue holds of one batch.
    #[must_use]
    pub fn queued_batch(scope: Scope, batch: u64) -> Self {
        Self::prefix(Tuple::scoped(scope, Kind::Queued).sequence(batch).0)
    }

    /// This range without the keys before `key`.
    #[must_use]
    pub fn starting_at(mut self, key: &Key) -> Self {
        self.start = self.start.max(key.0.clone());
        self
    }

    /// This range without `key` and the keys before it: the next page of a listing.
    #[must_use]
    pub fn after(mut self, key: &Key) -> Self {
        let mut next = key.0.clone();
        next.push(0);
        self.start = self.start.max(next);
        self
    }

    /// This range without the keys of `other` and those before it.
    #[must_use]
    pub fn past(mut self, other: &Self) -> Self {
        match &other.end {
            Some(end) => self.start = self.start.max(end.clone()),
            // Nothing comes after the end of the tree.
            None => self.end = Some(self.start.clone()),
        }
        self
    }

    /// This range without `key` and the keys after it: the next page of a listing backwards.
    #[must_use]
    pub fn before(mut self, key: &Key) -> Self {
        let end = key.0.clone();
        self.end = Some(self.end.map_or_else(|| end.clone(), |old| old.min(end.clone())));
        self
    }

    /// The part of a range of one user's days, of one metric or points system, that lies within
    /// `dates`.
    #[must_use]
    pub fn within(self, dates: Period) -> Self {
        let bound = |date| Tuple(self.start.clone()).date(date).0;
        Self { start: bound(dates.start), end: Some(bound(dates.end.succ())) }
    }

    /// Whether `key` lies in this range.
    #[must_use]
    pub fn contains(&self, key: &Key) -> bool {
        self.contains_bytes(&key.0)
    }

    pub(crate) fn contains_bytes(&self, key: &[u8]) -> bool {
        self.start.as_slice() <= key && self.end.as_ref().is_none_or(|end| key < end.as_slice())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.end.as_ref().is_some_and(|end| *end <= self.start)
    }

    fn prefix(prefix: Vec<u8>) -> Self {
        let end = successor(prefix.clone());
        Self { start: prefix, end }
    }
}

/// The first bytes after everything that starts with `prefix`; `None` if there are none.
fn successor(mut prefix: Vec<u8>) -> Option<Vec<u8>> {
    while let Some(last) = prefix.pop() {
        if last < u8::MAX {
            prefix.push(last + 1);
            return Some(prefix);
        }
    }
    None
}
