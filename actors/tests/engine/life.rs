//! Daily life under a test clock: users in several zones who are active on most days, lose streaks,
//! use and earn freezes, spend energy that refills by the hour, and get a gift every day.
//!
//! Who does what when follows from numbers alone, so that any two runs can be compared row by row.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;

use actors::Engine;
use domain::amount::Amount;
use domain::calendar::Zone;
use domain::catalog::{
    Catalog, FreezesPatch, MetricDraft, Patch, PointsSystemDraft, StreakSettingsPatch, TimeUnit,
    TriggerDraft, TriggerType, TriggerTypeFields, UnitType,
};
use domain::ids::{MetricId, UserId};
use domain::time::Timestamp;
use domain::user::{Command, ProfilePatch, SubmitEvent};

pub(crate) const HOUR_MS: i64 = 3_600_000;

const ZONES: [&str; 8] = [
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
];

/// What is configured.
pub(crate) fn configure(catalog: &mut Catalog, now: Timestamp) {
    let draft = MetricDraft {
        name: "Lessons".to_owned(),
        key: "lessons".to_owned(),
        unit_type: UnitType::Number,
        units: String::new(),
    };
    let lessons = catalog.create_metric(draft, now).expect("valid").id;
    let freezes = FreezesPatch {
        start_count: 1,
        max_count: 2,
        auto_earn_interval: Some(5),
        auto_earn_amount: Some(1),
    };
    let streaks =
        StreakSettingsPatch { freezes: Patch::Set(freezes), ..StreakSettingsPatch::default() };
    catalog.update_streak_settings(streaks, now).expect("valid");
    let spend = trigger(TriggerType::Metric, -2, |fields| {
        fields.metric_id = Some(lessons);
        fields.metric_threshold = Some(1);
    });
    system(catalog, "energy", Some(5), vec![every(TimeUnit::Hours, 5, 1), spend], now);
    system(catalog, "gifts", None, vec![every(TimeUnit::Days, 3, 10)], now);
}

fn every(unit: TimeUnit, interval: u32, points: i64) -> TriggerDraft {
    trigger(TriggerType::Time, points, |fields| {
        fields.time_unit = Some(unit);
        fields.time_interval = Some(interval);
    })
}

fn trigger(
    trigger_type: TriggerType,
    points: i64,
    set: impl FnOnce(&mut TriggerTypeFields),
) -> TriggerDraft {
    let mut fields = TriggerTypeFields::default();
    set(&mut fields);
    TriggerDraft {
        trigger_type,
        points,
        active: true,
        user_filters: Vec::new(),
        block_if_out_of_points: false,
        fields,
    }
}

fn system(
    catalog: &mut Catalog,
    key: &str,
    max_points: Option<i64>,
    triggers: Vec<TriggerDraft>,
    now: Timestamp,
) {
    let draft = PointsSystemDraft {
        name: key.to_owned(),
        key: key.to_owned(),
        description: String::new(),
        badge_url: None,
        max_points,
        boosts: Vec::new(),
        levels: Vec::new(),
        triggers,
    };
    catalog.create_points_system(draft, now).expect("valid");
}

/// Lives so many hours: the clock is moved hour by hour in `steps` steps each, and at every step but
/// the last of an hour some users are read.
pub(crate) async fn live(engine: &Engine, users: u64, hours: u64, steps: i64) {
    let lessons = engine.catalog(engine.scope()).live_metrics().next().expect("configured").id;
    for hour in 0..hours {
        let start = engine.now();
        for step in 1..=steps {
            let to = start.plus_millis(HOUR_MS * step / steps);
            assert_eq!(engine.advance_clock(to).await, Ok(to));
            if step < steps {
                read_some(engine, users, hour * 100 + step.unsigned_abs()).await;
            }
        }
        // All at once, and always in the same order: which of two came in first is stored with them.
        let active = (0..users).filter(|user| is_active(*user, hour));
        all(active.map(|user| submit(engine, user, lessons))).await;
    }
}

/// Starts these one after the other, and waits for all of them.
async fn all(futures: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut pending: Vec<_> = futures.map(Box::pin).collect();
    poll_fn(|context| {
        pending.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if pending.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Once a day at an hour of their own, except on days off, and for some in weeks of absence.
fn is_active(user: u64, hour: u64) -> bool {
    let day = hour / 24;
    hour % 24 == mixed(user, 1) % 24
        && !mixed(user, day + 100).is_multiple_of(8)
        && (user.is_multiple_of(3) || !mixed(user, day / 9 + 10_000).is_multiple_of(4))
}

async fn submit(engine: &Engine, user: u64, metric: MetricId) {
    let place = usize::try_from(mixed(user, 2)).unwrap_or(0) % ZONES.len();
    let event = SubmitEvent {
        metric,
        value: Amount::from(1),
        attributes: BTreeMap::new(),
        profile: ProfilePatch {
            time_zone: Patch::Set(Zone::parse(ZONES[place]).expect("a zone")),
            ..ProfilePatch::default()
        },
        idempotency_key: None,
        replay_of: None,
        queued: None,
    };
    run(engine, user, Command::SubmitEvent(event)).await.expect("accepted");
}

async fn read_some(engine: &Engine, users: u64, salt: u64) {
    for user in (0..users).filter(|user| mixed(*user, salt).is_multiple_of(3)) {
        // Who was never active doesn't exist.
        let _ = run(engine, user, Command::Settle).await;
    }
}

async fn run(
    engine: &Engine,
    user: u64,
    command: Command,
) -> Result<actors::Applied, actors::Error> {
    let (scope, id) = (engine.scope(), UserId::new(format!("user-{user}")).expect("valid"));
    engine.run(scope, id, engine.catalog(scope), command).await
}

/// A number that looks like chance and is the same every time.
fn mixed(one: u64, other: u64) -> u64 {
    let mut hash =
        one.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ other.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
