//! An admin API key: its hash and what it opens, never the key itself.

use domain::{
    ids::{ApiKeyId, Scope},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::Record;

/// One admin key as it is kept. (C-AUTH-14)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminKey {
    /// Its id, which stays when the key is rotated.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// Its public part.
    pub prefix: String,
    /// The SHA-256 of the whole key.
    pub sha256: [u8; 32],
    /// What it opens.
    pub scope: Scope,
    /// Whether it opens anything now. (C-AUTH-10)
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, up to a minute late; none until it is. (C-AUTH-07, C-AUTH-08)
    pub last_used_at: Option<Timestamp>,
}

impl Record for AdminKey {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        ids::{ApiKeyId, EnvironmentId, Scope},
        time::Timestamp,
    };
    use uuid::Uuid;

    use super::AdminKey;

    #[test]
    fn golden() {
        let sample = AdminKey {
            id: ApiKeyId(Uuid::from_u128(2)),
            name: "CI".into(),
            prefix: "abcd1234".into(),
            sha256: std::array::from_fn(|at| u8::try_from(at).expect("small")),
            scope: Scope::untenanted(EnvironmentId(Uuid::from_u128(1))),
            active: true,
            created_at: Timestamp::from_millis(1_767_225_600_123),
            last_used_at: Some(Timestamp::from_millis(1_767_225_660_000)),
        };
        super::super::golden::check("admin_key", &sample);
    }
}
