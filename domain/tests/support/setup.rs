//! Configures the world through the catalog's own operations, so that no example rests on a
//! catalog an operator couldn't make. Everything starts active unless told otherwise.

use domain::catalog::{
    AchievementDraft, AchievementPatch, AchievementStatus, AchievementTriggerFields,
    AchievementTriggerKind, AttributeDraft, AttributeKind, Filter, FreezesPatch, LevelDraft,
    MetricDraft, Patch, PointsSystemDraft, StreakSettingsPatch, TimeUnit, TriggerDraft,
    TriggerType, TriggerTypeFields, UnitType,
};
use domain::ids::{AchievementId, AttributeId, MetricId, PointsSystemId, TriggerId};

use super::{World, amount, at};

/// When everything is configured: before any example begins.
const SETUP: &str = "1990-01-01T00:00:00Z";

/// An achievement to create.
pub(crate) struct Ach(AchievementDraft);

impl Ach {
    fn new(kind: AchievementTriggerKind, fields: AchievementTriggerFields) -> Self {
        Self(AchievementDraft {
            name: String::new(),
            description: None,
            badge_url: None,
            status: AchievementStatus::Active,
            kind,
            fields,
            user_filters: Vec::new(),
        })
    }

    pub(crate) fn metric(metric: MetricId, value: &str) -> Self {
        Self::new(
            AchievementTriggerKind::Metric,
            AchievementTriggerFields {
                metric_id: Some(metric),
                metric_value: Some(amount(value)),
                ..AchievementTriggerFields::default()
            },
        )
    }

    pub(crate) fn streak(length: u32) -> Self {
        Self::new(
            AchievementTriggerKind::Streak,
            AchievementTriggerFields {
                streak_length: Some(length),
                ..AchievementTriggerFields::default()
            },
        )
    }

    pub(crate) fn api(key: &str) -> Self {
        Self::new(
            AchievementTriggerKind::Api,
            AchievementTriggerFields {
                key: Some(key.to_owned()),
                ..AchievementTriggerFields::default()
            },
        )
    }

    pub(crate) fn all_of(achievements: &[AchievementId]) -> Self {
        Self::new(
            AchievementTriggerKind::Composite,
            AchievementTriggerFields {
                achievement_ids: Some(achievements.to_vec()),
                ..AchievementTriggerFields::default()
            },
        )
    }

    pub(crate) fn anniversary(years: u32) -> Self {
        Self::new(
            AchievementTriggerKind::Anniversary,
            AchievementTriggerFields {
                anniversary_years: Some(years),
                ..AchievementTriggerFields::default()
            },
        )
    }

    pub(crate) fn inactive(self) -> Self {
        self.status(AchievementStatus::Inactive)
    }

    pub(crate) fn status(mut self, status: AchievementStatus) -> Self {
        self.0.status = status;
        self
    }

    pub(crate) fn if_user(mut self, attribute: AttributeId, value: &str) -> Self {
        self.0.user_filters.push(filter(attribute, value));
        self
    }

    pub(crate) fn if_event(mut self, attribute: AttributeId, value: &str) -> Self {
        self.0.fields.event_attributes =
            with(self.0.fields.event_attributes, filter(attribute, value));
        self
    }
}

/// A trigger to create.
pub(crate) struct Trig(TriggerDraft);

impl Trig {
    fn new(trigger_type: TriggerType, points: i64, fields: TriggerTypeFields) -> Self {
        Self(TriggerDraft {
            trigger_type,
            points,
            active: true,
            user_filters: Vec::new(),
            block_if_out_of_points: false,
            fields,
        })
    }

    pub(crate) fn creation(points: i64) -> Self {
        Self::new(TriggerType::UserCreation, points, TriggerTypeFields::default())
    }

    pub(crate) fn metric(metric: MetricId, threshold: u64, points: i64) -> Self {
        Self::new(
            TriggerType::Metric,
            points,
            TriggerTypeFields {
                metric_id: Some(metric),
                metric_threshold: Some(threshold),
                ..TriggerTypeFields::default()
            },
        )
    }

    pub(crate) fn streak(length: u32, points: i64) -> Self {
        Self::new(
            TriggerType::Streak,
            points,
            TriggerTypeFields { streak_length: Some(length), ..TriggerTypeFields::default() },
        )
    }

    pub(crate) fn achievement(achievement: AchievementId, points: i64) -> Self {
        Self::new(
            TriggerType::Achievement,
            points,
            TriggerTypeFields { achievement_id: Some(achievement), ..TriggerTypeFields::default() },
        )
    }

    pub(crate) fn time(unit: TimeUnit, interval: u32, points: i64) -> Self {
        Self::new(
            TriggerType::Time,
            points,
            TriggerTypeFields {
                time_unit: Some(unit),
                time_interval: Some(interval),
                ..TriggerTypeFields::default()
            },
        )
    }

