//! Boosts: what multiplies awards inside a window of dates. (C-POINTS-32 to 44, C-ADM-58 to 63)
//!
//! A boost remembers over time what it was, because an award that fell due earlier is boosted by
//! what led up to its due instant. (C-GEN-22)

use serde::{Deserialize, Serialize};

use super::{Catalog, Invalid, Patch, PointsSystem};
use crate::amount::Amount;
use crate::calendar::Zone;
use crate::catalog::{AttributeKind, Filter, History};
use crate::ids::{BoostId, PointsSystemId, UserId};
use crate::time::{Date, Timestamp};

const HOUR_MS: i64 = 3_600_000;

/// How a boosted award becomes a whole number. (C-POINTS-37)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rounding {
    /// To the next lower integer.
    Down,
    /// To the next higher integer.
    Up,
    /// To the nearest integer, ties up. (C-POINTS-38)
    Nearest,
}

/// What a boost is at some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoostTerms {
    /// Its display name.
    pub name: String,
    /// Its first date, in each user's calendar. (C-POINTS-34)
    pub start: Date,
    /// Its last date; none for open-ended.
    pub end: Option<Date>,
    /// What awards are multiplied by: above 0, below 100, not 1.
    pub multiplier: Amount,
    /// How the product is rounded.
    pub rounding: Rounding,
    /// For which users it holds; empty for all.
    pub user_filters: Vec<Filter>,
}

/// Where a boost stands in time. (C-POINTS-40)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoostStatus {
    /// It begins later.
    Scheduled,
    /// It holds for somebody.
    Active,
    /// It is over.
    Finished,
}

impl BoostTerms {
    /// Whether a date lies inside the window. (C-POINTS-34)
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        self.status_on(day) == BoostStatus::Active
    }

    /// The status for a user whose effective day this is.
    #[must_use]
    pub fn status_on(&self, day: Date) -> BoostStatus {
        if day < self.start {
            BoostStatus::Scheduled
        } else if self.end.is_some_and(|end| end < day) {
            BoostStatus::Finished
        } else {
            BoostStatus::Active
        }
    }

    /// When the boost begins: for one user at their local midnight, for everyone when the first
    /// zone reaches the first date. (C-WH-35)
    #[must_use]
    pub fn begins_at(&self, zone: Option<Zone>) -> Timestamp {
        match zone {
            Some(zone) => zone.day_start(self.start),
            None => Zone::UTC.day_start(self.start.pred()).plus_millis(10 * HOUR_MS),
        }
    }

    /// When the boost is over: for one user at their local midnight, for everyone when the last
    /// zone has left the last date; none if it is open-ended. (C-WH-36)
    #[must_use]
    pub fn ends_at(&self, zone: Option<Zone>) -> Option<Timestamp> {
        let after = self.end?.succ();
        Some(match zone {
            Some(zone) => zone.day_start(after),
            None => Zone::UTC.day_start(after).plus_millis(13 * HOUR_MS),
        })
    }

    /// The status of a boost for everyone: it begins when the first zone reaches its first date
    /// and is over when the last zone has left its last one. (C-POINTS-40)
    #[must_use]
    pub fn shared_status(&self, now: Timestamp) -> BoostStatus {
        if now < self.begins_at(None) {
            BoostStatus::Scheduled
        } else if self.ends_at(None).is_some_and(|ends| ends <= now) {
            BoostStatus::Finished
        } else {
            BoostStatus::Active
        }
    }
}

/// A boost of a points system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boost {
    /// Its id.
    pub id: BoostId,
    /// The one user it is for; none for everyone its filters match.
    pub user: Option<UserId>,
    /// What it was when; none before its creation and after its deletion.
    pub terms: History<Option<BoostTerms>>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Boost {
    pub(super) fn end(&mut self, now: Timestamp) {
        if self.terms.current().is_some() {
            self.terms.change(now, None);
        }
    }
}

/// A new boost as a request describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoostDraft {
    /// The one user it is for, who exists.
    pub user: Option<UserId>,
    /// Everything else.
    pub terms: BoostTerms,
}

/// Changes to a boost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoostPatch {
    /// A new name.
    pub name: Option<String>,
    /// A new first date.
    pub start: Option<Date>,
    /// A new last date; null opens the window.
    pub end: Patch<Date>,
    /// A new multiplier.
    pub multiplier: Option<Amount>,
    /// A new rounding.
    pub rounding: Option<Rounding>,
    /// New user filters.
    pub user_filters: Patch<Vec<Filter>>,
}

