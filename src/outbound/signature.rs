//! Signatures of webhook attempts. (C-WH-10, C-WH-11)
//!
//! Two are sent beside each other. The published one covers the body alone and is keyed by the text
//! of the secret. That of Standard Webhooks covers id, time and body, which lets receivers refuse
//! replays, and is keyed by the bytes that the text stands for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secrets::WebhookSecret;

/// `X-Trophy-Signature`: base64 of HMAC-SHA256 over the body, keyed by the whole secret as shown.
#[must_use]
pub fn published(secret: &WebhookSecret, body: &[u8]) -> String {
    hmac(secret.reveal().as_bytes(), &[body])
}

/// `webhook-signature`: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`, keyed by the
/// decoded secret.
#[must_use]
pub fn standard(secret: &WebhookSecret, id: &str, seconds: &str, body: &[u8]) -> String {
    let parts = [id.as_bytes(), b".", seconds.as_bytes(), b".", body];
    format!("v1,{}", hmac(&secret.bytes(), &parts))
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    parts.iter().for_each(|part| mac.update(part));
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::hmac;

    // The example of RFC 4231, section 4.3, in base64.
    #[test]
    fn known_answer() {
        let answer = hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(answer, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
    }
}
