//! Every key of the one tree: its layout, its constructors and the ranges that are read.
//!
//! A key is an order-preserving tuple, so that bytes sort as the tuple does and a prefix of the
//! tuple is a prefix of the bytes:
//!
//! ```text
//! environment 16 | tenant 16 | kind 1 | rest by kind
//!
//! kind  what               rest
//! 0x01  instance fact      name text                              (nil environment and tenant)
//! 0x02  admin API key      key prefix text                        (nil environment and tenant)
//! 0x03  application key    key prefix text                        (nil environment and tenant)
//! 0x10  catalog            nothing
//! 0x11  reviews            nothing
//! 0x20  user snapshot      user text
//! 0x21  event row          user text | sequence u64               (paged)
//! 0x22  award row          user text | points system 16 | sequence u64   (paged)
//! 0x23  idempotency row    user text | metric 16 | key text
//! 0x24  metric day         user text | metric 16 | date i32
//! 0x25  points day         user text | points system 16 | date i32
//! 0x26  pause owner        pause 16
//! 0x27  attribute day      user text | metric 16 | date i32 | attribute 16 | value text
//! 0x28  attribute progress user text | metric 16 | attribute 16 | value text
//! 0x29  application key id key id 16
//! 0x2a  user's app. key    user text | key id 16
//! 0x2b  erasure            user text
//! 0x30  timer              shard u16 | due instant i64 | user text
//! 0x32  score              leaderboard 16 | first date of the run i32 | user text
//! 0x33  settled run        leaderboard 16 | first date of the run i32
//! 0x34  settled rank       leaderboard 16 | first date of the run i32 | group text* | rank u64
//! 0x35  settled place      leaderboard 16 | first date of the run i32 | user text
//! 0x36  rank day           leaderboard 16 | first date of the run i32 | user text | date i32
//! 0x40  message            shard u16 | sequence u64
//! 0x41  delivery           instant i64 | shard u16 | sequence u64 | number u16
//! 0x42  pending delivery   webhook 16 | due i64 | instant i64 | shard u16 | sequence u64 | number u16
//! 0x43  purged up to       shard u16
//! 0x44  boost told         boost 16 | occasion u8
//! 0x45  listened board     leaderboard 16 | what u8
//! 0x46  told group         leaderboard 16 | first date of the run i32 | group text*
//! 0x47  told rank          leaderboard 16 | first date of the run i32 | user text
//! 0x48  run told           leaderboard 16 | first date of the run i32 | occasion u8
//! 0x50  queued events      batch u64 | place of the first u64
//! 0x51  queue done         nothing
//! ```
//!
//! Text is its bytes with 0x00 written as 0x00 0xff, ended by 0x00 0x00: no text is a prefix of
//! another, and a shorter one sorts first. Integers are big-endian, signed ones with their sign bit
//! flipped. A *paged* kind is append-only and ends in a sequence: `pages.rs` says how such
//! rows are kept; nothing outside that module and this one can tell.

mod range;
mod tuple;

use std::fmt;

use domain::{
    ids::{
        ApiKeyId, AttributeId, BoostId, IdempotencyKey, LeaderboardId, MetricId, PauseId,
        PointsSystemId, Scope, UserId, WebhookId,
    },
    leaderboard::Group,
    time::{Date, Timestamp},
    webhook::{DeliveryPlace, MessagePlace, RunOccasion},
};
use uuid::Uuid;

pub use self::range::KeyRange;
use self::tuple::{Tuple, read_delivery, read_text, text_len, unflipped, unflipped_long};
use crate::{error::Error, shard::ShardId};

const SCOPE_LEN: usize = 32;
/// Length of the shortest key: a scope and a kind.
pub(crate) const KEY_LEN_MIN: usize = SCOPE_LEN + 1;
const SEQUENCE_LEN: usize = 8;
const UUID_LEN: usize = 16;
const DATE_LEN: usize = 4;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A fact about the whole instance, by name.
    Instance = 0x01,
    /// An admin API key, by its public prefix.
    ApiKey = 0x02,
    /// An application key, by its public prefix.
    ApplicationKey = 0x03,
    /// The configuration of a scope.
    Catalog = 0x10,
    /// How far the reviews of a scope's users got.
    Reviews = 0x11,
    /// A user's current state.
    Snapshot = 0x20,
    /// One accepted event of a user.
    Event = 0x21,
    /// One points award or deduction of a user.
    Award = 0x22,
    /// What an idempotency key answered.
    Idempotency = 0x23,
    /// A user's total of one metric at the end of one day.
    MetricDay = 0x24,
    /// A user's points of one system at the end of one day.
    PointsDay = 0x25,
    /// Whose a pause is; written with that user's rows.
    PauseOwner = 0x26,
    /// A user's total of one metric, counting one attribute value, at the end of one day.
    AttributeDay = 0x27,
    /// A user's progress in one metric, counting one attribute value.
    AttributeProgress = 0x28,
    /// The prefix of an application key, by the key's id.
    ApplicationKeyId = 0x29,
    /// That an application key acts for a user.
    UserApplicationKey = 0x2a,
    /// That a user is being erased: what is left of them is on its way out.
    Erasure = 0x2b,
    /// When a user has to be settled next.
    Timer = 0x30,
    /// A user's score in one run.
    Score = 0x32,
    /// That the ranking of a run is final.
    SettledRun = 0x33,
    /// Who holds a rank in a settled run.
    SettledRank = 0x34,
    /// Where a user ended up in a settled run.
    SettledPlace = 0x35,
    /// A user's day of a run: where they stood at its end.
    RankDay = 0x36,
    /// One event as webhooks are told of it.
    Message = 0x40,
    /// One message on its way to one webhook, by when it fired: the log.
    Delivery = 0x41,
    /// A delivery that is not over, by webhook and by when its next attempt is due.
    Pending = 0x42,
    /// The newest message of a shard that was purged.
    PurgedUpTo = 0x43,
    /// That a boost's start or finish was told.
    BoostTold = 0x44,
    /// That changes of a leaderboard are told, and against what.
    ListenedBoard = 0x45,
    /// What was last told of a group's ranking in a run.
    ToldGroup = 0x46,
    /// What was last told of a user's rank in a run.
    ToldRank = 0x47,
    /// That a run's start or finish was told.
    RunTold = 0x48,
    /// Some events of a batch that waits to be worked through.
    Queued = 0x50,
    /// How far the queue of batches was worked through.
    QueueDone = 0x51,
}

