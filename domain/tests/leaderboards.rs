//! Laws of leaderboards: runs partition the calendar, and a score is the plain sum of what the
//! stored history says, whoever looks when.

mod support;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use domain::amount::Amount;
use domain::calendar::Zone;
use domain::catalog::{AttributeKind, Leaderboard, LeaderboardStatus, Phase, RankBy};
use domain::ids::{AttributeId, LeaderboardId, MetricId};
use domain::leaderboard::{Contribution, Group, Repeat, Run, RunUnit, Runs, Score};
use domain::time::{Date, Timestamp};
use domain::user::{Command, ProfilePatch, streak};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use support::{Board, Event, Stored, Trig, World, at, tz};

const DAY_MS: i64 = 86_400_000;

fn first_date() -> impl Strategy<Value = Date> {
    let ends = [(2024, 1, 31), (2024, 2, 29), (2023, 12, 31), (2026, 3, 30)];
    let ends = ends.map(|(year, month, day)| Date::from_ymd(year, month, day).expect("a date"));
    prop_oneof![
        prop::sample::select(ends.to_vec()),
        (738_000_i32..740_000).prop_map(|days| Date::from_days(days).expect("a date"))
    ]
}

fn repeat() -> impl Strategy<Value = Option<Repeat>> {
    let unit = prop::sample::select(vec![RunUnit::Day, RunUnit::Month, RunUnit::Year]);
    prop::option::weighted(0.9, (unit, 1..16_u32))
        .prop_map(|repeat| repeat.map(|(unit, interval)| Repeat { unit, interval }))
}

/// The first date of run `k`, by the words of C-LB-17: years and months by hand.
fn start_by_hand(start: Date, repeat: Repeat, k: u32) -> Date {
    let units = k * repeat.interval;
    let months = match repeat.unit {
        RunUnit::Day => return start.plus_days(i64::from(units)),
        RunUnit::Month => units,
        RunUnit::Year => units * 12,
    };
    let origin = start.to_naive();
    let month = origin.month0() + months;
    let year = origin.year() + i32::try_from(month / 12).expect("near");
    let clamped =
        (1..=origin.day()).rev().find_map(|day| NaiveDate::from_ymd_opt(year, month % 12 + 1, day));
    Date::from_naive(clamped.expect("every month has a first day"))
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    // C-LB-17 C-LB-18 C-LB-21
    #[test]
    fn every_date_belongs_to_exactly_one_run(
        start in first_date(),
        repeat in repeat(),
        length in prop::option::of(0..1_500_i64),
    ) {
        let end = length.map(|days| start.plus_days(days));
        let runs = Runs { start, end, repeat };
        prop_assert_eq!(runs.run_of(start.pred()), None);
        let mut expected_start = start;
        let mut run = Some(runs.first());
        for k in 0..20 {
            let Some(current) = run else { break };
            prop_assert_eq!(current.start, expected_start);
            if let Some(repeat) = repeat {
                prop_assert_eq!(current.start, start_by_hand(start, repeat, k));
            }
            let last = current.end.unwrap_or(current.start.plus_days(400));
            prop_assert!(last >= current.start && end.is_none_or(|end| last <= end));
            for date in [current.start, current.start.plus_days((last.days_since(current.start)) / 2), last] {
                prop_assert_eq!(runs.run_of(date), Some(current));
                prop_assert!(current.contains(date));
                prop_assert_eq!(runs.current(date), current);
            }
            expected_start = last.succ();
            run = runs.next(current);
            if run.is_none() {
                prop_assert_eq!(current.end, end);
                prop_assert_eq!(runs.last(), current.end.map(|_| current));
            }
        }
        if let Some(end) = end {
            prop_assert_eq!(runs.run_of(end.succ()), None);
            prop_assert_eq!(Some(runs.current(end.plus_days(9))), runs.last());
        }
        prop_assert_eq!(runs.current(start.plus_days(-9)), runs.first());
    }

    // C-LB-20 C-LB-23 C-LB-24
    #[test]
    fn a_run_is_open_as_long_as_anyone_can_be_in_it(
        start in first_date(),
        repeat in repeat(),
        zone in prop::sample::select(chrono_tz::TZ_VARIANTS.to_vec()),
        skipped in 0..9_usize,
        probe in -40..40_i64,
    ) {
        let runs = Runs { start, end: None, repeat };
        let all = std::iter::successors(Some(runs.first()), |run| runs.next(*run));
        let run = all.take(skipped + 1).last().expect("there is a first");
        let zone = Zone::parse(zone.name()).expect("a zone of the database");
        prop_assert!(run.opens_at() <= zone.day_start(run.start));
        if let (Some(end), Some(finalised)) = (run.end, run.finalised_at()) {
            prop_assert!(zone.day_start(end.succ()) <= finalised);
            let next = runs.next(run).expect("another one");
            let overlap = finalised.as_millis() - next.opens_at().as_millis();
            prop_assert_eq!(overlap, 26 * 3_600_000);
            // A month may have fewer days than the zones are apart, but no run has.
            let now = finalised.plus_millis(probe * 3_600_000);
            let open: Vec<_> = runs.open_at(now).collect();
            let expected = |run: Run| {
                run.opens_at() <= now && run.finalised_at().is_none_or(|at| now < at)
            };
            for near in [Some(run), Some(next), runs.next(next)].into_iter().flatten() {
                prop_assert_eq!(open.contains(&near), expected(near));
            }
            prop_assert_eq!(runs.earliest_unfinalised(now), open.first().copied().or_else(|| {
                std::iter::successors(Some(runs.first()), |run| runs.next(*run))
                    .find(|run| run.finalised_at().is_none_or(|at| now < at))
            }));
        }
    }
}

