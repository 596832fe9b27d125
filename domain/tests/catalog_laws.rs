//! Laws of the catalog under any sequence of operations: live keys are unique, a live object never
//! refers to one that isn't, prerequisites form no cycle, and what is refused changes nothing.

use std::collections::BTreeSet;

use domain::amount::Amount;
use domain::catalog::{
    AchievementDraft, AchievementPatch, AchievementStatus, AchievementTrigger,
    AchievementTriggerFields, AchievementTriggerKind, AttributeDraft, AttributeKind, Catalog,
    Filter, Invalid, LevelDraft, LevelPatch, MetricDraft, Patch, PointsSystemDraft, Settings,
    StreakSettingsPatch, TriggerDraft, TriggerKind, TriggerPatch, TriggerType, TriggerTypeFields,
    UnitType,
};
use domain::ids::{
    AchievementId, AttributeId, EnvironmentId, LevelId, MetricId, PointsSystemId, TriggerId,
};
use domain::time::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

/// Which of the objects ever created is meant, live or not; counted modulo how many there are.
type Nth = u8;

/// One of few keys, so that they clash.
type KeyNumber = u8;

#[derive(Clone, Debug)]
enum Operation {
    CreateAttribute { user: bool, key: KeyNumber },
    DeleteAttribute(Nth),
    CreateMetric { key: KeyNumber },
    DeleteMetric(Nth),
    CreateAchievement { about: About, filter: Option<Nth> },
    ChangeAchievement { which: Nth, about: About, filter: Option<Nth> },
    DeleteAchievement(Nth),
    CreateSystem { key: KeyNumber, level: Option<KeyNumber>, trigger: Option<About> },
    DeleteSystem(Nth),
    CreateLevel { system: Nth, key: KeyNumber, points: u8 },
    ChangeLevel { system: Nth, which: Nth, points: u8 },
    DeleteLevel { system: Nth, which: Nth },
    CreateTrigger { system: Nth, about: About, filter: Option<Nth> },
    ChangeTrigger { system: Nth, which: Nth, about: About, active: bool },
    DeleteTrigger { system: Nth, which: Nth },
    SetConditions(Vec<KeyNumber>),
}

/// What an achievement or a trigger is about.
#[derive(Clone, Debug)]
enum About {
    Metric {
        metric: Nth,
        filter: Option<Nth>,
    },
    Streak,
    /// An API achievement, or a trigger for new users.
    Own(KeyNumber),
    Achievements(Vec<Nth>),
}

fn operation() -> impl Strategy<Value = Operation> {
    let key = || 0..3_u8;
    let nth = || 0..12_u8;
    let filter = || prop::option::weighted(0.3, nth());
    prop_oneof![
        (any::<bool>(), key()).prop_map(|(user, key)| Operation::CreateAttribute { user, key }),
        nth().prop_map(Operation::DeleteAttribute),
        key().prop_map(|key| Operation::CreateMetric { key }),
        nth().prop_map(Operation::DeleteMetric),
        (about(), filter())
            .prop_map(|(about, filter)| Operation::CreateAchievement { about, filter }),
        (about(), filter())
            .prop_map(|(about, filter)| Operation::CreateAchievement { about, filter }),
        (nth(), about(), filter()).prop_map(|(which, about, filter)| {
            Operation::ChangeAchievement { which, about, filter }
        }),
        nth().prop_map(Operation::DeleteAchievement),
        (key(), prop::option::of(key()), prop::option::of(about()))
            .prop_map(|(key, level, trigger)| Operation::CreateSystem { key, level, trigger }),
        nth().prop_map(Operation::DeleteSystem),
        (nth(), key(), key()).prop_map(|(system, key, points)| Operation::CreateLevel {
            system,
            key,
            points
        }),
        (nth(), nth(), key()).prop_map(|(system, which, points)| Operation::ChangeLevel {
            system,
            which,
            points
        }),
        (nth(), nth()).prop_map(|(system, which)| Operation::DeleteLevel { system, which }),
        (nth(), about(), filter()).prop_map(|(system, about, filter)| Operation::CreateTrigger {
            system,
            about,
            filter
        }),
        (nth(), nth(), about(), any::<bool>()).prop_map(|(system, which, about, active)| {
            Operation::ChangeTrigger { system, which, about, active }
        }),
        (nth(), nth()).prop_map(|(system, which)| Operation::DeleteTrigger { system, which }),
        prop::collection::vec(key(), 0..3).prop_map(Operation::SetConditions),
    ]
}

