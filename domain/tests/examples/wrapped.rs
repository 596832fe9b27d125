//! The year in review: which period was the most active, and what happened in it. (C-WRAP)

use domain::calendar::{Frequency, Period, WeekStart};
use domain::catalog::{AchievementStatus, AchievementTerms, AttributeKind, StreakSettingsPatch};
use domain::user::Reached;
use domain::wrapped::{Figures, LongestStreak, Owner, Review, Wrapped, year};

use crate::support::{Ach, Event, Trig, World, amount, at, date, tz};

fn figures(figures: &Figures) -> String {
    format!("{} ({}, {}%)", figures.total, figures.change, figures.percent_change)
}

/// Dates, then each metric with its attribute values, each points system and the achievements.
fn shown(world: &World, review: &Review) -> Vec<String> {
    let catalog = &world.catalog;
    let mut lines = vec![format!("{}..{}", review.dates.start, review.dates.end)];
    for (id, metric) in &review.metrics {
        let key = &catalog.find_metric(*id).expect("live").key;
        lines.push(format!("{key} {}", figures(&metric.figures)));
        for (id, values) in &metric.by_attribute {
            let attribute = &catalog.find_attribute(*id).expect("live").key;
            for (value, own) in values {
                lines.push(format!("{key} {attribute}={value} {}", figures(own)));
            }
        }
    }
    for (id, points) in &review.points {
        let key = &catalog.find_points_system(*id).expect("live").key;
        lines.push(format!("{key} {}", figures(points)));
    }
    for completion in &review.achievements {
        let achievement = catalog.find_achievement(completion.achievement).expect("live");
        lines.push(achievement.name.clone());
    }
    lines
}

fn dates(start: &str, end: &str) -> Period {
    Period { start: date(start), end: date(end) }
}

fn active(wrapped: &Wrapped) -> (usize, usize, usize) {
    (wrapped.days_active, wrapped.weeks_active, wrapped.months_active)
}

/// A user `u` with an event of 1 at each instant.
fn with_events(zone: &str, instants: &[&str]) -> World {
    let mut world = World::new();
    let words = world.metric("words");
    for now in instants {
        world.event(now, "u", Event::of(words, "1").user(tz(zone)));
    }
    world
}

// C-WRAP-01 C-WRAP-02 C-WRAP-03 C-WRAP-05 C-WRAP-06 C-WRAP-09
#[test]
fn a_year_and_its_best_day_week_and_month() {
    let mut world = World::new();
    let words = world.metric("words");
    let pages = world.metric("pages");
    let a1 = world.achievement("15000 words", Ach::metric(words, "15000"));
    world.achievement("1 word", Ach::metric(words, "1"));
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "T1", Trig::metric(words, 1000, 10));
    world.trigger(xp, "T2", Trig::achievement(a1, 25));
    for (now, metric, value) in [
        ("2024-12-30T12:00:00Z", words, "12500"),
        // The day, the week and the month with the most events; the values don't matter.
        ("2025-03-04T09:00:00Z", words, "2500"),
        ("2025-03-04T10:00:00Z", pages, "3"),
        ("2025-03-06T10:00:00Z", pages, "-5"),
        ("2025-07-01T10:00:00Z", words, "10000"),
    ] {
        world.event(now, "u", Event::of(metric, value));
    }
    let wrapped = world.wrapped("2026-02-01T00:00:00Z", "u", 2025);
    assert_eq!(active(&wrapped), (3, 2, 2));
    let day = [
        "2025-03-04..2025-03-04",
        "words 15000 (2500, 20%)",
        "pages 3 (3, 100%)",
        "xp 175 (55, 45.8%)",
        "15000 words",
    ];
    assert_eq!(shown(&world, &wrapped.day), day);
    let week = [
        "2025-03-02..2025-03-08",
        "words 15000 (2500, 20%)",
        "pages -2 (-2, -100%)",
        "xp 175 (55, 45.8%)",
        "15000 words",
    ];
    assert_eq!(shown(&world, &wrapped.week), week);
    let month = ["2025-03-01..2025-03-31"];
    assert_eq!(shown(&world, &wrapped.month)[..1], month);
    assert_eq!(shown(&world, &wrapped.month)[1..], week[1..]);
    let year = [
        "2025-01-01..2025-12-31",
        "words 25000 (12500, 100%)",
        "pages -2 (-2, -100%)",
        "xp 275 (155, 129.2%)",
        "15000 words",
    ];
    assert_eq!(shown(&world, &wrapped.year), year);
}

