//! The law of application keys: each is found by its id and by its user, and nothing else is.
//!
//! Keys are counted against their indexes: if every key has both rows and there are as many rows as
//! keys, no row leads elsewhere. That a key's user exists is not asked for, because the erasure of a
//! user is in another shard than their keys.

use domain::ids::Scope;
use storage::records::{ApplicationKey, ApplicationKeyPrefix, decode};
use storage::{Error, Inspection, Key, KeyRange, Kind};

use super::law::Law;
use super::read;

/// Checks the application keys of `scope`; without one there must be none.
pub(super) fn check(found: &Inspection, scope: Option<Scope>) -> Result<Law, Error> {
    let mut law = Law::new(
        "an application key is found by its id and by its user, and nothing else is",
        "keys",
    );
    let mut keys = 0_usize;
    for row in found.rows(KeyRange::application_keys()) {
        let row = row?;
        let Some(key) = read::<ApplicationKey>(&mut law, &row) else { continue };
        keys += 1;
        let indexes = [
            Key::application_key_id(key.scope, key.id),
            Key::user_application_key(key.scope, &key.user, key.id),
        ];
        for index in indexes {
            let leads = leads_to(found, &index)?;
            law.expect(leads.as_deref() == Some(&key.prefix), || {
                format!("{index} leads to {leads:?} instead of {}", key.prefix)
            });
        }
    }
    for kind in [Kind::ApplicationKeyId, Kind::UserApplicationKey] {
        let own = scope.into_iter().flat_map(|scope| found.rows(KeyRange::kind(scope, kind)));
        let rows = own.collect::<Result<Vec<_>, _>>()?.len();
        law.expect(rows == keys, || format!("{rows} rows of {kind:?} for {keys} keys"));
    }
    Ok(law)
}

fn leads_to(found: &Inspection, index: &Key) -> Result<Option<String>, Error> {
    let Some(value) = found.get(index)? else { return Ok(None) };
    // One that can't be read leads nowhere.
    Ok(decode(index, &value).ok().map(|ApplicationKeyPrefix(prefix)| prefix))
}