const NOT_FOUND: &str = "Points boost not found by ID";

/// Whether awards may be multiplied by this: above 0, below 100, not 1. (C-POINTS-33)
#[must_use]
pub fn is_multiplier(amount: Amount) -> bool {
    let [zero, one, hundred] = [0, 1, 100].map(Amount::from);
    zero < amount && amount < hundred && amount != one
}

impl PointsSystem {
    /// The live boosts with what they are now, oldest first.
    pub fn live_boosts(&self) -> impl Iterator<Item = (&Boost, &BoostTerms)> {
        self.boosts.iter().filter_map(|boost| Some((boost, boost.terms.current().as_ref()?)))
    }

    /// The live boost with this id.
    #[must_use]
    pub fn find_boost(&self, id: BoostId) -> Option<(&Boost, &BoostTerms)> {
        self.live_boosts().find(|(boost, _)| boost.id == id)
    }
}

impl Catalog {
    /// Creates a boost; it is live by its dates at once. (C-ADM-58, C-ADM-63)
    ///
    /// # Errors
    /// If the window or the multiplier is out of range, or it is for one user and filtered.
    pub fn create_boost(
        &mut self,
        system: PointsSystemId,
        draft: BoostDraft,
        now: Timestamp,
    ) -> Result<&Boost, Invalid> {
        self.points_system_mut(system)?;
        if draft.user.is_some() && !draft.terms.user_filters.is_empty() {
            return Err(Invalid::error("userId and userAttributes exclude each other"));
        }
        let terms = self.check_boost(draft.terms)?;
        let id = BoostId(self.next_id("boost"));
        let mut history = History::starting_with(None);
        history.change(now, Some(terms));
        let system = self.points_system_mut(system)?;
        system.boosts.push(Boost { id, user: draft.user, terms: history, created_at: now });
        Ok(system.boosts.last().expect("just pushed"))
    }

    /// Changes a boost; only later awards see it. (C-POINTS-43, C-POINTS-44)
    ///
    /// # Errors
    /// As for creation, and if there is no such boost in the system.
    pub fn update_boost(
        &mut self,
        system: PointsSystemId,
        id: BoostId,
        patch: BoostPatch,
        now: Timestamp,
    ) -> Result<&Boost, Invalid> {
        let found = self.points_system_mut(system)?.find_boost(id);
        let (boost, stored) = found.ok_or_else(|| Invalid::error(NOT_FOUND))?;
        if boost.user.is_some() && !patch.user_filters.is_keep() {
            return Err(Invalid::error("userAttributes is not permitted for boosts of one user"));
        }
        let mut changed = stored.clone();
        changed.name = patch.name.unwrap_or(changed.name);
        changed.start = patch.start.unwrap_or(changed.start);
        patch.end.apply_to(&mut changed.end);
        changed.multiplier = patch.multiplier.unwrap_or(changed.multiplier);
        changed.rounding = patch.rounding.unwrap_or(changed.rounding);
        if !patch.user_filters.is_keep() {
            changed.user_filters = patch.user_filters.into_option().unwrap_or_default();
        }
        let is_new = changed != *stored;
        let changed = if is_new { self.check_boost(changed)? } else { changed };
        let boost = self.boost_mut(system, id)?;
        if is_new {
            boost.terms.change(now, Some(changed));
        }
        Ok(boost)
    }

    /// Deletes a boost; what it added stays.
    ///
    /// # Errors
    /// If there is no such boost in the system.
    pub fn delete_boost(
        &mut self,
        system: PointsSystemId,
        id: BoostId,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        self.boost_mut(system, id)?.end(now);
        Ok(())
    }

    fn boost_mut(&mut self, system: PointsSystemId, id: BoostId) -> Result<&mut Boost, Invalid> {
        let mut boosts = self.points_system_mut(system)?.boosts.iter_mut();
        boosts
            .find(|boost| boost.id == id && boost.terms.current().is_some())
            .ok_or_else(|| Invalid::error(NOT_FOUND))
    }

    /// (C-POINTS-33, C-POINTS-34)
    fn check_boost(&self, mut terms: BoostTerms) -> Result<BoostTerms, Invalid> {
        if terms.end.is_some_and(|end| end < terms.start) {
            return Err(Invalid::of("end", "end must not be before start"));
        }
        if !is_multiplier(terms.multiplier) {
            return Err(Invalid::error("multiplier must be above 0 and below 100, but not 1"));
        }
        terms.user_filters =
            self.check_filters(AttributeKind::User, "userAttributes", terms.user_filters)?;
        Ok(terms)
    }
}
