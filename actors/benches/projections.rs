//! How much memory counts over all users take, per user.
//!
//! `MIMALLOC_PURGE_DELAY=0 cargo bench -p actors --bench projections -- 1` counts so many million
//! users, as a start does: each with points in two systems, three completed achievements and a
//! streak at every frequency. Bytes are the growth of resident memory; the allocator is that of the
//! server.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::collections::BTreeMap;
use std::time::Instant;

use actors::Statistics;
use domain::calendar::{Frequency, WeekStart, Zone};
use domain::catalog::{Catalog, Settings};
use domain::ids::{AchievementId, CompletionId, EnvironmentId, PointsSystemId, Scope, UserId};
use domain::time::Timestamp;
use domain::user::{
    Command, Completion, Existing, Input, PointsBalance, ProfilePatch, Track, UserState, apply,
};
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let millions = std::env::args().skip(1).filter_map(|text| text.parse::<u64>().ok());
    for millions in millions {
        measure(millions * 1_000_000);
    }
}

fn measure(users: u64) {
    let settings = Settings {
        default_time_zone: Zone::UTC,
        week_start: WeekStart::Monday,
        idempotency_retention_days: None,
        control_ratio: 0,
    };
    let mut user = some_user(&settings);
    let start = (Instant::now(), resident());
    let statistics = Statistics::default();
    for number in 0..users {
        change(&mut user, number);
        statistics.record(None, &user);
        statistics.record_streaks(&user);
    }
    let took = start.0.elapsed();
    let bytes = (resident() - start.1) / users;
    println!("{users} users: {bytes} bytes each, counted in {took:.1?}");
    assert_eq!(statistics.users(), users);
}

/// One who exists, and nothing else.
fn some_user(settings: &Settings) -> UserState {
    let scope = Scope::untenanted(EnvironmentId(Uuid::from_u128(1)));
    let catalog = Catalog::new(scope.environment, settings.clone());
    let id = UserId::new("user").expect("valid");
    let now = Timestamp::from_millis(0);
    let by_attribute = &BTreeMap::new();
    let input = Input {
        scope,
        user: &id,
        catalog: &catalog,
        now,
        sums: &[],
        scores: None,
        order: 0,
        by_attribute,
    };
    let identify =
        Command::Identify { profile: ProfilePatch::default(), existing: Existing::Optional };
    apply(None, input, &identify).expect("it is accepted").state
}

/// Makes another user of them, with an id of 36 characters as products use.
fn change(user: &mut UserState, number: u64) {
    let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let id = Uuid::from_u64_pair(scattered, number).to_string();
    user.id = UserId::new(id).expect("valid");
    let day = user.effective_day;
    for system in 0..2 {
        let total = i64::try_from(scattered % 5_000).expect("small");
        let balance = PointsBalance { total, awards: 1, day, day_change: total };
        user.points.insert(PointsSystemId(Uuid::from_u128(system)), balance);
    }
    user.completions = (0..3)
        .map(|place| Completion {
            id: CompletionId(Uuid::from_u128(0)),
            achievement: AchievementId(Uuid::from_u128(place)),
            at: Timestamp::from_millis(0),
        })
        .collect();
    let length = u32::try_from(scattered % 400).expect("small") + 1;
    let streak = &mut user.streak;
    for (track, divisor) in
        [(&mut streak.daily, 1), (&mut streak.weekly, 7), (&mut streak.monthly, 30)]
    {
        put_length(track, length.div_ceil(divisor));
    }
    debug_assert!(user.streak.track(Frequency::Daily).length() == length);
}

fn put_length(track: &mut Track, length: u32) {
    track.length_before = length;
    track.longest = length + 3;
}

/// Resident memory of this process in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = status.split(' ').nth(1).and_then(|text| text.parse::<u64>().ok());
    pages.expect("a number of pages") * 4096
}
