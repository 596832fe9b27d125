//! Leaderboards through the engine, against a model that keeps every event and ranks from scratch.

use std::collections::BTreeMap;

use actors::EngineConfig;
use actors::board::{Filter as Groups, Row, Start};
use actors::leaderboard::{Page, RankedMove};
use domain::amount::Amount;
use domain::calendar::Zone;
use domain::catalog::{
    AttributeDraft, AttributeKind, Filter, Leaderboard, LeaderboardDraft, LeaderboardPatch,
    LeaderboardStatus, Patch, RankByKind,
};
use domain::ids::{AttributeId, LeaderboardId};
use domain::leaderboard::{DailyWindow, Group, Run, RunUnit};
use domain::time::{Date, TimeOfDay, Timestamp};
use domain::user::{Command, Existing, ProfilePatch};
use proptest::prelude::*;
use storage::Kind;

use crate::world::{World, config, user};

const HOUR_MS: i64 = 3_600_000;
const ZONES: [&str; 4] =
    ["Pacific/Kiritimati", "Europe/London", "America/New_York", "Pacific/Pago_Pago"];
const PLANS: [&str; 2] = ["pro", "free"];
const BOARDS: usize = 5;
const ALL: usize = 0;
const DAILY: usize = 1;
const SPLIT: usize = 2;
const PRO: usize = 3;
const OFFICE: usize = 4;

fn date(text: &str) -> Date {
    Date::parse(text).expect("a date")
}

#[derive(Clone, Debug)]
enum Step {
    Event { user: u8, value: i64, zone: Option<u8>, plan: Option<u8> },
    SetPlan { user: u8, plan: Option<u8> },
    Limit { board: u8, seats: u32 },
    Wait { hours: i64 },
    Restart,
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let event = (0_u8..6, -6_i64..10, any::<Option<u8>>(), any::<Option<u8>>());
    let step = prop_oneof![
        8 => event.prop_map(|(user, value, zone, plan)| Step::Event { user, value, zone, plan }),
        2 => (0_u8..6, any::<Option<u8>>()).prop_map(|(user, plan)| Step::SetPlan { user, plan }),
        1 => (0_u8..5, 1_u32..5).prop_map(|(board, seats)| Step::Limit { board, seats }),
        4 => (1_i64..20).prop_map(|hours| Step::Wait { hours }),
        1 => Just(Step::Restart),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..40)
}

/// What happened to one user, and when on their own clock.
#[derive(Clone, Debug)]
struct Happened {
    value: i64,
    day: Date,
    time: TimeOfDay,
    at: Timestamp,
    order: u64,
}

#[derive(Clone, Debug)]
struct Person {
    zone: Zone,
    day: Date,
    plan: Option<&'static str>,
    events: Vec<Happened>,
}

type Ranking = Vec<(String, i64)>;
/// Per board, first date of the run, and group.
type Rankings = BTreeMap<(usize, Date, Group), Ranking>;

/// All events, and nothing that is derived from them but rankings that are final.
#[derive(Clone, Debug)]
struct Model {
    people: BTreeMap<String, Person>,
    seats: [usize; BOARDS],
    orders: u64,
    settled: BTreeMap<Date, Rankings>,
}

fn plan(number: Option<u8>) -> Option<&'static str> {
    number.map(|number| PLANS[usize::from(number) % PLANS.len()])
}

impl Person {
    fn pass(&mut self, now: Timestamp) {
        self.day = self.day.max(self.zone.local_date(now));
    }

    fn group(&self, board: usize) -> Option<Group> {
        match board {
            SPLIT => self.plan.map(|plan| Group(vec![plan.to_owned()])),
            PRO => (self.plan == Some("pro")).then(Group::default),
            _ => Some(Group::default()),
        }
    }

