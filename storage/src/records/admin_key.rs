//! An admin API key: its hash and what it opens, never the key itself.

use domain::{ids::Scope, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::Record;

/// One admin key as it is kept. (C-AUTH-14)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminKey {
    /// Its public part.
    pub prefix: String,
    /// The SHA-256 of the whole key.
    pub sha256: [u8; 32],
    /// What it opens.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Record for AdminKey {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        ids::{EnvironmentId, Scope},
        time::Timestamp,
    };
    use uuid::Uuid;

    use super::AdminKey;

    #[test]
    fn golden() {
        let sample = AdminKey {
            prefix: "abcd1234".into(),
            sha256: std::array::from_fn(|at| u8::try_from(at).expect("small")),
            scope: Scope::untenanted(EnvironmentId(Uuid::from_u128(1))),
            created_at: Timestamp::from_millis(1_767_225_600_123),
        };
        super::super::golden::check("admin_key", &sample);
    }
}
