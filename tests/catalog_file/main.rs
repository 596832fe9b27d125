//! Catalog files: what a good one makes of an empty catalog, and what each mistake is answered with.
//!
//! The messages are asserted in full, because they are all a writer of such a file gets. What a file
//! makes of a catalog that is not empty is in `plan.rs`, what holds for all catalogs in `laws.rs`.

mod generated;
mod laws;
mod plan;

use accolade::catalog_file::{CatalogFileError, parse};
use domain::calendar::{Frequency, WeekStart};
use domain::catalog::{
    AchievementStatus, AchievementTrigger, Catalog, EvaluationMode, RankBy, Rounding, SealedSecret,
    Settings, TimeUnit, Trigger, TriggerKind, UnitType,
};
use domain::ids::EnvironmentId;
use domain::leaderboard::{DailyWindow, Repeat, RunUnit};
use domain::time::{TimeOfDay, Timestamp};

const STUDY: &str = include_str!("../../config/examples/study.toml");

/// Where secrets don't matter.
fn no_secret() -> SealedSecret {
    SealedSecret(Vec::new())
}

fn empty() -> Catalog {
    Catalog::new(EnvironmentId(uuid::Uuid::nil()), Settings::default())
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000)
}

fn applied(text: &str) -> Catalog {
    let mut catalog = empty();
    let file = parse("test.toml", text).unwrap_or_else(|error| panic!("{error}"));
    file.apply_to(&mut catalog, now(), &no_secret)
        .expect("an empty catalog takes every parsed file");
    catalog
}

fn refusal(text: &str) -> String {
    parse("test.toml", text).expect_err(text).to_string()
}

#[test]
fn the_example_is_a_whole_study_app() {
    let catalog = applied(STUDY);
    assert_eq!(catalog.live_metrics().count(), 2);
    assert!(catalog.find_metric_by_key("flashcards-flipped").is_some());
    assert_eq!(catalog.live_achievements().count(), 13);
    let kinds = |wanted: fn(&AchievementTrigger) -> bool| {
        catalog.live_achievements().filter(|own| wanted(own.trigger())).count()
    };
    assert_eq!(kinds(|trigger| matches!(trigger, AchievementTrigger::Metric { .. })), 6);
    assert_eq!(kinds(|trigger| matches!(trigger, AchievementTrigger::Streak { .. })), 3);
    assert_eq!(kinds(|trigger| matches!(trigger, AchievementTrigger::Api { .. })), 2);
    assert_eq!(kinds(|trigger| matches!(trigger, AchievementTrigger::Composite { .. })), 1);
    assert_eq!(kinds(|trigger| *trigger == AchievementTrigger::Anniversary { years: 1 }), 1);
    assert!(catalog.live_achievements().any(|own| !own.event_filters().is_empty()));
    assert!(catalog.live_achievements().any(|own| !own.user_filters().is_empty()));
    let xp = catalog.find_points_system_by_key("xp").unwrap();
    assert_eq!(xp.live_triggers().count(), 7);
    assert!(xp.live_triggers().all(|trigger| trigger.active));
    let levels: Vec<_> = xp.live_levels().iter().map(|level| level.key.to_string()).collect();
    assert_eq!(levels, ["novice", "learner", "expert", "master"]);
    let boards: Vec<_> = catalog.live_leaderboards().map(|board| board.key.to_string()).collect();
    assert_eq!(boards, ["weekly", "streaks"]);
    assert!(catalog.live_leaderboards().all(|board| board.status(now()).as_str() == "active"));
    let streaks = catalog.streaks.current();
    assert_eq!((streaks.frequency, streaks.metrics.len()), (Frequency::Daily, 2));
    let freezes = streaks.freezes.unwrap();
    assert_eq!((freezes.start_count, freezes.max_count), (1, 3));
}

const BOARDS: &str = r#"
[user_attributes]
plan = "Plan"

[metrics.words]
name = "Words"

[points.xp]
name = "XP"

[leaderboards.weekly]
name = "Words of the week"
description = "From Monday to Sunday"
metric = "words"
start = "2026-01-05"
repeat = { days = 7 }
max_participants = 100

[leaderboards.monthly]
name = "XP of the month"
points = "xp"
repeat = { months = 1 }
start_time = "09:00"
end_time = "17:00:30"
breakdown_attributes = ["plan"]
user_attributes = { plan = "pro" }

[leaderboards.streaks]
name = "Longest streaks"
streak = true
status = "inactive"

[leaderboards.past]
name = "Past"
metric = "words"
start = "2025-01-01"
end = "2025-12-31"
"#;

