//! The catalog's rules, through its public operations: what may be configured, what may change, and
//! what goes when something else goes.

use domain::amount::Amount;
use domain::calendar::Frequency;
use domain::catalog::{
    AchievementDraft, AchievementPatch, AchievementStatus, AchievementTrigger,
    AchievementTriggerFields, AchievementTriggerKind, AttributeDraft, AttributeKind,
    AttributePatch, Catalog, Filter, FreezesPatch, LevelDraft, LevelPatch, MetricDraft,
    MetricPatch, Patch, PointsSystemDraft, PointsSystemPatch, Settings, StreakSettingsPatch,
    TriggerDraft, TriggerPatch, TriggerType, TriggerTypeFields, UnitType,
};
use domain::ids::{
    AchievementId, AttributeId, EnvironmentId, LevelId, MetricId, PointsSystemId, TriggerId,
};
use domain::time::Timestamp;
use uuid::Uuid;

/// A catalog with short ways to put things into it. Each creation is one millisecond later.
struct World {
    catalog: Catalog,
    now: i64,
}

impl World {
    fn new() -> Self {
        Self { catalog: Catalog::new(EnvironmentId(Uuid::nil()), Settings::default()), now: 0 }
    }

    fn now(&mut self) -> Timestamp {
        self.now += 1;
        Timestamp::from_millis(self.now)
    }

    fn attribute(&mut self, kind: AttributeKind, key: &str) -> Result<AttributeId, String> {
        let now = self.now();
        let draft = AttributeDraft { name: key.to_owned(), key: key.to_owned(), kind };
        said(self.catalog.create_attribute(draft, now).map(|own| own.id))
    }

    fn metric(&mut self, key: &str) -> Result<MetricId, String> {
        self.money(key, UnitType::Number, "")
    }

    fn money(&mut self, key: &str, unit_type: UnitType, units: &str) -> Result<MetricId, String> {
        let now = self.now();
        let units = units.to_owned();
        let draft = MetricDraft { name: key.to_owned(), key: key.to_owned(), unit_type, units };
        said(self.catalog.create_metric(draft, now).map(|own| own.id))
    }

    fn achievement(&mut self, draft: AchievementDraft) -> Result<AchievementId, String> {
        let now = self.now();
        said(self.catalog.create_achievement(draft, now).map(|own| own.id))
    }

    fn change(&mut self, id: AchievementId, patch: AchievementPatch) -> Result<(), String> {
        let now = self.now();
        said(self.catalog.update_achievement(id, patch, now).map(|_| ()))
    }

    fn system(&mut self, draft: PointsSystemDraft) -> Result<PointsSystemId, String> {
        let now = self.now();
        said(self.catalog.create_points_system(draft, now).map(|own| own.id))
    }

    fn trigger(
        &mut self,
        system: PointsSystemId,
        draft: TriggerDraft,
    ) -> Result<TriggerId, String> {
        let now = self.now();
        said(self.catalog.create_trigger(system, draft, now).map(|own| own.id))
    }

    fn change_trigger(
        &mut self,
        system: PointsSystemId,
        id: TriggerId,
        patch: TriggerPatch,
    ) -> Result<(), String> {
        let now = self.now();
        said(self.catalog.update_trigger(system, id, patch, now).map(|_| ()))
    }

    fn level(&mut self, system: PointsSystemId, key: &str, points: i64) -> Result<LevelId, String> {
        let now = self.now();
        said(self.catalog.create_level(system, level(key, points), now).map(|own| own.id))
    }

    fn streaks(&mut self, patch: StreakSettingsPatch) -> Result<(), String> {
        let now = self.now();
        said(self.catalog.update_streak_settings(patch, now).map(|_| ()))
    }
}

fn said<T>(result: Result<T, domain::catalog::Invalid>) -> Result<T, String> {
    result.map_err(|invalid| invalid.message)
}

fn refused<T: std::fmt::Debug>(result: Result<T, String>) -> String {
    result.expect_err("must be refused")
}

