//! An application key: its hash and whom it acts for, never the key itself.

use domain::{
    ids::{ApiKeyId, Scope, UserId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::Record;

/// One application key as it is kept. (C-AUTH-17, C-AUTH-18)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Its public part.
    pub prefix: String,
    /// The SHA-256 of the whole key.
    pub sha256: [u8; 32],
    /// Where its user lives.
    pub scope: Scope,
    /// The one user it acts for.
    pub user: UserId,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Record for ApplicationKey {
    const VERSION: u8 = 1;
}

/// Which application key an index leads to: its prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationKeyPrefix(pub String);

impl Record for ApplicationKeyPrefix {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        ids::{ApiKeyId, EnvironmentId, Scope, UserId},
        time::Timestamp,
    };
    use uuid::Uuid;

    use super::super::golden::check;
    use super::{ApplicationKey, ApplicationKeyPrefix};

    #[test]
    fn golden() {
        let sample = ApplicationKey {
            id: ApiKeyId(Uuid::from_u128(2)),
            prefix: "app_abc12".into(),
            sha256: std::array::from_fn(|at| u8::try_from(at).expect("small")),
            scope: Scope::untenanted(EnvironmentId(Uuid::from_u128(1))),
            user: UserId::new("18").expect("valid"),
            created_at: Timestamp::from_millis(1_767_225_600_123),
        };
        check("application_key", &sample);
    }

    #[test]
    fn golden_index() {
        check("application_key_prefix", &ApplicationKeyPrefix("app_abc12".into()));
    }
}
