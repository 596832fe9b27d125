//! Admin API keys: `{prefix}.{body}`, 8 and 32 characters of `[A-Za-z0-9]`. (C-AUTH-01 to 04)
//!
//! Only the prefix and the SHA-256 of the whole key are kept (C-AUTH-14). Verification compares
//! hashes in constant time and does the same work when the prefix is unknown (C-AUTH-15). The
//! active keys are cached in memory, because every request needs one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use actors::Engine;
use domain::ids::Scope;
use domain::time::Timestamp;
use rand::distr::{Alphanumeric, SampleString};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use storage::records::AdminKey as Record;
use subtle::{Choice, ConstantTimeEq};

const PREFIX_CHARS: usize = 8;
const BODY_CHARS: usize = 32;
/// A chosen body may be shorter than a generated one, but not guessable.
const BODY_CHARS_MIN: usize = 16;

/// A whole key, secret included. It prints its prefix only.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminKey(String);

/// The text isn't an admin key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 8 letters or digits, a full stop and at least 16 letters or digits")]
pub struct MalformedKey;

impl AdminKey {
    /// A key that an operator chose.
    ///
    /// # Errors
    /// If it doesn't have the form of a key.
    pub fn parse(text: &str) -> Result<Self, MalformedKey> {
        let (prefix, body) = text.split_once('.').ok_or(MalformedKey)?;
        let in_alphabet =
            [prefix, body].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if in_alphabet && prefix.len() == PREFIX_CHARS && body.len() >= BODY_CHARS_MIN {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedKey)
        }
    }

    /// A new key from the operating system's random numbers. (C-AUTH-04)
    #[must_use]
    pub fn generate() -> Self {
        let mut source = UnwrapErr(SysRng);
        let prefix = Alphanumeric.sample_string(&mut source, PREFIX_CHARS);
        let body = Alphanumeric.sample_string(&mut source, BODY_CHARS);
        Self(format!("{prefix}.{body}"))
    }

    /// The whole key, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn record(&self, scope: Scope, now: Timestamp) -> Record {
        let prefix = prefix_of(&self.0).to_owned();
        Record { prefix, sha256: sha256(&self.0), scope, created_at: now }
    }
}

impl fmt::Debug for AdminKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdminKey({}.…)", prefix_of(&self.0))
    }
}

/// The active admin keys; clones share them.
#[derive(Clone, Debug, Default)]
pub struct AdminKeys {
    by_prefix: Arc<HashMap<String, Record>>,
}

impl AdminKeys {
    /// The stored keys, after making sure that `wanted` is among them. A directory without any key
    /// gets a generated one, which is returned to be shown.
    ///
    /// # Errors
    /// If storage can't be read or written.
    pub async fn prepare(
        engine: &Engine,
        wanted: Option<AdminKey>,
    ) -> Result<(Self, Option<AdminKey>), actors::Error> {
        let mut stored = engine.admin_keys().await?;
        let generated = (wanted.is_none() && stored.is_empty()).then(AdminKey::generate);
        if let Some(key) = wanted.as_ref().or(generated.as_ref()) {
            let record = key.record(engine.scope(), engine.now());
            let known = stored
                .iter()
                .any(|other| other.prefix == record.prefix && other.sha256 == record.sha256);
            if !known {
                engine.store_admin_key(&record).await?;
                stored.retain(|other| other.prefix != record.prefix);
                stored.push(record);
            }
        }
        Ok((stored.into_iter().collect(), generated))
    }

    /// The scope a key opens; `None` if it is malformed, unknown or wrong. (C-AUTH-15)
    #[must_use]
    pub fn verify(&self, key: &str) -> Option<Scope> {
        let known = self.by_prefix.get(prefix_of(key));
        let expected = known.map_or([0; 32], |known| known.sha256);
        let same = sha256(key).ct_eq(&expected) & Choice::from(u8::from(known.is_some()));
        known.filter(|_| bool::from(same)).map(|known| known.scope)
    }
}

impl FromIterator<Record> for AdminKeys {
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        let by_prefix = records.into_iter().map(|record| (record.prefix.clone(), record)).collect();
        Self { by_prefix: Arc::new(by_prefix) }
    }
}

/// The part before the first full stop. (C-AUTH-03)
fn prefix_of(key: &str) -> &str {
    key.split_once('.').map_or("", |(prefix, _)| prefix)
}

fn sha256(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use domain::ids::{EnvironmentId, Scope};
    use domain::time::Timestamp;
    use uuid::Uuid;

    use super::{AdminKey, AdminKeys};

    fn scope() -> Scope {
        Scope::untenanted(EnvironmentId(Uuid::from_u128(1)))
    }

    // C-AUTH-01, C-AUTH-02, C-AUTH-03
    #[test]
    fn keys_have_a_prefix_of_eight_a_full_stop_and_a_body() {
        assert!(AdminKey::parse("prefix01.0123456789abcdef").is_ok());
        let bad = [
            "",
            "prefix01",
            "prefix1.0123456789abcdef",
            "prefix01.short",
            "prefix01.0123456789abcde-",
            "p.refix01.0123456789abcdef",
        ];
        for bad in bad {
            assert!(AdminKey::parse(bad).is_err(), "{bad}");
        }
    }

    // C-AUTH-04
    #[test]
    fn generated_keys_are_well_formed_and_differ() {
        let (one, other) = (AdminKey::generate(), AdminKey::generate());
        assert_ne!(one, other);
        assert_eq!(AdminKey::parse(one.reveal()), Ok(one.clone()));
        assert_eq!(one.reveal().len(), 41);
    }

    // C-AUTH-14, C-AUTH-15
    #[test]
    fn only_the_whole_key_opens_its_scope_and_only_its_hash_is_kept() {
        let key = AdminKey::generate();
        let record = key.record(scope(), Timestamp::from_millis(0));
        let body = key.reveal().split_once('.').expect("well formed").1;
        assert!(!format!("{record:?}").contains(body));
        let keys: AdminKeys = [record].into_iter().collect();
        assert_eq!(keys.verify(key.reveal()), Some(scope()));
        let wrong = [
            key.reveal()[..40].to_owned(),
            format!("{}x", key.reveal()),
            AdminKey::generate().reveal().to_owned(),
        ];
        for wrong in wrong.iter().map(String::as_str).chain(["", ".", "prefix01"]) {
            assert_eq!(keys.verify(wrong), None);
        }
        assert!(!format!("{key:?}").contains(body));
    }
}