    /// Value, and since when.
    fn score(&self, board: usize, run: Date) -> Option<(i64, (Timestamp, u64))> {
        let counts = |event: &&Happened| match board {
            DAILY => event.day == run,
            OFFICE => (time("09:00")..time("17:00")).contains(&event.time),
            _ => true,
        };
        let counted: Vec<_> =
            self.events.iter().filter(|event| event.value != 0).filter(counts).collect();
        let last = counted.last()?;
        Some((counted.iter().map(|event| event.value).sum(), (last.at, last.order)))
    }
}

fn time(text: &str) -> TimeOfDay {
    TimeOfDay::parse(text).expect("a time")
}

impl Model {
    fn new() -> Self {
        Self {
            people: BTreeMap::new(),
            seats: [1_000; BOARDS],
            orders: 0,
            settled: BTreeMap::new(),
        }
    }

    /// The user as they are before anything is done, made if they are new.
    fn person(&mut self, id: &str, zone: Option<Zone>, now: Timestamp) -> &mut Person {
        let zone = zone.unwrap_or(Zone::UTC);
        let person = self.people.entry(id.to_owned()).or_insert_with(|| Person {
            zone,
            day: zone.local_date(now),
            plan: None,
            events: Vec::new(),
        });
        person.pass(now);
        person
    }

    /// Everyone of one ranking, the first of them being participants.
    fn everyone(&self, board: usize, run: Date, group: &Group) -> Ranking {
        let mut scores: Vec<_> = self
            .people
            .iter()
            .filter(|(_, person)| person.group(board).as_ref() == Some(group))
            .filter_map(|(id, person)| Some((id, person.score(board, run)?)))
            .filter(|(_, (value, _))| *value > 0)
            .collect();
        scores.sort_by_key(|(id, (value, since))| (-value, *since, (*id).clone()));
        scores.into_iter().map(|(id, (value, _))| (id.clone(), value)).collect()
    }

    fn ranking(&self, board: usize, run: Date, group: &Group) -> Ranking {
        if board == DAILY
            && let Some(settled) = self.settled.get(&run)
        {
            return settled.get(&(board, run, group.clone())).cloned().unwrap_or_default();
        }
        let mut everyone = self.everyone(board, run, group);
        everyone.truncate(self.seats[board]);
        everyone
    }

    fn rank(&self, board: usize, run: Date, group: &Group, id: &str) -> Option<u64> {
        let ranking = self.ranking(board, run, group);
        let place = ranking.iter().position(|(own, _)| own == id)?;
        Some(place as u64 + 1)
    }

    /// Runs whose last zone has passed are as they are.
    fn settle(&mut self, now: Timestamp, days: impl Iterator<Item = Date>) {
        for day in days {
            let over = Zone::UTC.day_start(day.succ()).plus_millis(12 * HOUR_MS) <= now;
            if over && !self.settled.contains_key(&day) {
                let group = Group::default();
                let ranking = self.ranking(DAILY, day, &group);
                self.settled.insert(day, BTreeMap::from([((DAILY, day, group), ranking)]));
            }
        }
    }
}

struct Arena {
    world: World,
    boards: Vec<LeaderboardId>,
    plan: AttributeId,
    model: Model,
}

pub(crate) fn draft(key: &str, world: &World) -> LeaderboardDraft {
    LeaderboardDraft {
        name: key.to_owned(),
        key: key.to_owned(),
        description: None,
        status: LeaderboardStatus::Active,
        rank_by: RankByKind::Metric,
        metric_id: Some(world.metric),
        points_system_id: None,
        participants_max: None,
        start: Some(date("2026-02-27")),
        end: None,
        run_unit: None,
        run_interval: None,
        window: DailyWindow::default(),
        breakdown: Vec::new(),
        user_filters: Vec::new(),
    }
}