// C-WRAP-03
#[test]
fn of_equally_active_periods_the_earliest_counts() {
    let instants = [
        "2025-02-03T12:00:00Z",
        "2025-02-12T12:00:00Z",
        "2025-06-12T12:00:00Z",
        "2025-06-13T12:00:00Z",
    ];
    let mut world = with_events("UTC", &instants[..3]);
    let wrapped = world.wrapped("2025-12-01T00:00:00Z", "u", 2025);
    assert_eq!(wrapped.day.dates, dates("2025-02-03", "2025-02-03"));
    assert_eq!(wrapped.week.dates, dates("2025-02-02", "2025-02-08"));
    assert_eq!(wrapped.month.dates, dates("2025-02-01", "2025-02-28"));
    let mut world = with_events("UTC", &instants);
    let wrapped = world.wrapped("2025-12-01T00:00:00Z", "u", 2025);
    assert_eq!(wrapped.day.dates, dates("2025-02-03", "2025-02-03"));
    assert_eq!(wrapped.week.dates, dates("2025-06-08", "2025-06-14"));
    assert_eq!(wrapped.month.dates, dates("2025-02-01", "2025-02-28"));
}

// C-WRAP-02 C-WRAP-04
#[test]
fn a_week_across_new_year_is_ranked_by_its_part_and_shown_whole() {
    // The week from Sunday 2024-12-29 to Saturday 2025-01-04: three events before, one after.
    let mut world = with_events(
        "UTC",
        &[
            "2024-12-29T12:00:00Z",
            "2024-12-30T12:00:00Z",
            "2024-12-31T12:00:00Z",
            "2025-01-01T12:00:00Z",
            "2025-05-06T12:00:00Z",
            "2025-05-07T12:00:00Z",
        ],
    );
    let wrapped = world.wrapped("2026-01-01T12:00:00Z", "u", 2025);
    assert_eq!(active(&wrapped), (3, 2, 2));
    assert_eq!(shown(&world, &wrapped.week), ["2025-05-04..2025-05-10", "words 6 (2, 50%)"]);
    let wrapped = world.wrapped("2026-01-01T12:00:00Z", "u", 2024);
    assert_eq!(active(&wrapped), (3, 1, 1));
    assert_eq!(shown(&world, &wrapped.week), ["2024-12-29..2025-01-04", "words 4 (4, 100%)"]);
    assert_eq!(shown(&world, &wrapped.year), ["2024-01-01..2024-12-31", "words 3 (3, 100%)"]);
}

// C-WRAP-04 C-GEN-19
#[test]
fn weeks_begin_as_the_environment_says() {
    // A Sunday and the Monday after it.
    let mut world = with_events("UTC", &["2025-03-09T12:00:00Z", "2025-03-10T12:00:00Z"]);
    let wrapped = world.wrapped("2025-04-01T00:00:00Z", "u", 2025);
    assert_eq!((wrapped.weeks_active, wrapped.week.dates), (1, dates("2025-03-09", "2025-03-15")));
    world.catalog.settings.week_start = WeekStart::Monday;
    let wrapped = world.wrapped("2025-04-01T00:00:00Z", "u", 2025);
    assert_eq!((wrapped.weeks_active, wrapped.week.dates), (2, dates("2025-03-03", "2025-03-09")));
}

