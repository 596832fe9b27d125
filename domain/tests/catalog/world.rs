//! A catalog to try things on, and short ways to say what to put into it.

use domain::amount::Amount;
use domain::catalog::{
    AchievementDraft, AchievementPatch, AchievementStatus, AchievementTriggerFields,
    AchievementTriggerKind, AttributeDraft, AttributeKind, Catalog, Filter, LevelDraft,
    MetricDraft, PointsSystemDraft, Settings, StreakSettingsPatch, TriggerDraft, TriggerPatch,
    TriggerType, TriggerTypeFields, UnitType,
};
use domain::ids::{
    AchievementId, AttributeId, EnvironmentId, LevelId, MetricId, PointsSystemId, TriggerId,
};
use domain::time::Timestamp;
use uuid::Uuid;

/// A catalog with short ways to put things into it. Each creation is one millisecond later.
pub(crate) struct World {
    pub(crate) catalog: Catalog,
    pub(crate) now: i64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { catalog: Catalog::new(EnvironmentId(Uuid::nil()), Settings::default()), now: 0 }
    }

    pub(crate) fn now(&mut self) -> Timestamp {
        self.now += 1;
        Timestamp::from_millis(self.now)
    }

    pub(crate) fn attribute(
        &mut self,
        kind: AttributeKind,
        key: &str,
    ) -> Result<AttributeId, String> {
        let now = self.now();
        let draft = AttributeDraft { name: key.to_owned(), key: key.to_owned(), kind };
        said(self.catalog.create_attribute(draft, now).map(|own| own.id))
    }

    pub(crate) fn metric(&mut self, key: &str) -> Result<MetricId, String> {
        self.money(key, UnitType::Number, "")
    }

    pub(crate) fn money(
        &mut self,
        key: &str,
        unit_type: UnitType,
        units: &str,
    ) -> Result<MetricId, String> {
        let now = self.now();
        let units = units.to_owned();
        let draft = MetricDraft { name: key.to_owned(), key: key.to_owned(), unit_type, units };
        said(self.catalog.create_metric(draft, now).map(|own| own.id))
    }

    pub(crate) fn achievement(&mut self, draft: AchievementDraft) -> Result<AchievementId, String> {
        let now = self.now();
        said(self.catalog.create_achievement(draft, now).map(|own| own.id))
    }

    pub(crate) fn change(
        &mut self,
        id: AchievementId,
        patch: AchievementPatch,
    ) -> Result<(), String> {
        let now = self.now();
        said(self.catalog.update_achievement(id, patch, now).map(|_| ()))
    }

    pub(crate) fn system(&mut self, draft: PointsSystemDraft) -> Result<PointsSystemId, String> {
        let now = self.now();
        said(self.catalog.create_points_system(draft, now).map(|own| own.id))
    }

    pub(crate) fn trigger(
        &mut self,
        system: PointsSystemId,
        draft: TriggerDraft,
    ) -> Result<TriggerId, String> {
        let now = self.now();
        said(self.catalog.create_trigger(system, draft, now).map(|own| own.id))
    }

    pub(crate) fn change_trigger(
        &mut self,
        system: PointsSystemId,
        id: TriggerId,
        patch: TriggerPatch,
    ) -> Result<(), String> {
        let now = self.now();
        said(self.catalog.update_trigger(system, id, patch, now).map(|_| ()))
    }

    pub(crate) fn level(
        &mut self,
        system: PointsSystemId,
        key: &str,
        points: i64,
    ) -> Result<LevelId, String> {
        let now = self.now();
        said(self.catalog.create_level(system, level(key, points), now).map(|own| own.id))
    }

    pub(crate) fn streaks(&mut self, patch: StreakSettingsPatch) -> Result<(), String> {
        let now = self.now();
        said(self.catalog.update_streak_settings(patch, now).map(|_| ()))
    }
}

pub(crate) fn said<T>(result: Result<T, domain::catalog::Invalid>) -> Result<T, String> {
    result.map_err(|invalid| invalid.message)
}

pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, String>) -> String {
    result.expect_err("must be refused")
}

pub(crate) fn achievement(
    kind: AchievementTriggerKind,
    fields: AchievementTriggerFields,
) -> AchievementDraft {
    AchievementDraft {
        name: "name".to_owned(),
        description: None,
        badge_url: None,
        status: AchievementStatus::Active,
        kind,
        fields,
        user_filters: Vec::new(),
    }
}

pub(crate) fn api(key: &str) -> AchievementDraft {
    let fields = AchievementTriggerFields { key: Some(key.to_owned()), ..Default::default() };
    achievement(AchievementTriggerKind::Api, fields)
}

pub(crate) fn all_of(ids: &[AchievementId]) -> AchievementDraft {
    achievement(AchievementTriggerKind::Composite, required(ids))
}

pub(crate) fn required(ids: &[AchievementId]) -> AchievementTriggerFields {
    AchievementTriggerFields { achievement_ids: Some(ids.to_vec()), ..Default::default() }
}

pub(crate) fn reaching(metric: MetricId, value: &str) -> AchievementDraft {
    let fields = AchievementTriggerFields {
        metric_id: Some(metric),
        metric_value: Some(Amount::parse(value).expect("a number")),
        ..Default::default()
    };
    achievement(AchievementTriggerKind::Metric, fields)
}

pub(crate) fn system(key: &str) -> PointsSystemDraft {
    PointsSystemDraft {
        name: key.to_owned(),
        key: key.to_owned(),
        description: String::new(),
        badge_url: None,
        max_points: None,
        levels: Vec::new(),
        boosts: Vec::new(),
        triggers: Vec::new(),
    }
}

pub(crate) fn level(key: &str, points: i64) -> LevelDraft {
    LevelDraft {
        name: key.to_owned(),
        key: key.to_owned(),
        points,
        description: String::new(),
        badge_url: None,
    }
}

pub(crate) fn trigger(trigger_type: TriggerType, fields: TriggerTypeFields) -> TriggerDraft {
    TriggerDraft {
        trigger_type,
        points: 5,
        active: true,
        user_filters: Vec::new(),
        block_if_out_of_points: false,
        fields,
    }
}

pub(crate) fn every(metric: MetricId, threshold: u64) -> TriggerDraft {
    let fields = TriggerTypeFields {
        metric_id: Some(metric),
        metric_threshold: Some(threshold),
        ..Default::default()
    };
    trigger(TriggerType::Metric, fields)
}

pub(crate) fn filter(attribute: AttributeId, value: &str) -> Filter {
    Filter { attribute, value: value.to_owned() }
}
