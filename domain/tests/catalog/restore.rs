//! Deleted objects come back as they were, if nothing stands in their way.

use domain::amount::Amount;
use domain::catalog::{
    AchievementTriggerFields, AchievementTriggerKind, AttributeKind, BoostDraft, BoostTerms,
    Deleted, LeaderboardDraft, LeaderboardStatus, Patch, PointsSystemDraft, Rounding, SealedSecret,
    TriggerType, TriggerTypeFields, WebhookDraft,
};
use domain::ids::{LeaderboardId, MetricId};
use domain::time::{Date, Timestamp};
use domain::webhook::WebhookEvent;
use uuid::Uuid;

use crate::leaderboards::draft;
use crate::world::{
    World, achievement, all_of, api, every, filter, level, reaching, refused, said, system, trigger,
};

const SECRET: [u8; 3] = [1, 2, 3];

impl World {
    fn restore(&mut self, id: Uuid) -> Result<Deleted, String> {
        let now = self.now();
        said(self.catalog.restore(id, || SealedSecret(SECRET.to_vec()), now))
    }

    fn active_board(&mut self, metric: MetricId) -> LeaderboardId {
        let now = self.now();
        let draft = LeaderboardDraft { status: LeaderboardStatus::Active, ..draft(metric) };
        self.catalog.create_leaderboard(draft, now).expect("valid").id
    }

    fn labels(&self) -> Vec<String> {
        let deleted = self.catalog.deleted();
        deleted.iter().map(|own| format!("{} {}", own.kind.as_str(), own.label)).collect()
    }
}

// C-ADM-106 C-ADM-24
#[test]
fn everything_that_went_with_a_metric_comes_back_piece_by_piece() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let first = world.achievement(reaching(words, "1")).unwrap();
    let both = world.achievement(all_of(&[first])).unwrap();
    let xp = world.system(system("xp")).unwrap();
    let paid = world.trigger(xp, every(words, 10)).unwrap();
    let board = world.active_board(words);
    let before = world.catalog.clone();
    let now = world.now();
    world.catalog.delete_metric(words, now).unwrap();
    assert_eq!(
        world.labels(),
        [
            "metric words",
            "achievement name",
            "achievement name",
            "trigger 5 points by metric of xp",
            "leaderboard board"
        ]
    );
    for id in [first.0, paid.0, board.0] {
        let refusal = refused(world.restore(id));
        assert_eq!(refusal, "Metric words is deleted: restore it first");
    }
    let refusal = refused(world.restore(both.0));
    assert_eq!(refusal, "Achievement name is deleted: restore it first");
    let other = world.metric("words").unwrap();
    assert_eq!(refused(world.restore(words.0)), "Key already in use by another metric");
    world.catalog.delete_metric(other, now).unwrap();
    for id in [words.0, first.0, both.0, paid.0, board.0] {
        assert_eq!(world.restore(id).unwrap().id, id);
    }
    assert_eq!(refused(world.restore(words.0)), "Nothing deleted has this ID");
    assert_eq!(world.catalog.metrics[0], before.metrics[0]);
    for (own, old) in world.catalog.achievements.iter().zip(&before.achievements) {
        assert_eq!((own.status(), own.trigger()), (old.status(), old.trigger()));
        assert!(
            own.latest_review().unwrap().0 > old.latest_review().unwrap().0,
            "whoever qualifies by now gets it"
        );
    }
    let trigger = world.catalog.find_points_system(xp).unwrap().find_trigger(paid).unwrap();
    assert_eq!(trigger.kind, before.points_systems[0].triggers[0].kind);
    assert_eq!(world.labels(), ["metric words"], "the other one");
}

// C-ADM-106 C-LB-12
#[test]
fn a_leaderboard_is_counted_anew_from_its_return_on() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let board = world.active_board(words);
    let deleted_at = world.now();
    world.catalog.delete_leaderboard(board, deleted_at).unwrap();
    let another = world.active_board(words);
    let message = "Key already in use by another leaderboard";
    assert_eq!(refused(world.restore(board.0)), message);
    let now = world.now();
    world.catalog.delete_leaderboard(another, now).unwrap();
    world.restore(board.0).unwrap();
    let restored = world.catalog.find_leaderboard_by_key("board").unwrap();
    assert_eq!(restored.id, board);
    let [old, new] = &restored.recounts[..] else { panic!("{:?}", restored.recounts) };
    assert_eq!((old.until, new.until), (Some(deleted_at), None));
    assert_eq!(new.number, world.catalog.recounts);
    assert_eq!(restored.status(now), LeaderboardStatus::Active);
}

