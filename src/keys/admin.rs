//! Admin keys: a few per environment, each with a whole life. (C-AUTH-05 to 13, C-AUTH-26)
//!
//! They are cached, because every request needs one. A change is made on a copy, is durable before
//! the copy is taken as the cache, and is answered after that, so the next request sees it
//! (C-AUTH-12); changes are made one after the other. Use is noted at most once a minute
//! (C-AUTH-08).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actors::{Engine, Error};
use arc_swap::ArcSwap;
use domain::ids::{ApiKeyId, Scope};
use domain::time::Timestamp;
use storage::records::AdminKey;
use tokio::sync::Mutex;

use super::secret::{ApiKey, matches, prefix_of};

/// Most keys of one environment. (C-AUTH-05)
const KEYS_MAX: usize = 3;
/// How late `last_used_at` may be, in milliseconds. (C-AUTH-08)
const LAST_USED_LAG_MS: i64 = 60_000;
/// What keys are called that nobody named.
const CHOSEN_NAME: &str = "ACCOLADE_ADMIN_KEY";
const FIRST_NAME: &str = "First key";

/// The environment would have too many keys. (C-AUTH-05)
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Maximum of {KEYS_MAX} API keys reached")]
pub struct LimitReached;

/// The admin keys of an engine; clones share them.
#[derive(Clone, Debug)]
pub struct AdminKeys {
    engine: Engine,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    known: ArcSwap<HashMap<String, Known>>,
    /// One change at a time.
    changing: Mutex<()>,
}

/// A key by its prefix, with the latest noted use in milliseconds: later than in the record while
/// that use is being stored.
#[derive(Debug)]
struct Known {
    record: AdminKey,
    used_at: AtomicI64,
}

impl AdminKeys {
    /// The stored keys, after making sure that `wanted` is among them and active; if there is no key
    /// at all, with a generated one.
    pub(super) async fn prepare(
        engine: &Engine,
        wanted: Option<ApiKey>,
    ) -> Result<(Self, Option<ApiKey>), Error> {
        let stored = engine.admin_keys().await?;
        let generated = (wanted.is_none() && stored.is_empty()).then(ApiKey::generate_admin);
        let shared = Shared { known: ArcSwap::default(), changing: Mutex::default() };
        let keys = Self { engine: engine.clone(), shared: Arc::new(shared) };
        keys.publish(stored);
        let (scope, now) = (engine.scope(), engine.now());
        let name = if wanted.is_some() { CHOSEN_NAME } else { FIRST_NAME };
        if let Some(key) = wanted.or_else(|| generated.clone()) {
            keys.change(move |records| guarantee(records, &key, name, scope, now)).await?;
        }
        Ok((keys, generated))
    }

    /// The scope an active key opens; `None` for any other text. (C-AUTH-15)
    #[must_use]
    pub fn verify(&self, sent: &str) -> Option<Scope> {
        let known = self.shared.known.load();
        let found = known.get(prefix_of(sent));
        let is_it = matches(sent, found.map(|found| &found.record.sha256));
        let opened = found.filter(|found| is_it && found.record.active)?;
        self.note_use(opened);
        Some(opened.record.scope)
    }

    /// All keys of an environment, the oldest first, then by id.
    #[must_use]
    pub fn list(&self, scope: Scope) -> Vec<AdminKey> {
        let known = self.shared.known.load();
        let mut records: Vec<_> = known
            .values()
            .filter(|known| is_of(&known.record, scope))
            .map(Known::as_of_now)
            .collect();
        records.sort_by_key(|record| (record.created_at, record.id));
        records
    }

    /// Makes a key for each name, or none. (C-AUTH-04, C-AUTH-06)
    ///
    /// # Errors
    /// If storage can't be written; the inner one if that were too many.
    pub async fn create(
        &self,
        scope: Scope,
        names: Vec<String>,
    ) -> Result<Result<Vec<(AdminKey, ApiKey)>, LimitReached>, Error> {
        let now = self.engine.now();
        self.change(move |records| {
            let there = records.iter().filter(|record| is_of(record, scope)).count();
            if there + names.len() > KEYS_MAX {
                return Err(LimitReached);
            }
            let create = |name| {
                let key = fresh(records);
                let record = new_record(&key, name, scope, now);
                records.push(record.clone());
                (record, key)
            };
            Ok(names.into_iter().map(create).collect())
        })
        .await
    }

    /// Gives a key another value and makes it active; none if there is no such key. (C-AUTH-09,
    /// C-AUTH-13)
    ///
    /// # Errors
    /// If storage can't be written.
    pub async fn rotate(
        &self,
        scope: Scope,
        id: ApiKeyId,
    ) -> Result<Option<(AdminKey, ApiKey)>, Error> {
        self.change(move |records| {
            let key = fresh(records);
            let record = find(records, scope, id)?;
            key.prefix().clone_into(&mut record.prefix);
            record.sha256 = key.sha256();
            record.active = true;
            Some((record.clone(), key))
        })
        .await
    }

