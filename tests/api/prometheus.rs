//! `/metrics`

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn numbers_are_told_without_a_key() {
    let world = World::new().await;
    world.event("words", "u", json!(5)).await.json(StatusCode::CREATED);
    let request = Request::builder().uri("/metrics").body(Body::empty()).unwrap();
    let answer = world.send(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    let kind = answer.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    for line in [
        "# HELP accolade_users Users of the environment.",
        "# TYPE accolade_commands counter",
        "accolade_users 1",
        "accolade_commands_committed_total 1",
        "# UNIT accolade_storage_overlay_bytes bytes",
        "# TYPE accolade_review_users_checked gauge",
    ] {
        assert!(answer.text.lines().any(|own| own == line), "{line} in {}", answer.text);
    }
    assert!(answer.text.ends_with("# EOF\n"));
}