impl Kind {
    /// Every kind, in key order.
    pub const ALL: [Self; 34] = [
        Self::Instance,
        Self::ApiKey,
        Self::ApplicationKey,
        Self::Catalog,
        Self::Reviews,
        Self::Snapshot,
        Self::Event,
        Self::Award,
        Self::Idempotency,
        Self::MetricDay,
        Self::PointsDay,
        Self::PauseOwner,
        Self::AttributeDay,
        Self::AttributeProgress,
        Self::ApplicationKeyId,
        Self::UserApplicationKey,
        Self::Erasure,
        Self::Timer,
        Self::Score,
        Self::SettledRun,
        Self::SettledRank,
        Self::SettledPlace,
        Self::RankDay,
        Self::Message,
        Self::Delivery,
        Self::Pending,
        Self::PurgedUpTo,
        Self::BoostTold,
        Self::ListenedBoard,
        Self::ToldGroup,
        Self::ToldRank,
        Self::RunTold,
        Self::Queued,
        Self::QueueDone,
    ];

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }

    /// Whose its rows are. A new kind is erased with its user if this says how to find it.
    /// (C-USER-28)
    #[must_use]
    pub const fn ownership(self) -> Ownership {
        match self {
            Self::Snapshot
            | Self::Event
            | Self::Award
            | Self::Idempotency
            | Self::MetricDay
            | Self::PointsDay
            | Self::AttributeDay
            | Self::AttributeProgress => Ownership::User,
            Self::Score => Ownership::UserInRun,
            // A pause leads to its user and a settled place to a rank, a timer stands at an instant
            // and messages where they were committed; days of ranks are written by their run, what was
            // told by its board; keys are written like configuration; a batch that waits is worked through
            // before its users are erased; the erasure itself ends last.
            Self::PauseOwner
            | Self::Erasure
            | Self::Timer
            | Self::SettledRank
            | Self::SettledPlace
            | Self::RankDay
            | Self::Message
            | Self::Delivery
            | Self::Pending
            | Self::ToldRank
            | Self::ApplicationKey
            | Self::ApplicationKeyId
            | Self::UserApplicationKey
            | Self::Queued => Ownership::Special,
            Self::Instance
            | Self::ApiKey
            | Self::Catalog
            | Self::Reviews
            | Self::SettledRun
            | Self::PurgedUpTo
            | Self::BoostTold
            | Self::ListenedBoard
            | Self::ToldGroup
            | Self::RunTold
            | Self::QueueDone => Ownership::Nobody,
        }
    }

    /// Bytes between the user and the sequence, for kinds whose rows are kept in pages.
    fn paged_infix(self) -> Option<usize> {
        match self {
            Self::Event => Some(0),
            Self::Award => Some(UUID_LEN),
            Self::Instance
            | Self::ApiKey
            | Self::ApplicationKey
            | Self::Catalog
            | Self::Reviews
            | Self::Snapshot
            | Self::Idempotency
            | Self::MetricDay
            | Self::PointsDay
            | Self::PauseOwner
            | Self::AttributeDay
            | Self::AttributeProgress
            | Self::ApplicationKeyId
            | Self::UserApplicationKey
            | Self::Erasure
            | Self::Timer
            | Self::Score
            | Self::SettledRun
            | Self::SettledRank
            | Self::SettledPlace
            | Self::RankDay
            | Self::Message
            | Self::Delivery
            | Self::Pending
            | Self::PurgedUpTo
            | Self::BoostTold
            | Self::ListenedBoard
            | Self::ToldGroup
            | Self::ToldRank
            | Self::RunTold
            | Self::Queued
            | Self::QueueDone => None,
        }
    }
}

/// Whose the rows of a kind are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Of the user who comes first in the key; written through that user's shard.
    User,
    /// Of the user who comes after a leaderboard and a run; written through that user's shard.
    UserInRun,
    /// Of users, but to be found in a way of its own.
    Special,
    /// Of no user.
    Nobody,
}

/// The key of one row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Vec<u8>);

impl Key {
    /// A fact about the whole instance.
    #[must_use]
    pub fn instance(name: &str) -> Self {
        Self(Tuple::global(Kind::Instance).text(name.as_bytes()).0)
    }