fn about() -> impl Strategy<Value = About> {
    let filter = prop::option::weighted(0.3, 0..12_u8);
    prop_oneof![
        (0..12_u8, filter).prop_map(|(metric, filter)| About::Metric { metric, filter }),
        Just(About::Streak),
        (0..3_u8).prop_map(About::Own),
        prop::collection::vec(0..12_u8, 1..3).prop_map(About::Achievements),
    ]
}

fn nth<T>(all: &[T], nth: Nth) -> Option<&T> {
    all.get(usize::from(nth) % all.len().max(1))
}

fn attribute(catalog: &Catalog, which: Nth) -> AttributeId {
    nth(&catalog.attributes, which).map_or(AttributeId(Uuid::nil()), |own| own.id)
}

fn metric(catalog: &Catalog, which: Nth) -> MetricId {
    nth(&catalog.metrics, which).map_or(MetricId(Uuid::nil()), |own| own.id)
}

fn achievement(catalog: &Catalog, which: Nth) -> AchievementId {
    nth(&catalog.achievements, which).map_or(AchievementId(Uuid::nil()), |own| own.id)
}

fn system(catalog: &Catalog, which: Nth) -> PointsSystemId {
    nth(&catalog.points_systems, which).map_or(PointsSystemId(Uuid::nil()), |own| own.id)
}

fn level(catalog: &Catalog, system: Nth, which: Nth) -> LevelId {
    let levels = nth(&catalog.points_systems, system).map_or(&[][..], |own| &own.levels);
    nth(levels, which).map_or(LevelId(Uuid::nil()), |own| own.id)
}

fn trigger(catalog: &Catalog, system: Nth, which: Nth) -> TriggerId {
    let triggers = nth(&catalog.points_systems, system).map_or(&[][..], |own| &own.triggers);
    nth(triggers, which).map_or(TriggerId(Uuid::nil()), |own| own.id)
}

fn filters(catalog: &Catalog, which: Option<Nth>) -> Vec<Filter> {
    let filter = |which| Filter { attribute: attribute(catalog, which), value: "x".to_owned() };
    which.map(filter).into_iter().collect()
}

fn achievement_fields(
    catalog: &Catalog,
    about: &About,
) -> (AchievementTriggerKind, AchievementTriggerFields) {
    let none = AchievementTriggerFields::default();
    match about {
        About::Metric { metric: which, filter } => {
            let fields = AchievementTriggerFields {
                metric_id: Some(metric(catalog, *which)),
                metric_value: Some(Amount::from(5)),
                event_attributes: Patch::Set(filters(catalog, *filter)),
                ..none
            };
            (AchievementTriggerKind::Metric, fields)
        }
        About::Streak => (
            AchievementTriggerKind::Streak,
            AchievementTriggerFields { streak_length: Some(7), ..none },
        ),
        About::Own(key) => (
            AchievementTriggerKind::Api,
            AchievementTriggerFields { key: Some(format!("k{key}")), ..none },
        ),
        About::Achievements(which) => {
            let ids = which.iter().map(|which| achievement(catalog, *which)).collect();
            (
                AchievementTriggerKind::Composite,
                AchievementTriggerFields { achievement_ids: Some(ids), ..none },
            )
        }
    }
}

fn trigger_fields(catalog: &Catalog, about: &About) -> (TriggerType, TriggerTypeFields) {
    let none = TriggerTypeFields::default();
    match about {
        About::Metric { metric: which, filter } => {
            let fields = TriggerTypeFields {
                metric_id: Some(metric(catalog, *which)),
                metric_threshold: Some(3),
                event_attributes: Patch::Set(filters(catalog, *filter)),
                ..none
            };
            (TriggerType::Metric, fields)
        }
        About::Streak => {
            (TriggerType::Streak, TriggerTypeFields { streak_length: Some(7), ..none })
        }
        About::Own(_) => (TriggerType::UserCreation, none),
        About::Achievements(which) => {
            let id = which.first().map(|which| achievement(catalog, *which));
            (TriggerType::Achievement, TriggerTypeFields { achievement_id: id, ..none })
        }
    }
}

fn level_draft(key: KeyNumber, points: u8) -> LevelDraft {
    LevelDraft {
        name: "n".to_owned(),
        key: format!("k{key}"),
        points: i64::from(points),
        description: String::new(),
        badge_url: None,
    }
}

fn trigger_draft(catalog: &Catalog, about: &About, filter: Option<Nth>) -> TriggerDraft {
    let (trigger_type, fields) = trigger_fields(catalog, about);
    TriggerDraft {
        trigger_type,
        points: 1,
        active: true,
        user_filters: filters(catalog, filter),
        block_if_out_of_points: false,
        fields,
    }
}