// C-WRAP-12 C-WRAP-02 C-WRAP-09
#[test]
fn the_year_is_cut_where_the_user_lives() {
    // 2025-01-01T08:00+09:00 and 2024-12-31T18:00-05:00 are one instant.
    let now = "2024-12-31T23:00:00Z";
    for (zone, expected) in [("Asia/Tokyo", 2025), ("America/New_York", 2024)] {
        let mut world = World::new();
        let words = world.metric("words");
        world.achievement("first", Ach::metric(words, "1"));
        world.event(now, "u", Event::of(words, "1").user(tz(zone)));
        let state = world.read(now, "u");
        assert_eq!(year(&state, None), Ok(expected));
        for asked in [2024, 2025] {
            let wrapped = world.wrapped("2025-01-02T12:00:00Z", "u", asked);
            let there = usize::from(asked == expected);
            assert_eq!((wrapped.days_active, wrapped.year.achievements.len()), (there, there));
        }
    }
}

// C-WRAP-12
#[test]
fn years_are_whole_numbers_from_1_to_the_current_one() {
    let mut world = with_events("UTC", &["2025-06-01T12:00:00Z"]);
    let state = world.read("2025-06-01T12:00:00Z", "u");
    for asked in [1, 2024, 2025] {
        assert_eq!(year(&state, Some(asked)).map(i32::unsigned_abs), Ok(asked));
    }
    for asked in [0, 2026, u32::MAX] {
        let refused = year(&state, Some(asked)).expect_err("out of range");
        assert_eq!(refused.message, "year must be an integer between 1 and 2025", "{asked}");
    }
    let first = world.wrapped("2025-06-01T12:00:00Z", "u", 1);
    assert_eq!(first.year.dates, dates("0001-01-01", "0001-12-31"));
}

// C-WRAP-11
#[test]
fn a_year_without_activity_is_empty_and_begins_in_january() {
    let mut world = with_events("UTC", &["2023-06-01T12:00:00Z"]);
    let wrapped = world.wrapped("2025-06-01T12:00:00Z", "u", 2025);
    assert_eq!(active(&wrapped), (0, 0, 0));
    assert_eq!(shown(&world, &wrapped.day), ["2025-01-01..2025-01-01"]);
    assert_eq!(shown(&world, &wrapped.week), ["2024-12-29..2025-01-04"]);
    assert_eq!(shown(&world, &wrapped.month), ["2025-01-01..2025-01-31"]);
    assert_eq!(shown(&world, &wrapped.year), ["2025-01-01..2025-12-31"]);
    assert_eq!(wrapped.longest_streak.reached, None);
}

// C-WRAP-08
#[test]
fn each_attribute_value_has_figures_of_its_own() {
    let mut world = World::new();
    let words = world.metric("words");
    let genre = world.attribute(AttributeKind::Event, "genre");
    let place = world.attribute(AttributeKind::Event, "place");
    for (now, value, given) in [
        ("2024-05-01T12:00:00Z", "100", Some("poem")),
        ("2025-05-01T12:00:00Z", "50", Some("poem")),
        ("2025-05-01T13:00:00Z", "7", Some("letter")),
        ("2025-05-01T14:00:00Z", "1", None),
        ("2025-06-01T12:00:00Z", "-30", Some("poem")),
    ] {
        let event = Event::of(words, value);
        let event = match given {
            Some(given) => event.with(genre, given).with(place, "home"),
            None => event,
        };
        world.event(now, "u", event);
    }
    let wrapped = world.wrapped("2025-07-01T00:00:00Z", "u", 2025);
    let day = [
        "2025-05-01..2025-05-01",
        "words 158 (58, 58%)",
        "words genre=letter 7 (7, 100%)",
        "words genre=poem 150 (50, 50%)",
        "words place=home 157 (57, 57%)",
    ];
    let mut found = shown(&world, &wrapped.day);
    found.sort();
    let mut expected = day.map(str::to_owned);
    expected.sort();
    assert_eq!(found, expected);
    assert!(shown(&world, &wrapped.year).contains(&"words genre=poem 120 (20, 20%)".to_owned()));
    // What was deleted is left out.
    world.catalog.delete_attribute(place, at("2025-07-01T00:00:00Z")).expect("not in use");
    let wrapped = world.wrapped("2025-07-01T00:00:00Z", "u", 2025);
    assert_eq!(wrapped.year.metrics[&words].by_attribute.len(), 1);
}