    /// An admin API key, by its public prefix.
    #[must_use]
    pub fn api_key(prefix: &str) -> Self {
        Self(Tuple::global(Kind::ApiKey).text(prefix.as_bytes()).0)
    }

    /// An application key, by its public prefix.
    #[must_use]
    pub fn application_key(prefix: &str) -> Self {
        Self(Tuple::global(Kind::ApplicationKey).text(prefix.as_bytes()).0)
    }

    /// The prefix of an application key of a scope.
    #[must_use]
    pub fn application_key_id(scope: Scope, key: ApiKeyId) -> Self {
        Self(Tuple::scoped(scope, Kind::ApplicationKeyId).uuid(key.0).0)
    }

    /// That an application key acts for a user.
    #[must_use]
    pub fn user_application_key(scope: Scope, user: &UserId, key: ApiKeyId) -> Self {
        Self(Tuple::of_user(scope, Kind::UserApplicationKey, user).uuid(key.0).0)
    }

    /// The configuration of a scope.
    #[must_use]
    pub fn catalog(scope: Scope) -> Self {
        Self(Tuple::scoped(scope, Kind::Catalog).0)
    }

    /// How far the reviews of a scope's users got.
    #[must_use]
    pub fn reviews(scope: Scope) -> Self {
        Self(Tuple::scoped(scope, Kind::Reviews).0)
    }

    /// A user's current state.
    #[must_use]
    pub fn snapshot(scope: Scope, user: &UserId) -> Self {
        Self(Tuple::of_user(scope, Kind::Snapshot, user).0)
    }

    /// A user's `sequence`-th event.
    #[must_use]
    pub fn event(scope: Scope, user: &UserId, sequence: u64) -> Self {
        Self(Tuple::of_user(scope, Kind::Event, user).sequence(sequence).0)
    }

    /// A user's `sequence`-th award in one points system.
    #[must_use]
    pub fn award(scope: Scope, user: &UserId, system: PointsSystemId, sequence: u64) -> Self {
        Self(Tuple::of_user(scope, Kind::Award, user).uuid(system.0).sequence(sequence).0)
    }

    /// What an idempotency key of a user and a metric answered.
    #[must_use]
    pub fn idempotency(
        scope: Scope,
        user: &UserId,
        metric: MetricId,
        key: &IdempotencyKey,
    ) -> Self {
        Self(
            Tuple::of_user(scope, Kind::Idempotency, user)
                .uuid(metric.0)
                .text(key.as_str().as_bytes())
                .0,
        )
    }

    /// A user's metric at the end of a day.
    #[must_use]
    pub fn metric_day(scope: Scope, user: &UserId, metric: MetricId, day: Date) -> Self {
        Self(Tuple::of_user(scope, Kind::MetricDay, user).uuid(metric.0).date(day).0)
    }

    /// A user's points at the end of a day.
    #[must_use]
    pub fn points_day(scope: Scope, user: &UserId, system: PointsSystemId, day: Date) -> Self {
        Self(Tuple::of_user(scope, Kind::PointsDay, user).uuid(system.0).date(day).0)
    }

    /// A user's metric at the end of a day, counting events with one attribute value.
    #[must_use]
    pub fn attribute_day(
        scope: Scope,
        user: &UserId,
        metric: MetricId,
        day: Date,
        (attribute, value): (AttributeId, &str),
    ) -> Self {
        let days = Tuple::of_user(scope, Kind::AttributeDay, user).uuid(metric.0).date(day);
        Self(days.uuid(attribute.0).text(value.as_bytes()).0)
    }

    /// A user's progress in a metric, counting events with one attribute value.
    #[must_use]
    pub fn attribute_progress(
        scope: Scope,
        user: &UserId,
        metric: MetricId,
        (attribute, value): (AttributeId, &str),
    ) -> Self {
        let metric = Tuple::of_user(scope, Kind::AttributeProgress, user).uuid(metric.0);
        Self(metric.uuid(attribute.0).text(value.as_bytes()).0)
    }

    /// That a user is being erased.
    #[must_use]
    pub fn erasure(scope: Scope, user: &UserId) -> Self {
        Self(Tuple::of_user(scope, Kind::Erasure, user).0)
    }

    /// Whose a pause is.
    #[must_use]
    pub fn pause_owner(scope: Scope, pause: PauseId) -> Self {
        Self(Tuple::scoped(scope, Kind::PauseOwner).uuid(pause.0).0)
    }

    /// That a user, who lives in `shard`, has to be settled at `due`.
    #[must_use]
    pub fn timer(scope: Scope, shard: ShardId, due: Timestamp, user: &UserId) -> Self {
        Self(Tuple::timer(scope, shard).instant(due).text(user.as_str().as_bytes()).0)
    }

    /// A user's score in the run of a leaderboard that begins on a date.
    #[must_use]
    pub fn score(scope: Scope, leaderboard: LeaderboardId, run: Date, user: &UserId) -> Self {
        let run = Tuple::of_run(scope, Kind::Score, leaderboard, run);
        Self(run.text(user.as_str().as_bytes()).0)
    }

    /// The board, the first date of the run and the user of a row about a user in a run.
    #[must_use]
    pub fn score_parts(&self) -> Option<(LeaderboardId, Date, UserId)> {
        let (board, run, rest) = self.run_parts()?;
        matches!(self.kind(), Kind::Score | Kind::SettledPlace | Kind::ToldRank).then_some(())?;
        let (user, _) = read_text(rest)?;
        Some((board, run, UserId::new(String::from_utf8(user).ok()?)?))
    }

