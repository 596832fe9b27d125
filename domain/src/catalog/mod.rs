//! What the operator configured: attributes, metrics, achievements, points systems, streaks,
//! leaderboards and webhooks.
//!
//! A [`Catalog`] is a value. Changes go through its methods, which check every rule of the Admin
//! API and either apply one item whole or answer why not; an event is judged by the catalog that
//! was read at its start. Deleted objects stay in it, marked archived, because history names them.

mod achievement;
mod attribute;
mod filter;
mod history;
mod invalid;
mod leaderboard;
mod metric;
mod patch;
mod points;
mod restore;
mod review;
mod settings;
mod streak;
mod text;
mod webhook;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use achievement::{
    Achievement, AchievementDraft, AchievementPatch, AchievementStatus, AchievementTerms,
    AchievementTrigger, AchievementTriggerFields, AchievementTriggerKind, PREREQUISITES_MAX,
    Review,
};
pub use attribute::{Attribute, AttributeDraft, AttributeKind, AttributePatch};
pub(crate) use filter::all_match;
pub use filter::{ATTRIBUTE_CHARS_MAX, ATTRIBUTES_MAX, Filter};
pub use history::History;
pub use invalid::Invalid;
pub use leaderboard::{
    BREAKDOWN_MAX, Leaderboard, LeaderboardDraft, LeaderboardPatch, LeaderboardStatus, Phase,
    RankBy, RankByKind, Recount,
};
pub use metric::{Metric, MetricDraft, MetricPatch, UnitType};
pub use patch::Patch;
pub use points::{
    BalanceRules, Boost, BoostDraft, BoostPatch, BoostStatus, BoostTerms, DueKind, DueTerms, Level,
    LevelDraft, LevelPatch, PointsSystem, PointsSystemDraft, PointsSystemPatch, Rounding, TimeUnit,
    Trigger, TriggerDraft, TriggerKind, TriggerPatch, TriggerType, TriggerTypeFields,
    is_multiplier,
};
pub use restore::{Deleted, DeletedKind};
pub use settings::Settings;
pub use streak::{
    AutoEarn, EvaluationMode, FreezeSettings, FreezesPatch, StreakMetric, StreakSettings,
    StreakSettingsPatch,
};
pub use text::{
    DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, URL_CHARS_MAX, is_description, is_image_url,
    trimmed_name,
};
pub use webhook::{SealedSecret, Webhook, WebhookDraft, WebhookPatch};

use crate::ids::{
    AchievementId, AttributeId, EnvironmentId, Key, MetricId, PointsSystemId, derived_id,
};
use crate::time::Timestamp;
use text::{free_key, key_of_name};

/// The whole configuration of one scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// The environment this catalog configures.
    pub environment: EnvironmentId,
    /// How many objects were ever created: the source of their ids and of their order.
    pub sequence: u64,
    /// How many changes concerned existing users: whoever was judged by fewer is to be looked at
    /// again. (C-ACH-16)
    pub review: u64,
    /// Settings of the environment.
    pub settings: Settings,
    /// Custom attributes in creation order, archived ones included.
    pub attributes: Vec<Attribute>,
    /// Metrics in creation order, archived ones included.
    pub metrics: Vec<Metric>,
    /// Achievements in creation order, archived ones included.
    pub achievements: Vec<Achievement>,
    /// Points systems in creation order, archived ones included.
    pub points_systems: Vec<PointsSystem>,
    /// Streak settings over time: a period is judged by the settings in force when it closed.
    pub streaks: History<StreakSettings>,
    /// Leaderboards in creation order, archived ones included.
    pub leaderboards: Vec<Leaderboard>,
    /// How many demands to count a leaderboard anew were ever made. (C-LB-27)
    pub recounts: u64,
    /// Webhooks in creation order, archived ones included.
    pub webhooks: Vec<Webhook>,
}

