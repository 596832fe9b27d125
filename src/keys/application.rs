//! Application keys: each acts for one user. (C-AUTH-17 to 22)
//!
//! Stored rows are the only truth; every request with such a key reads one.

use std::collections::HashSet;

use actors::{Engine, Error};
use domain::ids::{ApiKeyId, Scope, UserId};
use storage::records::ApplicationKey;

use super::Holder;
use super::secret::{ApiKey, matches, prefix_of};

/// Whom a key stands for, if it is one.
pub(super) fn verify(engine: &Engine, sent: &str) -> Result<Option<Holder>, Error> {
    let known = engine.find_application_key(prefix_of(sent))?;
    let is_it = matches(sent, known.as_ref().map(|known| &known.sha256));
    Ok(known.filter(|_| is_it).map(|known| Holder::User(known.scope, known.user)))
}

/// Makes a key for each user, in their order.
pub(super) async fn create(
    engine: &Engine,
    scope: Scope,
    users: Vec<UserId>,
) -> Result<Vec<(ApplicationKey, ApiKey)>, Error> {
    let created_at = engine.now();
    let mut created: Vec<(ApplicationKey, ApiKey)> = Vec::with_capacity(users.len());
    let mut taken = HashSet::new();
    for user in users {
        let key = fresh(engine, &taken)?;
        taken.insert(key.prefix().to_owned());
        let record = ApplicationKey {
            id: ApiKeyId(uuid::Builder::from_random_bytes(rand::random()).into_uuid()),
            prefix: key.prefix().to_owned(),
            sha256: key.sha256(),
            scope,
            user,
            created_at,
        };
        created.push((record, key));
    }
    let records: Vec<_> = created.iter().map(|(record, _)| record.clone()).collect();
    engine.store_application_keys(&records).await?;
    Ok(created)
}

/// A key whose prefix no other has. (C-AUTH-18)
fn fresh(engine: &Engine, taken: &HashSet<String>) -> Result<ApiKey, Error> {
    loop {
        let key = ApiKey::generate_application();
        let free = !taken.contains(key.prefix());
        if free && engine.find_application_key(key.prefix())?.is_none() {
            return Ok(key);
        }
    }
}
