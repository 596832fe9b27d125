//! A decision in the making: the user being changed and what has happened to them so far.
//!
//! Rules work on this and on nothing else. It starts from a copy, so a refused command leaves no
//! trace, and ends as an [`Outcome`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    AwardRecord, HistoryRow, HistorySum, Input, Outcome, Preferences, Profile, ProfilePatch,
    Rejection, Reply, Signal, SignalKind, StreakState, UserState,
};
use crate::calendar::{Frequency, Zone};
use crate::catalog::{Catalog, Patch, Settings, StreakSettings};
use crate::ids::{AchievementId, EnvironmentId, LevelId, PointsSystemId, UserId};
use crate::rules::leaderboard::ScoreMoves;
use crate::rules::{achievement, due, leaderboard, settle, streak};
use crate::time::Timestamp;

/// The user being changed and what has happened so far.
#[derive(Debug)]
pub(crate) struct Decision<'a> {
    pub(crate) catalog: &'a Catalog,
    /// The instant of the request, never before anything already settled.
    pub(crate) now: Timestamp,
    /// Sums read out of the user's history.
    pub(crate) sums: &'a [HistorySum],
    pub(crate) state: UserState,
    pub(crate) rows: Vec<HistoryRow>,
    pub(crate) signals: Vec<Signal>,
    /// Achievements completed by this request, in order.
    pub(crate) completed: Vec<AchievementId>,
    /// This request's awards per points system, in order.
    pub(crate) awards: BTreeMap<PointsSystemId, Vec<AwardRecord>>,
    /// Levels before this request; none before a first award. (C-POINTS-49)
    pub(crate) levels_before: BTreeMap<PointsSystemId, Option<LevelId>>,
    /// How scores changed so far.
    pub(crate) moves: ScoreMoves,
    /// The number of the request.
    pub(crate) order: u64,
    must_commit: bool,
}

impl<'a> Decision<'a> {
    /// Starts from a stored user and settles what is due. (C-GEN-22)
    pub(crate) fn resume(state: &UserState, input: Input<'a>) -> Self {
        let now = input.now.max(state.settled_at);
        let mut decision = Self::start(state.clone(), input, now);
        leaderboard::recount(&mut decision, input.scores);
        settle::settle(&mut decision);
        leaderboard::forget_finalised(&mut decision);
        decision.moves.begin_request();
        decision.state.settled_at = decision.now;
        decision
    }

    /// Starts with a new user. (C-USER-20, C-USER-22, C-USER-23)
    pub(crate) fn create(input: Input<'a>, patch: &ProfilePatch) -> Result<Self, Rejection> {
        let Input { catalog, now, .. } = input;
        let zone = match patch.time_zone {
            Patch::Set(zone) => zone,
            Patch::Keep | Patch::Clear => catalog.settings.default_time_zone,
        };
        let today = zone.local_date(now);
        let mut profile = Profile::default();
        profile.apply(patch, today)?;
        profile.check_attributes(catalog)?;
        let tracks = |frequency| streak::fresh_track(frequency, catalog.settings.week_start, today);
        let state = UserState {
            id: input.user.clone(),
            identity: identity(input),
            profile,
            control: is_control(input.scope.environment, input.user, &catalog.settings),
            created_at: now,
            created_on: today,
            updated_at: now,
            effective_day: today,
            settled_at: now,
            next_due: None,
            reviewed: catalog.review,
            events: 0,
            metrics: BTreeMap::new(),
            completions: Vec::new(),
            streak: StreakState {
                daily: tracks(Frequency::Daily),
                weekly: tracks(Frequency::Weekly),
                monthly: tracks(Frequency::Monthly),
                freezes: 0,
                pauses: Vec::new(),
                pauses_created: 0,
                reset: None,
            },
            points: BTreeMap::new(),
            trackers: BTreeMap::new(),
            preferences: Preferences::default(),
            scores: BTreeMap::new(),
            recounted: catalog.recounts,
            queue_place: None,
            order: 0,
            windows: BTreeMap::new(),
        };
        let mut decision = Self::start(state, input, now);
        decision.moves.begin_request();
        decision.must_commit = true;
        Ok(decision)
    }