    /// That the run of a leaderboard that begins on a date is settled.
    #[must_use]
    pub fn settled_run(scope: Scope, leaderboard: LeaderboardId, run: Date) -> Self {
        Self(Tuple::of_run(scope, Kind::SettledRun, leaderboard, run).0)
    }

    /// The board and the first date of a settled run.
    #[must_use]
    pub fn settled_run_parts(&self) -> Option<(LeaderboardId, Date)> {
        let (board, run, _) = self.run_parts()?;
        (self.kind() == Kind::SettledRun).then_some((board, run))
    }

    /// A rank of a group in a settled run.
    #[must_use]
    pub fn settled_rank(
        scope: Scope,
        leaderboard: LeaderboardId,
        run: Date,
        group: &Group,
        rank: u64,
    ) -> Self {
        let run = Tuple::of_run(scope, Kind::SettledRank, leaderboard, run);
        Self(run.group(group).sequence(rank).0)
    }

    /// The board, the first date of the run, the group and the rank of a settled rank.
    #[must_use]
    pub fn settled_rank_parts(&self) -> Option<(LeaderboardId, Date, Group, u64)> {
        let (board, run, mut rest) = self.run_parts()?;
        (self.kind() == Kind::SettledRank).then_some(())?;
        let mut values = Vec::new();
        while rest.len() > SEQUENCE_LEN {
            let (value, more) = read_text(rest)?;
            values.push(String::from_utf8(value).ok()?);
            rest = more;
        }
        let rank = u64::from_be_bytes(rest.try_into().ok()?);
        Some((board, run, Group(values), rank))
    }

    /// Where a user ended up in a settled run.
    #[must_use]
    pub fn settled_place(
        scope: Scope,
        leaderboard: LeaderboardId,
        run: Date,
        user: &UserId,
    ) -> Self {
        let run = Tuple::of_run(scope, Kind::SettledPlace, leaderboard, run);
        Self(run.text(user.as_str().as_bytes()).0)
    }

    /// The board and the first date of the run, of a row that a user has in one.
    #[must_use]
    pub fn user_run(&self) -> Option<(LeaderboardId, Date)> {
        let kind = self.kind();
        let is_in_run = kind.ownership() == Ownership::UserInRun
            || matches!(kind, Kind::SettledPlace | Kind::RankDay | Kind::ToldRank);
        self.run_parts().filter(|_| is_in_run).map(|(board, run, _)| (board, run))
    }

    /// A user's day of the run of a leaderboard that begins on a date.
    #[must_use]
    pub fn rank_day(
        scope: Scope,
        leaderboard: LeaderboardId,
        run: Date,
        user: &UserId,
        day: Date,
    ) -> Self {
        let run = Tuple::of_run(scope, Kind::RankDay, leaderboard, run);
        Self(run.text(user.as_str().as_bytes()).date(day).0)
    }

    /// The board, the first date of the run, the user and the day of a user's day of a run.
    #[must_use]
    pub fn rank_day_parts(&self) -> Option<(LeaderboardId, Date, UserId, Date)> {
        let (board, run, rest) = self.run_parts()?;
        (self.kind() == Kind::RankDay).then_some(())?;
        let (user, day) = read_text(rest)?;
        let user = UserId::new(String::from_utf8(user).ok()?)?;
        Some((board, run, user, Date::from_days(unflipped(day.try_into().ok()?))?))
    }

    fn run_parts(&self) -> Option<(LeaderboardId, Date, &[u8])> {
        let rest = self.0.get(KEY_LEN_MIN..)?;
        let (board, rest) = rest.split_first_chunk::<UUID_LEN>()?;
        let (run, rest) = rest.split_first_chunk::<4>()?;
        let run = Date::from_days(unflipped(*run))?;
        Some((LeaderboardId(Uuid::from_bytes(*board)), run, rest))
    }

    /// A message to webhooks.
    #[must_use]
    pub fn message(scope: Scope, place: MessagePlace) -> Self {
        Self(Tuple::messages(scope, place.shard).sequence(place.sequence).0)
    }

    /// A delivery of a message.
    #[must_use]
    pub fn delivery(scope: Scope, place: DeliveryPlace) -> Self {
        Self(Tuple::scoped(scope, Kind::Delivery).delivery(place).0)
    }

    /// That a delivery waits until `due`.
    #[must_use]
    pub fn pending(scope: Scope, webhook: WebhookId, due: Timestamp, place: DeliveryPlace) -> Self {
        Self(Tuple::pending(scope, webhook).instant(due).delivery(place).0)
    }

    /// The newest message of a shard that was purged.
    #[must_use]
    pub fn purged_up_to(scope: Scope, shard: ShardId) -> Self {
        Self(Tuple::scoped(scope, Kind::PurgedUpTo).short(shard.0).0)
    }

    /// That an occasion of a boost was told: its start (0) or its finish (1).
    #[must_use]
    pub fn boost_told(scope: Scope, boost: BoostId, occasion: u8) -> Self {
        Self(Tuple::scoped(scope, Kind::BoostTold).uuid(boost.0).byte(occasion).0)
    }

    /// That changes of a leaderboard are told: of its rankings (0) or of its users' ranks (1).
    #[must_use]
    pub fn listened_board(scope: Scope, leaderboard: LeaderboardId, what: u8) -> Self {
        Self(Tuple::scoped(scope, Kind::ListenedBoard).uuid(leaderboard.0).byte(what).0)
    }