impl Arena {
    async fn with(active_users_max: usize) -> Self {
        let world = World::with(EngineConfig { active_users_max, ..config() }).await;
        let attribute = AttributeDraft {
            name: "Plan".to_owned(),
            key: "plan".to_owned(),
            kind: AttributeKind::User,
        };
        let plan = world.engine.change_catalog(world.scope(), |catalog, now| {
            catalog.create_attribute(attribute, now).expect("valid").id
        });
        let plan = plan.await.expect("made");
        let pro = Filter { attribute: plan, value: "pro".to_owned() };
        let window = DailyWindow { start: Some(time("09:00")), end: Some(time("17:00")) };
        let daily = (Some(RunUnit::Day), Some(1), Some(date("2026-03-05")));
        let drafts = [
            draft("all", &world),
            LeaderboardDraft {
                run_unit: daily.0,
                run_interval: daily.1,
                end: daily.2,
                ..draft("daily", &world)
            },
            LeaderboardDraft { breakdown: vec![plan], ..draft("split", &world) },
            LeaderboardDraft { user_filters: vec![pro], ..draft("pro", &world) },
            LeaderboardDraft { window, ..draft("office", &world) },
        ];
        let boards = world.engine.change_catalog(world.scope(), |catalog, now| {
            drafts.map(|draft| catalog.create_leaderboard(draft, now).expect("valid").id).to_vec()
        });
        let boards = boards.await.expect("made");
        Self { world, boards, plan, model: Model::new() }
    }

    fn board(&self, board: usize) -> Leaderboard {
        let catalog = self.world.engine.catalog(self.world.scope());
        catalog.find_leaderboard(self.boards[board]).expect("there").clone()
    }

    async fn step(mut self, step: &Step) -> Self {
        let now = self.world.clock.now();
        match step {
            Step::Event { user: id, value, zone, plan: given } => {
                self.event(&format!("u{id}"), *value, *zone, plan(*given)).await;
            }
            Step::SetPlan { user: id, plan: given } => {
                let (id, given) = (format!("u{id}"), plan(*given));
                let value = given.map_or(Patch::Clear, |plan| Patch::Set(plan.to_owned()));
                let attributes = [(self.plan, value.into_option())].into_iter().collect();
                let profile = ProfilePatch { attributes, ..ProfilePatch::default() };
                let command = Command::Identify { profile, existing: Existing::Optional };
                self.world.run(&id, command).await.expect("accepted");
                self.model.person(&id, None, now).plan = given;
            }
            Step::Limit { board, seats } => {
                let board = usize::from(*board);
                // A board that is over can't be changed.
                if self.board(board).status(now) == LeaderboardStatus::Active {
                    let patch = LeaderboardPatch {
                        participants_max: Patch::Set(*seats),
                        ..LeaderboardPatch::default()
                    };
                    let id = self.boards[board];
                    let changed = self
                        .world
                        .engine
                        .change_catalog(self.world.scope(), move |catalog, now| {
                            catalog.update_leaderboard(id, patch, now).map(|_| ())
                        });
                    changed.await.expect("made").expect("valid");
                    self.model.seats[board] = *seats as usize;
                }
            }
            Step::Wait { hours } => {
                self.world.advance(hours * HOUR_MS).await;
                self.model.settle(self.world.clock.now(), days());
            }
            Step::Restart => self.world = self.world.restart().await,
            Step::Crash => self.world = self.world.crash().await,
        }
        self
    }

