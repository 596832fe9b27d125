//! Achievements: what completes them, for whom, and when they may be completed. (C-ACH)

mod terms;
mod trigger;

pub use terms::{Achievement, AchievementTerms, Review};
pub use trigger::{AchievementStatus, AchievementTrigger, AchievementTriggerKind};

use super::{
    AttributeKind, Catalog, Filter, History, Invalid, Patch, Stamps, TriggerKind, free_key,
    key_of_name, parse_key,
};
use crate::amount::Amount;
use crate::ids::{AchievementId, MetricId};
use crate::time::Timestamp;

/// Most prerequisites of a composite achievement. (C-ACH-09)
pub const PREREQUISITES_MAX: usize = 50;

/// The fields that belong to one kind of achievement, as a request sent them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AchievementTriggerFields {
    /// Of an API achievement.
    pub key: Option<String>,
    /// Of a metric achievement.
    pub metric_id: Option<MetricId>,
    /// Of a metric achievement.
    pub metric_value: Option<Amount>,
    /// Of a metric achievement.
    pub event_attributes: Patch<Vec<Filter>>,
    /// Of a streak achievement.
    pub streak_length: Option<u32>,
    /// Of a composite achievement.
    pub achievement_ids: Option<Vec<AchievementId>>,
    /// Of an anniversary achievement.
    pub anniversary_years: Option<u32>,
}

/// A new achievement as a request describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AchievementDraft {
    /// Display name, already checked for length.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Badge URL, already checked.
    pub badge_url: Option<String>,
    /// Initial status.
    pub status: AchievementStatus,
    /// What completes it.
    pub kind: AchievementTriggerKind,
    /// The fields of that kind.
    pub fields: AchievementTriggerFields,
    /// Which users may complete it.
    pub user_filters: Vec<Filter>,
}

/// Changes to an achievement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AchievementPatch {
    /// A new name.
    pub name: Option<String>,
    /// A new description.
    pub description: Patch<String>,
    /// A new badge URL.
    pub badge_url: Patch<String>,
    /// A new status.
    pub status: Option<AchievementStatus>,
    /// A new kind.
    pub kind: Option<AchievementTriggerKind>,
    /// Fields of the resulting kind.
    pub fields: AchievementTriggerFields,
    /// New user filters.
    pub user_filters: Patch<Vec<Filter>>,
}

const NOT_FOUND: &str = "Achievement not found by ID";
const KEY_TAKEN: &str = "Key already in use by another achievement";

impl Catalog {
    /// Creates an achievement. (C-ACH-14, C-ADM-39)
    ///
    /// # Errors
    /// If a field is missing, foreign to its kind, or names something that doesn't exist.
    pub fn create_achievement(
        &mut self,
        draft: AchievementDraft,
        now: Timestamp,
    ) -> Result<&Achievement, Invalid> {
        let trigger = self.build_trigger(None, draft.kind, draft.fields)?;
        let user_filters =
            self.check_filters(AttributeKind::User, "userAttributes", draft.user_filters)?;
        let wanted = match &trigger {
            AchievementTrigger::Api { key } => key.to_string(),
            AchievementTrigger::Metric { .. }
            | AchievementTrigger::Streak { .. }
            | AchievementTrigger::Composite { .. }
            | AchievementTrigger::Anniversary { .. } => key_of_name(&draft.name),
        };
        let key = free_key(&wanted, |key| self.find_achievement_by_key(key).is_some());
        let id = AchievementId(self.next_id("achievement"));
        let hidden = AchievementTerms {
            status: AchievementStatus::Inactive,
            trigger,
            revision: 0,
            user_filters,
            archived: false,
            reviews: self.review,
            review: None,
        };
        self.achievements.push(Achievement {
            id,
            key,
            name: draft.name,
            description: draft.description.filter(|text| !text.is_empty()),
            badge_url: draft.badge_url,
            // Before it existed nothing was due by it.
            terms: History::starting_with(hidden.clone()),
            stamps: Stamps::new(now),
        });
        self.put_terms(id, AchievementTerms { status: draft.status, ..hidden }, now);
        Ok(self.achievements.last().expect("just pushed"))
    }