fn achievement(kind: AchievementTriggerKind, fields: AchievementTriggerFields) -> AchievementDraft {
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

fn api(key: &str) -> AchievementDraft {
    let fields = AchievementTriggerFields { key: Some(key.to_owned()), ..Default::default() };
    achievement(AchievementTriggerKind::Api, fields)
}

fn all_of(ids: &[AchievementId]) -> AchievementDraft {
    achievement(AchievementTriggerKind::Composite, required(ids))
}

fn required(ids: &[AchievementId]) -> AchievementTriggerFields {
    AchievementTriggerFields { achievement_ids: Some(ids.to_vec()), ..Default::default() }
}

fn reaching(metric: MetricId, value: &str) -> AchievementDraft {
    let fields = AchievementTriggerFields {
        metric_id: Some(metric),
        metric_value: Some(Amount::parse(value).expect("a number")),
        ..Default::default()
    };
    achievement(AchievementTriggerKind::Metric, fields)
}

fn system(key: &str) -> PointsSystemDraft {
    PointsSystemDraft {
        name: key.to_owned(),
        key: key.to_owned(),
        description: String::new(),
        badge_url: None,
        max_points: None,
        levels: Vec::new(),
        triggers: Vec::new(),
    }
}

fn level(key: &str, points: i64) -> LevelDraft {
    LevelDraft {
        name: key.to_owned(),
        key: key.to_owned(),
        points,
        description: String::new(),
        badge_url: None,
    }
}

fn trigger(trigger_type: TriggerType, fields: TriggerTypeFields) -> TriggerDraft {
    TriggerDraft {
        trigger_type,
        points: 5,
        active: true,
        user_filters: Vec::new(),
        block_if_out_of_points: false,
        fields,
    }
}

fn every(metric: MetricId, threshold: u64) -> TriggerDraft {
    let fields = TriggerTypeFields {
        metric_id: Some(metric),
        metric_threshold: Some(threshold),
        ..Default::default()
    };
    trigger(TriggerType::Metric, fields)
}

fn filter(attribute: AttributeId, value: &str) -> Filter {
    Filter { attribute, value: value.to_owned() }
}

// C-ATTR-01 C-ATTR-13 C-ATTR-14 C-ADM-20
#[test]
fn attribute_keys_are_unique_per_type_and_fixed() {
    let mut world = World::new();
    let user = world.attribute(AttributeKind::User, "plan").unwrap();
    world.attribute(AttributeKind::Event, "plan").unwrap();
    assert_eq!(
        refused(world.attribute(AttributeKind::User, "plan")),
        "Key already in use by another attribute of this type"
    );
    assert_eq!(
        refused(world.attribute(AttributeKind::User, "a b")),
        "Key contains invalid characters"
    );
    let renamed =
        world.catalog.update_attribute(user, AttributePatch { name: Some("Tier".into()) }).unwrap();
    assert_eq!((renamed.name.as_str(), renamed.key.as_str()), ("Tier", "plan"));
    let same = world.catalog.update_attribute(user, AttributePatch::default()).unwrap();
    assert_eq!(same.name, "Tier");
    let unknown = AttributeId(Uuid::nil());
    let error = world.catalog.update_attribute(unknown, AttributePatch::default()).unwrap_err();
    assert_eq!(error.message, "Attribute not found by ID");
}

// C-ATTR-12 C-ADM-24 C-GEN-32
#[test]
fn an_attribute_in_use_stays() {
    let mut world = World::new();
    let plan = world.attribute(AttributeKind::User, "plan").unwrap();
    let deck = world.attribute(AttributeKind::Event, "deck").unwrap();
    let words = world.metric("words").unwrap();
    let mut filtered = api("pro");
    filtered.user_filters = vec![filter(plan, "pro")];
    let pro = world.achievement(filtered).unwrap();
    let xp = world.system(system("xp")).unwrap();
    let mut paying = every(words, 1);
    paying.fields.event_attributes = Patch::Set(vec![filter(deck, "latin")]);
    let paying = world.trigger(xp, paying).unwrap();
    for used in [plan, deck] {
        assert_eq!(
            world.catalog.delete_attribute(used).unwrap_err().message,
            "Attribute is in use"
        );
    }
    world.catalog.delete_achievement(pro).unwrap();
    world.catalog.delete_trigger(xp, paying).unwrap();
    for unused in [plan, deck] {
        world.catalog.delete_attribute(unused).unwrap();
        let again = world.catalog.delete_attribute(unused).unwrap_err();
        assert_eq!(again.message, "Attribute not found by ID");
    }
    let again = world.attribute(AttributeKind::User, "plan").unwrap();
    assert_ne!(again, plan);
}

// C-ADM-22 C-ACH-11
#[test]
fn filters_name_live_attributes_of_the_right_kind_once() {
    let mut world = World::new();
    let plan = world.attribute(AttributeKind::User, "plan").unwrap();
    let deck = world.attribute(AttributeKind::Event, "deck").unwrap();
    let gone = world.attribute(AttributeKind::User, "gone").unwrap();
    world.catalog.delete_attribute(gone).unwrap();
    let mut with = |filters: Vec<Filter>| {
        let draft = AchievementDraft { user_filters: filters, ..api("a") };
        refused(world.achievement(draft))
    };
    assert_eq!(with(vec![filter(deck, "x")]), "userAttributes must name user attributes");
    assert_eq!(with(vec![filter(gone, "x")]), "Attribute not found by ID");
    assert_eq!(
        with(vec![filter(plan, "x"), filter(plan, "y")]),
        "userAttributes must name each attribute once"
    );
    let long = "é".repeat(256);
    assert_eq!(with(vec![filter(plan, &long)]), "attributeValue must have at most 255 characters");
    let streak = AchievementTriggerFields {
        streak_length: Some(3),
        event_attributes: Patch::Set(vec![filter(deck, "x")]),
        ..Default::default()
    };
    assert_eq!(
        refused(world.achievement(achievement(AchievementTriggerKind::Streak, streak))),
        "eventAttributes is only permitted for metric achievements"
    );
}

// C-METRIC-02 C-METRIC-03 C-ADM-31 C-ADM-16
#[test]
fn currencies_need_an_active_code_in_the_merged_result() {
    let mut world = World::new();
    for bad in ["", "eur", "EURO", "HRK", "XYZ"] {
        let result = world.money("spent", UnitType::Currency, bad);
        assert_eq!(refused(result), "units must be an ISO 4217 currency code", "{bad}");
    }
    for good in ["USD", "GBP", "EUR", "JPY"] {
        world.money(good, UnitType::Currency, good).unwrap();
    }
    let words = world.money("words", UnitType::Number, "words").unwrap();
    let currency = MetricPatch { unit_type: Some(UnitType::Currency), ..Default::default() };
    assert!(world.catalog.update_metric(words, currency.clone()).is_err());
    assert_eq!(world.catalog.find_metric(words).unwrap().unit_type, UnitType::Number);
    let both = MetricPatch { units: Some("EUR".into()), ..currency };
    assert_eq!(world.catalog.update_metric(words, both).unwrap().units, "EUR");
    let number = MetricPatch { unit_type: Some(UnitType::Number), ..Default::default() };
    let metric = world.catalog.update_metric(words, number).unwrap();
    assert_eq!((metric.unit_type, metric.units.as_str()), (UnitType::Number, "EUR"));
}

// C-METRIC-04 C-ADM-11 C-ADM-20
#[test]
fn metric_keys_are_unique_among_live_metrics() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    assert_eq!(refused(world.metric("words")), "Key already in use by another metric");
    world.metric("Words").unwrap();
    world.catalog.delete_metric(words, Timestamp::from_millis(99)).unwrap();
    assert_ne!(world.metric("words").unwrap(), words);
    let patch = MetricPatch { name: Some("x".into()), ..Default::default() };
    assert_eq!(
        world.catalog.update_metric(words, patch).unwrap_err().message,
        "Metric not found by ID"
    );
}

