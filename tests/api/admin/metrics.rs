//! `/admin/v1/metrics`

use axum::http::StatusCode;
use serde_json::json;

use super::{create, delete, read, refusal, text, update, update_refusal};
use crate::world::World;

// C-METRIC-02 C-METRIC-03 C-METRIC-04 C-ADM-30 C-ADM-31 C-API-16
#[tokio::test]
async fn a_metric_has_units_or_a_currency() {
    let world = World::empty().await;
    let answer = create(
        &world,
        "/metrics",
        json!([
            {"name": "Words", "key": "words"},
            {"name": "Spent", "key": "spent", "unitType": "currency", "units": "EUR"},
        ]),
    )
    .await;
    let words = text(&answer["created"][0], "id");
    let plain =
        json!({"id": words, "name": "Words", "key": "words", "unitType": "number", "units": ""});
    assert_eq!(answer["created"][0], plain);
    assert_eq!(answer["created"][1]["units"], "EUR");
    for (field, value, message) in [
        ("unitType", json!("money"), "unitType must be one of number, currency"),
        ("unitType", json!(null), "unitType must be one of number, currency"),
        ("unitType", json!("currency"), "units must be an ISO 4217 currency code"),
        ("units", json!(5), "units must be a string"),
        ("units", json!("u".repeat(256)), "units must have at most 255 characters"),
    ] {
        let mut item = json!({"name": "n", "key": "k"});
        item[field] = value.clone();
        assert_eq!(refusal(&world, "/metrics", item).await, message);
        let mut item = json!({"id": words});
        item[field] = value;
        assert_eq!(update_refusal(&world, "/metrics", item).await, message);
    }
    let items = json!([{"id": words, "unitType": "currency", "units": "GBP"}, {"id": words, "unitType": "number"}]);
    let answer = update(&world, "/metrics", items).await;
    assert_eq!(answer["updated"][1]["unitType"], "number");
    assert_eq!(answer["updated"][1]["units"], "GBP");
}

// C-METRIC-05 C-ADM-32 C-GEN-32
#[tokio::test]
async fn a_deleted_metric_takes_along_what_is_built_on_it() {
    let world = World::new().await;
    let metrics = read(&world, "/metrics").await;
    let words = metrics.as_array().unwrap().iter().find(|own| own["key"] == "words").unwrap();
    let words = text(words, "id").to_owned();
    world.event("words", "u", json!(5)).await.json(StatusCode::CREATED);
    delete(&world, "/metrics", &words).await;
    let left = read(&world, "/achievements").await;
    assert_eq!(
        left.as_array().unwrap().iter().map(|own| text(own, "name")).collect::<Vec<_>>(),
        ["Toured"]
    );
    world.event("words", "u", json!(5)).await.error(StatusCode::NOT_FOUND);
    let again = create(&world, "/metrics", json!([{"name": "Words", "key": "words"}])).await;
    assert_ne!(text(&again["created"][0], "id"), words);
    let total = world.get("/v1/users/u/metrics/words").await.json(StatusCode::OK);
    assert_eq!(total["current"], 0);
}
