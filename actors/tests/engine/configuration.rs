//! Changes of configuration: one after the other, durable before visible, or not at all.

use std::sync::Arc;

use actors::Error;

use crate::world::{World, create_metric};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_changes_are_all_made() {
    let world = World::new().await;
    let changes: Vec<_> = (0..50)
        .map(|number| {
            let engine = world.engine.clone();
            tokio::spawn(async move {
                let key = format!("metric-{number}");
                let scope = engine.scope();
                engine
                    .change_catalog(scope, move |catalog, now| create_metric(catalog, &key, now))
                    .await
            })
        })
        .collect();
    for change in changes {
        let metric = change.await.expect("no panic").expect("it is made");
        assert!(
            world.engine.catalog(world.scope()).find_metric(metric).is_some(),
            "visible once answered"
        );
    }
    let world = world.crash().await;
    assert_eq!(world.engine.catalog(world.scope()).live_metrics().count(), 51);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_that_changes_nothing_is_not_written() {
    let world = World::new().await;
    let before = world.engine.catalog(world.scope());
    let seen = world.engine.change_catalog(world.scope(), |catalog, _| catalog.sequence).await;
    assert_eq!(seen, Ok(before.sequence));
    assert!(Arc::ptr_eq(&before, &world.engine.catalog(world.scope())));
    assert_eq!(world.engine.stats().catalog_changes, 1, "that of the setup");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_that_is_not_durable_is_not_visible() {
    let world = World::new().await;
    let before = world.engine.catalog(world.scope());
    world.faults.journal.fail("no space left on device");
    let answer = world
        .engine
        .change_catalog(world.scope(), |catalog, now| create_metric(catalog, "pages", now))
        .await;
    assert!(matches!(answer, Err(Error::Unavailable { .. })), "{answer:?}");
    assert_eq!(world.engine.catalog(world.scope()), before);
    world.faults.journal.heal();
    let world = world.crash().await;
    assert_eq!(world.engine.catalog(world.scope()), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_that_panics_is_not_made_and_stops_no_other() {
    let world = World::new().await;
    let before = world.engine.catalog(world.scope());
    let answer = world.engine.change_catalog(world.scope(), |catalog, now| {
        create_metric(catalog, "pages", now);
        panic!("a broken change");
    });
    assert_eq!(answer.await, Err::<(), _>(Error::Internal));
    assert_eq!(world.engine.catalog(world.scope()), before);
    let made = world
        .engine
        .change_catalog(world.scope(), |catalog, now| create_metric(catalog, "pages", now));
    assert!(made.await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_environment_keeps_its_identity_and_its_settings() {
    let world = World::new().await;
    let (scope, settings) = (world.scope(), world.engine.catalog(world.scope()).settings.clone());
    let world = world.restart().await;
    assert_eq!(world.scope(), scope);
    assert_eq!(world.engine.catalog(scope).settings, settings);
}
