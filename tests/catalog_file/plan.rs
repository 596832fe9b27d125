//! What a file makes of a catalog that is not empty.

use accolade::catalog_file::{Change, Difference, Plan, parse};
use domain::catalog::{Catalog, SealedSecret};

use super::{STUDY, applied, no_secret, now};

fn plan(text: &str, catalog: &Catalog) -> Plan {
    let file = parse("test.toml", text).unwrap_or_else(|error| panic!("{error}"));
    file.plan(catalog, now().plus_millis(1), &no_secret).unwrap_or_else(|error| panic!("{error}"))
}

/// `path: field before -> after`, one line per field.
fn lines(differences: &[Difference]) -> Vec<String> {
    let mut lines = Vec::new();
    for Difference { path, change, fields, .. } in differences {
        let sign = match change {
            Change::Added => '+',
            Change::Changed => '~',
            Change::Removed => '-',
        };
        lines.push(format!("{sign} {path}"));
        if *change == Change::Changed {
            lines.extend(fields.iter().map(|field| {
                let shown = |value: &Option<String>| value.clone().unwrap_or_default();
                format!("  {}: {} -> {}", field.name, shown(&field.before), shown(&field.after))
            }));
        }
    }
    lines
}

#[test]
fn the_file_of_the_first_start_is_no_difference() {
    let fitness = include_str!("../../config/examples/fitness.toml");
    let game = include_str!("../../config/examples/game.toml");
    for example in [STUDY, fitness, game] {
        assert_eq!(plan(example, &applied(example)).differences, []);
    }
}

#[test]
fn every_difference_is_told_by_object_and_field() {
    let changed = STUDY
        .replace("name = \"500 cards\"", "name = \"Five hundred\"")
        .replace("key = \"study-minutes\", value = 600", "key = \"study-minutes\", value = 700")
        .replace("points = 250\nachievement", "points = 300\nachievement")
        .replace("max_count = 3", "max_count = 4")
        .replace("[achievements.first-year]", "[achievements.year]")
        .replace("expert = { name = \"Expert\", points = 1000 }\n", "");
    let plan = plan(&changed, &applied(STUDY));
    assert_eq!(
        lines(&plan.differences),
        [
            "~ streaks",
            "  freezes: { start_count = 1, max_count = 3, auto_earn = { amount = 1, every_days = 7 } } -> { start_count = 1, max_count = 4, auto_earn = { amount = 1, every_days = 7 } }",
            "~ achievements.cards-500",
            "  name: \"500 cards\" -> \"Five hundred\"",
            "~ achievements.ten-hours",
            "  metric: { key = \"study-minutes\", value = 600 } -> { key = \"study-minutes\", value = 700 }",
            "+ achievements.year",
            "~ points.xp.triggers (achievement cards-500)",
            "  points: 250 -> 300",
            "- achievements.first-year",
            "- points.xp.levels.expert",
        ]
    );
}

// C-ACH-16
#[test]
fn objects_keep_who_they_are() {
    let before = applied(STUDY);
    let changed = STUDY
        .replace("name = \"500 cards\"", "name = \"Five hundred\"")
        .replace("threshold = 10 }\nuser_attributes", "threshold = 20 }\nuser_attributes");
    let after = plan(&changed, &before).after;
    let ids = |catalog: &Catalog| -> Vec<_> {
        let systems = catalog.live_points_systems();
        systems.flat_map(|system| system.live_triggers().map(|own| own.id)).collect()
    };
    assert_eq!(ids(&after), ids(&before));
    let [old, new] = [&before, &after].map(|own| own.find_achievement_by_key("cards-500"));
    let (old, new) = (old.expect("in the file"), new.expect("in the file"));
    assert_eq!((new.id, new.name.as_str()), (old.id, "Five hundred"));
    // A name concerns nobody.
    assert_eq!(new.latest_review(), old.latest_review());
}