fn run(catalog: &mut Catalog, operation: Operation, now: Timestamp) -> Result<(), Invalid> {
    let name = || "n".to_owned();
    let known = catalog.clone();
    match operation {
        Operation::CreateAttribute { user, key } => {
            let kind = if user { AttributeKind::User } else { AttributeKind::Event };
            let draft = AttributeDraft { name: name(), key: format!("k{key}"), kind };
            catalog.create_attribute(draft, now).map(drop)
        }
        Operation::DeleteAttribute(which) => {
            catalog.delete_attribute(attribute(&known, which), now)
        }
        Operation::CreateMetric { key } => {
            let (unit_type, units) = (UnitType::Number, String::new());
            let draft = MetricDraft { name: name(), key: format!("k{key}"), unit_type, units };
            catalog.create_metric(draft, now).map(drop)
        }
        Operation::DeleteMetric(which) => {
            catalog.delete_metric(metric(&known, which), now).map(drop)
        }
        Operation::CreateAchievement { about, filter } => {
            let (kind, fields) = achievement_fields(&known, &about);
            let draft = AchievementDraft {
                name: name(),
                description: None,
                badge_url: None,
                status: AchievementStatus::Active,
                kind,
                fields,
                user_filters: filters(&known, filter),
            };
            catalog.create_achievement(draft, now).map(drop)
        }
        Operation::ChangeAchievement { which, about, filter } => {
            let (kind, fields) = achievement_fields(&known, &about);
            let user_filters = Patch::Set(filters(&known, filter));
            let patch =
                AchievementPatch { kind: Some(kind), fields, user_filters, ..Default::default() };
            catalog.update_achievement(achievement(&known, which), patch, now).map(drop)
        }
        Operation::DeleteAchievement(which) => {
            catalog.delete_achievement(achievement(&known, which), now)
        }
        Operation::CreateSystem { key, level, trigger } => {
            let draft = PointsSystemDraft {
                name: name(),
                key: format!("k{key}"),
                description: String::new(),
                badge_url: None,
                max_points: None,
                boosts: Vec::new(),
                levels: level.map(|key| level_draft(key, 0)).into_iter().collect(),
                triggers: trigger.iter().map(|about| trigger_draft(&known, about, None)).collect(),
            };
            catalog.create_points_system(draft, now).map(drop)
        }
        Operation::DeleteSystem(which) => {
            catalog.delete_points_system(system(&known, which), now).map(drop)
        }
        Operation::CreateLevel { system: which, key, points } => {
            catalog.create_level(system(&known, which), level_draft(key, points), now).map(drop)
        }
        Operation::ChangeLevel { system: of, which, points } => {
            let patch = LevelPatch { points: Some(i64::from(points)), ..Default::default() };
            catalog.update_level(system(&known, of), level(&known, of, which), patch, now).map(drop)
        }
        Operation::DeleteLevel { system: of, which } => {
            catalog.delete_level(system(&known, of), level(&known, of, which), now)
        }
        Operation::CreateTrigger { system: of, about, filter } => {
            let draft = trigger_draft(&known, &about, filter);
            catalog.create_trigger(system(&known, of), draft, now).map(drop)
        }
        Operation::ChangeTrigger { system: of, which, about, active } => {
            let (trigger_type, fields) = trigger_fields(&known, &about);
            let patch = TriggerPatch {
                trigger_type: Some(trigger_type),
                active: Some(active),
                fields,
                ..Default::default()
            };
            catalog
                .update_trigger(system(&known, of), trigger(&known, of, which), patch, now)
                .map(drop)
        }
        Operation::DeleteTrigger { system: of, which } => {
            catalog.delete_trigger(system(&known, of), trigger(&known, of, which), now)
        }
        Operation::SetConditions(keys) => {
            let metrics = keys.iter().map(|key| (format!("k{key}"), 1)).collect();
            let patch = StreakSettingsPatch { metrics: Some(metrics), ..Default::default() };
            catalog.update_streak_settings(patch, now).map(drop)
        }
    }
}

fn assert_unique<T: Ord>(what: &str, keys: impl Iterator<Item = T>) {
    let all: Vec<_> = keys.collect();
    let count = all.len();
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), count, "{what} must be unique");
}