impl Catalog {
    /// The configuration of a new environment: nothing but defaults. (C-STREAK-69)
    #[must_use]
    pub fn new(environment: EnvironmentId, settings: Settings) -> Self {
        Self {
            environment,
            sequence: 0,
            review: 0,
            settings,
            attributes: Vec::new(),
            metrics: Vec::new(),
            achievements: Vec::new(),
            points_systems: Vec::new(),
            streaks: History::starting_with(StreakSettings::default()),
            leaderboards: Vec::new(),
            recounts: 0,
            webhooks: Vec::new(),
        }
    }

    /// Whether nothing was ever configured.
    #[must_use]
    pub fn is_pristine(&self) -> bool {
        self.sequence == 0 && self.streaks.is_initial()
    }

    /// The live attributes, oldest first.
    pub fn live_attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| !attribute.archived)
    }

    /// The live metrics, oldest first.
    pub fn live_metrics(&self) -> impl Iterator<Item = &Metric> {
        self.metrics.iter().filter(|metric| !metric.archived)
    }

    /// The live achievements of every status, oldest first.
    pub fn live_achievements(&self) -> impl Iterator<Item = &Achievement> {
        self.achievements.iter().filter(|achievement| !achievement.is_archived())
    }

    /// The live points systems, oldest first.
    pub fn live_points_systems(&self) -> impl Iterator<Item = &PointsSystem> {
        self.points_systems.iter().filter(|system| !system.archived)
    }

    /// The live attribute with this id.
    #[must_use]
    pub fn find_attribute(&self, id: AttributeId) -> Option<&Attribute> {
        self.live_attributes().find(|attribute| attribute.id == id)
    }

    /// The live attribute of this kind and key.
    #[must_use]
    pub fn find_attribute_by_key(&self, kind: AttributeKind, key: &str) -> Option<&Attribute> {
        self.live_attributes()
            .find(|attribute| attribute.kind == kind && attribute.key.as_str() == key)
    }

    /// The live metric with this id.
    #[must_use]
    pub fn find_metric(&self, id: MetricId) -> Option<&Metric> {
        self.live_metrics().find(|metric| metric.id == id)
    }

    /// The live metric with this key.
    #[must_use]
    pub fn find_metric_by_key(&self, key: &str) -> Option<&Metric> {
        self.live_metrics().find(|metric| metric.key.as_str() == key)
    }

    /// The live achievement with this id.
    #[must_use]
    pub fn find_achievement(&self, id: AchievementId) -> Option<&Achievement> {
        self.live_achievements().find(|achievement| achievement.id == id)
    }

    /// The live achievement that catalog files call this.
    #[must_use]
    pub fn find_achievement_by_key(&self, key: &str) -> Option<&Achievement> {
        self.live_achievements().find(|achievement| achievement.key.as_str() == key)
    }

    /// The live API achievement with this key, whatever its status. (C-ACH-15)
    #[must_use]
    pub fn find_api_achievement(&self, key: &str) -> Option<&Achievement> {
        self.live_achievements().find(
            |achievement| matches!(achievement.trigger(), AchievementTrigger::Api { key: own } if own.as_str() == key),
        )
    }

    /// The live points system with this id.
    #[must_use]
    pub fn find_points_system(&self, id: PointsSystemId) -> Option<&PointsSystem> {
        self.live_points_systems().find(|system| system.id == id)
    }

    /// The live points system with this key.
    #[must_use]
    pub fn find_points_system_by_key(&self, key: &str) -> Option<&PointsSystem> {
        self.live_points_systems().find(|system| system.key.as_str() == key)
    }

    /// Every trigger with its system, in creation order, deleted ones included: they may still owe
    /// awards.
    pub(crate) fn all_triggers(&self) -> impl Iterator<Item = (&PointsSystem, &Trigger)> {
        let systems = self.points_systems.iter();
        systems.flat_map(|system| system.triggers.iter().map(move |trigger| (system, trigger)))
    }

    fn next_id(&mut self, kind: &str) -> Uuid {
        self.sequence += 1;
        derived_id(self.environment.0, kind, self.sequence)
    }
}

/// When a configured object came to be and last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamps {
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Stamps {
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self { created_at: now, updated_at: now }
    }
}

fn parse_key(key: &str) -> Result<Key, Invalid> {
    Key::new(key).ok_or_else(|| Invalid::error("Key contains invalid characters"))
}