    /// Revokes a key or activates it again; none if there is no such key. (C-AUTH-10)
    ///
    /// # Errors
    /// If storage can't be written.
    pub async fn set_active(
        &self,
        scope: Scope,
        id: ApiKeyId,
        active: bool,
    ) -> Result<Option<AdminKey>, Error> {
        self.change(move |records| {
            let record = find(records, scope, id)?;
            record.active = active;
            Some(record.clone())
        })
        .await
    }

    /// Deletes a key for good; false if there is none. (C-AUTH-11)
    ///
    /// # Errors
    /// If storage can't be written.
    pub async fn delete(&self, scope: Scope, id: ApiKeyId) -> Result<bool, Error> {
        self.change(move |records| {
            let before = records.len();
            records.retain(|record| record.id != id || !is_of(record, scope));
            records.len() < before
        })
        .await
    }

    /// Has a use stored if none was for a while.
    fn note_use(&self, known: &Known) {
        let now = self.engine.now();
        let noted = known.used_at.load(Ordering::Relaxed);
        let is_recent = noted.saturating_add(LAST_USED_LAG_MS) > now.as_millis();
        let take = || {
            let (was, is) = (noted, now.as_millis());
            known.used_at.compare_exchange(was, is, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        if is_recent || !take() {
            return;
        }
        let keys = self.clone();
        tokio::spawn(async move {
            // Every change stores what was noted.
            if let Err(error) = keys.change(|_| ()).await {
                tracing::debug!(%error, "the use of an admin key was not stored");
            }
        });
    }

    /// Makes one change; what it answers is durable and in force. It goes on if nobody waits for it
    /// any more, because what is durable must come into force.
    async fn change<R, F>(&self, change: F) -> Result<R, Error>
    where
        R: Send + 'static,
        F: FnOnce(&mut Vec<AdminKey>) -> R + Send + 'static,
    {
        let keys = self.clone();
        let changed = tokio::spawn(async move {
            let _one_at_a_time = keys.shared.changing.lock().await;
            let known = keys.shared.known.load_full();
            let before: Vec<_> = known.values().map(|known| known.record.clone()).collect();
            let mut after = known.values().map(Known::as_of_now).collect();
            let answer = change(&mut after);
            keys.commit(&before, &after).await?;
            keys.publish(after);
            Ok(answer)
        });
        changed.await.unwrap_or(Err(Error::Internal))
    }

    async fn commit(&self, before: &[AdminKey], after: &[AdminKey]) -> Result<(), Error> {
        let stays = |old: &&AdminKey| after.iter().any(|new| new.prefix == old.prefix);
        let gone = before.iter().filter(|old| !stays(old)).map(|old| old.prefix.clone());
        let changed = after.iter().filter(|new| !before.contains(new)).cloned();
        let (gone, changed): (Vec<_>, Vec<_>) = (gone.collect(), changed.collect());
        self.engine.commit_admin_keys(&gone, &changed).await
    }

    fn publish(&self, records: Vec<AdminKey>) {
        let known = records.into_iter().map(|record| {
            let used_at = record.last_used_at.map_or(i64::MIN, Timestamp::as_millis);
            (record.prefix.clone(), Known { record, used_at: AtomicI64::new(used_at) })
        });
        self.shared.known.store(Arc::new(known.collect()));
    }
}

impl Known {
    fn as_of_now(&self) -> AdminKey {
        let used_at = self.used_at.load(Ordering::Relaxed);
        let last_used_at = (used_at != i64::MIN).then(|| Timestamp::from_millis(used_at));
        AdminKey { last_used_at, ..self.record.clone() }
    }
}

/// Has an active key with this value: whatever has its prefix gets it, or else it is added, also to
/// as many keys as there may be.
fn guarantee(records: &mut Vec<AdminKey>, key: &ApiKey, name: &str, scope: Scope, now: Timestamp) {
    match records.iter_mut().find(|record| record.prefix == key.prefix()) {
        Some(record) => (record.sha256, record.active) = (key.sha256(), true),
        None => records.push(new_record(key, name.to_owned(), scope, now)),
    }
}

fn new_record(key: &ApiKey, name: String, scope: Scope, now: Timestamp) -> AdminKey {
    AdminKey {
        id: ApiKeyId(uuid::Builder::from_random_bytes(rand::random()).into_uuid()),
        name,
        prefix: key.prefix().to_owned(),
        sha256: key.sha256(),
        scope,
        active: true,
        created_at: now,
        last_used_at: None,
    }
}

/// A key whose prefix no other has.
fn fresh(records: &[AdminKey]) -> ApiKey {
    loop {
        let key = ApiKey::generate_admin();
        if records.iter().all(|record| record.prefix != key.prefix()) {
            return key;
        }
    }
}

fn find(records: &mut [AdminKey], scope: Scope, id: ApiKeyId) -> Option<&mut AdminKey> {
    records.iter_mut().find(|record| record.id == id && is_of(record, scope))
}

fn is_of(record: &AdminKey, scope: Scope) -> bool {
    record.scope.environment == scope.environment
}