// C-METRIC-05 C-ADM-19 C-ADM-24 C-ADM-32
#[test]
fn a_metric_takes_along_what_is_built_on_it() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let lessons = world.metric("lessons").unwrap();
    let ten = world.achievement(reaching(words, "10")).unwrap();
    let other = world.achievement(reaching(lessons, "10")).unwrap();
    let both = world.achievement(all_of(&[ten, other])).unwrap();
    let above = world.achievement(all_of(&[both])).unwrap();
    let xp = world.system(system("xp")).unwrap();
    let per_word = world.trigger(xp, every(words, 1)).unwrap();
    let per_lesson = world.trigger(xp, every(lessons, 1)).unwrap();
    let for_above = TriggerTypeFields { achievement_id: Some(above), ..Default::default() };
    let for_above = world.trigger(xp, trigger(TriggerType::Achievement, for_above)).unwrap();
    world
        .streaks(StreakSettingsPatch {
            metrics: Some(vec![("words".into(), 1), ("lessons".into(), 2)]),
            ..Default::default()
        })
        .unwrap();
    let now = world.now();
    world.catalog.delete_metric(words, now).unwrap();
    let live: Vec<_> = world.catalog.live_achievements().map(|own| own.id).collect();
    assert_eq!(live, [other]);
    let xp = world.catalog.find_points_system(xp).unwrap();
    assert_eq!(xp.live_triggers().map(|own| own.id).collect::<Vec<_>>(), [per_lesson]);
    assert!(xp.triggers.iter().any(|own| own.id == per_word && own.archived));
    assert!(xp.triggers.iter().any(|own| own.id == for_above && own.archived));
    let conditions: Vec<_> =
        world.catalog.streaks.current().metrics.iter().map(|own| own.metric).collect();
    assert_eq!(conditions, [lessons]);
    // Periods that closed before are still judged with it. (C-STREAK-07)
    assert_eq!(world.catalog.streaks.before(now).metrics.len(), 2);
}

