//! Leaderboards through the engine, against a model that keeps every event and ranks from scratch.
//!
//! `ACCOLADE_BOARD_CASES` says how many random histories are lived through; a few by default.

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
use domain::leaderboard::{DailyWindow, DayEnd, Group, Ranked, Run, RunUnit, history};
use domain::time::{Date, TimeOfDay, Timestamp};
use domain::user::{AwardRecord, Command, Existing, ProfilePatch, Reply};
use proptest::prelude::*;
use storage::Kind;

use crate::world::{World, config, user};

const HOUR_MS: i64 = 3_600_000;
const ZONES: [&str; 4] =
    ["Pacific/Kiritimati", "Europe/London", "America/New_York", "Pacific/Pago_Pago"];
const PLANS: [&str; 2] = ["pro", "free"];
const CITIES: [&str; 2] = ["Oslo", "Lima"];
const BOARDS: usize = 8;
const ALL: usize = 0;
const DAILY: usize = 1;
const SPLIT: usize = 2;
const PRO: usize = 3;
const OFFICE: usize = 4;
const POINTS: usize = 5;
const STREAK: usize = 6;
/// Split by two attributes, and over after some days.
const GRID: usize = 7;

fn date(text: &str) -> Date {
    Date::parse(text).expect("a date")
}

#[derive(Clone, Debug)]
enum Step {
    Event { user: u8, value: i64, zone: Option<u8>, plan: Option<u8> },
    SetAttributes { user: u8, plan: Option<u8>, city: Option<u8> },
    Limit { board: usize, seats: Option<u32> },
    Wait { hours: i64 },
    Restart,
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let event = (0_u8..6, -6_i64..10, any::<Option<u8>>(), any::<Option<u8>>());
    let attributes = (0_u8..6, any::<Option<u8>>(), any::<Option<u8>>());
    let limit = (0..BOARDS, prop::option::weighted(0.8, 1_u32..5));
    let step = prop_oneof![
        8 => event.prop_map(|(user, value, zone, plan)| Step::Event { user, value, zone, plan }),
        3 => attributes.prop_map(|(user, plan, city)| Step::SetAttributes { user, plan, city }),
        2 => limit.prop_map(|(board, seats)| Step::Limit { board, seats }),
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
    city: Option<&'static str>,
    events: Vec<Happened>,
    awards: Vec<Happened>,
    streak: Streak,
}

/// Days in a row on which events came to more than nothing.
#[derive(Clone, Debug, Default)]
struct Streak {
    length: i64,
    since: Since,
    /// Whether today is one of them.
    met: bool,
    /// The day that a move east took last.
    travelled_on: Option<Date>,
}

impl Streak {
    fn shown(&self) -> Option<(i64, Since)> {
        (self.length > 0).then_some((self.length, self.since))
    }