    /// The board and what of it is told.
    #[must_use]
    pub fn listened_board_parts(&self) -> Option<(LeaderboardId, u8)> {
        let (what, id) = self.rest_of(Kind::ListenedBoard)?.split_last()?;
        Some((LeaderboardId(Uuid::from_slice(id).ok()?), *what))
    }

    /// What was last told of a group in the run of a leaderboard that begins on a date.
    #[must_use]
    pub fn told_group(scope: Scope, leaderboard: LeaderboardId, run: Date, group: &Group) -> Self {
        Self(Tuple::of_run(scope, Kind::ToldGroup, leaderboard, run).group(group).0)
    }

    /// The board, the first date of the run and the group that was told of.
    #[must_use]
    pub fn told_group_parts(&self) -> Option<(LeaderboardId, Date, Group)> {
        let (board, run, mut rest) = self.run_parts()?;
        (self.kind() == Kind::ToldGroup).then_some(())?;
        let mut values = Vec::new();
        while !rest.is_empty() {
            let (value, more) = read_text(rest)?;
            values.push(String::from_utf8(value).ok()?);
            rest = more;
        }
        Some((board, run, Group(values)))
    }

    /// What was last told of a user in the run of a leaderboard that begins on a date.
    #[must_use]
    pub fn told_rank(scope: Scope, leaderboard: LeaderboardId, run: Date, user: &UserId) -> Self {
        let run = Tuple::of_run(scope, Kind::ToldRank, leaderboard, run);
        Self(run.text(user.as_str().as_bytes()).0)
    }

    /// That an occasion of a run was told.
    #[must_use]
    pub fn run_told(
        scope: Scope,
        leaderboard: LeaderboardId,
        run: Date,
        occasion: RunOccasion,
    ) -> Self {
        let run = Tuple::of_run(scope, Kind::RunTold, leaderboard, run);
        Self(run.byte(occasion as u8).0)
    }

    /// The board, the first date of the run and the occasion that was told.
    #[must_use]
    pub fn run_told_parts(&self) -> Option<(LeaderboardId, Date, RunOccasion)> {
        let (board, run, rest) = self.run_parts()?;
        (self.kind() == Kind::RunTold).then_some(())?;
        let mut occasions = [RunOccasion::Started, RunOccasion::Finished].into_iter();
        let occasion = occasions.find(|own| rest == [*own as u8])?;
        Some((board, run, occasion))
    }

    /// Events of a batch in the queue, from a place on.
    #[must_use]
    pub fn queued(scope: Scope, batch: u64, first: u64) -> Self {
        Self(Tuple::scoped(scope, Kind::Queued).sequence(batch).sequence(first).0)
    }

    /// The batch that queued events belong to.
    #[must_use]
    pub fn queued_batch(&self) -> Option<u64> {
        let batch = self.rest_of(Kind::Queued)?.first_chunk::<SEQUENCE_LEN>()?;
        Some(u64::from_be_bytes(*batch))
    }

    /// How far the queue of batches was worked through.
    #[must_use]
    pub fn queue_done(scope: Scope) -> Self {
        Self(Tuple::scoped(scope, Kind::QueueDone).0)
    }

    /// A key read back from the journal or the tree.
    pub(crate) fn from_stored(bytes: &[u8]) -> Result<Self, Error> {
        let known = bytes.len() >= KEY_LEN_MIN && Kind::from_byte(bytes[SCOPE_LEN]).is_some();
        if known {
            Ok(Self(bytes.to_vec()))
        } else {
            Err(Error::corrupt("key", format!("{} is of no known kind", bytes.escape_ascii())))
        }
    }