const ZONES: [&str; 7] = [
    "UTC",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "America/Los_Angeles",
    "Europe/London",
    "Asia/Kolkata",
    "Pacific/Apia",
];

const VALUES: [&str; 6] = ["1", "2.5", "-3", "0", "7", "0.25"];

#[derive(Clone, Debug)]
enum Step {
    Event { user: usize, metric: usize, value: usize },
    Move { user: usize, zone: usize },
    Tag { user: usize, value: Option<usize> },
    Switch { board: usize, on: bool },
    Read { user: usize },
}

fn step() -> impl Strategy<Value = (i64, Step)> {
    let gap = prop_oneof![
        3 => Just(0_i64),
        4 => 0..3 * 3_600_000_i64,
        2 => 0..2 * DAY_MS,
        1 => 20 * DAY_MS..40 * DAY_MS,
    ];
    let step = prop_oneof![
        6 => (0..3_usize, 0..2_usize, 0..VALUES.len())
            .prop_map(|(user, metric, value)| Step::Event { user, metric, value }),
        1 => (0..3_usize, 0..ZONES.len()).prop_map(|(user, zone)| Step::Move { user, zone }),
        2 => (0..3_usize, prop::option::of(0..2_usize))
            .prop_map(|(user, value)| Step::Tag { user, value }),
        1 => (0..BOARDS, any::<bool>()).prop_map(|(board, on)| Step::Switch { board, on }),
        1 => (0..3_usize).prop_map(|user| Step::Read { user }),
    ];
    (gap, step)
}

const BOARDS: usize = 7;

/// A world with boards of every kind, most of them on.
struct Game {
    world: World,
    metrics: [MetricId; 2],
    tag: AttributeId,
    boards: Vec<LeaderboardId>,
    now: Timestamp,
}

impl Game {
    fn new(eager: bool) -> Self {
        let mut world = World::new();
        world.eager = eager;
        let metrics = [world.metric("a"), world.metric("b")];
        let tag = world.attribute(AttributeKind::User, "tag");
        let xp = world.system("xp", Some(60), &[]);
        world.trigger(xp, "a", Trig::metric(metrics[0], 2, 3));
        world.trigger(xp, "hour", Trig::hours(5, 1));
        world.trigger(xp, "day", Trig::days(1, -2));
        let [a, b] = metrics;
        let start = "2026-03-05T12:00:00Z";
        let boards = vec![
            Board::metric(a).start("2026-01-31").every(1, RunUnit::Month),
            Board::metric(a).start("2026-03-01").every(1, RunUnit::Day).split_by(tag),
            Board::metric(b).start("2026-03-03").end("2026-04-20").between("06:00", "18:30"),
            Board::points(xp).start("2026-03-02").every(3, RunUnit::Day),
            Board::points(xp).start("2026-03-01").between("00:00", "12:00").if_user(tag, "x"),
            Board::metric(b).start("2026-03-04").every(2, RunUnit::Day),
            Board::streak().start("2026-03-01").end("2026-06-01"),
        ];
        let boards = boards
            .into_iter()
            .enumerate()
            .map(|(i, board)| world.board(start, board.key(&format!("b{i}"))))
            .collect();
        Self { world, metrics, tag, boards, now: at(start) }
    }

    fn take(&mut self, gap: i64, step: &Step) {
        self.now = self.now.plus_millis(gap);
        let user = |user: usize| format!("u{user}");
        let (now, identify) = (self.now, |profile| Command::Identify {
            profile,
            existing: domain::user::Existing::Optional,
        });
        let (who, command) = match step {
            Step::Event { user: who, metric, value } => {
                (user(*who), Event::of(self.metrics[*metric], VALUES[*value]).command())
            }
            Step::Move { user: who, zone } => (user(*who), identify(tz(ZONES[*zone]))),
            Step::Tag { user: who, value } => {
                let value = value.map(|value| ["x", "y"][value].to_owned());
                let attributes = [(self.tag, value)].into();
                let profile = ProfilePatch { attributes, ..ProfilePatch::default() };
                (user(*who), identify(profile))
            }
            Step::Read { user: who } => (user(*who), Command::Settle),
            Step::Switch { board, on } => {
                let status =
                    if *on { LeaderboardStatus::Active } else { LeaderboardStatus::Inactive };
                let patch = domain::catalog::LeaderboardPatch {
                    status: Some(status),
                    ..Default::default()
                };
                // A board that is over stays as it is.
                let _ = self.world.catalog.update_leaderboard(self.boards[*board], patch, now);
                return;
            }
        };
        if command == Command::Settle && !self.world.knows(&who) {
            return;
        }
        self.world.run(now, &who, &command).expect("nothing of this is refused");
    }

