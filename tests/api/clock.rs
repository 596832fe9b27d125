//! `/admin/v1/clock`

use axum::http::StatusCode;
use serde_json::json;

use crate::world::World;

// C-API-22
#[tokio::test]
async fn virtual_time_stands_still_until_it_is_moved_forwards() {
    let world = World::empty().await;
    let path = "/admin/v1/clock/advance";
    assert_eq!(world.get("/admin/v1/clock").await.text, r#"{"now":"2026-01-06T03:30:00.000Z"}"#);
    let moved = world.post(path, json!({"seconds": 90})).await.json(StatusCode::OK);
    assert_eq!(moved, json!({"now": "2026-01-06T03:31:30.000Z"}));
    let moved =
        world.post(path, json!({"to": "2026-01-07T01:00:00+01:00"})).await.json(StatusCode::OK);
    assert_eq!(moved, json!({"now": "2026-01-07T00:00:00.000Z"}));
    for body in [
        json!({"to": "2026-01-06T23:59:59.999Z"}),
        json!({"seconds": -1}),
        json!({"seconds": 0.5}),
        json!({"to": "tomorrow"}),
        json!({"to": "2026-01-08T00:00:00Z", "seconds": 1}),
        json!({}),
    ] {
        world.post(path, body).await.error(StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(
        world.get("/admin/v1/clock").await.json(StatusCode::OK),
        json!({"now": "2026-01-07T00:00:00.000Z"})
    );
}

#[tokio::test]
async fn real_time_has_no_endpoints() {
    let world = World::with_test_clock(false).await;
    world.get("/admin/v1/clock").await.error(StatusCode::NOT_FOUND);
    world.post("/admin/v1/clock/advance", json!({"seconds": 1})).await.error(StatusCode::NOT_FOUND);
}