    async fn event(&mut self, id: &str, value: i64, zone: Option<u8>, plan: Option<&'static str>) {
        let now = self.world.clock.now();
        let zone = zone.map(|zone| ZONES[usize::from(zone) % ZONES.len()]);
        let zone = zone.map(|zone| Zone::parse(zone).expect("a zone"));
        let mut event = self.world.event(&value.to_string());
        event.profile.time_zone = zone.map_or(Patch::Keep, Patch::Set);
        event.profile.attributes =
            plan.map(|plan| (self.plan, Some(plan.to_owned()))).into_iter().collect();

        let before = self.model.clone();
        self.model.orders += 1;
        let order = self.model.orders;
        let person = self.model.person(id, zone, now);
        let old_groups: Vec<_> = (0..BOARDS).map(|board| person.group(board)).collect();
        person.zone = zone.unwrap_or(person.zone);
        person.pass(now);
        person.plan = plan.or(person.plan);
        let (day, time) = (person.day, person.zone.time_of_day(now));
        person.events.push(Happened { value, day, time, at: now, order });

        let applied = self.world.submit(id, event).await.expect("accepted");
        let mut told: Vec<RankedMove> = applied.ranks.clone();
        told.sort_by_key(|told| self.boards.iter().position(|own| *own == told.leaderboard));
        let person = &self.model.people[id];
        let expected = (0..BOARDS).filter_map(|board| {
            let run = if board == DAILY { day } else { date("2026-02-27") };
            let in_run = board != DAILY || days().any(|own| own == day);
            let in_window =
                board != OFFICE || (self::time("09:00")..self::time("17:00")).contains(&time);
            if value == 0 || !in_run || !in_window {
                return None;
            }
            let group = person.group(board)?;
            let previous = old_groups[board].as_ref();
            let full = self.model.ranking(board, run, &group);
            let last = full.get(self.model.seats[board] - 1).map(|(_, value)| *value);
            Some(RankedMove {
                leaderboard: self.boards[board],
                run,
                previous_rank: previous.and_then(|group| before.rank(board, run, group, id)),
                rank: self.model.rank(board, run, &group, id),
                threshold: last.map_or(1, |last| last + 1),
                group,
            })
        });
        assert_eq!(told, expected.collect::<Vec<_>>(), "what the event was told");
    }

    async fn read(&self, board: usize, run: Run, groups: Groups, start: Start) -> Ranking {
        let page = Page { filter: groups, start, limit: 1_000 };
        let board = self.board(board);
        let rows = self.world.engine.rankings(self.world.scope(), &board, run, page).await;
        let rows = rows.expect("readable");
        let first = rows.first().map_or(1, |row| row.rank);
        assert!(rows.iter().map(|row| row.rank).eq(first..first + rows.len() as u64));
        rows.into_iter().map(|row| (row.user.to_string(), whole(&row))).collect()
    }

    /// Every ranking of every board, and where everybody stands.
    async fn compare(&self) {
        let now = self.world.clock.now();
        for board in 0..BOARDS {
            let runs = self.board(board).runs;
            let opened: Vec<Run> = match board {
                DAILY => days().filter_map(|day| runs.opened(day, now)).collect(),
                _ => vec![runs.first()],
            };
            let groups: Vec<Group> = match board {
                SPLIT => PLANS.iter().map(|plan| Group(vec![(*plan).to_owned()])).collect(),
                _ => vec![Group::default()],
            };
            for run in opened {
                for group in &groups {
                    let asked = || Groups(group.0.iter().cloned().map(Some).collect());
                    let ranking = self.model.ranking(board, run.start, group);
                    let read = self.read(board, run, asked(), Start::Offset(0)).await;
                    assert_eq!(read, ranking, "board {board}, run {}, {group:?}", run.start);
                    for id in self.model.people.keys() {
                        self.compare_user(board, run, &ranking, id, group, asked()).await;
                    }
                }
            }
        }
    }

    async fn compare_user(
        &self,
        board: usize,
        run: Run,
        ranking: &Ranking,
        id: &str,
        group: &Group,
        asked: Groups,
    ) {
        let place = ranking.iter().position(|(own, _)| own == id);
        let start = Start::User { user: user(id), offset: 0 };
        let around = self.read(board, run, asked, start).await;
        let expected = place.map_or(&[][..], |place| &ranking[place..]);
        assert_eq!(around, expected, "board {board} from {id} on");
        let scope = self.world.scope();
        let own = self.world.engine.place(scope, &self.board(board), run, user(id)).await;
        let own = own.expect("readable");
        let in_group = own.row.filter(|_| own.group.as_ref() == Some(group));
        let rank = in_group.map(|row| (row.rank, whole(&row)));
        assert_eq!(rank, place.map(|place| (place as u64 + 1, ranking[place].1)));
    }
}