    /// Brings everyone up to date.
    fn settle(&mut self) {
        for user in 0..3 {
            self.take(0, &Step::Read { user });
        }
    }

    /// The sums that the stored history gives a user on a board, run by run. (C-LB-27 to C-LB-29)
    fn expected(&self, board: &Leaderboard, stored: &Stored) -> BTreeMap<Date, Score> {
        let history: Vec<Contribution> = match board.rank_by {
            RankBy::Metric(metric) => {
                let events = stored.events.iter().filter(|event| event.metric == metric);
                events.map(Contribution::from).collect()
            }
            RankBy::Points(system) => {
                let awards = stored.awards.get(&system).into_iter().flatten();
                awards.map(Contribution::from).collect()
            }
            RankBy::Streak => Vec::new(),
        };
        let mut scores: BTreeMap<Date, Score> = BTreeMap::new();
        for contribution in history {
            let Contribution { value, day, time, at, order } = contribution;
            let late = board.window.start.is_some_and(|start| time < start);
            let early = board.window.end.is_some_and(|end| end <= time);
            let runs = std::iter::successors(Some(board.runs.first()), |run| board.runs.next(*run));
            let run = runs
                .take_while(|run| run.start <= day)
                .find(|run| run.end.is_none_or(|end| day <= end));
            let Some(run) = run.filter(|_| !late && !early && value != Amount::ZERO) else {
                continue;
            };
            let score = scores.entry(run.start).or_insert(Score {
                value: Amount::ZERO,
                reached: at,
                order,
            });
            *score = Score { value: score.value + value, reached: at, order };
        }
        scores
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for stored in self.world.users.values() {
            let state = stored.state.as_ref().expect("known");
            for id in &self.boards {
                let board = self.world.catalog.find_leaderboard(*id).expect("live");
                let Some(recount) = board.recounts.last().filter(|_| board.phase == Phase::On)
                else {
                    continue;
                };
                if board.rank_by == RankBy::Streak {
                    let run = board.runs.run_of(state.effective_day);
                    let length = i64::from(streak(state, &self.world.catalog).length);
                    let value =
                        |run: Run| stored.scores.get(&(*id, run.start)).map(|row| row.score.value);
                    let expected = run.map(|_| Some(Amount::from(length)).filter(|_| length > 0));
                    prop_assert_eq!(run.map(value), expected);
                    continue;
                }
                let expected = self.expected(board, stored);
                let group = Group::of(board, &state.profile.attributes);
                let from = board.runs.earliest_unfinalised(recount.at);
                let rows = stored.scores.iter().filter(|((own, _), _)| own == id);
                let counted = |run: &Date| from.is_some_and(|from| from.start <= *run);
                let rows: BTreeMap<Date, _> = rows
                    .map(|((_, run), record)| (*run, record.clone()))
                    .filter(|(run, _)| counted(run))
                    .collect();
                let scores: BTreeMap<Date, Score> =
                    rows.iter().map(|(run, record)| (*run, record.score)).collect();
                let expected: BTreeMap<_, _> =
                    expected.into_iter().filter(|(run, _)| counted(run)).collect();
                prop_assert_eq!(&scores, &expected, "{} of {}", board.key, state.id);
                for (run, record) in rows {
                    let run = board.run_from(run).expect("a run of the board");
                    let held = state.scores.get(&(*id, run.start));
                    if board.is_final(run, self.now) {
                        continue;
                    }
                    prop_assert_eq!(held, Some(&record.score));
                    prop_assert_eq!(&record.group, &group);
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    // C-LB-22 C-LB-27 C-LB-28 C-LB-29 C-LB-47 C-GEN-22
    #[test]
    fn a_score_is_the_sum_of_what_the_history_says(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let (mut lazy, mut eager) = (Game::new(false), Game::new(true));
        for (gap, step) in &steps {
            lazy.take(*gap, step);
            eager.take(*gap, step);
            eager.settle();
            eager.check()?;
        }
        lazy.settle();
        lazy.check()?;
        let now = lazy.now;
        for user in lazy.world.users.clone().into_keys() {
            let read = |game: &mut Game| game.world.run(now, user.as_str(), &Command::Settle);
            let scores = [&mut lazy, &mut eager].map(|game| read(game).expect("known").state.scores);
            prop_assert_eq!(&scores[0], &scores[1]);
        }
        for (user, stored) in &lazy.world.users {
            let punctual = &eager.world.users[user];
            let rows = |stored: &Stored| stored.scores.iter().map(|(key, row)| (*key, row.score)).collect::<Vec<_>>();
            prop_assert_eq!(rows(stored), rows(punctual));
        }
    }
}
