//! What is told of rankings, whatever happens: laws that hold for any history.

use std::collections::BTreeMap;

use actors::DeliveryFilter;
use actors::board::{Filter, Start};
use actors::leaderboard::Page;
use domain::calendar::Zone;
use domain::catalog::{
    LeaderboardDraft, LeaderboardPatch, LeaderboardStatus, Patch, RankByKind, SealedSecret,
    WebhookDraft,
};
use domain::ids::LeaderboardId;
use domain::leaderboard::{DailyWindow, RunUnit};
use domain::time::{Date, Timestamp};
use domain::user::Command;
use domain::webhook::{WINDOW_MS, WebhookEvent};
use proptest::prelude::*;

use crate::world::{World, change_board};

const ZONES: [&str; 3] = ["Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago"];
const MINUTE_MS: i64 = 60_000;

#[derive(Clone, Debug)]
enum Step {
    Event { user: u8, value: i64 },
    Limit { seats: u32 },
    Wait { minutes: i64 },
    Toggle,
    Restart,
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (0_u8..6, -4_i64..10).prop_map(|(user, value)| Step::Event { user, value }),
        1 => (1_u32..5).prop_map(|seats| Step::Limit { seats }),
        5 => (1_i64..20).prop_map(|minutes| Step::Wait { minutes }),
        1 => (300_i64..900).prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::Toggle),
        1 => Just(Step::Restart),
        2 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..50)
}

/// One thing that was told.
#[derive(Clone, Debug)]
struct Told {
    at: Timestamp,
    run: Date,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Ranking(Vec<String>),
    Rank { user: String, previous: Option<u64>, rank: Option<u64> },
}

fn parse(at: Timestamp, words: &str) -> Told {
    let (run, rest) = words.split_once(' ').expect("a run first");
    let run = Date::parse(run).expect("a date");
    let rank = |text: &str| text.split(' ').next().and_then(|rank| rank.parse().ok());
    let what = match rest.split_once(" -> ") {
        Some((before, after)) => {
            let (user, previous) = before.split_once(' ').expect("a user and a place");
            let (previous, rank) = (rank(previous), rank(after));
            What::Rank { user: user.to_owned(), previous, rank }
        }
        None => {
            let (_, rows) = rest.split_once('[').expect("rows");
            let rows = rows.trim_end_matches(']').split(", ").filter(|row| !row.is_empty());
            What::Ranking(rows.map(str::to_owned).collect())
        }
    };
    Told { at, run, what }
}

async fn create(world: &World) -> LeaderboardId {
    let draft = LeaderboardDraft {
        name: "Words".to_owned(),
        key: "words".to_owned(),
        description: None,
        status: LeaderboardStatus::Active,
        rank_by: RankByKind::Metric,
        metric_id: Some(world.metric),
        points_system_id: None,
        participants_max: Some(3),
        start: Date::parse("2026-02-27"),
        end: None,
        run_unit: Some(RunUnit::Day),
        run_interval: Some(1),
        window: DailyWindow::default(),
        breakdown: Vec::new(),
        user_filters: Vec::new(),
    };
    let events = vec![WebhookEvent::LeaderboardChanged, WebhookEvent::LeaderboardRankChanged];
    let (name, url) = ("Hook".to_owned(), "https://example.com".to_owned());
    let webhook = WebhookDraft { name, url, events };
    let made = world.engine.change_catalog(world.scope(), |catalog, now| {
        catalog.create_webhook(webhook, SealedSecret(vec![1]), now).expect("valid");
        catalog.create_leaderboard(draft, now).expect("valid").id
    });
    made.await.expect("made")
}