// C-WRAP-02 C-WRAP-05 C-WRAP-09
#[test]
fn what_was_deleted_is_not_shown_but_was_activity() {
    let mut world = with_events("UTC", &["2025-05-01T12:00:00Z"]);
    let words = world.catalog.find_metric_by_key("words").expect("live").id;
    let hidden = world.achievement("hidden", Ach::metric(words, "2"));
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "T", Trig::metric(words, 1, 1));
    world.event("2025-05-02T12:00:00Z", "u", Event::of(words, "1"));
    let wrapped = world.wrapped("2025-07-01T00:00:00Z", "u", 2025);
    assert_eq!(
        shown(&world, &wrapped.year)[1..],
        ["words 2 (2, 100%)", "xp 1 (1, 100%)", "hidden"]
    );
    let now = at("2025-07-01T00:00:00Z");
    world.catalog.delete_achievement(hidden, now).expect("not needed");
    world.catalog.delete_points_system(xp, now).expect("not needed");
    world.catalog.delete_metric(words, now).expect("not in use");
    let wrapped = world.wrapped("2025-07-01T00:00:00Z", "u", 2025);
    assert_eq!(shown(&world, &wrapped.year).len(), 1);
    assert_eq!(active(&wrapped), (2, 1, 1));
}

// C-WRAP-01 C-WRAP-07
#[test]
fn weeks_months_and_years_are_compared_with_other_users() {
    let mut world = with_events("UTC", &["2025-05-01T12:00:00Z"]);
    let words = world.catalog.find_metric_by_key("words").expect("live").id;
    let mut wrapped = world.wrapped("2025-07-01T00:00:00Z", "u", 2025);
    let expected = [
        dates("2025-04-27", "2025-05-03"),
        dates("2025-05-01", "2025-05-31"),
        dates("2025-01-01", "2025-12-31"),
    ];
    let compared: Vec<_> =
        wrapped.compared().map(|(owner, dates, own)| (owner, dates, own.change)).collect();
    assert_eq!(compared, expected.map(|dates| (Owner::Metric(words), dates, amount("1"))));
    wrapped.compared().for_each(|(_, _, own)| own.percentile = Some(100));
    assert_eq!(wrapped.day.metrics[&words].figures.percentile, None);
    assert_eq!(wrapped.year.metrics[&words].figures.percentile, Some(100));
}

fn streak(length: u32, period: (&str, &str), started: &str) -> LongestStreak {
    let (period, started_on) = (dates(period.0, period.1), date(started));
    let reached = Some(Reached { length, period, started_on });
    LongestStreak { frequency: Frequency::Daily, reached }
}

// C-WRAP-10
#[test]
fn the_longest_streak_is_the_first_that_reached_its_length_in_the_year() {
    let mut world = with_events(
        "UTC",
        &[
            "2024-12-30T12:00:00Z",
            "2024-12-31T12:00:00Z",
            "2025-01-01T12:00:00Z",
            "2025-02-01T12:00:00Z",
            "2025-02-02T12:00:00Z",
            "2025-02-03T12:00:00Z",
            "2026-03-01T12:00:00Z",
        ],
    );
    let mut longest = |now, year| world.wrapped(now, "u", year).longest_streak;
    let later = "2026-03-01T13:00:00Z";
    let new_year = streak(3, ("2025-01-01", "2025-01-01"), "2024-12-30");
    assert_eq!(longest(later, 2025), new_year);
    assert_eq!(longest(later, 2024), streak(2, ("2024-12-31", "2024-12-31"), "2024-12-30"));
    // The day that is open counts as soon as it is met.
    assert_eq!(longest(later, 2026), streak(1, ("2026-03-01", "2026-03-01"), "2026-03-01"));
    let none = LongestStreak { frequency: Frequency::Daily, reached: None };
    assert_eq!(longest(later, 2023), none);
    // Switched off, there is none. (C-STREAK-14)
    world.streaks(StreakSettingsPatch { enabled: Some(false), ..StreakSettingsPatch::default() });
    assert_eq!(world.wrapped(later, "u", 2025).longest_streak, none);
}