fn whole(row: &Row) -> i64 {
    row.score.value.floor()
}

/// The dates of the daily board.
fn days() -> impl Iterator<Item = Date> {
    (0..7).map(|day| date("2026-02-27").plus_days(day))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 400, ..ProptestConfig::default() })]

    // C-LB-16 to C-LB-28 C-LB-31 C-LB-35 to C-LB-49 C-LB-53 C-LB-62 C-LB-64 C-LB-76 C-LB-77
    #[test]
    fn boards_are_what_all_events_together_say(steps in steps()) {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build();
        runtime.expect("starts").block_on(async {
            // Few enough that users are forgotten and loaded again.
            let mut arena = Arena::with(3).await;
            for step in &steps {
                arena = arena.step(step).await;
                arena.compare().await;
            }
        });
    }
}

// C-LB-24
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn settling_a_run_again_after_a_crash_gives_the_same_rows() {
    let mut arena = Arena::with(1_000).await;
    for (id, value) in [("a", 5), ("b", 7), ("c", 6)] {
        arena.event(id, value, None, Some("pro")).await;
    }
    arena.world.advance(48 * HOUR_MS).await;
    let settled = |world: &World| {
        let kinds = [Kind::SettledRun, Kind::SettledRank, Kind::SettledPlace];
        let rows = world.rows().into_iter();
        rows.filter(|(key, _)| kinds.contains(&key.kind())).collect::<Vec<_>>()
    };
    let rows = settled(&arena.world);
    let ranks = rows.iter().filter(|(key, _)| key.kind() == Kind::SettledRank).count();
    assert_eq!(ranks, 3);
    // As if the crash came before the last row.
    let marker = rows.iter().rev().find(|(key, _)| key.kind() == Kind::SettledRun);
    let (key, _) = marker.expect("settled").clone();
    let (_, run) = key.settled_run_parts().expect("a settled run");
    let scope = arena.world.scope();
    let shard = storage::ShardId::of_run(scope, arena.boards[DAILY], run, 64);
    let ops = vec![storage::Op::Delete { key }];
    arena.world.store.commit(storage::Batch { shard, ops }).await.expect("commits");
    assert_ne!(settled(&arena.world), rows);
    let world = arena.world.crash().await;
    world.advance(0).await;
    assert_eq!(settled(&world), rows);
}

// C-LB-35
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_that_come_while_a_run_is_read_are_neither_lost_nor_counted_twice() {
    let mut arena = Arena::with(1_000).await;
    for number in 0..200 {
        arena.world.submit(&format!("u{number}"), arena.world.event("1")).await.expect("accepted");
    }
    for _ in 0..5 {
        arena.world = arena.world.crash().await;
        let answers: Vec<_> = (0..400)
            .map(|number| {
                let event = arena.world.event("1");
                arena.world.submit_later(&format!("u{}", number % 200), event)
            })
            .collect();
        for answer in answers {
            let applied = answer.await.expect("no panic").expect("accepted");
            // All boards but those for a plan, which nobody has; it is noon in UTC.
            assert_eq!(applied.ranks.len(), 3);
            assert!(applied.ranks.iter().all(|told| told.previous_rank.is_some()));
        }
    }
    let run = arena.board(ALL).runs.first();
    let read = arena.read(ALL, run, Groups::default(), Start::Offset(0)).await;
    assert_eq!(read.len(), 200);
    assert!(read.iter().all(|(_, value)| *value == 11), "{read:?}");
    let total: Amount = Amount::from(11);
    assert_eq!(arena.world.total("u7").await, total);
}