#[test]
fn thresholds_can_be_swapped() {
    let text = "[points.xp]\nname = \"XP\"\nlevels.a = { name = \"A\", points = 1 }\nlevels.b = { name = \"B\", points = 2 }\n";
    let swapped = text.replace("points = 1", "points = 3").replace("points = 2", "points = 1");
    let plan = plan(&swapped, &applied(text));
    let system = plan.after.find_points_system_by_key("xp").expect("in the file");
    let levels: Vec<_> =
        system.live_levels().iter().map(|own| (own.key.to_string(), own.points)).collect();
    assert_eq!(levels, [("b".to_owned(), 1), ("a".to_owned(), 3)]);
    assert_eq!(plan.differences.len(), 2);
}

#[test]
fn order_is_no_difference() {
    let filters = "[user_attributes]\na = \"A\"\nb = \"B\"\n[metrics.m]\nname = \"M\"\n[metrics.n]\nname = \"N\"\n[streaks.metrics]\nm = 1\nn = 2\n[leaderboards.l]\nname = \"L\"\nmetric = \"m\"\nuser_attributes = { a = \"1\", b = \"2\" }\n";
    let reordered = filters
        .replace("{ a = \"1\", b = \"2\" }", "{ b = \"2\", a = \"1\" }")
        .replace("m = 1\nn = 2", "n = 2\nm = 1");
    let before = applied(filters);
    let plan = plan(&reordered, &before);
    assert_eq!((plan.differences, plan.after), (Vec::new(), before));
}

#[test]
fn what_may_not_change_is_told_at_its_field() {
    let board = "[metrics.m]\nname = \"M\"\n[leaderboards.l]\nname = \"L\"\nmetric = \"m\"\nstart = \"2025-12-01\"\n";
    let catalog = applied(board);
    for (change, to, expected) in [
        (
            "2025-12-01",
            "2025-12-02",
            "test.toml:6:9: start can only change while the leaderboard is inactive or scheduled",
        ),
        (
            "metric = \"m\"",
            "streak = true",
            "test.toml:5:10: rankBy can only change while the leaderboard is inactive",
        ),
        (
            "start = \"2025-12-01\"",
            "start = \"2025-12-01\"\nend = \"2025-12-05\"",
            "test.toml:7:7: end must be today or later",
        ),
    ] {
        let file = parse("test.toml", &board.replace(change, to)).expect("right in itself");
        let refusal = file.plan(&catalog, now(), &no_secret).expect_err(expected);
        assert_eq!(refusal.to_string(), expected);
    }
}

// C-WH-06
#[test]
fn webhooks_keep_their_secret() {
    let text = "[webhooks.app]\nname = \"App\"\nurl = \"https://example.com\"\nevents = [\"streak.lost\"]\n";
    let file = parse("test.toml", text).expect("a file");
    let mut catalog = applied("");
    file.apply_to(&mut catalog, now(), &|| SealedSecret(vec![7])).expect("applied");
    let renamed = parse("test.toml", &text.replace("\"App\"", "\"Other\"")).expect("a file");
    renamed.apply_to(&mut catalog, now(), &|| SealedSecret(vec![8])).expect("applied");
    let webhook = catalog.find_webhook_by_key("app").expect("one");
    assert_eq!((webhook.name.as_str(), &webhook.secret), ("Other", &SealedSecret(vec![7])));
}

// C-LB-83
#[test]
fn history_of_deleted_things_is_left_alone() {
    let text = "[metrics.m]\nname = \"M\"\n[leaderboards.l]\nname = \"L\"\nmetric = \"m\"\nstart = \"2025-01-01\"\nend = \"2025-02-01\"\n";
    let mut catalog = applied(text);
    let metric = catalog.find_metric_by_key("m").expect("in the file").id;
    catalog.delete_metric(metric, now()).expect("deleted");
    let plan = plan("", &catalog);
    assert_eq!(plan.differences, []);
    assert!(plan.after.find_leaderboard_by_key("l").is_some());
}