    /// Changes an achievement. (C-ACH-13, C-ACH-14, C-ADM-41, C-ADM-42)
    ///
    /// # Errors
    /// As for creation, and if the status may not change that way.
    pub fn update_achievement(
        &mut self,
        id: AchievementId,
        patch: AchievementPatch,
        now: Timestamp,
    ) -> Result<&Achievement, Invalid> {
        let stored = self.find_achievement(id).ok_or_else(|| Invalid::error(NOT_FOUND))?;
        let mut changed = stored.clone();
        let mut terms = stored.terms.current().clone();
        let kind = patch.kind.unwrap_or_else(|| terms.trigger.kind());
        terms.trigger = self.build_trigger(Some(stored), kind, patch.fields)?;
        terms.revision += u32::from(terms.trigger.counts() != stored.trigger().counts());
        terms.user_filters = match patch.user_filters {
            Patch::Keep => terms.user_filters,
            Patch::Clear => Vec::new(),
            Patch::Set(filters) => {
                self.check_filters(AttributeKind::User, "userAttributes", filters)?
            }
        };
        if let Some(status) = patch.status {
            check_move(terms.status, status)?;
            terms.status = status;
        }
        if let Some(name) = patch.name {
            changed.name = name;
        }
        patch.description.apply_to(&mut changed.description);
        changed.description = changed.description.filter(|text| !text.is_empty());
        patch.badge_url.apply_to(&mut changed.badge_url);
        let is_renamed = changed != *stored;
        let slot = self.achievement_mut(id);
        *slot = changed;
        let is_redefined = self.put_terms(id, terms, now);
        let slot = self.achievement_mut(id);
        if is_renamed || is_redefined {
            slot.stamps.updated_at = now;
        }
        Ok(slot)
    }

    /// Gives an achievement the key that a catalog file has for it.
    ///
    /// # Errors
    /// If there is no such achievement, or the key is malformed or taken.
    pub fn rekey_achievement(&mut self, id: AchievementId, key: &str) -> Result<(), Invalid> {
        let key = parse_key(key)?;
        if self.find_achievement_by_key(key.as_str()).is_some_and(|other| other.id != id) {
            return Err(Invalid::error(KEY_TAKEN));
        }
        self.find_achievement(id).ok_or_else(|| Invalid::error(NOT_FOUND))?;
        self.achievement_mut(id).key = key;
        Ok(())
    }

    /// Puts terms in force from now on; whether they differ. Terms that existing users have to be
    /// judged by get the next review. (C-ACH-16)
    fn put_terms(
        &mut self,
        id: AchievementId,
        mut terms: AchievementTerms,
        now: Timestamp,
    ) -> bool {
        let review =
            Review { number: self.review + 1, frequency: self.streaks.current().frequency };
        let reviews = self.review;
        let slot = self.achievement_mut(id);
        let before = slot.terms.current();
        (terms.review, terms.reviews) = (before.review, before.reviews);
        if terms == *before {
            return false;
        }
        terms.review = terms.admits_more_than(before).then_some(review);
        terms.reviews = terms.review.map_or(reviews, |review| review.number);
        let reviews = terms.reviews;
        slot.terms.append(now, terms);
        self.review = reviews;
        true
    }

    fn achievement_mut(&mut self, id: AchievementId) -> &mut Achievement {
        let mut all = self.achievements.iter_mut();
        all.find(|achievement| achievement.id == id).expect("an achievement of this catalog")
    }

    /// Archives an achievement with the points triggers that pay for it, which could never fire
    /// again. (C-ACH-09, C-ADM-45)
    ///
    /// # Errors
    /// If there is no such achievement or it is a prerequisite of a live one.
    pub fn delete_achievement(&mut self, id: AchievementId, now: Timestamp) -> Result<(), Invalid> {
        if self.find_achievement(id).is_none() {
            return Err(Invalid::error(NOT_FOUND));
        }
        if self.live_achievements().any(|other| other.prerequisites().contains(&id)) {
            return Err(Invalid::error("Achievement is a prerequisite of another achievement"));
        }
        self.archive_achievement(id, now);
        Ok(())
    }