    fn end_day(&mut self, day: Date, moved: bool) {
        let may_move = self.travelled_on.is_none_or(|last| day.days_since(last) >= 7);
        if !self.met && self.length > 0 {
            if moved && may_move {
                self.travelled_on = Some(day);
            } else {
                self.length = 0;
            }
        }
        self.met = false;
    }
}

type Ranking = Vec<(String, i64)>;
/// Since when someone has a value: the instant in milliseconds, and which request made it.
type Since = (i64, u64);
/// A user with what decides where they stand.
type Placed = (i64, Since, String);

/// All events and awards, and nothing that is derived from them but rankings that are final.
#[derive(Clone, Debug)]
struct Model {
    people: BTreeMap<String, Person>,
    seats: [usize; BOARDS],
    orders: u64,
    /// Per board and first date of the run.
    settled: BTreeMap<(usize, Date), BTreeMap<Group, Vec<Placed>>>,
}

fn one_of(values: [&'static str; 2], number: Option<u8>) -> Option<&'static str> {
    number.map(|number| values[usize::from(number) % values.len()])
}

/// The groups that a board can have.
fn groups(board: usize) -> Vec<Group> {
    let group = |values: &[&str]| Group(values.iter().map(|value| (*value).to_owned()).collect());
    match board {
        SPLIT => PLANS.iter().map(|plan| group(&[plan])).collect(),
        GRID => {
            let pairs = PLANS.iter().flat_map(|plan| CITIES.iter().map(move |city| [*plan, *city]));
            pairs.map(|pair| group(&pair)).collect()
        }
        _ => vec![Group::default()],
    }
}

/// Whether a day counts on a board in the run that begins on a date.
fn is_in_run(board: usize, run: Date, day: Date) -> bool {
    match board {
        DAILY => day == run && days().any(|own| own == run),
        GRID => day <= grid_end(),
        _ => true,
    }
}

fn grid_end() -> Date {
    date("2026-03-03")
}

impl Person {
    fn pass(&mut self, now: Timestamp) {
        self.reach(self.zone.local_date(now), false);
    }

    fn move_to(&mut self, zone: Zone, now: Timestamp) {
        self.zone = zone;
        self.reach(zone.local_date(now), true);
    }

    fn reach(&mut self, today: Date, moved: bool) {
        while self.day < today {
            self.streak.end_day(self.day, moved);
            self.day = self.day.succ();
        }
    }

    fn happen(&mut self, event: Happened) {
        let today = self.events.iter().filter(|own| own.day == event.day);
        let change = today.map(|own| own.value).sum::<i64>() + event.value;
        let streak = &mut self.streak;
        if event.value != 0 && change > 0 && !streak.met {
            streak.met = true;
            streak.length += 1;
            streak.since = (event.at.as_millis(), event.order);
        }
        self.events.push(event);
    }

    fn group(&self, board: usize) -> Option<Group> {
        match board {
            SPLIT => self.plan.map(|plan| Group(vec![plan.to_owned()])),
            GRID => {
                let values = [self.plan?, self.city?];
                Some(Group(values.map(str::to_owned).to_vec()))
            }
            PRO => (self.plan == Some("pro")).then(Group::default),
            _ => Some(Group::default()),
        }
    }

    /// Value, and since when.
    fn score(&self, board: usize, run: Date) -> Option<(i64, Since)> {
        if board == STREAK {
            return self.streak.shown();
        }
        let all = if board == POINTS { &self.awards } else { &self.events };
        let in_window = |time: &TimeOfDay| {
            board != OFFICE || (self::time("09:00")..self::time("17:00")).contains(time)
        };
        let counts = |happened: &&Happened| {
            happened.value != 0 && is_in_run(board, run, happened.day) && in_window(&happened.time)
        };
        let counted: Vec<_> = all.iter().filter(counts).collect();
        let last = counted.last()?;
        Some((counted.iter().map(|event| event.value).sum(), (last.at.as_millis(), last.order)))
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
            city: None,
            events: Vec::new(),
            awards: Vec::new(),
            streak: Streak::default(),
        });
        person.pass(now);
        person
    }

    /// The participants of one group, in order.
    fn participants(&self, board: usize, run: Date, group: &Group) -> Vec<Placed> {
        if let Some(settled) = self.settled.get(&(board, run)) {
            return settled.get(group).cloned().unwrap_or_default();
        }
        let own = self.people.iter().filter(|(_, own)| own.group(board).as_ref() == Some(group));
        let scores = own.filter_map(|(id, own)| {
            let (value, since) = own.score(board, run)?;
            (value > 0).then(|| (value, since, id.clone()))
        });
        let mut placed = sorted(scores.collect());
        placed.truncate(self.seats[board]);
        placed
    }

    fn ranking(&self, board: usize, run: Date, group: &Group) -> Ranking {
        shown(self.participants(board, run, group))
    }

    /// The participants of all groups that a filter asks for, as one ranking.
    fn merged(&self, board: usize, run: Date, asked: &Groups) -> Ranking {
        let asked = groups(board).into_iter().filter(|group| {
            asked.0.iter().zip(&group.0).all(|(asked, own)| asked.iter().all(|asked| asked == own))
        });
        let all = asked.flat_map(|group| self.participants(board, run, &group));
        shown(sorted(all.collect()))
    }

    fn rank(&self, board: usize, run: Date, group: &Group, id: &str) -> Option<u64> {
        let ranking = self.ranking(board, run, group);
        let place = ranking.iter().position(|(own, _)| own == id)?;
        Some(place as u64 + 1)
    }

    /// Days end for everybody, and runs whose last zone has passed are as they are.
    fn pass(&mut self, now: Timestamp) {
        self.people.values_mut().for_each(|person| person.pass(now));
        let ends = days().map(|day| (DAILY, day, day));
        for (board, run, end) in ends.chain([(GRID, date("2026-02-27"), grid_end())]) {
            let over = Zone::UTC.day_start(end.succ()).plus_millis(12 * HOUR_MS) <= now;
            if over && !self.settled.contains_key(&(board, run)) {
                let rankings = groups(board).into_iter().map(|group| {
                    let participants = self.participants(board, run, &group);
                    (group, participants)
                });
                let rankings = rankings.collect();
                self.settled.insert((board, run), rankings);
            }
        }
    }
}

fn sorted(mut placed: Vec<Placed>) -> Vec<Placed> {
    placed.sort_by_key(|(value, since, id)| (-value, *since, id.clone()));
    placed
}

fn shown(placed: Vec<Placed>) -> Ranking {
    placed.into_iter().map(|(value, _, id)| (id, value)).collect()
}

struct Arena {
    world: World,
    boards: Vec<LeaderboardId>,
    plan: AttributeId,
    city: AttributeId,
    model: Model,
    /// Per board, first date of the run, and user: every day that ended unlike the one before.
    days: BTreeMap<(usize, Date, String), Vec<DayEnd>>,
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
        let attributes = ["plan", "city"].map(|key| AttributeDraft {
            name: key.to_owned(),
            key: key.to_owned(),
            kind: AttributeKind::User,
        });
        let attributes = world.engine.change_catalog(world.scope(), |catalog, now| {
            attributes.map(|draft| catalog.create_attribute(draft, now).expect("valid").id)
        });
        let [plan, city] = attributes.await.expect("made");
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
            LeaderboardDraft {
                rank_by: RankByKind::Points,
                metric_id: None,
                points_system_id: Some(world.system),
                ..draft("points", &world)
            },
            LeaderboardDraft {
                rank_by: RankByKind::Streak,
                metric_id: None,
                ..draft("streak", &world)
            },
            LeaderboardDraft {
                breakdown: vec![plan, city],
                end: Some(grid_end()),
                ..draft("grid", &world)
            },
        ];
        let boards = world.engine.change_catalog(world.scope(), |catalog, now| {
            drafts.map(|draft| catalog.create_leaderboard(draft, now).expect("valid").id).to_vec()
        });
        let boards = boards.await.expect("made");
        Self { world, boards, plan, city, model: Model::new(), days: BTreeMap::new() }
    }

    fn board(&self, board: usize) -> Leaderboard {
        let catalog = self.world.engine.catalog(self.world.scope());
        catalog.find_leaderboard(self.boards[board]).expect("there").clone()
    }

    async fn step(mut self, step: &Step) -> Self {
        let now = self.world.clock.now();
        match step {
            Step::Event { user: id, value, zone, plan: given } => {
                self.event(&format!("u{id}"), *value, *zone, one_of(PLANS, *given)).await;
            }
            Step::SetAttributes { user: id, plan, city } => {
                let id = format!("u{id}");
                let (plan, city) = (one_of(PLANS, *plan), one_of(CITIES, *city));
                let given = [(self.plan, plan), (self.city, city)];
                let given = given.map(|(id, value)| (id, value.map(str::to_owned)));
                let profile = ProfilePatch { attributes: given.into(), ..ProfilePatch::default() };
                let command = Command::Identify { profile, existing: Existing::Optional };
                self.world.run(&id, command).await.expect("accepted");
                let person = self.model.person(&id, None, now);
                (person.plan, person.city) = (plan, city);
            }
            Step::Limit { board, seats } => {
                // A board that is over can't be changed.
                if self.board(*board).status(now) == LeaderboardStatus::Active {
                    let participants_max = seats.map_or(Patch::Clear, Patch::Set);
                    let patch =
                        LeaderboardPatch { participants_max, ..LeaderboardPatch::default() };
                    let id = self.boards[*board];
                    let changed = self
                        .world
                        .engine
                        .change_catalog(self.world.scope(), move |catalog, now| {
                            catalog.update_leaderboard(id, patch, now).map(|_| ())
                        });
                    changed.await.expect("made").expect("valid");
                    self.model.seats[*board] = seats.map_or(1_000, |seats| seats as usize);
                }
            }
            Step::Wait { hours } => {
                self.world.advance(hours * HOUR_MS).await;
                self.model.pass(self.world.clock.now());
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
        person.move_to(zone.unwrap_or(person.zone), now);
        person.plan = plan.or(person.plan);
        let (day, time) = (person.day, person.zone.time_of_day(now));
        person.happen(Happened { value, day, time, at: now, order });

        let applied = self.world.submit(id, event).await.expect("accepted");
        // What the event was worth is not what is tested here.
        let person = self.model.people.get_mut(id).expect("just made");
        for change in awards(&applied.reply) {
            let value = change.awarded;
            person.awards.push(Happened { value, day, time, at: now, order });
        }
        let mut told: Vec<RankedMove> = applied.ranks.clone();
        told.sort_by_key(|told| self.boards.iter().position(|own| *own == told.leaderboard));
        let person = &self.model.people[id];
        let expected = (0..BOARDS).filter_map(|board| {
            let run = if board == DAILY { day } else { date("2026-02-27") };
            let value = |person: &Person| Some(person.score(board, run)?.0);
            if before.people.get(id).and_then(value) == value(person) {
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

    /// Takes note of where everybody stands today in the runs that are open.
    fn note_days(&mut self) {
        let now = self.world.clock.now();
        // Streaks end while time passes, between two notes.
        for board in (0..BOARDS).filter(|board| *board != STREAK) {
            let is_open = |run: &Run| run.finalised_at().is_none_or(|at| now < at);
            for run in self.opened(board, now).into_iter().filter(is_open) {
                for (id, person) in &self.model.people {
                    let group = person.group(board).unwrap_or_default();
                    let ranking = self.model.ranking(board, run.start, &group);
                    let place = ranking.iter().position(|(own, _)| own == id);
                    let end = place
                        .filter(|_| person.group(board).is_some())
                        .map(|place| Ranked { rank: place as u64 + 1, value: ranking[place].1 });
                    let days = self.days.entry((board, run.start, id.clone())).or_default();
                    let today = run.day_at(now);
                    if days.last().is_some_and(|(day, _)| *day == today) {
                        days.pop();
                    }
                    if days.last().is_none_or(|(_, last)| *last != end) {
                        days.push((today, end));
                    }
                }
            }
        }
    }

    fn opened(&self, board: usize, now: Timestamp) -> Vec<Run> {
        let runs = self.board(board).runs;
        match board {
            DAILY => days().filter_map(|day| runs.opened(day, now)).collect(),
            _ => vec![runs.first()],
        }
    }

    /// Every ranking of every board, and where everybody stands.
    async fn compare(&self) {
        let now = self.world.clock.now();
        for board in 0..BOARDS {
            for run in self.opened(board, now) {
                for group in &groups(board) {
                    let asked = || Groups(group.0.iter().cloned().map(Some).collect());
                    let ranking = self.model.ranking(board, run.start, group);
                    let read = self.read(board, run, asked(), Start::Offset(0)).await;
                    assert_eq!(read, ranking, "board {board}, run {}, {group:?}", run.start);
                    for id in self.model.people.keys() {
                        self.compare_user(board, run, &ranking, id, group, asked()).await;
                    }
                }
                for id in self.model.people.keys() {
                    self.compare_days(board, run, id).await;
                }
                if board == GRID {
                    self.compare_merged(board, run).await;
                }
            }
        }
    }

    /// Every ranking of several groups, whole and from everybody on.
    async fn compare_merged(&self, board: usize, run: Run) {
        let some =
            |values: [&str; 2]| [None, Some(values[0].to_owned()), Some(values[1].to_owned())];
        let asked = some(PLANS)
            .into_iter()
            .flat_map(|plan| some(CITIES).map(|city| Groups(vec![plan.clone(), city])));
        for asked in asked.filter(|asked| asked.group().is_none()) {
            let ranking = self.model.merged(board, run.start, &asked);
            let read = self.read(board, run, asked.clone(), Start::Offset(0)).await;
            assert_eq!(read, ranking, "board {board}, {asked:?}");
            for id in self.model.people.keys() {
                let start = Start::User { user: user(id), offset: 0 };
                let around = self.read(board, run, asked.clone(), start).await;
                let place = ranking.iter().position(|(own, _)| own == id);
                let expected = place.map_or(&[][..], |place| &ranking[place..]);
                assert_eq!(around, expected, "board {board}, {asked:?} from {id} on");
            }
        }
    }

    /// Days that the model took note of.
    async fn compare_days(&self, board: usize, run: Run, id: &str) {
        let Some(days) = self.days.get(&(board, run.start, id.to_owned())) else { return };
        let (engine, scope, configured) =
            (&self.world.engine, self.world.scope(), self.board(board));
        let place = engine.place(scope, &configured, run, user(id)).await.expect("readable");
        let read = engine.rank_days(scope, &configured, run, user(id), &place).await;
        let read = history(&read.expect("readable"), 1_000);
        assert_eq!(read, history(days, 1_000), "board {board}, run {}, {id}", run.start);
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

/// What an event was awarded.
fn awards(reply: &Reply) -> impl Iterator<Item = &AwardRecord> {
    let event = if let Reply::Event(event) = reply { Some(event) } else { None };
    let points = &event.expect("the answer to an event").points;
    points.iter().flat_map(|system| &system.awards)
}

fn whole(row: &Row) -> i64 {
    row.score.value.floor()
}

/// The dates of the daily board.
fn days() -> impl Iterator<Item = Date> {
    (0..7).map(|day| date("2026-02-27").plus_days(day))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("ACCOLADE_BOARD_CASES").map_or(24, |cases| cases.parse().expect("a number")),
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    })]

    // C-LB-16 to C-LB-31 C-LB-35 to C-LB-49 C-LB-53 C-LB-62 C-LB-64 C-LB-70 to C-LB-73 C-LB-76 C-LB-77
    #[test]
    fn boards_are_what_all_events_together_say(steps in steps()) {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build();
        runtime.expect("starts").block_on(async {
            // Few enough that users are forgotten and loaded again.
            let mut arena = Arena::with(3).await;
            for step in &steps {
                arena = arena.step(step).await;
                arena.note_days();
                arena.compare().await;
            }
        });
    }
}

// C-LB-30 C-LB-76 C-STREAK-63
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_moves_someone_out_of_their_streak_tells_of_it() {
    let (east, west) = (Some(0), Some(1));
    let mut arena = Arena::with(1_000).await;
    arena.event("a", 1, west, None).await;
    for (hours, zone) in [(22, east), (2, west), (34, east)] {
        assert_eq!(arena.model.people["a"].streak.length, 1);
        arena = arena.step(&Step::Wait { hours }).await;
        arena.event("a", 0, zone, None).await;
    }
    assert_eq!(arena.model.people["a"].streak.length, 0);
    arena.compare().await;
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
            // It is noon in UTC.
            let counting = [ALL, DAILY, OFFICE].map(|board| arena.boards[board]);
            let told = applied.ranks.iter().filter(|told| counting.contains(&told.leaderboard));
            assert_eq!(told.filter(|told| told.previous_rank.is_some()).count(), 3);
        }
    }
    let run = arena.board(ALL).runs.first();
    let read = arena.read(ALL, run, Groups::default(), Start::Offset(0)).await;
    assert_eq!(read.len(), 200);
    assert!(read.iter().all(|(_, value)| *value == 11), "{read:?}");
    let total: Amount = Amount::from(11);
    assert_eq!(arena.world.total("u7").await, total);
}