async fn take(world: World, board: LeaderboardId, step: &Step) -> World {
    match step {
        Step::Event { user, value } => {
            let mut event = world.event(&value.to_string());
            let zone = ZONES[usize::from(*user) % ZONES.len()];
            event.profile.time_zone = Patch::Set(Zone::parse(zone).expect("a zone"));
            let command = Command::SubmitEvent(event);
            world.run(&format!("u{user}"), command).await.expect("accepted");
        }
        Step::Limit { seats } => {
            let participants_max = Patch::Set(*seats);
            change_board(
                &world,
                board,
                LeaderboardPatch { participants_max, ..Default::default() },
            )
            .await;
        }
        Step::Wait { minutes } => world.advance(minutes * MINUTE_MS).await,
        Step::Toggle => {
            for status in [LeaderboardStatus::Inactive, LeaderboardStatus::Active] {
                let status = Some(status);
                change_board(&world, board, LeaderboardPatch { status, ..Default::default() })
                    .await;
            }
        }
        Step::Restart => return world.restart().await,
        Step::Crash => return world.crash().await,
    }
    world
}

async fn all_told(world: &World) -> Vec<Told> {
    let found = world.engine.webhook_deliveries(DeliveryFilter::default(), 10_000, 0).await;
    let mut found = found.expect("readable");
    found.sort_by_key(|own| own.place);
    found.iter().map(|own| parse(own.place.message.at, &own.message.payload)).collect()
}

/// The participants of every run that has opened, with their values.
async fn rankings(world: &World, id: LeaderboardId) -> BTreeMap<Date, Vec<String>> {
    let catalog = world.engine.catalog(world.scope());
    let board = catalog.find_leaderboard(id).expect("there");
    let mut rankings = BTreeMap::new();
    let mut run = Some(board.runs.first());
    while let Some(own) = run.filter(|own| own.opens_at() <= world.engine.now()) {
        let (filter, start) = (Filter::default(), Start::Offset(0));
        let page = Page { filter, start, limit: 100 };
        let rows = world.engine.rankings(world.scope(), board, own, page).await.expect("readable");
        let rows = rows.iter().map(|row| format!("{} {}", row.user, row.score.value));
        rankings.insert(own.start, rows.collect());
        run = board.runs.next(own);
    }
    rankings
}

fn assert_laws(told: &[Told], rankings: &BTreeMap<Date, Vec<String>>) {
    let mut ranking_at: Option<Timestamp> = None;
    let mut rank_at: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let mut shown: BTreeMap<Date, &[String]> = BTreeMap::new();
    let mut ranks: BTreeMap<(&str, Date), Option<u64>> = BTreeMap::new();
    for Told { at, run, what } in told {
        let last_at = match what {
            What::Ranking(_) => ranking_at.replace(*at),
            What::Rank { user, .. } => rank_at.insert(user, *at),
        };
        // C-WH-43
        assert!(
            last_at.is_none_or(|last| last.plus_millis(WINDOW_MS) <= *at),
            "too soon: {told:#?}"
        );
        match what {
            What::Ranking(rows) => {
                // C-WH-44
                assert_ne!(shown.insert(*run, rows), Some(rows.as_slice()), "{told:#?}");
            }
            What::Rank { user, previous, rank } => {
                // C-WH-46
                assert_ne!(previous, rank);
                let known = ranks.insert((user, *run), *rank).flatten();
                assert_eq!(known, *previous, "{user} in {run}: {told:#?}");
            }
        }
    }
    for (run, rows) in rankings {
        let last = shown.get(run).copied().unwrap_or_default();
        assert_eq!(last, rows.as_slice(), "run {run}: {told:#?}");
        for user in (0..6).map(|number| format!("u{number}")) {
            let place = rows.iter().position(|row| row.split(' ').next() == Some(&*user));
            let rank = place.map(|place| place as u64 + 1);
            let last = ranks.get(&(&*user, *run)).copied().flatten();
            // C-WH-47: unless a newer run has pushed it aside.
            let newer = ranks.keys().any(|(own, later)| *own == user && later > run);
            assert!(last == rank || newer, "{user} in {run}: {last:?}, {rank:?}: {told:#?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    // C-WH-43 C-WH-44 C-WH-45 C-WH-46 C-WH-47 C-WH-51
    #[test]
    fn every_change_is_told_in_the_end_and_none_too_often(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let mut world = World::new().await;
            let board = create(&world).await;
            world.advance(0).await;
            for step in &steps {
                world = take(world, board, step).await;
            }
            // Each run of a group that was held takes a window of its own.
            world.advance(90 * MINUTE_MS).await;
            assert_laws(&all_told(&world).await, &rankings(&world, board).await);
        });
    }
}
