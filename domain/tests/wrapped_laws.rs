//! Any user's year agrees with what their events say, summed the plain way. (C-WRAP)
//!
//! The days that reviews are made of are written event by event; here the same figures are found by
//! looking at all events again for each of them.

#[path = "support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use domain::amount::Amount;
use domain::calendar::{Frequency, Period, WeekStart, Zone};
use domain::catalog::{AttributeKind, StreakSettingsPatch};
use domain::ids::{AttributeId, MetricId};
use domain::time::Date;
use domain::user::{EventRecord, streak_history};
use domain::wrapped::{Figures, Wrapped};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use support::{Event, Stored, Trig, World, at, tz, zone};

const ZONES: [&str; 3] = ["UTC", "Pacific/Kiritimati", "America/New_York"];
const VALUES: [&str; 3] = ["a", "b", ""];

/// One event: hours since the last one, metric, value, attribute values.
type Step = (i64, usize, i64, Option<usize>, Option<usize>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let hours = prop_oneof![3 => 0_i64..30, 2 => 0_i64..24 * 40, 1 => 0_i64..24 * 300];
    let value = proptest::option::weighted(0.6, 0..VALUES.len());
    prop::collection::vec((hours, 0..2_usize, -9_i64..30, value.clone(), value), 1..40)
}

/// Total at the end, change, tenths of a percent; none without an event in the period.
type Plain = Option<(i64, i64, i64)>;

/// The figures of numbers by day.
fn plain<'a>(numbers: impl Iterator<Item = (Date, i64)> + Clone + 'a, dates: Period) -> Plain {
    let inside = numbers.clone().filter(|(date, _)| dates.contains(*date));
    inside.clone().next()?;
    let change: i64 = inside.map(|(_, number)| number).sum();
    let before: i64 =
        numbers.filter(|(date, _)| *date < dates.start).map(|(_, number)| number).sum();
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "small")]
    let tenths = match before.abs() {
        0 => change.signum() * 1_000,
        start => (change as f64 * 1_000.0 / start as f64 + 0.5).floor() as i64,
    };
    Some((before + change, change, tenths))
}

fn in_plain(figures: &Figures) -> Plain {
    let tenths = (0..10).fold(Amount::ZERO, |sum, _| sum + figures.percent_change);
    let whole = |own: Amount| own.to_string().parse().expect("whole");
    Some((whole(figures.total), whole(figures.change), whole(tenths)))
}

fn whole(event: &EventRecord) -> (Date, i64) {
    (event.day, event.value.to_string().parse().expect("whole"))
}

/// The first of the periods of a year with the most events in that year, and how many there are.
fn most_active(events: &[EventRecord], year: i32, of: impl Fn(Date) -> Period) -> (usize, Period) {
    let of_year = || events.iter().filter(|event| event.day.year() == year);
    let periods: BTreeSet<Period> = of_year().map(|event| of(event.day)).collect();
    let count = |period: &Period| of_year().filter(|event| period.contains(event.day)).count();
    let most = periods.iter().map(count).max();
    let first = periods.iter().find(|period| Some(count(period)) == most);
    let new_year = of(Date::from_ymd(year, 1, 1).expect("a date"));
    (periods.len(), first.copied().unwrap_or(new_year))
}

fn check(world: &mut World, zone: Zone, now: &str, year: i32, metrics: [MetricId; 2]) {
    let week_start = world.catalog.settings.week_start;
    let wrapped = world.wrapped(now, "u", year);
    let stored = world.stored("u");
    let of = |frequency| move |date| Period::containing(frequency, week_start, date);
    let found = [
        (wrapped.days_active, wrapped.day.dates),
        (wrapped.weeks_active, wrapped.week.dates),
        (wrapped.months_active, wrapped.month.dates),
    ];
    let expected = Frequency::ALL.map(|frequency| most_active(&stored.events, year, of(frequency)));
    assert_eq!(found, expected);
    check_figures(stored, zone, &wrapped, metrics);
    check_streak(world, now, year, &wrapped);
}

