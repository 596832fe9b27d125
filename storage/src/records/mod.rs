//! What is in a row: one version byte, then the bincode of a type.
//!
//! Each kind of record has its file here, with its version and the bytes of every version ever
//! written in `golden/`. When a stored type changes, its golden test fails: then the old shape is
//! kept here beside a conversion ([`Record::decode_old`]), the version goes up, and new golden bytes
//! are added; old bytes stay readable for ever. bincode can't read a value whose fields changed, and
//! may not notice, so the version byte is what protects it. A version that is not known is an error
//! that names the key.

mod admin_key;
mod application_key;
mod award;
mod catalog;
mod days;
mod environment;
mod erasure;
mod event;
#[cfg(test)]
mod golden;
mod idempotency;
mod outbox;
mod pause_owner;
mod queue;
mod rank_day;
mod reviews;
mod score;
mod settled;
mod timer;
mod told;
pub(crate) mod user;
mod zone_database;

use serde::{Serialize, de::DeserializeOwned};

pub use self::admin_key::AdminKey;
pub use self::application_key::{ApplicationKey, ApplicationKeyPrefix};
pub use self::erasure::Erasure;
pub use self::outbox::{BoostTold, Pending, PurgedUpTo};
pub use self::queue::{QueueDone, QueuedEvent, QueuedEvents};
pub use self::reviews::{FinishedReview, Reviews, RunningReview};
pub use self::timer::Timer;
pub use self::told::ListenedBoard;
pub use self::zone_database::ZoneDatabase;
use crate::{error::Error, keys::Key};

/// A type that is stored as a row's value.
pub trait Record: Serialize + DeserializeOwned {
    /// The version that is written now.
    const VERSION: u8;

    /// Reads a value of an older version and brings it into today's shape; `None` if there never
    /// was such a version.
    fn decode_old(version: u8, body: &[u8]) -> Option<Result<Self, String>> {
        let _ = (version, body);
        None
    }
}

/// The stored form of a record.
///
/// # Panics
/// If the type can't be encoded at all, which its golden test would have shown.
#[must_use]
pub fn encode<T: Record>(record: &T) -> Vec<u8> {
    // Most records need less, and keep no more than they need.
    let mut bytes = Vec::with_capacity(256);
    bytes.push(T::VERSION);
    bincode::serde::encode_into_std_write(record, &mut bytes, bincode::config::standard())
        .expect("a vector takes everything that serde can name");
    bytes.shrink_to_fit();
    bytes
}

/// The inverse of [`encode`], of any version ever written.
///
/// # Errors
/// [`Error::Value`] with the key, if the version is unknown or the bytes don't decode to their end.
pub fn decode<T: Record>(key: &Key, bytes: &[u8]) -> Result<T, Error> {
    let wrong = |reason: String| Error::Value { key: key.clone(), reason };
    let (version, body) = bytes.split_first().ok_or_else(|| wrong("it is empty".into()))?;
    let decoded = if *version == T::VERSION {
        Some(decode_body(body))
    } else {
        T::decode_old(*version, body)
    };
    decoded.unwrap_or_else(|| Err(format!("its version {version} is not known"))).map_err(wrong)
}

fn decode_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let (value, len) = bincode::serde::decode_from_slice(body, bincode::config::standard())
        .map_err(|error| error.to_string())?;
    if len == body.len() {
        Ok(value)
    } else {
        Err(format!("{} bytes after its end", body.len() - len))
    }
}

#[cfg(test)]
mod tests {
    use domain::{ids::EnvironmentId, user::PointsDay};
    use uuid::Uuid;

    use super::{decode, encode};
    use crate::{error::Error, keys::Key};

    #[test]
    fn an_unknown_version_is_an_error_that_names_the_key() {
        let key = Key::instance("environment");
        let mut bytes = encode(&EnvironmentId(Uuid::nil()));
        bytes[0] = 99;
        let error = decode::<EnvironmentId>(&key, &bytes).expect_err("unknown");
        assert_eq!(error, Error::Value { key, reason: "its version 99 is not known".into() });
        assert!(error.to_string().contains("environment"), "{error}");
    }

    #[test]
    fn bytes_that_are_not_exactly_a_value_are_errors() {
        let key = Key::instance("a");
        let bytes = encode(&PointsDay { change: 5, total: 1_000 });
        for len in 0..bytes.len() {
            assert!(decode::<PointsDay>(&key, &bytes[..len]).is_err(), "{len}");
        }
        assert!(decode::<PointsDay>(&key, &[bytes.as_slice(), &[0]].concat()).is_err());
    }
}