// C-ACH-06 C-ACH-14 C-ADM-39 C-ADM-40
#[test]
fn achievements_need_the_fields_of_their_trigger_and_no_others() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let none = AchievementTriggerFields::default();
    use AchievementTriggerKind::{Api, Composite, Metric, Streak};
    for (kind, message) in [
        (Api, "key is required"),
        (Streak, "streakLength is required"),
        (Composite, "achievementIds is required"),
        (Metric, "metricId is required"),
    ] {
        assert_eq!(refused(world.achievement(achievement(kind, none.clone()))), message);
    }
    let no_value = AchievementTriggerFields { metric_id: Some(words), ..none.clone() };
    assert_eq!(
        refused(world.achievement(achievement(Metric, no_value))),
        "metricValue is required"
    );
    assert_eq!(
        refused(world.achievement(reaching(words, "0.999"))),
        "metricValue must be at least 1"
    );
    assert_eq!(
        refused(world.achievement(reaching(MetricId(Uuid::nil()), "1"))),
        "Metric not found by ID"
    );
    world.achievement(reaching(words, "1.5")).unwrap();
    let foreign =
        AchievementTriggerFields { key: Some("k".into()), streak_length: Some(3), ..none };
    assert_eq!(
        refused(world.achievement(achievement(Streak, foreign))),
        "key is only permitted for api achievements"
    );
}

// C-ACH-14 C-ADM-42
#[test]
fn a_new_trigger_needs_its_fields_and_drops_the_old_ones() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let tour = world.achievement(api("tour")).unwrap();
    let to = |kind, fields| AchievementPatch { kind: Some(kind), fields, ..Default::default() };
    let none = AchievementTriggerFields::default();
    assert_eq!(
        refused(world.change(tour, to(AchievementTriggerKind::Streak, none.clone()))),
        "streakLength is required"
    );
    let metric = AchievementTriggerFields {
        metric_id: Some(words),
        metric_value: Some(Amount::from(5)),
        ..none.clone()
    };
    world.change(tour, to(AchievementTriggerKind::Metric, metric)).unwrap();
    world.achievement(api("tour")).unwrap();
    // One field of the metric trigger is enough to change it.
    let value = AchievementTriggerFields { metric_value: Some(Amount::from(7)), ..none };
    world.change(tour, AchievementPatch { fields: value, ..Default::default() }).unwrap();
    let trigger = &world.catalog.find_achievement(tour).unwrap().trigger;
    let is_changed = matches!(
        trigger,
        AchievementTrigger::Metric { metric, value, .. } if *metric == words && *value == Amount::from(7)
    );
    assert!(is_changed, "{trigger:?}");
}

// C-ACH-09 C-ADM-44
#[test]
fn prerequisites_are_distinct_live_and_without_cycles() {
    let mut world = World::new();
    let base = world.achievement(api("base")).unwrap();
    assert_eq!(refused(world.achievement(all_of(&[]))), "achievementIds must have 1 to 50 entries");
    assert_eq!(
        refused(world.achievement(all_of(&[base; 51]))),
        "achievementIds must have 1 to 50 entries"
    );
    assert_eq!(
        refused(world.achievement(all_of(&[base, base]))),
        "achievementIds must be distinct"
    );
    assert_eq!(
        refused(world.achievement(all_of(&[AchievementId(Uuid::nil())]))),
        "Achievement not found by ID"
    );
    let middle = world.achievement(all_of(&[base])).unwrap();
    let top = world.achievement(all_of(&[middle])).unwrap();
    let require = |id| AchievementPatch { fields: required(&[id]), ..Default::default() };
    assert_eq!(
        refused(world.change(middle, require(middle))),
        "achievementIds must not contain the achievement itself"
    );
    assert_eq!(refused(world.change(middle, require(top))), "achievementIds must not form a cycle");
    let composite =
        AchievementPatch { kind: Some(AchievementTriggerKind::Composite), ..require(top) };
    assert_eq!(refused(world.change(base, composite)), "achievementIds must not form a cycle");
    let is_prerequisite = "Achievement is a prerequisite of another achievement";
    assert_eq!(world.catalog.delete_achievement(middle).unwrap_err().message, is_prerequisite);
    for id in [top, middle, base] {
        world.catalog.delete_achievement(id).unwrap();
    }
    assert_eq!(
        world.catalog.delete_achievement(base).unwrap_err().message,
        "Achievement not found by ID"
    );
}