// C-WRAP-10
#[test]
fn kept_periods_count_and_weeks_belong_to_the_year_they_end_in() {
    let mut world = World::new();
    let words = world.metric("words");
    let weekly = StreakSettingsPatch {
        frequency: Some(Frequency::Weekly),
        ..StreakSettingsPatch::default()
    };
    world.streaks(weekly);
    // The weeks from 2025-12-14, 2025-12-21 and 2025-12-28, the last of which ends in 2026.
    for now in ["2025-12-16T12:00:00Z", "2025-12-23T12:00:00Z", "2025-12-30T12:00:00Z"] {
        world.event(now, "u", Event::of(words, "1"));
    }
    let mut longest = |now, year| {
        let longest = world.wrapped(now, "u", year).longest_streak.reached;
        longest.map(|reached| (reached.length, reached.period, reached.started_on))
    };
    let started = date("2025-12-16");
    let last = dates("2025-12-28", "2026-01-03");
    // Still open, it belongs to the year that is current.
    assert_eq!(longest("2025-12-31T12:00:00Z", 2025), Some((3, last, started)));
    assert_eq!(longest("2026-01-01T12:00:00Z", 2026), Some((3, last, started)));
    let before = dates("2025-12-21", "2025-12-27");
    assert_eq!(longest("2026-01-01T12:00:00Z", 2025), Some((2, before, started)));
    assert_eq!(longest("2026-02-01T12:00:00Z", 2026), Some((3, last, started)));
}

// C-WRAP-10
#[test]
fn years_too_old_for_the_track_keep_their_longest_streak() {
    let mut world = World::new();
    let words = world.metric("words");
    let mut day = date("2020-01-01");
    // Five days, then every other day for many years: more runs than a track remembers.
    while day.year() < 2027 {
        world.event(&format!("{day}T12:00:00Z"), "u", Event::of(words, "1"));
        let run_of_five = day.year() == 2020 && day < date("2020-01-05");
        day = day.plus_days(if run_of_five { 1 } else { 2 });
    }
    let track = &world.stored("u").state.as_ref().expect("known").streak.daily;
    assert_eq!((track.past[0].dates.start.year(), track.years.len()), (2022, 3));
    let mut longest = |year| world.wrapped("2026-12-31T20:00:00Z", "u", year).longest_streak;
    assert_eq!(longest(2020), streak(5, ("2020-01-05", "2020-01-05"), "2020-01-01"));
    assert_eq!(longest(2021), streak(1, ("2021-01-01", "2021-01-01"), "2021-01-01"));
    assert_eq!(longest(2022), streak(1, ("2022-01-02", "2022-01-02"), "2022-01-02"));
}

// C-WRAP-09
#[test]
fn achievements_come_in_order_of_completion_and_hidden_ones_not() {
    let mut world = World::new();
    let words = world.metric("words");
    world.achievement("second", Ach::metric(words, "2"));
    world.achievement("first", Ach::metric(words, "1"));
    world.achievement("never", Ach::metric(words, "3"));
    let off = world.achievement("off", Ach::api("off"));
    for now in ["2025-05-01T12:00:00Z", "2025-05-02T12:00:00Z"] {
        world.event(now, "u", Event::of(words, "1"));
    }
    world.complete("2025-05-03T12:00:00Z", "u", off, tz("UTC"));
    let names = |world: &mut World| {
        let wrapped = world.wrapped("2025-07-01T00:00:00Z", "u", 2025);
        shown(world, &wrapped.year)[2..].to_vec()
    };
    assert_eq!(names(&mut world), ["first", "second", "off"]);
    let achievement = world.catalog.achievements.iter_mut().find(|own| own.id == off);
    let terms = &mut achievement.expect("configured").terms;
    let inactive =
        AchievementTerms { status: AchievementStatus::Inactive, ..terms.current().clone() };
    terms.append(at("2025-06-01T00:00:00Z"), inactive);
    assert_eq!(names(&mut world), ["first", "second"]);
}