// C-LB-01 C-LB-02 C-LB-07
#[test]
fn leaderboards_are_on_by_their_dates() {
    let catalog = applied(BOARDS);
    let board = |key: &str| catalog.find_leaderboard_by_key(key).unwrap();
    let status = |key: &str| board(key).status(now()).as_str();
    assert_eq!(
        ["weekly", "monthly", "streaks", "past"].map(status),
        ["scheduled", "active", "inactive", "finished"]
    );
    let weekly = board("weekly");
    assert_eq!(weekly.runs.repeat, Some(Repeat { unit: RunUnit::Day, interval: 7 }));
    assert_eq!(weekly.participants_max, Some(100));
    let monthly = board("monthly");
    let xp = catalog.find_points_system_by_key("xp").unwrap();
    assert_eq!((monthly.rank_by, monthly.participants_max), (RankBy::Points(xp.id), None));
    let [start, end] = ["09:00", "17:00:30"].map(TimeOfDay::parse);
    assert_eq!(monthly.window, DailyWindow { start, end });
    assert_eq!((monthly.breakdown.len(), monthly.user_filters.len()), (1, 1));
    assert_eq!((board("streaks").rank_by, board("streaks").runs.repeat), (RankBy::Streak, None));
}

#[test]
fn every_setting_arrives() {
    let catalog = applied(
        r#"
[settings]
default_time_zone = "Europe/London"
week_start = "monday"
idempotency_retention_days = 30
control_ratio = 0

[metrics.spent]
name = " Spent "
currency = "EUR"

[streaks]
enabled = false
frequency = "weekly"
evaluation_mode = "AND"
customization_enabled = true
"#,
    );
    assert_eq!(catalog.settings.default_time_zone.name(), "Europe/London");
    assert_eq!(catalog.settings.week_start, WeekStart::Monday);
    assert_eq!(catalog.settings.idempotency_retention_days, Some(30));
    assert_eq!(catalog.settings.control_ratio, 0);
    let spent = catalog.find_metric_by_key("spent").unwrap();
    assert_eq!(
        (spent.name.as_str(), spent.unit_type, spent.units.as_str()),
        ("Spent", UnitType::Currency, "EUR")
    );
    let streaks = catalog.streaks.current();
    assert_eq!((streaks.enabled, streaks.customization_enabled), (false, true));
    assert_eq!(
        (streaks.frequency, streaks.evaluation_mode),
        (Frequency::Weekly, EvaluationMode::And)
    );
}

#[test]
fn objects_keep_the_order_of_the_file_and_prerequisites_come_first() {
    let catalog = applied(
        r#"
[achievements.zebra]
name = "Z"
all_of = ["yak", "ant"]

[achievements.yak]
name = "Y"
api = true

[achievements.ant]
name = "A"
status = "inactive"
all_of = ["bee"]

[achievements.bee]
name = "B"
streak_length = 2
"#,
    );
    let names: Vec<_> = catalog.achievements.iter().map(|own| own.name.as_str()).collect();
    assert_eq!(names, ["Y", "B", "A", "Z"]);
    assert_eq!(catalog.achievements[2].status(), AchievementStatus::Inactive);
}

// C-POINTS-22
#[test]
fn triggers_can_fire_by_time() {
    let catalog = applied(
        r#"
[points.energy]
name = "Energy"

[[points.energy.triggers]]
points = 2
every_hours = 3

[[points.energy.triggers]]
points = -1
every_days = 1
status = "inactive"
"#,
    );
    let energy = catalog.find_points_system_by_key("energy").unwrap();
    let [hours, days] = &energy.triggers[..] else { panic!("two triggers") };
    assert_eq!(hours.kind, TriggerKind::Time { unit: TimeUnit::Hours, interval: 3 });
    assert_eq!(days.kind, TriggerKind::Time { unit: TimeUnit::Days, interval: 1 });
    let clock = |trigger: &Trigger| trigger.terms.current().as_ref().map(|terms| terms.since);
    assert_eq!((clock(hours), clock(days)), (Some(now()), None));
}