// C-ACH-12 C-ACH-13 C-ADM-41
#[test]
fn status_moves_follow_their_chart() {
    use AchievementStatus::{Active, Inactive, Locked};
    let all = [Inactive, Active, Locked];
    let allowed = [(Inactive, Active), (Active, Locked), (Locked, Active)];
    for from in all {
        for to in all {
            let mut world = World::new();
            let id = world.achievement(AchievementDraft { status: from, ..api("a") }).unwrap();
            let moved =
                world.change(id, AchievementPatch { status: Some(to), ..Default::default() });
            if from == to || allowed.contains(&(from, to)) {
                moved.unwrap();
                assert_eq!(world.catalog.find_achievement(id).unwrap().status, to);
            } else {
                let message =
                    format!("Cannot change status from {} to {}", from.as_str(), to.as_str());
                assert_eq!(refused(moved), message);
            }
        }
    }
}

// C-ACH-15
#[test]
fn api_keys_are_unique_among_live_api_achievements() {
    let mut world = World::new();
    let tour = world.achievement(api("tour")).unwrap();
    let taken = "Key already in use by another achievement";
    assert_eq!(refused(world.achievement(api("tour"))), taken);
    let quiz = world.achievement(api("quiz")).unwrap();
    let rename = |key: &str| AchievementPatch { fields: api(key).fields, ..Default::default() };
    assert_eq!(refused(world.change(quiz, rename("tour"))), taken);
    world.change(tour, rename("tour")).unwrap();
    world.change(tour, rename("grand-tour")).unwrap();
    world.change(quiz, rename("tour")).unwrap();
    assert_eq!(world.catalog.find_api_achievement("tour").unwrap().id, quiz);
}

// C-ACH-14 C-ACH-33 C-ADM-13 C-ADM-14
#[test]
fn updates_keep_what_they_leave_out_and_null_clears() {
    let mut world = World::new();
    let plan = world.attribute(AttributeKind::User, "plan").unwrap();
    let draft = AchievementDraft {
        description: Some("text".into()),
        badge_url: Some("https://a.example/b".into()),
        user_filters: vec![filter(plan, "pro")],
        ..api("tour")
    };
    let id = world.achievement(draft).unwrap();
    let before = world.catalog.find_achievement(id).unwrap().clone();
    world.change(id, AchievementPatch::default()).unwrap();
    assert_eq!(*world.catalog.find_achievement(id).unwrap(), before);
    world
        .change(
            id,
            AchievementPatch {
                description: Patch::Set(String::new()),
                badge_url: Patch::Clear,
                user_filters: Patch::Clear,
                ..Default::default()
            },
        )
        .unwrap();
    let after = world.catalog.find_achievement(id).unwrap();
    assert_eq!((&after.description, &after.badge_url), (&None, &None));
    assert!(after.user_filters.is_empty());
    assert!(after.stamps.updated_at > before.stamps.updated_at);
}

// C-POINTS-04 C-POINTS-05 C-ADM-46 C-ADM-47
#[test]
fn a_system_comes_with_all_its_parts_or_not_at_all() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let before = world.catalog.clone();
    let with = |levels, triggers| PointsSystemDraft { levels, triggers, ..system("xp") };
    assert_eq!(
        refused(world.system(with(vec![level("a", 0), level("b", -1)], vec![]))),
        "levels[1]: points must be an integer of at least 0"
    );
    assert_eq!(
        refused(world.system(with(
            vec![level("a", 0)],
            vec![every(words, 1), every(MetricId(Uuid::nil()), 1)]
        ))),
        "triggers[1]: Metric not found by ID"
    );
    assert_eq!(world.catalog, before);
    let xp = world
        .system(with(vec![level("gold", 9), level("iron", 0)], vec![every(words, 1)]))
        .unwrap();
    let created = world.catalog.find_points_system(xp).unwrap();
    assert_eq!((created.levels.len(), created.triggers.len()), (2, 1));
    assert_eq!(refused(world.system(system("xp"))), "Key already in use by another points system");
    let zero = PointsSystemDraft { max_points: Some(0), ..system("energy") };
    assert_eq!(refused(world.system(zero)), "maxPoints must be an integer of at least 1");
    let now = world.now();
    let maximum = PointsSystemPatch { max_points: Patch::Set(10), ..Default::default() };
    assert_eq!(world.catalog.update_points_system(xp, maximum, now).unwrap().max_points, Some(10));
    let lifted = PointsSystemPatch { max_points: Patch::Clear, ..Default::default() };
    assert_eq!(world.catalog.update_points_system(xp, lifted, now).unwrap().max_points, None);
}

