//! Bringing deleted objects back. (C-ADM-24, C-ADM-106, C-LB-05)
//!
//! Nothing that was deleted leaves the catalog, so restoring is the mark taken away again, after the
//! checks that creating the same thing now would have to pass. One object comes back at a time and
//! as it was; what was deleted with it is restored by itself, because nothing tells whether it was
//! deleted before. Finding out who may do this is not for the catalog.

use uuid::Uuid;

use super::{Catalog, Invalid, SealedSecret};
use crate::ids::{
    AchievementId, AttributeId, BoostId, LeaderboardId, LevelId, MetricId, PointsSystemId,
    TriggerId, WebhookId,
};
use crate::time::Timestamp;

/// What kind of object was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletedKind {
    /// An attribute.
    Attribute,
    /// A metric.
    Metric,
    /// An achievement.
    Achievement,
    /// A points system.
    PointsSystem,
    /// A trigger of a points system.
    Trigger(PointsSystemId),
    /// A level of a points system.
    Level(PointsSystemId),
    /// A boost of a points system.
    Boost(PointsSystemId),
    /// A leaderboard.
    Leaderboard,
    /// A webhook.
    Webhook,
}

impl DeletedKind {
    /// What people call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attribute => "attribute",
            Self::Metric => "metric",
            Self::Achievement => "achievement",
            Self::PointsSystem => "points system",
            Self::Trigger(_) => "trigger",
            Self::Level(_) => "level",
            Self::Boost(_) => "boost",
            Self::Leaderboard => "leaderboard",
            Self::Webhook => "webhook",
        }
    }
}

/// Something that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// What it is.
    pub kind: DeletedKind,
    /// Its id, unique among all kinds.
    pub id: Uuid,
    /// By what people know it: a key or a name, with the key of its points system.
    pub label: String,
}

impl Catalog {
    /// Everything that was deleted, kind by kind, each in creation order.
    #[must_use]
    pub fn deleted(&self) -> Vec<Deleted> {
        let of = |kind, id, label: &dyn ToString| Deleted { kind, id, label: label.to_string() };
        let attributes = self.attributes.iter().filter(|own| own.archived);
        let metrics = self.metrics.iter().filter(|own| own.archived);
        let achievements = self.achievements.iter().filter(|own| own.is_archived());
        let systems = self.points_systems.iter().filter(|own| own.archived);
        let boards = self.leaderboards.iter().filter(|own| own.archived);
        let webhooks = self.webhooks.iter().filter(|own| own.archived);
        attributes
            .map(|own| of(DeletedKind::Attribute, own.id.0, &own.key))
            .chain(metrics.map(|own| of(DeletedKind::Metric, own.id.0, &own.key)))
            .chain(achievements.map(|own| of(DeletedKind::Achievement, own.id.0, &own.name)))
            .chain(systems.map(|own| of(DeletedKind::PointsSystem, own.id.0, &own.key)))
            .chain(self.points_systems.iter().flat_map(|system| system.deleted_parts()))
            .chain(boards.map(|own| of(DeletedKind::Leaderboard, own.id.0, &own.key)))
            .chain(webhooks.map(|own| of(DeletedKind::Webhook, own.id.0, &own.name)))
            .collect()
    }

    /// Brings one deleted object back. A webhook gets `new_secret`, because its own was forgotten.
    ///
    /// # Errors
    /// If nothing deleted has this id, its key is in use, or something it needs is deleted.
    pub fn restore(
        &mut self,
        id: Uuid,
        new_secret: impl FnOnce() -> SealedSecret,
        now: Timestamp,
    ) -> Result<Deleted, Invalid> {
        let deleted = self.deleted().into_iter().find(|own| own.id == id);
        let deleted = deleted.ok_or_else(|| Invalid::error("Nothing deleted has this ID"))?;
        match deleted.kind {
            DeletedKind::Attribute => self.restore_attribute(AttributeId(id)),
            DeletedKind::Metric => self.restore_metric(MetricId(id)),
            DeletedKind::Achievement => self.restore_achievement(AchievementId(id), now),
            DeletedKind::PointsSystem => self.restore_points_system(PointsSystemId(id), now),
            DeletedKind::Trigger(system) => self.restore_trigger(system, TriggerId(id), now),
            DeletedKind::Level(system) => self.restore_level(system, LevelId(id), now),
            DeletedKind::Boost(system) => self.restore_boost(system, BoostId(id), now),
            DeletedKind::Leaderboard => self.restore_leaderboard(LeaderboardId(id), now),
            DeletedKind::Webhook => self.restore_webhook(WebhookId(id), new_secret(), now),
        }?;
        Ok(deleted)
    }

    pub(super) fn require_metric(&self, id: MetricId) -> Result<(), Invalid> {
        let mut all = self.metrics.iter();
        let deleted = all.find(|own| own.id == id && own.archived);
        deleted.map_or(Ok(()), |own| Err(missing("Metric", own.key.as_str())))
    }

    pub(super) fn require_points_system(&self, id: PointsSystemId) -> Result<(), Invalid> {
        let mut all = self.points_systems.iter();
        let deleted = all.find(|own| own.id == id && own.archived);
        deleted.map_or(Ok(()), |own| Err(missing("Points system", own.key.as_str())))
    }

    pub(super) fn require_achievement(&self, id: AchievementId) -> Result<(), Invalid> {
        let mut all = self.achievements.iter();
        let deleted = all.find(|own| own.id == id && own.is_archived());
        deleted.map_or(Ok(()), |own| Err(missing("Achievement", &own.name)))
    }

    pub(super) fn require_attributes(
        &self,
        ids: impl IntoIterator<Item = AttributeId>,
    ) -> Result<(), Invalid> {
        ids.into_iter().try_for_each(|id| {
            let deleted = self.attributes.iter().find(|own| own.id == id && own.archived);
            deleted.map_or(Ok(()), |own| Err(missing("Attribute", own.key.as_str())))
        })
    }
}

fn missing(what: &str, name: &str) -> Invalid {
    Invalid::error(format!("{what} {name} is deleted: restore it first"))
}