    /// Archives an achievement and whatever can't happen without it: composites that require it
    /// and triggers that pay for it.
    pub(super) fn archive_achievement(&mut self, id: AchievementId, now: Timestamp) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            open.extend(
                self.live_achievements()
                    .filter(|other| other.prerequisites().contains(&id))
                    .map(|other| other.id),
            );
            let terms = self.achievement_mut(id).terms.current().clone();
            self.put_terms(id, AchievementTerms { archived: true, ..terms }, now);
            self.archive_triggers(
                |kind| matches!(kind, TriggerKind::Achievement { achievement } if *achievement == id),
                now,
            );
        }
    }

    /// Brings a deleted achievement back as it was, for existing users like one that opens: who
    /// qualifies gets it silently. (C-ADM-106, C-ACH-16)
    pub(super) fn restore_achievement(
        &mut self,
        id: AchievementId,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        let stored = self.achievements.iter().find(|own| own.id == id && own.is_archived());
        let stored = stored.ok_or_else(|| Invalid::error(NOT_FOUND))?;
        let mut terms = stored.terms.current().clone();
        let filters = stored.user_filters().iter().chain(stored.event_filters());
        self.require_attributes(filters.map(|filter| filter.attribute))?;
        match stored.trigger() {
            AchievementTrigger::Metric { metric, .. } => self.require_metric(*metric)?,
            AchievementTrigger::Composite { achievements } => {
                achievements.iter().try_for_each(|own| self.require_achievement(*own))?;
            }
            AchievementTrigger::Api { key }
                if self.find_api_achievement(key.as_str()).is_some() =>
            {
                return Err(Invalid::error(KEY_TAKEN));
            }
            AchievementTrigger::Api { .. }
            | AchievementTrigger::Streak { .. }
            | AchievementTrigger::Anniversary { .. } => {}
        }
        terms.archived = false;
        // The sum of matching events was not kept up to date meanwhile.
        terms.revision += u32::from(!stored.event_filters().is_empty());
        // What files call it may be another one's by now.
        let key = free_key(stored.key.as_str(), |key| self.find_achievement_by_key(key).is_some());
        self.put_terms(id, terms, now);
        let restored = self.achievement_mut(id);
        restored.key = key;
        restored.stamps.updated_at = now;
        Ok(())
    }

    fn build_trigger(
        &self,
        stored: Option<&Achievement>,
        kind: AchievementTriggerKind,
        fields: AchievementTriggerFields,
    ) -> Result<AchievementTrigger, Invalid> {
        refuse_foreign_fields(kind, &fields)?;
        let own_id = stored.map(|achievement| achievement.id);
        let before = stored.map(Achievement::trigger);
        match kind {
            AchievementTriggerKind::Metric => self.build_metric_trigger(before, fields),
            AchievementTriggerKind::Streak => {
                let kept = match before {
                    Some(AchievementTrigger::Streak { length }) => Some(*length),
                    _ => None,
                };
                let length =
                    fields.streak_length.or(kept).ok_or_else(|| required("streakLength"))?;
                Ok(AchievementTrigger::Streak { length })
            }
            AchievementTriggerKind::Api => {
                let key = match (fields.key, before) {
                    (Some(key), _) => parse_key(&key)?,
                    (None, Some(AchievementTrigger::Api { key })) => key.clone(),
                    (None, _) => return Err(required("key")),
                };
                match self.find_api_achievement(key.as_str()) {
                    Some(other) if Some(other.id) != own_id => Err(Invalid::error(KEY_TAKEN)),
                    Some(_) | None => Ok(AchievementTrigger::Api { key }),
                }
            }
            AchievementTriggerKind::Composite => {
                let achievements = match (fields.achievement_ids, before) {
                    (Some(ids), _) => self.check_prerequisites(own_id, ids)?,
                    (None, Some(AchievementTrigger::Composite { achievements })) => {
                        achievements.clone()
                    }
                    (None, _) => return Err(required("achievementIds")),
                };
                Ok(AchievementTrigger::Composite { achievements })
            }
            AchievementTriggerKind::Anniversary => {
                let kept = match before {
                    Some(AchievementTrigger::Anniversary { years }) => Some(*years),
                    _ => None,
                };
                let years = fields
                    .anniversary_years
                    .or(kept)
                    .ok_or_else(|| required("anniversaryYears"))?;
                Ok(AchievementTrigger::Anniversary { years })
            }
        }
    }

    fn build_metric_trigger(
        &self,
        before: Option<&AchievementTrigger>,
        fields: AchievementTriggerFields,
    ) -> Result<AchievementTrigger, Invalid> {
        let (kept_metric, kept_value, kept_filters) = match before {
            Some(AchievementTrigger::Metric { metric, value, event_filters }) => {
                (Some(*metric), Some(*value), event_filters.clone())
            }
            _ => (None, None, Vec::new()),
        };
        let metric = fields.metric_id.or(kept_metric).ok_or_else(|| required("metricId"))?;
        if self.find_metric(metric).is_none() {
            return Err(Invalid::error("Metric not found by ID"));
        }
        let value = fields.metric_value.or(kept_value).ok_or_else(|| required("metricValue"))?;
        if value < Amount::from(1) {
            return Err(Invalid::error("metricValue must be at least 1"));
        }
        let event_filters = match fields.event_attributes {
            Patch::Keep => kept_filters,
            Patch::Clear => Vec::new(),
            Patch::Set(filters) => {
                self.check_filters(AttributeKind::Event, "eventAttributes", filters)?
            }
        };
        Ok(AchievementTrigger::Metric { metric, value, event_filters })
    }

    fn check_prerequisites(
        &self,
        own_id: Option<AchievementId>,
        ids: Vec<AchievementId>,
    ) -> Result<Vec<AchievementId>, Invalid> {
        if ids.is_empty() || ids.len() > PREREQUISITES_MAX {
            return Err(Invalid::error(format!(
                "achievementIds must have 1 to {PREREQUISITES_MAX} entries"
            )));
        }
        for (i, id) in ids.iter().enumerate() {
            if ids[..i].contains(id) {
                return Err(Invalid::error("achievementIds must be distinct"));
            }
            if Some(*id) == own_id {
                return Err(Invalid::error(
                    "achievementIds must not contain the achievement itself",
                ));
            }
            if self.find_achievement(*id).is_none() {
                return Err(Invalid::error(NOT_FOUND));
            }
        }
        if own_id.is_some_and(|own_id| self.reaches(&ids, own_id)) {
            return Err(Invalid::error("achievementIds must not form a cycle"));
        }
        Ok(ids)
    }

    /// Whether following prerequisites from `start` ever arrives at `target`.
    fn reaches(&self, start: &[AchievementId], target: AchievementId) -> bool {
        let mut seen = Vec::new();
        let mut open = start.to_vec();
        while let Some(id) = open.pop() {
            if id == target {
                return true;
            }
            if !seen.contains(&id) {
                seen.push(id);
                open.extend(
                    self.find_achievement(id).into_iter().flat_map(Achievement::prerequisites),
                );
            }
        }
        false
    }
}