// C-POINTS-06 C-ADM-19 C-ADM-49
#[test]
fn a_deleted_system_takes_its_parts_along_and_frees_its_key() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let xp = world
        .system(PointsSystemDraft {
            levels: vec![level("a", 0)],
            triggers: vec![every(words, 1)],
            ..system("xp")
        })
        .unwrap();
    world.catalog.delete_points_system(xp).unwrap();
    assert!(world.catalog.find_points_system(xp).is_none());
    let again = world.catalog.delete_points_system(xp).unwrap_err();
    assert_eq!(again.message, "Points system not found by ID");
    let archived = &world.catalog.points_systems[0];
    assert_eq!((archived.live_triggers().count(), archived.live_levels().len()), (0, 0));
    world.system(system("xp")).unwrap();
}

// C-POINTS-10 C-POINTS-13 C-ADM-53 C-ADM-54
#[test]
fn triggers_need_the_fields_of_their_type_and_no_others() {
    use TriggerType::{Achievement, Metric, Streak, UserCreation};
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let xp = world.system(system("xp")).unwrap();
    let none = TriggerTypeFields::default();
    for (trigger_type, message) in [
        (Metric, "metricId is required"),
        (Achievement, "achievementId is required"),
        (Streak, "streakLength is required"),
    ] {
        assert_eq!(refused(world.trigger(xp, trigger(trigger_type, none.clone()))), message);
    }
    let no_threshold = TriggerTypeFields { metric_id: Some(words), ..none.clone() };
    assert_eq!(
        refused(world.trigger(xp, trigger(Metric, no_threshold.clone()))),
        "metricThreshold is required"
    );
    assert_eq!(
        refused(world.trigger(xp, trigger(UserCreation, no_threshold))),
        "metricId is only permitted for metric triggers"
    );
    let unknown =
        TriggerTypeFields { achievement_id: Some(AchievementId(Uuid::nil())), ..none.clone() };
    assert_eq!(
        refused(world.trigger(xp, trigger(Achievement, unknown))),
        "Achievement not found by ID"
    );
    for points in [0, 1_000_000_001, -1_000_000_001, i64::MIN] {
        let draft = TriggerDraft { points, ..trigger(UserCreation, none.clone()) };
        assert_eq!(
            refused(world.trigger(xp, draft)),
            "points must be a non-zero integer between -1000000000 and 1000000000"
        );
    }
    assert_eq!(world.catalog.find_points_system(xp).unwrap().triggers.len(), 0);
    world.trigger(xp, trigger(UserCreation, none)).unwrap();
}

// C-POINTS-10 C-ADM-55
#[test]
fn a_triggers_type_changes_only_while_it_is_inactive() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let xp = world.system(system("xp")).unwrap();
    let id = world.trigger(xp, every(words, 10)).unwrap();
    let streak = TriggerPatch {
        trigger_type: Some(TriggerType::Streak),
        fields: TriggerTypeFields { streak_length: Some(7), ..Default::default() },
        ..Default::default()
    };
    assert_eq!(
        refused(world.change_trigger(xp, id, streak.clone())),
        "type can only change while the trigger is inactive"
    );
    world
        .change_trigger(xp, id, TriggerPatch { active: Some(false), ..Default::default() })
        .unwrap();
    world.change_trigger(xp, id, streak).unwrap();
    let stored = world.catalog.find_points_system(xp).unwrap().find_trigger(id).unwrap();
    assert_eq!(
        (stored.kind.trigger_type(), stored.points, stored.active),
        (TriggerType::Streak, 5, false)
    );
}

