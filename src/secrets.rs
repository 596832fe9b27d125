//! The master key and what it seals: secrets that must be readable again. (C-WH-06)
//!
//! Webhook secrets sign every attempt and may be looked at, so they can't be kept as hashes. They
//! are sealed with AES-256-GCM under a key that comes from the environment or from a file beside the
//! data, made at the first start and readable by its owner alone. Neither keys nor secrets print.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::catalog::SealedSecret;
use rand::TryRng;
use rand::rngs::SysRng;

/// The variable that holds the key, and the file that holds it otherwise.
const VARIABLE: &str = "ACCOLADE_MASTER_KEY";
const FILE: &str = "master.key";

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const SECRET_BYTES: usize = 32;
const SECRET_PREFIX: &str = "whsec_";

/// What seals secrets.
#[derive(Clone)]
pub struct MasterKey(Aes256Gcm);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// Why there is no master key, or why it doesn't open something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text isn't a key.
    #[error("{0}: expected 64 hexadecimal digits, such as `openssl rand -hex 32` prints")]
    Malformed(String),
    /// The file can't be read or made.
    #[error("{0}: {1}")]
    File(String, io::Error),
    /// The secret was sealed with another key.
    #[error("a webhook's secret was sealed with another master key")]
    OtherKey,
}

impl MasterKey {
    /// The key in the environment, if there is one.
    ///
    /// # Errors
    /// If the variable holds something else.
    pub fn from_environment() -> Result<Option<Self>, Error> {
        match std::env::var(VARIABLE) {
            // A variable that is passed on without a value is as good as none.
            Ok(text) if text.is_empty() => Ok(None),
            Ok(text) => Self::parse(&text, VARIABLE).map(Some),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(Error::Malformed(VARIABLE.to_owned())),
        }
    }

    /// The key in the file of a data directory, which is made if there is none.
    ///
    /// # Errors
    /// If it can't be read, made, or isn't a key.
    pub fn in_directory(data: &Path) -> Result<Self, Error> {
        let path = file_in(data);
        let shown = path.display().to_string();
        let failed = |error| Error::File(shown.clone(), error);
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        match made {
            Ok(mut file) => {
                let key: [u8; KEY_BYTES] = random();
                let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
                let written = writeln!(file, "{digits}").and_then(|()| file.sync_all());
                // The name has to survive a power loss like the secrets sealed with the key.
                written.and_then(|()| File::open(data)?.sync_all()).map_err(failed)?;
                Ok(Self::of(&key))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let mut text = String::new();
                let read = File::open(&path).and_then(|mut file| file.read_to_string(&mut text));
                read.map_err(failed)?;
                Self::parse(text.trim_end(), &shown)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// A key that nobody keeps, for servers without a directory.
    #[must_use]
    pub fn generate() -> Self {
        Self::of(&random())
    }

    fn parse(digits: &str, source: &str) -> Result<Self, Error> {
        let malformed = || Error::Malformed(source.to_owned());
        let digits: Option<Vec<u8>> = digits
            .chars()
            .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let digits = digits.filter(|digits| digits.len() == 2 * KEY_BYTES).ok_or_else(malformed)?;
        let mut key = [0; KEY_BYTES];
        for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Self::of(&key))
    }

    fn of(key: &[u8; KEY_BYTES]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    /// Seals a secret: a nonce, then the ciphertext with its tag.
    ///
    /// # Panics
    /// Never: texts of this length can be sealed.
    #[must_use]
    pub fn seal(&self, secret: &WebhookSecret) -> SealedSecret {
        let nonce: [u8; NONCE_BYTES] = random();
        let sealed = self.0.encrypt(Nonce::from_slice(&nonce), secret.0.as_bytes());
        let sealed = sealed.expect("a short text can be sealed");
        SealedSecret([nonce.as_slice(), &sealed].concat())
    }

    /// The secret that was sealed.
    ///
    /// # Errors
    /// If it was sealed with another key, or changed since.
    pub fn open(&self, SealedSecret(sealed): &SealedSecret) -> Result<WebhookSecret, Error> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or(Error::OtherKey)?;
        let opened = self.0.decrypt(Nonce::from_slice(nonce), sealed).ok();
        let opened = opened.and_then(|bytes| String::from_utf8(bytes).ok());
        opened.map(WebhookSecret).ok_or(Error::OtherKey)
    }
}

/// Where the key of a data directory is.
#[must_use]
pub fn file_in(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// The file at `path` by its name, to go with a copy of what its key seals.
///
/// # Errors
/// If it can't be read.
pub fn read_file(path: &Path) -> Result<(String, Vec<u8>), Error> {
    let contents = std::fs::read(path);
    let contents = contents.map_err(|error| Error::File(path.display().to_string(), error))?;
    Ok((FILE.to_owned(), contents))
}

/// What a webhook's attempts are signed with: `whsec_` and 43 base64url characters. (C-WH-06)
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(String);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

impl WebhookSecret {
    /// A new secret from the operating system's random numbers.
    #[must_use]
    pub fn generate() -> Self {
        let bytes: [u8; SECRET_BYTES] = random();
        Self(format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The whole secret, to be shown; also the key of `X-Trophy-Signature`. (C-WH-11)
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The random bytes behind the text: the key of `webhook-signature`.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let text = self.0.strip_prefix(SECRET_PREFIX).unwrap_or(&self.0);
        URL_SAFE_NO_PAD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec())
    }

    /// The same random bytes as libraries for Standard Webhooks expect them.
    #[must_use]
    pub fn standard(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(self.bytes()))
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system has random numbers");
    bytes
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{Error, MasterKey, WebhookSecret};

    // C-WH-06
    #[test]
    fn secrets_have_the_published_form() {
        let secret = WebhookSecret::generate();
        let body = secret.reveal().strip_prefix("whsec_").unwrap();
        assert_eq!(body.len(), 43);
        assert!(body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_eq!(secret.bytes().len(), 32);
        assert_ne!(secret, WebhookSecret::generate());
    }

    // C-WH-06
    #[test]
    fn what_is_sealed_opens_with_the_same_key_only_and_never_prints() {
        let (key, other) = (MasterKey::generate(), MasterKey::generate());
        let secret = WebhookSecret::generate();
        let sealed = key.seal(&secret);
        assert_eq!(key.open(&sealed).unwrap(), secret);
        assert_ne!(sealed, key.seal(&secret), "each sealing has its own nonce");
        assert!(matches!(other.open(&sealed), Err(Error::OtherKey)));
        let mut damaged = sealed.clone();
        *damaged.0.last_mut().unwrap() ^= 1;
        assert!(matches!(key.open(&damaged), Err(Error::OtherKey)));
        assert!(!sealed.0.windows(8).any(|part| secret.reveal().as_bytes().starts_with(part)));
        let printed = format!("{key:?} {secret:?} {sealed:?}");
        assert!(!printed.contains("whsec_"), "{printed}");
    }

    // C-WH-06
    #[test]
    fn the_file_is_made_once_and_is_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let secret = WebhookSecret::generate();
        let sealed = MasterKey::in_directory(directory.path()).unwrap().seal(&secret);
        let file = directory.path().join("master.key");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let again = MasterKey::in_directory(directory.path()).unwrap();
        assert_eq!(again.open(&sealed).unwrap(), secret);
        std::fs::write(&file, "not a key").unwrap();
        let error = MasterKey::in_directory(directory.path()).unwrap_err().to_string();
        assert!(error.contains("master.key: expected 64 hexadecimal digits"), "{error}");
    }
}
