//! Rows of API keys: admin keys, and application keys with the two indexes that lead to them.
//!
//! All of them belong to no user as far as storage is concerned, so they are written through one
//! shard and a batch can hold any of them.

use domain::ids::{ApiKeyId, Scope, UserId};
use storage::records::{AdminKey, ApplicationKey, ApplicationKeyPrefix, decode};
use storage::{Batch, Error, Key, KeyRange, Kind, Op, ShardId, Store, put};

use super::blocking;

/// Every admin key.
pub(crate) async fn load_admin_keys(store: &Store) -> Result<Vec<AdminKey>, Error> {
    blocking(store, |store| {
        let rows = store.rows(KeyRange::api_keys());
        rows.map(|row| row.and_then(|(key, value)| decode(&key, &value))).collect()
    })
    .await
}

/// Removes the admin keys with these prefixes and keeps the others given, all or none.
pub(crate) async fn commit_admin_keys(
    store: &Store,
    removed: &[String],
    kept: &[AdminKey],
) -> Result<(), Error> {
    let removed = removed.iter().map(|prefix| Op::Delete { key: Key::api_key(prefix) });
    let kept = kept.iter().map(|key| put(Key::api_key(&key.prefix), key));
    commit(store, removed.chain(kept).collect()).await
}

/// The application key with a prefix.
pub(crate) fn find_application_key(
    store: &Store,
    prefix: &str,
) -> Result<Option<ApplicationKey>, Error> {
    store.load(&Key::application_key(prefix))
}

/// The application key of a scope with an id.
pub(crate) fn find_application_key_by_id(
    store: &Store,
    scope: Scope,
    id: ApiKeyId,
) -> Result<Option<ApplicationKey>, Error> {
    match store.load(&Key::application_key_id(scope, id))? {
        Some(ApplicationKeyPrefix(prefix)) => find_application_key(store, &prefix),
        None => Ok(None),
    }
}

/// The application keys that act for a user.
pub(crate) async fn application_keys_of(
    store: &Store,
    scope: Scope,
    user: &UserId,
) -> Result<Vec<ApplicationKey>, Error> {
    let range = KeyRange::user(scope, Kind::UserApplicationKey, user);
    blocking(store, move |store| {
        let mut keys = Vec::new();
        for row in store.rows(range) {
            let (key, value) = row?;
            let ApplicationKeyPrefix(prefix) = decode(&key, &value)?;
            keys.extend(find_application_key(store, &prefix)?);
        }
        Ok(keys)
    })
    .await
}

/// Keeps these application keys, all or none.
pub(crate) async fn commit_application_keys(
    store: &Store,
    keys: &[ApplicationKey],
) -> Result<(), Error> {
    let rows = keys.iter().flat_map(|key| {
        let prefix = ApplicationKeyPrefix(key.prefix.clone());
        let [own, by_id, of_user] = row_keys(key);
        [put(own, key), put(by_id, &prefix), put(of_user, &prefix)]
    });
    commit(store, rows.collect()).await
}

/// Removes these application keys, all or none.
pub(crate) async fn delete_application_keys(
    store: &Store,
    keys: &[ApplicationKey],
) -> Result<(), Error> {
    commit(store, keys.iter().flat_map(row_keys).map(|key| Op::Delete { key }).collect()).await
}

/// Where a key is, and where the two indexes have it.
fn row_keys(key: &ApplicationKey) -> [Key; 3] {
    [
        Key::application_key(&key.prefix),
        Key::application_key_id(key.scope, key.id),
        Key::user_application_key(key.scope, &key.user, key.id),
    ]
}

async fn commit(store: &Store, ops: Vec<Op>) -> Result<(), Error> {
    if ops.is_empty() {
        return Ok(());
    }
    store.commit(Batch { shard: ShardId::META, ops }).await
}