// C-POINTS-08
#[test]
fn parts_of_another_system_are_not_found() {
    let mut world = World::new();
    let (xp, energy) =
        (world.system(system("xp")).unwrap(), world.system(system("energy")).unwrap());
    let bronze = world.level(xp, "bronze", 0).unwrap();
    let creation =
        world.trigger(xp, trigger(TriggerType::UserCreation, Default::default())).unwrap();
    assert_eq!(
        world.catalog.update_level(energy, bronze, LevelPatch::default()).unwrap_err().message,
        "Level not found by ID"
    );
    assert_eq!(
        refused(world.change_trigger(energy, creation, TriggerPatch::default())),
        "Points trigger not found by ID"
    );
    assert_eq!(
        world.catalog.delete_level(energy, bronze).unwrap_err().message,
        "Level not found by ID"
    );
}

// C-POINTS-46 C-ADM-51 C-ADM-52
#[test]
fn levels_are_unique_by_key_and_threshold_and_the_highest_reached_counts() {
    let mut world = World::new();
    let xp = world.system(system("xp")).unwrap();
    let gold = world.level(xp, "gold", 200).unwrap();
    let bronze = world.level(xp, "bronze", 50).unwrap();
    assert_eq!(refused(world.level(xp, "gold", 300)), "Key already in use by another level");
    assert_eq!(refused(world.level(xp, "or", 200)), "Points already in use by another level");
    assert_eq!(refused(world.level(xp, "or", -1)), "points must be an integer of at least 0");
    let moved = |points| LevelPatch { points: Some(points), ..Default::default() };
    let clash = world.catalog.update_level(xp, bronze, moved(200)).unwrap_err();
    assert_eq!(clash.message, "Points already in use by another level");
    world.catalog.update_level(xp, bronze, moved(50)).unwrap();
    let at = |world: &World, total| {
        world.catalog.find_points_system(xp).unwrap().level_at(total).map(|level| level.id)
    };
    assert_eq!(
        [49, 50, 199, 200].map(|total| at(&world, total)),
        [None, Some(bronze), Some(bronze), Some(gold)]
    );
    world.catalog.update_level(xp, bronze, moved(500)).unwrap();
    let listed: Vec<_> = world
        .catalog
        .find_points_system(xp)
        .unwrap()
        .live_levels()
        .iter()
        .map(|own| own.id)
        .collect();
    assert_eq!(listed, [gold, bronze]);
    world.catalog.delete_level(xp, gold).unwrap();
    assert_eq!(at(&world, 400), None);
    world.level(xp, "gold", 200).unwrap();
}

// C-STREAK-34 C-STREAK-35 C-ADM-88
#[test]
fn freeze_settings_have_bounds_and_belong_together() {
    let freezes =
        |start_count, max_count, auto_earn_interval, auto_earn_amount| StreakSettingsPatch {
            freezes: Patch::Set(FreezesPatch {
                start_count,
                max_count,
                auto_earn_interval,
                auto_earn_amount,
            }),
            ..Default::default()
        };
    let mut world = World::new();
    for (patch, message) in [
        (freezes(0, 0, None, None), "freezes.maxCount must be an integer between 1 and 100"),
        (freezes(0, 101, None, None), "freezes.maxCount must be an integer between 1 and 100"),
        (freezes(-1, 5, None, None), "freezes.startCount must be an integer between 0 and 100"),
        (freezes(3, 2, None, None), "freezes.maxCount must be at least freezes.startCount"),
        (
            freezes(0, 5, Some(0), Some(1)),
            "freezes.autoEarnInterval must be an integer between 1 and 3650",
        ),
        (
            freezes(0, 5, Some(3651), Some(1)),
            "freezes.autoEarnInterval must be an integer between 1 and 3650",
        ),
        (
            freezes(0, 5, Some(7), Some(101)),
            "freezes.autoEarnAmount must be an integer between 1 and 100",
        ),
        (
            freezes(0, 5, Some(7), None),
            "freezes.autoEarnInterval and freezes.autoEarnAmount must both be set or both be null",
        ),
    ] {
        assert_eq!(refused(world.streaks(patch)), message);
    }
    assert!(world.catalog.streaks.is_initial());
    world.streaks(freezes(0, 1, Some(3650), Some(100))).unwrap();
    world.streaks(StreakSettingsPatch { freezes: Patch::Clear, ..Default::default() }).unwrap();
    assert_eq!(world.catalog.streaks.current().freezes, None);
}

