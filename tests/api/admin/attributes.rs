//! `/admin/v1/attributes`

use serde_json::json;

use super::{UNKNOWN, create, delete, read, refusal, text, update};
use crate::world::World;

// C-ATTR-01 C-ATTR-13 C-ATTR-14 C-ADM-27
#[tokio::test]
async fn an_attribute_is_a_name_a_key_and_a_type() {
    let world = World::empty().await;
    let answer = create(
        &world,
        "/attributes",
        json!([
            {"name": "Plan", "key": "plan", "type": "user"},
            {"name": "Plan", "key": "plan", "type": "user"},
            {"name": "Plan", "key": "plan", "type": "event"},
        ]),
    )
    .await;
    let id = text(&answer["created"][0], "id");
    assert_eq!(
        answer["created"][0],
        json!({"id": id, "name": "Plan", "key": "plan", "type": "user"})
    );
    assert_eq!(answer["created"][1]["type"], "event");
    let taken = "Key already in use by another attribute of this type";
    assert_eq!(answer["issues"], json!([{"index": 1, "severity": "error", "message": taken}]));
    assert_eq!(read(&world, &format!("/attributes/{id}")).await, answer["created"][0]);
    for wrong in [json!("item"), json!(5), json!(null), json!("User")] {
        let message =
            refusal(&world, "/attributes", json!({"name": "n", "key": "k", "type": wrong})).await;
        assert_eq!(message, "Type must be user or event");
    }
    let item = json!({"name": "n", "key": "k"});
    assert_eq!(refusal(&world, "/attributes", item).await, "type is required");
    let answer = update(
        &world,
        "/attributes",
        json!([
            {"id": id, "name": "Tier", "key": "tier", "type": "event"},
            {"id": UNKNOWN, "name": "Tier"},
        ]),
    )
    .await;
    assert_eq!(
        answer["updated"],
        json!([{"id": id, "name": "Tier", "key": "plan", "type": "user"}])
    );
    assert_eq!(answer["issues"][0]["message"], "Attribute not found by ID");
}

// C-ATTR-12 C-ADM-24
#[tokio::test]
async fn an_attribute_in_use_stays() {
    let world = World::empty().await;
    let plan =
        create(&world, "/attributes", json!([{"name": "Plan", "key": "plan", "type": "user"}]))
            .await;
    let plan = text(&plan["created"][0], "id").to_owned();
    let filters = json!([{"attributeId": plan, "attributeValue": "pro"}]);
    let item = json!({"name": "Pro", "trigger": "api", "key": "pro", "userAttributes": filters});
    create(&world, "/achievements", json!([item])).await;
    let answer = delete(&world, "/attributes", &plan).await;
    assert_eq!(answer["deleted"], json!([]));
    let issue =
        json!({"index": 0, "id": plan, "severity": "error", "message": "Attribute is in use"});
    assert_eq!(answer["issues"], json!([issue]));
}