/// Period by period, as the streak's history shows them. (C-WRAP-10)
fn check_streak(world: &mut World, now: &str, year: i32, wrapped: &Wrapped) {
    let state = world.read(now, "u");
    let mut history = streak_history(&state, &world.catalog, 3_000);
    let open = history.pop().filter(|_| state.effective_day.year() == year);
    let closed = history.into_iter().filter(|period| period.dates.end.year() == year);
    let periods: Vec<_> = closed.chain(open).filter(|period| period.length > 0).collect();
    let longest = periods.iter().map(|period| period.length).max();
    let first = periods.iter().find(|period| Some(period.length) == longest);
    let found = wrapped.longest_streak.reached.map(|reached| (reached.length, reached.period));
    assert_eq!(found, first.map(|period| (period.length, period.dates)));
}

fn check_figures(stored: &Stored, zone: Zone, wrapped: &Wrapped, metrics: [MetricId; 2]) {
    for review in [&wrapped.day, &wrapped.week, &wrapped.month, &wrapped.year] {
        for metric in metrics {
            let events = || stored.events.iter().filter(move |event| event.metric == metric);
            let found = review.metrics.get(&metric);
            let figures = found.and_then(|own| in_plain(&own.figures));
            assert_eq!(figures, plain(events().map(whole), review.dates));
            let mut expected = BTreeMap::<AttributeId, BTreeMap<String, Plain>>::new();
            for (attribute, value) in events().flat_map(|event| &event.attributes) {
                let with = |event: &&EventRecord| event.attributes.get(attribute) == Some(value);
                let figures = plain(events().filter(with).map(whole), review.dates);
                if figures.is_some() {
                    expected.entry(*attribute).or_default().insert(value.clone(), figures);
                }
            }
            let found = found.map(|own| &own.by_attribute).into_iter().flatten();
            let found: BTreeMap<_, BTreeMap<_, _>> = found
                .map(|(id, values)| {
                    let values = values.iter();
                    (*id, values.map(|(value, own)| (value.clone(), in_plain(own))).collect())
                })
                .collect();
            assert_eq!(found, expected);
        }
        for (system, awards) in &stored.awards {
            let awards = awards.iter().map(|award| (zone.local_date(award.at), award.awarded));
            let figures = review.points.get(system).and_then(in_plain);
            assert_eq!(figures, plain(awards, review.dates));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        // More with PROPTEST_CASES.
        cases: ProptestConfig::default().cases.max(200),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/wrapped_laws.proptest-regressions",
        ))),
        ..ProptestConfig::default()
    })]

    // C-WRAP-02 C-WRAP-03 C-WRAP-04 C-WRAP-05 C-WRAP-06 C-WRAP-08 C-WRAP-10 C-WRAP-12
    #[test]
    fn any_year_is_what_its_events_say(
        steps in steps(),
        place in 0..ZONES.len(),
        monday in any::<bool>(),
        frequency in prop::sample::select(Frequency::ALL.to_vec()),
    ) {
        let mut world = World::new();
        let frequency = Some(frequency);
        world.streaks(StreakSettingsPatch { frequency, ..StreakSettingsPatch::default() });
        world.freezes(1, 3, Some((9, 1)));
        world.catalog.settings.week_start = if monday { WeekStart::Monday } else { WeekStart::Sunday };
        let metrics = ["m0", "m1"].map(|key| world.metric(key));
        let attributes = ["x", "y"].map(|key| world.attribute(AttributeKind::Event, key));
        let xp = world.system("xp", None, &[]);
        world.trigger(xp, "T", Trig::metric(metrics[0], 10, 3));
        let mut now = at("2024-11-20T12:00:00Z");
        for (hours, metric, value, x, y) in steps {
            now = now.plus_millis(hours * 3_600_000);
            let mut event = Event::of(metrics[metric], &value.to_string()).user(tz(ZONES[place]));
            for (attribute, value) in attributes.into_iter().zip([x, y]) {
                if let Some(value) = value {
                    event = event.with(attribute, VALUES[value]);
                }
            }
            world.event(&now.to_string(), "u", event);
        }
        let last = zone(ZONES[place]).local_date(now).year();
        for year in 2023..=last {
            check(&mut world, zone(ZONES[place]), &now.to_string(), year, metrics);
        }
    }
}