// C-STREAK-41
#[test]
fn the_anchor_of_earning_moves_only_when_earning_changes() {
    let freezes = |max_count, auto_earn_interval| StreakSettingsPatch {
        freezes: Patch::Set(FreezesPatch {
            start_count: 0,
            max_count,
            auto_earn_interval: Some(auto_earn_interval),
            auto_earn_amount: Some(1),
        }),
        ..Default::default()
    };
    let since =
        |world: &World| world.catalog.streaks.current().freezes.unwrap().auto_earn.unwrap().since;
    let mut world = World::new();
    world.streaks(freezes(5, 7)).unwrap();
    let enabled = since(&world);
    world.streaks(freezes(6, 7)).unwrap();
    assert_eq!(since(&world), enabled);
    world.streaks(freezes(6, 8)).unwrap();
    assert!(since(&world) > enabled);
}

// C-STREAK-52 C-STREAK-53 C-ADM-86
#[test]
fn days_off_are_distinct_weekdays_of_daily_streaks() {
    let days =
        |days: &[i64]| StreakSettingsPatch { days_off: Some(days.to_vec()), ..Default::default() };
    let every =
        |frequency| StreakSettingsPatch { frequency: Some(frequency), ..Default::default() };
    let mut world = World::new();
    world.streaks(days(&[6, 0, 3])).unwrap();
    assert_eq!(world.catalog.streaks.current().days_off, [0, 3, 6]);
    for bad in [&[7][..], &[-1]] {
        assert_eq!(refused(world.streaks(days(bad))), "daysOff must be integers between 0 and 6");
    }
    assert_eq!(refused(world.streaks(days(&[1, 1]))), "daysOff must be distinct");
    world.streaks(every(Frequency::Weekly)).unwrap();
    assert!(world.catalog.streaks.current().days_off.is_empty());
    assert_eq!(refused(world.streaks(days(&[1]))), "daysOff is only permitted for daily streaks");
    world.streaks(days(&[])).unwrap();
    let back = StreakSettingsPatch { days_off: Some(vec![1]), ..every(Frequency::Daily) };
    world.streaks(back).unwrap();
    assert_eq!(world.catalog.streaks.current().days_off, [1]);
}

// C-STREAK-70 C-STREAK-71 C-ADM-85 C-ADM-87
#[test]
fn conditions_replace_the_whole_list_and_zero_removes() {
    let conditions = |list: &[(&str, i64)]| StreakSettingsPatch {
        metrics: Some(
            list.iter().map(|(key, threshold)| ((*key).to_owned(), *threshold)).collect(),
        ),
        ..Default::default()
    };
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let lessons = world.metric("lessons").unwrap();
    let now = |world: &World| -> Vec<_> {
        let current = &world.catalog.streaks.current().metrics;
        current.iter().map(|own| (own.metric, own.threshold)).collect()
    };
    world.streaks(conditions(&[("words", 500), ("lessons", 1)])).unwrap();
    assert_eq!(now(&world), [(words, 500), (lessons, 1)]);
    assert_eq!(
        refused(world.streaks(conditions(&[("words", 1), ("words", 2)]))),
        "metrics must name each metric once"
    );
    assert_eq!(
        refused(world.streaks(conditions(&[("nope", 1)]))),
        "metrics: Metric not found: nope"
    );
    assert_eq!(
        refused(world.streaks(conditions(&[("words", -1)]))),
        "threshold must be an integer of at least 0"
    );
    assert_eq!(now(&world), [(words, 500), (lessons, 1)]);
    world.streaks(conditions(&[("words", 0), ("lessons", 2)])).unwrap();
    assert_eq!(now(&world), [(lessons, 2)]);
    world.streaks(StreakSettingsPatch::default()).unwrap();
    assert_eq!(now(&world), [(lessons, 2)]);
}

// C-GEN-13 C-GEN-32
#[test]
fn ids_are_unique_and_the_same_for_the_same_history() {
    let build = || {
        let mut world = World::new();
        let words = world.metric("words").unwrap();
        let first = world.achievement(reaching(words, "1")).unwrap();
        world.achievement(all_of(&[first])).unwrap();
        world.system(PointsSystemDraft { levels: vec![level("a", 0)], ..system("xp") }).unwrap();
        world.catalog
    };
    let catalog = build();
    assert_eq!(catalog, build());
    let mut ids: Vec<Uuid> = catalog.metrics.iter().map(|own| own.id.0).collect();
    ids.extend(catalog.achievements.iter().map(|own| own.id.0));
    ids.extend(catalog.points_systems.iter().map(|own| own.id.0));
    ids.extend(catalog.points_systems.iter().flat_map(|own| &own.levels).map(|own| own.id.0));
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}
