//! That a user is being erased: what it takes to go on with that after a crash.

use domain::{ids::PauseId, user::UserState};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Record;

/// What leads to rows of a user that their id alone doesn't lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The user's identity, from which the ids of their pauses derive.
    identity: Uuid,
    /// How many pauses they ever had.
    pauses: u64,
}

impl Erasure {
    /// Of a user, as they were.
    #[must_use]
    pub fn of(state: &UserState) -> Self {
        Self { identity: state.identity, pauses: state.streak.pauses_created }
    }

    /// Every pause they ever had.
    pub fn pauses(&self) -> impl Iterator<Item = PauseId> + use<> {
        let Self { identity, pauses } = *self;
        (0..pauses).map(move |sequence| PauseId::of(identity, sequence))
    }
}

impl Record for Erasure {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Erasure;

    #[test]
    fn golden() {
        let sample = Erasure { identity: Uuid::from_u128(18), pauses: 3 };
        super::super::golden::check("erasure", &sample);
    }
}