// C-POINTS-33 C-POINTS-34
#[test]
fn boosts_hold_between_dates() {
    let catalog = applied(
        r#"
[user_attributes]
plan = "Plan"

[points.xp]
name = "XP"

[[points.xp.boosts]]
name = "Launch"
start = "2026-01-01"
end = "2026-01-31"
multiplier = 1.5
rounding = "nearest"
user_attributes = { plan = "pro" }

[[points.xp.boosts]]
name = "Half"
start = "2026-02-01"
multiplier = 0.5
"#,
    );
    let xp = catalog.find_points_system_by_key("xp").unwrap();
    let shown: Vec<_> = xp
        .live_boosts()
        .map(|(boost, terms)| {
            let end = terms.end.map(|end| end.to_string());
            let filters = terms.user_filters.len();
            assert_eq!(boost.user, None);
            (terms.start.to_string(), end, terms.multiplier.to_string(), terms.rounding, filters)
        })
        .collect();
    let launch_end = Some("2026-01-31".to_owned());
    let expected = [
        ("2026-01-01".to_owned(), launch_end, "1.5".to_owned(), Rounding::Nearest, 1),
        ("2026-02-01".to_owned(), None, "0.5".to_owned(), Rounding::Down, 0),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn decimals_are_exact() {
    let catalog = applied(
        r#"
[metrics.distance]
name = "Distance"

[achievements.tenth]
name = "Tenth"
metric = { key = "distance", value = 1.1 }
"#,
    );
    let trigger = catalog.achievements[0].trigger();
    let is_exact =
        matches!(trigger, AchievementTrigger::Metric { value, .. } if value.to_string() == "1.1");
    assert!(is_exact, "{trigger:?}");
}

#[test]
fn a_file_that_does_not_fit_changes_nothing() {
    let mut catalog = applied("[achievements.a]\nname = \"A\"\napi = true\n");
    let text = "[metrics.m]\nname = \"M\"\n\n[achievements.a]\nname = \"A\"\napi = true\nstatus = \"inactive\"\n";
    let file = parse("test.toml", text).unwrap();
    let before = catalog.clone();
    let error = file.apply_to(&mut catalog, now(), &no_secret).unwrap_err();
    let expected = "test.toml:7:10: Cannot change status from active to inactive";
    assert_eq!((error.to_string().as_str(), catalog), (expected, before));
}

#[test]
fn places_count_characters_from_one() {
    let error = parse("x.toml", "[metrics.é]\n").unwrap_err();
    assert_eq!((error.file.as_str(), error.line, error.column), ("x.toml", 1, 10));
    let expected = CatalogFileError {
        message: error.message.clone(),
        file: "x.toml".into(),
        line: 1,
        column: 10,
    };
    assert_eq!(error, expected);
}

/// Each mistake with what it is answered.
#[test]
fn mistakes_are_told_with_their_place_and_what_was_expected() {
    let metrics = "[metrics.words]\nname = \"Words\"\n\n[metrics.lessons]\nname = \"Lessons\"\n";
    let cases = [
        ("[metrics.words\n", "1:15: unclosed table, expected `]`"),
        (
            "[metric.words]\nname = \"Words\"\n",
            "1:2: unknown field `metric`, expected one of `settings`, `user_attributes`, `event_attributes`, `metrics`, `streaks`, `achievements`, `points`, `leaderboards`, `webhooks`",
        ),
        (
            "[metrics.words]\nnmae = \"Words\"\n",
            "2:1: unknown field `nmae`, expected one of `name`, `units`, `currency`",
        ),
        ("[metrics.words]\nunits = \"words\"\n", "1:1: missing field `name`"),
        ("[metrics.words]\nname = 5\n", "2:8: invalid type: integer `5`, expected a string"),
        (
            "[metrics.words]\nname = \" \"\n",
            "2:8: invalid value: string \" \", expected a name of 1 to 255 characters",
        ),
        (
            "[metrics.\"two words\"]\nname = \"x\"\n",
            "1:10: expected a key of letters, digits, `-` and `_`",
        ),
        ("[metrics.w]\nname = \"a\"\n[metrics.w]\nname = \"b\"\n", "3:10: duplicate key"),
        (
            "[metrics.w]\nname = \"a\"\nunits = \"x\"\ncurrency = \"EUR\"\n",
            "4:12: expected either `units` or `currency`, not both",
        ),
        (
            "[metrics.w]\nname = \"a\"\ncurrency = \"HRK\"\n",
            "3:12: unknown currency `HRK`, expected an ISO 4217 code such as USD",
        ),
        (
            "[settings]\ndefault_time_zone = \"Mars/Olympus\"\n",
            "2:21: invalid value: string \"Mars/Olympus\", expected an IANA time zone such as Europe/London",
        ),
        (
            "[settings]\nweek_start = \"tuesday\"\n",
            "2:14: unknown variant `tuesday`, expected `sunday` or `monday`",
        ),
        (
            "[settings]\ncontrol_ratio = 101\n",
            "2:17: invalid value: integer `101`, expected an integer between 0 and 100",
        ),
        (
            "[streaks]\nfrequency = \"weekly\"\ndays_off = [0]\n",
            "3:12: days off are only possible for daily streaks",
        ),
        ("[streaks]\ndays_off = [0, 0]\n", "2:12: expected each day once"),
        (
            "[streaks]\ndays_off = [7]\n",
            "2:13: invalid value: integer `7`, expected an integer between 0 and 6",
        ),
        (
            "METRICS[streaks.metrics]\nwodrs = 1\n",
            "7:1: unknown metric `wodrs`, expected one of `words`, `lessons`",
        ),
        (
            "METRICS[streaks.metrics]\nwords = 0\n",
            "7:9: invalid value: integer `0`, expected an integer between 1 and 1000000000000",
        ),
        (
            "[streaks.freezes]\nstart_count = 4\nmax_count = 3\n",
            "1:1: expected `max_count` to be at least `start_count`",
        ),
        (
            "[streaks.freezes]\nstart_count = 1\nmax_count = 3\nauto_earn = { amount = 1 }\n",
            "4:13: missing field `every_days`",
        ),
        (
            "[achievements.a]\nname = \"A\"\n",
            "1:15: expected exactly one of `metric`, `streak_length`, `api`, `all_of`, `anniversary_years`",
        ),
        (
            "[achievements.a]\nname = \"A\"\napi = true\nstreak_length = 3\n",
            "1:15: expected exactly one of `metric`, `streak_length`, `api`, `all_of`, `anniversary_years`",
        ),
        (
            "[achievements.a]\nname = \"A\"\napi = false\n",
            "3:7: expected `true`; leave the line out instead",
        ),
        (
            "[achievements.a]\nname = \"A\"\nbadge = \"badge.png\"\napi = true\n",
            "3:9: invalid value: string \"badge.png\", expected an absolute http(s) URL of at most 2048 characters",
        ),
        (
            "[achievements.a]\nname = \"A\"\nstreak_length = 0\n",
            "3:17: invalid value: integer `0`, expected an integer between 1 and 4294967295",
        ),
        (
            "METRICS[achievements.a]\nname = \"A\"\nmetric = { key = \"words\", value = 0.5 }\n",
            "8:35: invalid value: floating point `0.5`, expected a number between 1 and 1000000000000",
        ),
        (
            "METRICS[achievements.a]\nname = \"A\"\nmetric = { key = \"word\", value = 5 }\n",
            "8:18: unknown metric `word`, expected one of `words`, `lessons`",
        ),
        (
            "METRICS[achievements.a]\nname = \"A\"\nmetric = { key = \"words\" }\n",
            "8:10: missing field `value`",
        ),
        (
            "METRICS[achievements.a]\nname = \"A\"\nmetric = { key = \"words\", value = 5, event_attributes = { deck = \"x\" } }\n",
            "8:59: unknown event attribute `deck`, there is no event attribute",
        ),
        (
            "[user_attributes]\nplan = \"Plan\"\n[achievements.a]\nname = \"A\"\napi = true\nuser_attributes = { tier = \"x\" }\n",
            "6:21: unknown user attribute `tier`, expected `plan`",
        ),
        ("[achievements.a]\nname = \"A\"\nall_of = []\n", "3:10: expected 1 to 50 achievements"),
        (
            "[achievements.a]\nname = \"A\"\nall_of = [\"b\"]\n",
            "3:11: unknown achievement `b`, expected `a`",
        ),
        (
            "[achievements.a]\nname = \"A\"\nall_of = [\"b\", \"b\"]\n[achievements.b]\nname = \"B\"\napi = true\n",
            "3:16: expected each achievement once",
        ),
        (
            "[achievements.a]\nname = \"A\"\nall_of = [\"b\"]\n[achievements.b]\nname = \"B\"\nall_of = [\"a\"]\n",
            "6:11: `a` would require itself",
        ),
        (
            "[points.xp]\nname = \"XP\"\nmax_points = 0\n",
            "3:14: invalid value: integer `0`, expected an integer between 1 and 1000000000000",
        ),
        (
            "[points.xp]\nname = \"XP\"\nlevels.a = { name = \"A\", points = 1 }\nlevels.b = { name = \"B\", points = 1 }\n",
            "4:35: Points already in use by another level",
        ),
        (
            "[points.xp]\nname = \"XP\"\n[[points.xp.triggers]]\npoints = 5\n",
            "3:1: expected exactly one of `metric`, `streak_length`, `achievement`, `user_creation`, `every_hours`, `every_days`",
        ),
        (
            "[points.xp]\nname = \"XP\"\n[[points.xp.triggers]]\npoints = 0\nuser_creation = true\n",
            "4:10: expected points above or below 0",
        ),
        (
            "[points.xp]\nname = \"XP\"\n[[points.xp.triggers]]\npoints = 5\nachievement = \"a\"\n",
            "5:15: unknown achievement `a`, there is no achievement",
        ),
        (
            "[points.xp]\nname = \"XP\"\n[[points.xp.triggers]]\npoints = 5\nevery_minutes = 3\n",
            "5:1: unknown field `every_minutes`, expected one of `points`, `status`, `block_if_out_of_points`, `user_attributes`, `metric`, `streak_length`, `achievement`, `user_creation`, `every_hours`, `every_days`",
        ),
        (
            "[points.xp]\nname = \"XP\"\n[[points.xp.triggers]]\npoints = 5\nevery_hours = 3\nevery_days = 1\n",
            "3:1: expected exactly one of `metric`, `streak_length`, `achievement`, `user_creation`, `every_hours`, `every_days`",
        ),
        (
            "[points.xp]\nname = \"XP\"\n[[points.xp.boosts]]\nname = \"B\"\nstart = \"2026-02-30\"\nmultiplier = 2\n",
            "5:9: invalid value: string \"2026-02-30\", expected a date such as \"2026-01-31\"",
        ),
        (
            "[points.xp]\nname = \"XP\"\n[[points.xp.boosts]]\nname = \"B\"\nstart = \"2026-02-03\"\nmultiplier = 1\n",
            "6:14: invalid value: integer `1`, expected a number above 0 and below 100, but not 1",
        ),
        (
            "[points.xp]\nname = \"XP\"\n[[points.xp.boosts]]\nname = \"B\"\nstart = \"2026-02-03\"\nend = \"2026-02-02\"\nmultiplier = 2\n",
            "6:7: end must not be before start",
        ),
        (
            "[leaderboards.b]\nname = \"B\"\n",
            "1:15: expected exactly one of `metric`, `points`, `streak`",
        ),
        (
            "[leaderboards.b]\nname = \"B\"\npoints = \"xp\"\n",
            "3:10: unknown points system `xp`, there is no points system",
        ),
        (
            "[leaderboards.b]\nname = \"B\"\nstreak = true\nrepeat = { days = 1, months = 1 }\n",
            "4:10: expected exactly one of `days`, `months`, `years`",
        ),
        (
            "[leaderboards.b]\nname = \"B\"\nstreak = true\nrepeat = { days = 1 }\n",
            "4:10: runUnit is not permitted for leaderboards ranked by streak",
        ),
        (
            "[leaderboards.b]\nname = \"B\"\nstreak = true\nstart_time = \"9:00\"\n",
            "4:14: invalid value: string \"9:00\", expected a time such as \"09:00\"",
        ),
        (
            "[leaderboards.b]\nname = \"B\"\nstreak = true\nbreakdown_attributes = [\"plan\"]\n",
            "4:25: unknown user attribute `plan`, there is no user attribute",
        ),
        (
            "[points.xp]\nname = \"XP\"\n[[points.xp.triggers]]\npoints = 5\nevery_hours = 0\n",
            "5:15: invalid value: integer `0`, expected an integer between 1 and 4294967295",
        ),
    ];
    for (text, expected) in cases {
        let refusal = refusal(&text.replace("METRICS", metrics));
        assert_eq!(refusal, format!("test.toml:{expected}"), "{text}");
    }
}

// C-WH-02
#[test]
fn webhooks_are_told_what_they_subscribe_to() {
    let text = r#"
        [webhooks.app]
        name = "App"
        url = "https://example.com/hook"
        events = ["streak.lost", "points.changed"]
    "#;
    let catalog = applied(text);
    let webhook = catalog.live_webhooks().next().expect("one");
    assert_eq!((webhook.name.as_str(), webhook.active), ("App", true));
    let events: Vec<_> = webhook.events.iter().map(|event| event.as_str()).collect();
    assert_eq!(events, ["points.changed", "streak.lost"]);
    for (wrong, right, expected) in [
        ("https://example.com/hook", "example.com", "expected an absolute http(s) URL"),
        ("streak.lost", "streak.found", "expected a type of webhook event"),
        ("\"streak.lost\", \"points.changed\"", "", "events must have at least one entry"),
    ] {
        let message = refusal(&text.replace(wrong, right));
        assert!(message.contains(expected), "{message}");
    }
}