fn required(field: &str) -> Invalid {
    Invalid::error(format!("{field} is required"))
}

/// A field of another kind is a mistake worth telling. (C-ADM-40)
fn refuse_foreign_fields(
    kind: AchievementTriggerKind,
    fields: &AchievementTriggerFields,
) -> Result<(), Invalid> {
    let present = [
        ("key", AchievementTriggerKind::Api, fields.key.is_some()),
        ("metricId", AchievementTriggerKind::Metric, fields.metric_id.is_some()),
        ("metricValue", AchievementTriggerKind::Metric, fields.metric_value.is_some()),
        ("eventAttributes", AchievementTriggerKind::Metric, !fields.event_attributes.is_keep()),
        ("streakLength", AchievementTriggerKind::Streak, fields.streak_length.is_some()),
        ("achievementIds", AchievementTriggerKind::Composite, fields.achievement_ids.is_some()),
        (
            "anniversaryYears",
            AchievementTriggerKind::Anniversary,
            fields.anniversary_years.is_some(),
        ),
    ];
    match present.into_iter().find(|(_, owner, sent)| *sent && *owner != kind) {
        Some((field, owner, _)) => Err(Invalid::error(format!(
            "{field} is only permitted for {} achievements",
            owner.as_str()
        ))),
        None => Ok(()),
    }
}

/// inactive -> active, active <-> locked; the same status again is no change. (C-ACH-13)
fn check_move(from: AchievementStatus, to: AchievementStatus) -> Result<(), Invalid> {
    use AchievementStatus::{Active, Inactive, Locked};
    match (from, to) {
        (Inactive, Inactive | Active) | (Active, Active | Locked) | (Locked, Locked | Active) => {
            Ok(())
        }
        (Inactive, Locked) | (Active | Locked, Inactive) => Err(Invalid::of(
            "status",
            format!("Cannot change status from {} to {}", from.as_str(), to.as_str()),
        )),
    }
}