    fn start(state: UserState, input: Input<'a>, now: Timestamp) -> Self {
        Self {
            catalog: input.catalog,
            now,
            sums: input.sums,
            state,
            rows: Vec::new(),
            signals: Vec::new(),
            completed: Vec::new(),
            awards: BTreeMap::new(),
            levels_before: BTreeMap::new(),
            moves: ScoreMoves::default(),
            order: input.order,
            must_commit: false,
        }
    }

    /// Applies the passed profile fields to an existing user; a change of zone takes effect at
    /// once. (C-USER-10, C-USER-22, C-STREAK-63)
    pub(crate) fn update_profile(&mut self, patch: &ProfilePatch) -> Result<(), Rejection> {
        let old_zone = self.zone();
        let before = self.state.profile.clone();
        patch.time_zone.clone().apply_to(&mut self.state.profile.time_zone);
        if self.zone() != old_zone {
            settle::travel(self);
        }
        self.state.profile.apply(patch, self.state.effective_day)?;
        self.state.profile.check_attributes(self.catalog)?;
        if self.state.profile.sign_up_on != before.sign_up_on {
            achievement::on_sign_up_date(self);
        }
        if self.state.profile != before {
            self.state.updated_at = self.now;
            self.must_commit = true;
            leaderboard::regroup(self, &before.attributes);
        }
        Ok(())
    }

    /// The user's zone as it stands.
    pub(crate) fn zone(&self) -> Zone {
        self.state.zone(&self.catalog.settings)
    }

    /// The streak settings of now as they hold for this user.
    pub(crate) fn current_streaks(&self) -> Cow<'a, StreakSettings> {
        self.state.personal_streaks(self.catalog, self.catalog.streaks.current())
    }

    /// Notes that something happened at `at`.
    pub(crate) fn signal(&mut self, at: Timestamp, kind: SignalKind) {
        self.signals.push(Signal { at, kind });
    }

    /// Notes a change that no signal or row shows.
    pub(crate) fn must_commit(&mut self) {
        self.must_commit = true;
    }

    /// Writes a row of history.
    pub(crate) fn write(&mut self, row: HistoryRow) {
        self.rows.push(row);
    }

    /// The finished outcome, with the next instant at which time alone changes something.
    pub(crate) fn finish(mut self, reply: Reply) -> Outcome {
        let next_due = due::next_due(&self);
        let scores = self.moves.into_vec();
        let must_commit = self.must_commit
            || !self.signals.is_empty()
            || !self.rows.is_empty()
            || !scores.is_empty()
            || self.state.next_due != next_due;
        self.state.next_due = next_due;
        Outcome {
            state: self.state,
            reply,
            rows: self.rows,
            signals: self.signals,
            scores,
            idempotency: None,
            must_commit,
        }
    }
}

/// A user's identity covers the instant of creation: someone erased and created anew is another.
fn identity(input: Input<'_>) -> Uuid {
    let name = format!("{}/{}@{}", input.scope.tenant, input.user, input.now.as_millis());
    Uuid::new_v5(&input.scope.environment.0, name.as_bytes())
}

/// The first eight bytes of SHA-256(environment id, 0, user id) decide. (C-USER-20)
fn is_control(environment: EnvironmentId, user: &UserId, settings: &Settings) -> bool {
    let mut hash = Sha256::new();
    hash.update(environment.to_string());
    hash.update([0]);
    hash.update(user.as_str());
    let digest = hash.finalize();
    let head = digest.first_chunk::<8>().expect("SHA-256 has 32 bytes");
    u64::from_be_bytes(*head) % 10_000 < u64::from(settings.control_ratio) * 100
}
