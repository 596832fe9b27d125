//! Years in review: what is read for them, and how users compare while they commit. (C-WRAP-07)

use domain::time::Date;
use domain::wrapped::{Figures, Wrapped};

use crate::world::{World, amount, user};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

async fn wrapped(world: &World, id: &str, year: i32) -> Wrapped {
    let applied = world.settle(id).await.expect("the user exists");
    world.engine.wrapped(world.scope(), &applied, year).await.expect("readable")
}

/// The percentiles of the metric in the best week, the best month and the year.
async fn percentiles(world: &World, id: &str) -> [Option<u8>; 3] {
    let Wrapped { week, month, year, .. } = wrapped(world, id, 2026).await;
    [week, month, year]
        .map(|review| review.metrics.get(&world.metric).and_then(|own| own.figures.percentile))
}

// C-WRAP-01 C-WRAP-07
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn users_are_compared_per_week_month_and_year() {
    let world = World::new().await;
    let submit = async |id: &str, value: &str| {
        world.submit(id, world.event(value)).await.expect("accepted");
    };
    submit("a", "10").await;
    assert_eq!(percentiles(&world, "a").await, [Some(100); 3], "alone");
    submit("b", "20").await;
    submit("c", "20").await;
    for (id, expected) in [("a", 0), ("b", 50), ("c", 50)] {
        assert_eq!(percentiles(&world, id).await, [Some(expected); 3], "{id}");
    }
    // A month later, `a` is ahead in the year, and alone in a second month.
    world.engine.advance_clock(world.clock.now().plus_millis(40 * DAY_MS)).await.expect("forwards");
    submit("a", "5").await;
    submit("a", "6").await;
    assert_eq!(percentiles(&world, "a").await, [Some(100); 3]);
    assert_eq!(percentiles(&world, "b").await, [Some(50), Some(50), Some(0)]);
    let points = wrapped(&world, "a", 2026).await.year.points[&world.system];
    let (total, change, percent_change) = (amount("2"), amount("2"), amount("100"));
    let percentile = Some(0);
    assert_eq!(points, Figures { total, change, percent_change, percentile }, "all have 2");
}

// C-USER-30 C-WRAP-07
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_is_erased_is_compared_no_more() {
    let world = World::new().await;
    for (id, value) in [("a", "10"), ("b", "20"), ("c", "5")] {
        world.submit(id, world.event(value)).await.expect("accepted");
    }
    // Current comparisons, then some that are over.
    for (days, erased, before, after) in [(0, "c", 50, 0), (400, "b", 0, 100)] {
        world.advance(days * DAY_MS).await;
        assert_eq!(percentiles(&world, "a").await, [Some(before); 3]);
        world.engine.erase(world.scope(), user(erased)).await.expect("it is complete");
        assert_eq!(percentiles(&world, "a").await, [Some(after); 3]);
    }
}

// C-WRAP-07
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn users_with_many_days_are_compared_by_all_of_them() {
    const DAYS: i64 = 12;
    let world = World::new().await;
    let submit = async |id: &str, value: i64| {
        world.submit(id, world.event(&value.to_string())).await.expect("accepted");
    };
    let steps: Vec<_> = (1..=DAYS).map(|days| format!("days {days:02}")).collect();
    for day in 0..DAYS {
        // Each user has one day more than the one before, and so one more in total.
        for id in &steps[usize::try_from(day).expect("small")..] {
            submit(id, 1).await;
        }
        world.engine.advance_clock(world.clock.now().plus_millis(DAY_MS)).await.expect("forwards");
    }
    for (smaller, id) in (0_u32..).zip(&steps) {
        let year = wrapped(&world, id, 2026).await.year;
        let percentile = year.metrics[&world.metric].figures.percentile;
        assert_eq!(percentile.map(u32::from), Some(100 * smaller / 11), "{id}");
    }
}

// C-WRAP-07
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn comparing_while_users_commit_is_exact() {
    const USERS: usize = 40;
    const EVENTS: usize = 12;
    let world = World::new().await;
    let id = |user: usize| format!("u{user}");
    for round in 0..EVENTS {
        let submitted: Vec<_> = (0..USERS)
            .map(|user| {
                let value = (user * 37 + round * 11) % 23;
                world.submit_later(&id(user), world.event(&value.to_string()))
            })
            .collect();
        // Days pass, so weeks are asked for the first time while their users commit.
        let asked = world.settle(&id(round)).await;
        if let Ok(applied) = asked {
            world.engine.wrapped(world.scope(), &applied, 2026).await.expect("readable");
        }
        for one in submitted {
            one.await.expect("it ran").expect("accepted");
        }
        if round % 3 == 2 {
            let later = world.clock.now().plus_millis(4 * DAY_MS);
            world.engine.advance_clock(later).await.expect("forwards");
        }
    }
    let mut kept = Vec::new();
    for user in 0..USERS {
        kept.push(wrapped(&world, &id(user), 2026).await);
    }
    let world = world.restart().await;
    for (user, kept) in kept.into_iter().enumerate() {
        assert_eq!(kept, wrapped(&world, &id(user), 2026).await, "as read anew: {user}");
    }
}

// C-WRAP-05 C-WRAP-12
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_the_days_of_the_year_are_read() {
    let world = World::new().await;
    for year in 2026..2030 {
        world.submit("u", world.event("10")).await.expect("accepted");
        let next = Date::from_ymd(year + 1, 1, 1).expect("a date");
        let days = next.days_since(world.clock.now().utc_date());
        world
            .engine
            .advance_clock(world.clock.now().plus_millis(days * DAY_MS))
            .await
            .expect("forwards");
    }
    for (year, total) in (2026..2030).zip(["10", "20", "30", "40"]) {
        let wrapped = wrapped(&world, "u", year).await;
        let figures = wrapped.year.metrics[&world.metric].figures;
        assert_eq!((figures.total, figures.change), (amount(total), amount("10")));
        assert_eq!(wrapped.days_active, 1);
    }
}