// C-ADM-106
#[test]
fn parts_come_back_into_a_live_system_under_its_rules() {
    let mut world = World::new();
    let plan = world.attribute(AttributeKind::User, "plan").unwrap();
    let deck = world.attribute(AttributeKind::Event, "deck").unwrap();
    let words = world.metric("words").unwrap();
    let date = |text| Date::parse(text).unwrap();
    let terms = BoostTerms {
        name: "Double".to_owned(),
        start: date("2026-01-01"),
        end: None,
        multiplier: Amount::from(2),
        rounding: Rounding::Down,
        user_filters: vec![filter(plan, "pro")],
    };
    let xp = world
        .system(PointsSystemDraft {
            levels: vec![level("novice", 0)],
            boosts: vec![BoostDraft { user: None, terms: terms.clone() }],
            triggers: vec![
                trigger(TriggerType::UserCreation, TriggerTypeFields::default()),
                trigger(
                    TriggerType::Metric,
                    TriggerTypeFields {
                        metric_id: Some(words),
                        metric_threshold: Some(1),
                        event_attributes: Patch::Set(vec![filter(deck, "a")]),
                        ..Default::default()
                    },
                ),
            ],
            ..system("xp")
        })
        .unwrap();
    let now = world.now();
    world.catalog.delete_points_system(xp, now).unwrap();
    let now = world.now();
    for attribute in [plan, deck] {
        world.catalog.delete_attribute(attribute, now).unwrap();
    }
    let deleted = world.catalog.deleted();
    let id = |label: &str| deleted.iter().find(|own| own.label == label).expect(label).id;
    let (created, filtered) =
        (id("5 points by user_creation of xp"), id("5 points by metric of xp"));
    let (novice, double) = (id("novice of xp"), id("Double of xp"));
    for part in [created, filtered, novice, double] {
        let message = "Points system xp is deleted: restore it first";
        assert_eq!(refused(world.restore(part)), message);
    }
    let other = world.system(system("xp")).unwrap();
    assert_eq!(refused(world.restore(xp.0)), "Key already in use by another points system");
    let now = world.now();
    world.catalog.delete_points_system(other, now).unwrap();
    world.restore(xp.0).unwrap();
    let rival = world.level(xp, "novice", 5).unwrap();
    assert_eq!(refused(world.restore(novice)), "Key already in use by another level");
    let now = world.now();
    world.catalog.delete_level(xp, rival, now).unwrap();
    for (part, message) in [
        (double, "Attribute plan is deleted: restore it first"),
        (filtered, "Attribute deck is deleted: restore it first"),
    ] {
        assert_eq!(refused(world.restore(part)), message);
    }
    let again = world.attribute(AttributeKind::User, "plan").unwrap();
    let message = "Key already in use by another attribute of this type";
    assert_eq!(refused(world.restore(plan.0)), message);
    let now = world.now();
    world.catalog.delete_attribute(again, now).unwrap();
    for id in [plan.0, deck.0, novice, double, created, filtered] {
        world.restore(id).unwrap();
    }
    let system = world.catalog.find_points_system(xp).unwrap();
    let revisions: Vec<_> = system.live_triggers().map(|trigger| trigger.revision).collect();
    assert_eq!(revisions, [0, 1], "sums of matching events are read anew");
    assert_eq!(system.live_levels().len(), 1);
    assert_eq!(system.live_boosts().map(|(_, terms)| terms).collect::<Vec<_>>(), [&terms]);
}

// C-ADM-106 C-WH-05
#[test]
fn a_webhook_comes_back_with_another_secret_and_without_what_fired_before() {
    let mut world = World::new();
    let now = Timestamp::from_millis(1);
    let draft = WebhookDraft {
        name: "App".to_owned(),
        url: "https://example.com".to_owned(),
        events: vec![WebhookEvent::StreakLost],
    };
    let secret = SealedSecret(vec![9]);
    let made = world.catalog.create_webhook(draft.clone(), secret.clone(), now).unwrap().clone();
    world.catalog.delete_webhook(made.id, now).unwrap();
    world.catalog.create_webhook(draft, secret, now).unwrap();
    world.restore(made.id.0).unwrap();
    let restored = world.catalog.find_webhook(made.id).unwrap();
    assert_eq!(restored.secret, SealedSecret(SECRET.to_vec()));
    assert!(!restored.still_gets(made.generation) && restored.active);
    // Files tell two of one name apart.
    assert_eq!((made.key.as_str(), restored.key.as_str()), ("app", "app-2"));
}

// C-ADM-106
#[test]
fn a_key_of_an_api_achievement_is_its_own() {
    let mut world = World::new();
    let toured = world.achievement(api("toured")).unwrap();
    let now = world.now();
    world.catalog.delete_achievement(toured, now).unwrap();
    let rival = world.achievement(api("toured")).unwrap();
    assert_eq!(refused(world.restore(toured.0)), "Key already in use by another achievement");
    let now = world.now();
    world.catalog.delete_achievement(rival, now).unwrap();
    world.restore(toured.0).unwrap();
    let streak = achievement(
        AchievementTriggerKind::Streak,
        AchievementTriggerFields { streak_length: Some(3), ..Default::default() },
    );
    let streak = world.achievement(streak).unwrap();
    let now = world.now();
    world.catalog.delete_achievement(streak, now).unwrap();
    world.restore(streak.0).unwrap();
    assert_eq!(world.labels(), ["achievement name"], "the rival");
}