    /// The encoded tuple.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What the row is.
    ///
    /// # Panics
    /// Never: a key can't be made without a kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::from_byte(self.0[SCOPE_LEN]).expect("constructors write a known kind")
    }

    /// The environment and tenant of the row.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let uuid = |at: usize| Uuid::from_slice(&self.0[at..at + UUID_LEN]).expect("sixteen bytes");
        Scope {
            environment: domain::ids::EnvironmentId(uuid(0)),
            tenant: domain::ids::TenantId(uuid(UUID_LEN)),
        }
    }

    /// The text that comes first after the kind: the user of a user's row, the name of an instance
    /// fact, the prefix of an API key. `None` for kinds that have none there.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        read_text(&self.0[KEY_LEN_MIN..]).and_then(|(text, _)| String::from_utf8(text).ok())
    }

    /// The sequence at the end of a row of a paged kind.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        split_paged(&self.0).map(|(_, sequence)| sequence)
    }

    /// The shard, the instant and the user of a timer row.
    #[must_use]
    pub fn timer_parts(&self) -> Option<(ShardId, Timestamp, UserId)> {
        let rest = (self.kind() == Kind::Timer).then(|| &self.0[KEY_LEN_MIN..])?;
        let (shard, rest) = rest.split_first_chunk::<2>()?;
        let (due, rest) = rest.split_first_chunk::<8>()?;
        let (user, _) = read_text(rest)?;
        let user = UserId::new(String::from_utf8(user).ok()?)?;
        let due = Timestamp::from_millis(unflipped_long(*due));
        Some((ShardId(u16::from_be_bytes(*shard)), due, user))
    }

    /// The number of a message in its shard.
    #[must_use]
    pub fn message_sequence(&self) -> Option<u64> {
        let rest = self.rest_of(Kind::Message)?;
        rest.last_chunk::<SEQUENCE_LEN>().map(|bytes| u64::from_be_bytes(*bytes))
    }

    /// The place of a delivery.
    #[must_use]
    pub fn delivery_place(&self) -> Option<DeliveryPlace> {
        read_delivery(self.rest_of(Kind::Delivery)?)
    }

    /// When a pending delivery is due, and its place.
    #[must_use]
    pub fn pending_parts(&self) -> Option<(Timestamp, DeliveryPlace)> {
        let rest = self.rest_of(Kind::Pending)?.get(UUID_LEN..)?;
        let (due, place) = rest.split_first_chunk::<8>()?;
        Some((Timestamp::from_millis(unflipped_long(*due)), read_delivery(place)?))
    }

    /// The webhook of a pending delivery.
    #[must_use]
    pub fn pending_webhook(&self) -> Option<WebhookId> {
        let id = self.rest_of(Kind::Pending)?.get(..UUID_LEN)?;
        Uuid::from_slice(id).ok().map(WebhookId)
    }

    /// The boost and the occasion that were told.
    #[must_use]
    pub fn boost_told_parts(&self) -> Option<(BoostId, u8)> {
        let (occasion, id) = self.rest_of(Kind::BoostTold)?.split_last()?;
        Some((BoostId(Uuid::from_slice(id).ok()?), *occasion))
    }

    /// What follows the kind, if it is this one.
    fn rest_of(&self, kind: Kind) -> Option<&[u8]> {
        (self.kind() == kind).then(|| &self.0[KEY_LEN_MIN..])
    }

    /// The metric or points system that a row of a user's history is about.
    #[must_use]
    pub fn about(&self) -> Option<Uuid> {
        let is_about_one = matches!(
            self.kind(),
            Kind::Award
                | Kind::Idempotency
                | Kind::MetricDay
                | Kind::PointsDay
                | Kind::AttributeDay
                | Kind::AttributeProgress
        );
        let at = KEY_LEN_MIN + text_len(&self.0[KEY_LEN_MIN..]).filter(|_| is_about_one)?;
        self.0.get(at..at + UUID_LEN).and_then(|bytes| Uuid::from_slice(bytes).ok())
    }

    /// The idempotency key of a row about one.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<String> {
        let key = self.after_owner().filter(|_| self.kind() == Kind::Idempotency)?;
        String::from_utf8(read_text(key)?.0).ok()
    }

    /// What follows the user in a user's row.
    fn after_user(&self) -> Option<&[u8]> {
        let rest = &self.0[KEY_LEN_MIN..];
        rest.get(text_len(rest)?..)
    }

    /// What follows the user and the metric or points system in a user's row.
    fn after_owner(&self) -> Option<&[u8]> {
        self.after_user()?.get(UUID_LEN..)
    }

    /// The id of the metric or points system that a day row is about.
    #[must_use]
    pub fn day_owner(&self) -> Option<Uuid> {
        let id = self.after_user().filter(|_| self.is_day())?.get(..UUID_LEN)?;
        Uuid::from_slice(id).ok()
    }

    /// The date of a day row.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        let date = self.after_owner().filter(|_| self.is_day())?;
        date.first_chunk::<DATE_LEN>().and_then(|bytes| Date::from_days(unflipped(*bytes)))
    }

    fn is_day(&self) -> bool {
        matches!(self.kind(), Kind::MetricDay | Kind::PointsDay | Kind::AttributeDay)
    }

    /// The attribute and its value, of a row about one.
    #[must_use]
    pub fn attribute_value(&self) -> Option<(AttributeId, String)> {
        let rest = if self.kind() == Kind::AttributeDay {
            self.after_owner()?.get(DATE_LEN..)?
        } else {
            self.after_owner().filter(|_| self.kind() == Kind::AttributeProgress)?
        };
        let (attribute, value) = rest.split_at_checked(UUID_LEN)?;
        let value = String::from_utf8(read_text(value)?.0).ok()?;
        Some((AttributeId(Uuid::from_slice(attribute).ok()?), value))
    }
}

impl std::borrow::Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// Kind, scope and rest, readable enough for a log line.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = self.scope();
        write!(
            f,
            "{:?}({}/{}/{})",
            self.kind(),
            scope.environment,
            scope.tenant,
            self.0[KEY_LEN_MIN..].escape_ascii()
        )
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Splits the key of a paged row into what comes before its sequence, and the sequence. `None` for
/// every other key.
pub(crate) fn split_paged(key: &[u8]) -> Option<(&[u8], u64)> {
    let (prefix, sequence) = split_paged_bound(key)?;
    (key.len() == prefix.len() + SEQUENCE_LEN).then_some((prefix, sequence))
}

/// As [`split_paged`], for a bound of a range, which may go on after the sequence. `None` for bounds
/// that end before it.
pub(crate) fn split_paged_bound(bound: &[u8]) -> Option<(&[u8], u64)> {
    let infix = Kind::from_byte(*bound.get(SCOPE_LEN)?)?.paged_infix()?;
    let prefix_len = KEY_LEN_MIN + text_len(&bound[KEY_LEN_MIN..])? + infix;
    let sequence = bound.get(prefix_len..)?.first_chunk::<SEQUENCE_LEN>()?;
    Some((&bound[..prefix_len], u64::from_be_bytes(*sequence)))
}