fn assert_keys_are_unique(catalog: &Catalog) {
    assert_unique(
        "attribute keys",
        catalog.live_attributes().map(|own| (own.kind, own.key.clone())),
    );
    assert_unique("metric keys", catalog.live_metrics().map(|own| own.key.clone()));
    assert_unique(
        "achievement keys",
        catalog.live_achievements().filter_map(|own| match own.trigger() {
            AchievementTrigger::Api { key } => Some(key.clone()),
            AchievementTrigger::Metric { .. }
            | AchievementTrigger::Streak { .. }
            | AchievementTrigger::Composite { .. }
            | AchievementTrigger::Anniversary { .. } => None,
        }),
    );
    assert_unique("system keys", catalog.live_points_systems().map(|own| own.key.clone()));
    for system in catalog.live_points_systems() {
        assert_unique("level keys", system.live_levels().iter().map(|own| own.key.clone()));
        assert_unique("level thresholds", system.live_levels().iter().map(|own| own.points));
    }
}

fn assert_filters_are_live(catalog: &Catalog, kind: AttributeKind, filters: &[Filter]) {
    for filter in filters {
        let attribute =
            catalog.find_attribute(filter.attribute).expect("filters name live attributes");
        assert_eq!(attribute.kind, kind);
    }
}

fn assert_references_are_live(catalog: &Catalog) {
    for own in catalog.live_achievements() {
        assert_filters_are_live(catalog, AttributeKind::User, own.user_filters());
        assert_filters_are_live(catalog, AttributeKind::Event, own.event_filters());
        match own.trigger() {
            AchievementTrigger::Metric { metric, .. } => {
                assert!(catalog.find_metric(*metric).is_some())
            }
            AchievementTrigger::Composite { achievements } => {
                assert!(achievements.iter().all(|id| catalog.find_achievement(*id).is_some()));
            }
            AchievementTrigger::Streak { .. }
            | AchievementTrigger::Api { .. }
            | AchievementTrigger::Anniversary { .. } => {}
        }
    }
    for own in catalog.live_points_systems().flat_map(|system| system.live_triggers()) {
        assert_filters_are_live(catalog, AttributeKind::User, &own.user_filters);
        assert_filters_are_live(catalog, AttributeKind::Event, own.event_filters());
        match &own.kind {
            TriggerKind::Metric { metric, .. } => assert!(catalog.find_metric(*metric).is_some()),
            TriggerKind::Achievement { achievement } => {
                assert!(catalog.find_achievement(*achievement).is_some());
            }
            TriggerKind::Streak { .. } | TriggerKind::UserCreation | TriggerKind::Time { .. } => {}
        }
    }
    let conditions = &catalog.streaks.current().metrics;
    assert!(conditions.iter().all(|own| catalog.find_metric(own.metric).is_some()));
}

/// Reviews are numbered in order of their instants, each once, up to the catalog's count.
/// (C-ACH-16)
fn assert_reviews_are_in_order(catalog: &Catalog) {
    let terms = catalog.achievements.iter().flat_map(|own| own.terms.changes());
    let mut reviews: Vec<_> =
        terms.filter_map(|(at, own)| own.review.map(|review| (review.number, at))).collect();
    reviews.sort_unstable();
    assert!(reviews.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1));
    assert!(reviews.iter().all(|(number, _)| (1..=catalog.review).contains(number)));
}

/// Takes away, again and again, achievements that require nothing that is left.
fn assert_no_cycle(catalog: &Catalog) {
    let mut left: Vec<_> = catalog.live_achievements().collect();
    loop {
        let ids: BTreeSet<_> = left.iter().map(|own| own.id).collect();
        let before = left.len();
        left.retain(|own| match own.trigger() {
            AchievementTrigger::Composite { achievements } => {
                achievements.iter().any(|id| ids.contains(id))
            }
            AchievementTrigger::Metric { .. }
            | AchievementTrigger::Streak { .. }
            | AchievementTrigger::Api { .. }
            | AchievementTrigger::Anniversary { .. } => false,
        });
        if left.len() == before {
            break;
        }
    }
    assert!(left.is_empty(), "prerequisites must not form a cycle: {left:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    // C-ACH-09 C-ACH-15 C-ADM-19 C-ADM-20 C-ADM-24 C-ATTR-12 C-METRIC-05 C-POINTS-46
    #[test]
    fn live_keys_are_unique_and_live_references_never_dangle(
        operations in prop::collection::vec(operation(), 1..60)
    ) {
        let mut catalog = Catalog::new(EnvironmentId(Uuid::nil()), Settings::default());
        for (step, operation) in (1..).zip(operations) {
            let before = catalog.clone();
            if run(&mut catalog, operation, Timestamp::from_millis(step)).is_err() {
                prop_assert_eq!(&catalog, &before, "what is refused changes nothing");
            }
            assert_keys_are_unique(&catalog);
            assert_references_are_live(&catalog);
            assert_no_cycle(&catalog);
            assert_reviews_are_in_order(&catalog);
        }
    }
}
