//! API keys: their form, who holds which, and how often guessing is answered. (C-AUTH)
//!
//! Of a key only its prefix and the SHA-256 of the whole are kept (C-AUTH-14). Verification compares
//! hashes in constant time and does the same work when the prefix is unknown (C-AUTH-15). Admin keys
//! are few and cached; application keys are as many as users and are looked up where they are stored,
//! so that a deleted one is gone at once (C-AUTH-12). Nothing here knows HTTP.

mod admin;
mod application;
mod failures;
mod secret;

use actors::{Engine, Error};
use domain::ids::{Scope, UserId};

pub use self::admin::{AdminKeys, LimitReached};
pub use self::failures::{FailureLimit, TooManyFailures};
pub use self::secret::{ApiKey, MalformedKey};

/// Whom a valid key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An operator: may do everything in a scope, for any user. (C-AUTH-16)
    Admin(Scope),
    /// One user of a scope, and nobody else. (C-AUTH-17)
    User(Scope, UserId),
}

/// Every key of an engine; clones share them.
#[derive(Clone, Debug)]
pub struct Keys {
    engine: Engine,
    /// Those that open everything.
    pub admin: AdminKeys,
}

impl Keys {
    /// The keys of an engine, after making sure that `wanted` is among the admin keys. A directory
    /// without any admin key gets a generated one, which is returned to be shown. (C-AUTH-26)
    ///
    /// # Errors
    /// If storage can't be read or written.
    pub async fn prepare(
        engine: &Engine,
        wanted: Option<ApiKey>,
    ) -> Result<(Self, Option<ApiKey>), Error> {
        let (admin, generated) = AdminKeys::prepare(engine, wanted).await?;
        Ok((Self { engine: engine.clone(), admin }, generated))
    }

    /// Whom a key stands for; `None` if it is malformed, unknown, wrong, revoked or deleted.
    ///
    /// # Errors
    /// If storage can't be read.
    pub fn verify(&self, key: &str) -> Result<Option<Holder>, Error> {
        if secret::is_of_application(key) {
            application::verify(&self.engine, key)
        } else {
            Ok(self.admin.verify(key).map(Holder::Admin))
        }
    }

    /// Makes a key for each of these users of a scope, in their order. (C-AUTH-18, C-AUTH-22)
    ///
    /// # Errors
    /// If storage can't be read or written; then none was made.
    pub async fn create_for(
        &self,
        scope: Scope,
        users: Vec<UserId>,
    ) -> Result<Vec<(storage::records::ApplicationKey, ApiKey)>, Error> {
        application::create(&self.engine, scope, users).await
    }
}