/// Whether a stored key belongs to a paged kind, where the tree holds pages instead of rows.
pub(crate) fn is_paged(key: &[u8]) -> bool {
    key.get(SCOPE_LEN)
        .and_then(|byte| Kind::from_byte(*byte))
        .is_some_and(|kind| kind.paged_infix().is_some())
}

#[cfg(test)]
mod tests {
    use domain::{
        ids::{
            AttributeId, EnvironmentId, IdempotencyKey, LeaderboardId, MetricId, PointsSystemId,
            Scope, TenantId, UserId,
        },
        time::{Date, Timestamp},
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{Key, KeyRange, Kind, split_paged, split_paged_bound};
    use crate::shard::ShardId;

    fn scope() -> impl Strategy<Value = Scope> {
        (prop_oneof![Just(0_u128), Just(u128::MAX), any::<u128>()], 0_u128..3).prop_map(
            |(environment, tenant)| Scope {
                environment: EnvironmentId(Uuid::from_u128(environment)),
                tenant: TenantId(Uuid::from_u128(tenant)),
            },
        )
    }

    fn user() -> impl Strategy<Value = UserId> {
        prop_oneof!["[\u{1}-\u{3}ab\u{ff}]{1,4}", "\\PC{1,8}"]
            .prop_filter_map("a user id", UserId::new)
    }

    fn timer() -> impl Strategy<Value = (u16, i64, UserId)> {
        (0_u16..3, prop_oneof![-2..3_i64, Just(i64::MIN), Just(i64::MAX), any::<i64>()], user())
    }

    fn day() -> impl Strategy<Value = Date> {
        (-400_000_i32..1_000_000).prop_filter_map("a date", Date::from_days)
    }

    proptest! {
        #[test]
        fn event_keys_sort_as_their_tuples(a in (scope(), user(), any::<u64>()), b in (scope(), user(), any::<u64>())) {
            let key = |(scope, user, sequence): &(Scope, UserId, u64)| Key::event(*scope, user, *sequence);
            let tuple = |(scope, user, sequence): &(Scope, UserId, u64)| (*scope, user.as_str().as_bytes().to_vec(), *sequence);
            prop_assert_eq!(key(&a).cmp(&key(&b)), tuple(&a).cmp(&tuple(&b)));
        }

        #[test]
        fn day_keys_sort_as_their_tuples(a in (user(), any::<u128>(), day()), b in (user(), any::<u128>(), day())) {
            let scope = Scope::untenanted(EnvironmentId(Uuid::from_u128(1)));
            let key = |(user, metric, day): &(UserId, u128, Date)| {
                Key::metric_day(scope, user, MetricId(Uuid::from_u128(*metric)), *day)
            };
            let tuple = |(user, metric, day): &(UserId, u128, Date)| (user.as_str().as_bytes().to_vec(), *metric, *day);
            prop_assert_eq!(key(&a).cmp(&key(&b)), tuple(&a).cmp(&tuple(&b)));
            prop_assert_eq!((key(&a).day_owner(), key(&a).date()), (Some(Uuid::from_u128(a.1)), Some(a.2)));
        }

        #[test]
        fn timers_of_a_shard_sort_by_instant_and_give_back_their_parts(a in timer(), b in timer(), to in -2..3_i64) {
            let scope = Scope::untenanted(EnvironmentId(Uuid::from_u128(1)));
            let key = |(shard, due, user): &(u16, i64, UserId)| {
                Key::timer(scope, ShardId(*shard), Timestamp::from_millis(*due), user)
            };
            let tuple = |(shard, due, user): &(u16, i64, UserId)| (*shard, *due, user.as_str().as_bytes().to_vec());
            prop_assert_eq!(key(&a).cmp(&key(&b)), tuple(&a).cmp(&tuple(&b)));
            let parts = (ShardId(a.0), Timestamp::from_millis(a.1), a.2.clone());
            prop_assert_eq!(key(&a).timer_parts(), Some(parts));
            let [from, to] = [a.1, to].map(Timestamp::from_millis);
            let range = KeyRange::timers(scope, ShardId(a.0), from, to);
            prop_assert_eq!(range.contains(&key(&b)), b.0 == a.0 && (from..=to).contains(&Timestamp::from_millis(b.1)));
        }

        #[test]
        fn a_users_range_holds_that_users_rows_only(a in user(), b in user(), from in any::<u64>(), sequence in any::<u64>()) {
            let scope = Scope::untenanted(EnvironmentId(Uuid::from_u128(1)));
            let range = KeyRange::user(scope, Kind::Event, &a)
                .starting_at(&Key::event(scope, &a, from));
            prop_assert_eq!(range.contains(&Key::event(scope, &b, sequence)), a == b && sequence >= from);
            let user_range = KeyRange::user(scope, Kind::Snapshot, &a);
            prop_assert_eq!(user_range.contains(&Key::snapshot(scope, &b)), a == b);
        }

        #[test]
        fn scores_of_a_run_lie_together(user in user(), other in user(), board in any::<u128>(), run in day()) {
            let scope = Scope::untenanted(EnvironmentId(Uuid::from_u128(1)));
            let board = LeaderboardId(Uuid::from_u128(board));
            let key = Key::score(scope, board, run, &user);
            prop_assert!(KeyRange::scores(scope, board, run).contains(&key));
            prop_assert!(!KeyRange::scores(scope, board, run.succ()).contains(&key));
            prop_assert!(KeyRange::run(scope, Kind::Score, board, run).contains(&key));
            let others = KeyRange::user_in_run(scope, Kind::Score, (board, run), &other);
            prop_assert_eq!(others.contains(&key), user == other);
            prop_assert_eq!(key.user_run(), Some((board, run)));
            prop_assert_eq!(key.score_parts(), Some((board, run, user)));
        }

        #[test]
        fn days_of_a_run_lie_together_per_user(a in (user(), day()), b in (user(), day()), board in any::<u128>(), run in day()) {
            let scope = Scope::untenanted(EnvironmentId(Uuid::from_u128(1)));
            let board = LeaderboardId(Uuid::from_u128(board));
            let key = |(user, day): &(UserId, Date)| Key::rank_day(scope, board, run, user, *day);
            let tuple = |(user, day): &(UserId, Date)| (user.as_str().as_bytes().to_vec(), *day);
            prop_assert_eq!(key(&a).cmp(&key(&b)), tuple(&a).cmp(&tuple(&b)));
            prop_assert_eq!(key(&a).rank_day_parts(), Some((board, run, a.0.clone(), a.1)));
            prop_assert!(KeyRange::rank_days_of_run(scope, board, run).contains(&key(&a)));
            prop_assert_eq!(KeyRange::rank_days(scope, board, run, &a.0).contains(&key(&b)), a.0 == b.0);
        }

        #[test]
        fn keys_give_back_their_parts(scope in scope(), user in user(), system in any::<u128>(), sequence in any::<u64>()) {
            let key = Key::award(scope, &user, PointsSystemId(Uuid::from_u128(system)), sequence);
            prop_assert_eq!(key.scope(), scope);
            prop_assert_eq!(key.kind(), Kind::Award);
            prop_assert_eq!(key.text(), Some(user.as_str().to_owned()));
            prop_assert_eq!(key.sequence(), Some(sequence));
            prop_assert_eq!(key.about(), Some(Uuid::from_u128(system)));
            prop_assert_eq!(key.idempotency_key(), None);
            let text = IdempotencyKey::parse("k\0 1").expect("short").expect("not blank");
            let key = Key::idempotency(scope, &user, MetricId(Uuid::from_u128(system)), &text);
            prop_assert_eq!(key.about(), Some(Uuid::from_u128(system)));
            prop_assert_eq!(key.idempotency_key(), Some(text.as_str().to_owned()));
            prop_assert_eq!(Key::event(scope, &user, sequence).about(), None);
        }
    }

    proptest! {
        #[test]
        fn attribute_days_sort_by_day_and_give_back_their_parts(
            a in (user(), day(), any::<u128>(), "\\PC{0,4}|\0"),
            b in (user(), day(), any::<u128>(), "\\PC{0,4}|\0"),
        ) {
            let scope = Scope::untenanted(EnvironmentId(Uuid::from_u128(1)));
            let metric = MetricId(Uuid::from_u128(2));
            let key = |(user, day, attribute, value): &(UserId, Date, u128, String)| {
                let attribute = AttributeId(Uuid::from_u128(*attribute));
                Key::attribute_day(scope, user, metric, *day, (attribute, value))
            };
            let tuple = |(user, day, attribute, value): &(UserId, Date, u128, String)| {
                (user.as_str().as_bytes().to_vec(), *day, *attribute, value.clone().into_bytes())
            };
            prop_assert_eq!(key(&a).cmp(&key(&b)), tuple(&a).cmp(&tuple(&b)));
            let value = (AttributeId(Uuid::from_u128(a.2)), a.3.clone());
            prop_assert_eq!(key(&a).date(), Some(a.1));
            prop_assert_eq!(key(&a).attribute_value(), Some(value.clone()));
            let progress = Key::attribute_progress(scope, &a.0, metric, (value.0, &value.1));
            prop_assert_eq!((progress.date(), progress.attribute_value()), (None, Some(value)));
        }
    }

    #[test]
    fn texts_with_nul_keep_their_order() {
        let names = ["", "\0", "\0\0", "\0a", "a", "a\0", "a\0b", "aa", "b"];
        let keys: Vec<Key> = names.iter().map(|name| Key::instance(name)).collect();
        assert!(keys.is_sorted());
        let texts: Vec<String> = keys.iter().filter_map(Key::text).collect();
        assert_eq!(texts, names);
    }

    #[test]
    fn bounds_of_ranges_are_not_taken_for_paged_rows() {
        let scope = Scope::untenanted(EnvironmentId(Uuid::from_u128(1)));
        let user = UserId::new("12345678").expect("valid");
        let range = KeyRange::user(scope, Kind::Event, &user);
        assert_eq!(split_paged_bound(&range.start), None);
        assert_eq!(split_paged_bound(&range.end.expect("bounded")), None);
        let key = IdempotencyKey::parse("k").expect("short").expect("not blank");
        assert_eq!(
            split_paged(Key::idempotency(scope, &user, MetricId(Uuid::nil()), &key).as_bytes()),
            None
        );
    }

    #[test]
    fn kinds_are_listed_in_key_order() {
        assert!(Kind::ALL.is_sorted());
        assert!(Kind::ALL.iter().all(|kind| Kind::from_byte(*kind as u8) == Some(*kind)));
    }
}