    pub(crate) fn hours(interval: u32, points: i64) -> Self {
        Self::time(TimeUnit::Hours, interval, points)
    }

    pub(crate) fn days(interval: u32, points: i64) -> Self {
        Self::time(TimeUnit::Days, interval, points)
    }

    pub(crate) fn guarded(mut self) -> Self {
        self.0.block_if_out_of_points = true;
        self
    }

    pub(crate) fn inactive(mut self) -> Self {
        self.0.active = false;
        self
    }

    pub(crate) fn if_user(mut self, attribute: AttributeId, value: &str) -> Self {
        self.0.user_filters.push(filter(attribute, value));
        self
    }

    pub(crate) fn if_event(mut self, attribute: AttributeId, value: &str) -> Self {
        self.0.fields.event_attributes =
            with(self.0.fields.event_attributes, filter(attribute, value));
        self
    }
}

fn filter(attribute: AttributeId, value: &str) -> Filter {
    Filter { attribute, value: value.to_owned() }
}

fn with(filters: Patch<Vec<Filter>>, filter: Filter) -> Patch<Vec<Filter>> {
    let mut all = match filters {
        Patch::Set(filters) => filters,
        Patch::Keep | Patch::Clear => Vec::new(),
    };
    all.push(filter);
    Patch::Set(all)
}

impl World {
    pub(crate) fn metric(&mut self, key: &str) -> MetricId {
        let draft = MetricDraft {
            name: key.to_owned(),
            key: key.to_owned(),
            unit_type: UnitType::Number,
            units: String::new(),
        };
        self.catalog.create_metric(draft, at(SETUP)).expect("a valid metric").id
    }

    pub(crate) fn attribute(&mut self, kind: AttributeKind, key: &str) -> AttributeId {
        let draft = AttributeDraft { name: key.to_owned(), key: key.to_owned(), kind };
        self.catalog.create_attribute(draft, at(SETUP)).expect("a valid attribute").id
    }

    pub(crate) fn achievement(&mut self, name: &str, ach: Ach) -> AchievementId {
        self.achievement_at(SETUP, name, ach)
    }

    pub(crate) fn achievement_at(&mut self, now: &str, name: &str, ach: Ach) -> AchievementId {
        let draft = AchievementDraft { name: name.to_owned(), ..ach.0 };
        self.catalog.create_achievement(draft, at(now)).expect("a valid achievement").id
    }

    /// Changes an achievement's status at an instant.
    pub(crate) fn set_status(&mut self, now: &str, id: AchievementId, status: AchievementStatus) {
        let patch = AchievementPatch { status: Some(status), ..AchievementPatch::default() };
        self.catalog.update_achievement(id, patch, at(now)).expect("a legal move");
    }

    pub(crate) fn system(
        &mut self,
        key: &str,
        max_points: Option<i64>,
        levels: &[(&str, i64)],
    ) -> PointsSystemId {
        let level = |(key, points): &(&str, i64)| LevelDraft {
            name: (*key).to_owned(),
            key: (*key).to_owned(),
            points: *points,
            description: String::new(),
            badge_url: None,
        };
        let draft = PointsSystemDraft {
            name: key.to_owned(),
            key: key.to_owned(),
            description: String::new(),
            badge_url: None,
            max_points,
            levels: levels.iter().map(level).collect(),
            boosts: Vec::new(),
            triggers: Vec::new(),
        };
        self.catalog.create_points_system(draft, at(SETUP)).expect("a valid system").id
    }

    pub(crate) fn trigger(&mut self, system: PointsSystemId, name: &str, trig: Trig) -> TriggerId {
        let trigger = self.catalog.create_trigger(system, trig.0, at(SETUP));
        let id = trigger.expect("a valid trigger").id;
        self.names.trigger(id, name);
        id
    }

    /// Changes the streak settings at an instant.
    pub(crate) fn streak_settings(&mut self, now: &str, patch: StreakSettingsPatch) {
        self.catalog.update_streak_settings(patch, at(now)).expect("valid settings");
    }

    /// Changes the streak settings before any example begins.
    pub(crate) fn streaks(&mut self, patch: StreakSettingsPatch) {
        self.streak_settings(SETUP, patch);
    }

    /// Turns freezes on before any example begins: start, maximum, and interval and amount of
    /// auto-earn.
    pub(crate) fn freezes(&mut self, start: i64, max: i64, auto_earn: Option<(i64, i64)>) {
        self.streaks(freezes(start, max, auto_earn));
    }
}

/// Settings that turn freezes on.
pub(crate) fn freezes(start: i64, max: i64, auto_earn: Option<(i64, i64)>) -> StreakSettingsPatch {
    StreakSettingsPatch {
        freezes: Patch::Set(FreezesPatch {
            start_count: start,
            max_count: max,
            auto_earn_interval: auto_earn.map(|(interval, _)| interval),
            auto_earn_amount: auto_earn.map(|(_, amount)| amount),
        }),
        ..StreakSettingsPatch::default()
    }
}
