//! A whole key, `{prefix}.{body}`, and what is kept of it. (C-AUTH-01 to 04, C-AUTH-18)

use std::fmt;

use rand::distr::{Alphanumeric, SampleString};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

const ADMIN_PREFIX_CHARS: usize = 8;
/// What tells application keys from admin keys, whose alphabet has no underscore.
const APPLICATION_MARK: &str = "app_";
const APPLICATION_PREFIX_CHARS: usize = 5;
const BODY_CHARS: usize = 32;
/// A chosen body may be shorter than a generated one, but not guessable.
const BODY_CHARS_MIN: usize = 16;

/// A whole key, secret included. It prints its prefix only.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

/// The text isn't an admin key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 8 letters or digits, a full stop and at least 16 letters or digits")]
pub struct MalformedKey;

impl ApiKey {
    /// An admin key that an operator chose.
    ///
    /// # Errors
    /// If it doesn't have the form of one.
    pub fn parse_admin(text: &str) -> Result<Self, MalformedKey> {
        let (prefix, body) = text.split_once('.').ok_or(MalformedKey)?;
        let in_alphabet =
            [prefix, body].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if in_alphabet && prefix.len() == ADMIN_PREFIX_CHARS && body.len() >= BODY_CHARS_MIN {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedKey)
        }
    }

    /// A new admin key from the operating system's random numbers. (C-AUTH-04)
    #[must_use]
    pub fn generate_admin() -> Self {
        Self::with_prefix(&random_text(ADMIN_PREFIX_CHARS))
    }

    /// A new application key from the operating system's random numbers. (C-AUTH-18)
    #[must_use]
    pub fn generate_application() -> Self {
        Self::with_prefix(&format!("{APPLICATION_MARK}{}", random_text(APPLICATION_PREFIX_CHARS)))
    }

    fn with_prefix(prefix: &str) -> Self {
        Self(format!("{prefix}.{}", random_text(BODY_CHARS)))
    }

    /// The whole key, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Its public part.
    #[must_use]
    pub fn prefix(&self) -> &str {
        prefix_of(&self.0)
    }

    /// What is kept of it.
    pub(super) fn sha256(&self) -> [u8; 32] {
        sha256(&self.0)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}.…)", self.prefix())
    }
}

fn random_text(chars: usize) -> String {
    Alphanumeric.sample_string(&mut UnwrapErr(SysRng), chars)
}

/// The part before the first full stop. (C-AUTH-03)
pub(super) fn prefix_of(key: &str) -> &str {
    key.split_once('.').map_or("", |(prefix, _)| prefix)
}

/// Whether a key that somebody sent can only be an application key.
pub(super) fn is_of_application(key: &str) -> bool {
    key.starts_with(APPLICATION_MARK)
}

/// Whether what was sent is the key that is kept as `stored`; takes as long if there is none.
/// (C-AUTH-14, C-AUTH-15)
pub(super) fn matches(sent: &str, stored: Option<&[u8; 32]>) -> bool {
    let same = sha256(sent).ct_eq(stored.unwrap_or(&[0; 32]));
    bool::from(same & Choice::from(u8::from(stored.is_some())))
}

fn sha256(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::{ApiKey, is_of_application, matches};

    // C-AUTH-01, C-AUTH-02, C-AUTH-03
    #[test]
    fn keys_have_a_prefix_of_eight_a_full_stop_and_a_body() {
        assert!(ApiKey::parse_admin("prefix01.0123456789abcdef").is_ok());
        let bad = [
            "",
            "prefix01",
            "prefix1.0123456789abcdef",
            "prefix01.short",
            "prefix01.0123456789abcde-",
            "p.refix01.0123456789abcdef",
            "app_abcde.0123456789abcdef",
        ];
        for bad in bad {
            assert!(ApiKey::parse_admin(bad).is_err(), "{bad}");
        }
    }

    // C-AUTH-04
    #[test]
    fn generated_keys_are_well_formed_and_differ() {
        let (one, other) = (ApiKey::generate_admin(), ApiKey::generate_admin());
        assert_ne!(one, other);
        assert_eq!(ApiKey::parse_admin(one.reveal()), Ok(one.clone()));
        assert_eq!(one.reveal().len(), 41);
        assert!(!is_of_application(one.reveal()));
    }

    // C-AUTH-18
    #[test]
    fn application_keys_are_marked() {
        let key = ApiKey::generate_application();
        let (prefix, body) = key.reveal().split_once('.').expect("well formed");
        assert_eq!((prefix, prefix.len(), body.len()), (key.prefix(), 9, 32));
        let random = prefix.strip_prefix("app_").expect("marked").chars().chain(body.chars());
        assert!(random.into_iter().all(|char| char.is_ascii_alphanumeric()));
        assert!(is_of_application(key.reveal()));
    }

    // C-AUTH-14, C-AUTH-15
    #[test]
    fn only_the_whole_key_matches_its_hash() {
        let key = ApiKey::generate_admin();
        let hash = key.sha256();
        assert!(matches(key.reveal(), Some(&hash)));
        let longer = format!("{}x", key.reveal());
        let others = ["", ".", key.prefix(), &key.reveal()[..40], &longer];
        for wrong in others {
            assert!(!matches(wrong, Some(&hash)), "{wrong}");
            assert!(!matches(wrong, None), "{wrong}");
        }
        assert!(!format!("{key:?}").contains(&key.reveal()[9..]));
    }
}
