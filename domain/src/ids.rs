//! Names of things: generated ids (UUIDs) and the keys and user ids that people choose.
//!
//! Each is its own type, so that a metric's id can't be taken for an achievement's. Constructors
//! of chosen names check them once; inside the engine a `Key` is always well formed.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

uuid_ids! {
    /// An environment: one configuration and its users.
    EnvironmentId;
    /// A tenant inside an environment; nil where multi-tenancy is off.
    TenantId;
    /// A custom attribute.
    AttributeId;
    /// A metric.
    MetricId;
    /// An achievement.
    AchievementId;
    /// A points system.
    PointsSystemId;
    /// A points trigger.
    TriggerId;
    /// A points level.
    LevelId;
    /// A points boost.
    BoostId;
    /// A leaderboard.
    LeaderboardId;
    /// One accepted metric event.
    EventId;
    /// One user's completion of one achievement.
    CompletionId;
    /// One points award or deduction.
    AwardId;
    /// One pause of one user's streak.
    PauseId;
    /// A webhook.
    WebhookId;
    /// One event as webhooks are told of it.
    MessageId;
    /// One message on its way to one webhook.
    DeliveryId;
    /// An API key, of either kind.
    ApiKeyId;
}

/// Where an object lives: ids and keys are unique only inside a scope. (C-GEN-24)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The environment of the API key that was used.
    pub environment: EnvironmentId,
    /// The tenant, nil where multi-tenancy is off.
    pub tenant: TenantId,
}

impl Scope {
    /// The one scope of an environment without tenants.
    #[must_use]
    pub const fn untenanted(environment: EnvironmentId) -> Self {
        Self { environment, tenant: TenantId(Uuid::nil()) }
    }
}

/// A user's id: the caller's own string. (C-USER-01, C-USER-02)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserId(String);

impl UserId {
    /// Longest id, in characters.
    pub const CHARS_MAX: usize = 255;

    /// Any Unicode text of 1 to 255 characters without NUL; `None` for anything else.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        let well_formed =
            !id.is_empty() && !id.contains('\0') && id.chars().count() <= Self::CHARS_MAX;
        well_formed.then_some(Self(id))
    }

    /// The id as the caller wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of a configured object: `^[A-Za-z0-9_-]{1,255}$`. (C-GEN-13)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(String);

impl Key {
    /// Checks the pattern; `None` if the text doesn't match it.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Option<Self> {
        let key = key.into();
        let well_formed = (1..=255).contains(&key.len())
            && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        well_formed.then_some(Self(key))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An idempotency key of an event: 1 to 255 characters after trimming. (C-IDEM-11)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IdempotencyKey(String);

/// Why a text can't be an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotencyKeyTooLong;

impl IdempotencyKey {
    /// Trims the text; blank counts as absent.
    ///
    /// # Errors
    /// If more than 255 characters remain.
    pub fn parse(text: &str) -> Result<Option<Self>, IdempotencyKeyTooLong> {
        let trimmed = text.trim();
        if trimmed.chars().count() > 255 {
            return Err(IdempotencyKeyTooLong);
        }
        Ok((!trimmed.is_empty()).then(|| Self(trimmed.to_owned())))
    }

    /// The key, trimmed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PauseId {
    /// The `sequence`-th pause, counted from 0, of the user with this identity.
    #[must_use]
    pub fn of(identity: Uuid, sequence: u64) -> Self {
        Self(derived_id(identity, "pause", sequence))
    }
}

/// The id of the `sequence`-th thing of a kind inside `owner`.
///
/// Ids are derived, not drawn: the same history gives the same ids on every run, and a rule that
/// creates something needs no source of randomness. `owner` is itself unique.
#[must_use]
pub(crate) fn derived_id(owner: Uuid, kind: &str, sequence: u64) -> Uuid {
    Uuid::new_v5(&owner, format!("{kind}:{sequence}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{IdempotencyKey, IdempotencyKeyTooLong, Key, UserId};

    // C-USER-02
    #[test]
    fn user_ids_are_any_text_of_1_to_255_characters() {
        for good in ["a", " padded ", "a/b", "\u{1f600}", &"é".repeat(255)] {
            assert_eq!(UserId::new(good).expect("valid").as_str(), good);
        }
        for bad in ["", "nul\0", &"é".repeat(256)] {
            assert_eq!(UserId::new(bad), None);
        }
    }

    // C-GEN-13
    #[test]
    fn keys_match_their_pattern() {
        assert!(Key::new("words-written_2").is_some());
        for bad in ["", "with space", "dot.ted", "ü", &"k".repeat(256)] {
            assert_eq!(Key::new(bad), None);
        }
    }

    // C-IDEM-11
    #[test]
    fn blank_idempotency_keys_count_as_absent() {
        assert_eq!(IdempotencyKey::parse("  "), Ok(None));
        assert_eq!(
            IdempotencyKey::parse(" a ").map(|k| k.map(|k| k.as_str().to_owned())),
            Ok(Some("a".into()))
        );
        assert_eq!(IdempotencyKey::parse(&"k".repeat(256)), Err(IdempotencyKeyTooLong));
    }
}
