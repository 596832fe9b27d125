//! Application keys as rows: found by prefix, deleted by id or with their user.

use domain::ids::ApiKeyId;
use storage::records::ApplicationKey;
use uuid::Uuid;

use crate::world::{World, user};

async fn store(world: &World, number: u8, id: &str) -> ApplicationKey {
    let key = ApplicationKey {
        id: ApiKeyId(Uuid::from_u128(number.into())),
        prefix: format!("app_{number:05}"),
        sha256: [number; 32],
        scope: world.scope(),
        user: user(id),
        created_at: world.clock.now(),
    };
    world.engine.store_application_keys(std::slice::from_ref(&key)).await.expect("stored");
    key
}

// C-AUTH-22 C-AUTH-25
#[tokio::test]
async fn the_keys_of_one_user_can_be_deleted_together() {
    let world = World::new().await;
    let before = world.rows();
    let mut keys = Vec::new();
    for (number, id) in [(1, "u"), (2, "v"), (3, "u"), (4, "u2")] {
        keys.push(store(&world, number, id).await);
    }
    world.engine.delete_application_keys_of(world.scope(), &user("u")).await.expect("deleted");
    let world = world.crash().await;
    for (key, stays) in keys.iter().zip([false, true, false, true]) {
        let found = world.engine.find_application_key(&key.prefix).expect("readable");
        assert_eq!(found.as_ref(), stays.then_some(key));
    }
    let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
    let deleted = world.engine.delete_application_keys(world.scope(), &ids).await;
    assert_eq!(deleted, Ok(vec![ids[1], ids[3]]));
    assert_eq!(world.rows(), before, "nothing of a key is left");
}
