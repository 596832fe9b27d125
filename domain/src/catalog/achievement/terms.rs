//! What holds for an achievement over time, and which of it existing users are judged by.
//!
//! What falls due at an instant is judged by the terms that led up to it, whoever looks and when.
//! Terms that admit users who could not have it before carry a [`Review`]: every user who exists by
//! then is judged by them once, as of their instant. (C-GEN-22, C-ACH-16)

use serde::{Deserialize, Serialize};

use super::{AchievementStatus, AchievementTrigger, AchievementTriggerKind};
use crate::calendar::Frequency;
use crate::catalog::{Filter, History, Stamps};
use crate::ids::{AchievementId, Key};
use crate::time::Timestamp;

/// An achievement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Achievement {
    /// Its id.
    pub id: AchievementId,
    /// What catalog files call it, unique among live achievements: made from its name or from the
    /// key of an API achievement when it was created, and not changed with them.
    pub key: Key,
    /// Its display name.
    pub name: String,
    /// Its description; an empty one reads as none. (C-ACH-33)
    pub description: Option<String>,
    /// The URL of its badge.
    pub badge_url: Option<String>,
    /// What completes it for whom, over time.
    pub terms: History<AchievementTerms>,
    /// When it was created and last changed.
    pub stamps: Stamps,
}

/// What completes an achievement for whom, at some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AchievementTerms {
    /// Whether it can be seen and completed.
    pub status: AchievementStatus,
    /// What completes it.
    pub trigger: AchievementTrigger,
    /// Counts changes of which events count: a user's stored sum belongs to one revision.
    pub revision: u32,
    /// Which users may complete it; empty for all. (C-ACH-11)
    pub user_filters: Vec<Filter>,
    /// Whether it was deleted.
    pub archived: bool,
    /// How many reviews the catalog had counted when they came into force: their place among
    /// changes of the same instant.
    pub reviews: u64,
    /// The review that these terms need.
    pub review: Option<Review>,
}

/// Every user who exists when terms come into force is judged by them once. (C-ACH-18)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Its place among all reviews of the catalog, from 1.
    pub number: u64,
    /// The streak frequency configured at its instant.
    pub frequency: Frequency,
}

impl Achievement {
    /// What completes it.
    #[must_use]
    pub fn trigger(&self) -> &AchievementTrigger {
        &self.terms.current().trigger
    }

    /// Whether it can be seen and completed.
    #[must_use]
    pub fn status(&self) -> AchievementStatus {
        self.terms.current().status
    }

    /// Which users may complete it; empty for all. (C-ACH-11)
    #[must_use]
    pub fn user_filters(&self) -> &[Filter] {
        &self.terms.current().user_filters
    }

    /// The event filters of a metric achievement; empty for the others.
    #[must_use]
    pub fn event_filters(&self) -> &[Filter] {
        self.trigger().event_filters()
    }

    /// The prerequisites of a composite; none for the others.
    #[must_use]
    pub fn prerequisites(&self) -> &[AchievementId] {
        self.trigger().prerequisites()
    }

    /// Whether it was deleted.
    #[must_use]
    pub fn is_archived(&self) -> bool {
        self.terms.current().archived
    }

    /// The latest review of existing users and its instant, if there ever was one.
    #[must_use]
    pub fn latest_review(&self) -> Option<(Timestamp, Review)> {
        self.reviews_after(0).last().map(|(at, _, review)| (at, review))
    }

    /// The reviews with a number above `done`, with their instants and terms, oldest first.
    pub(crate) fn reviews_after(
        &self,
        done: u64,
    ) -> impl Iterator<Item = (Timestamp, &AchievementTerms, Review)> {
        self.terms.changes().filter_map(move |(at, terms)| {
            terms.review.filter(|review| review.number > done).map(|review| (at, terms, review))
        })
    }

    /// The terms that a review at an instant goes by: the latest up to the change it is about, so
    /// that changes made later at that very instant have no say.
    pub(crate) fn terms_at_review(&self, at: Timestamp, number: u64) -> &AchievementTerms {
        let known = |(from, terms): &(Timestamp, &AchievementTerms)| {
            let is_about_it = terms.review.is_some_and(|review| review.number == number);
            *from == at && (terms.reviews < number || is_about_it)
        };
        self.terms
            .changes()
            .filter(known)
            .last()
            .map_or_else(|| self.terms.before(at), |(_, terms)| terms)
    }
}

impl AchievementTerms {
    /// Whether it can be completed. (C-ACH-12)
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.status {
            AchievementStatus::Active => !self.archived,
            AchievementStatus::Inactive | AchievementStatus::Locked => false,
        }
    }

    /// Whether existing users may qualify by these terms who could not have it by those before.
    /// (C-ACH-16, C-ACH-18)
    pub(super) fn admits_more_than(&self, before: &Self) -> bool {
        let is_same = before.is_open()
            && (&self.trigger, &self.user_filters) == (&before.trigger, &before.user_filters);
        self.is_open() && !is_same && self.trigger.kind() != AchievementTriggerKind::Api
    }
}
