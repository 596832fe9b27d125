//! Posting to webhooks: headers, signatures, limits. (C-WH-09 to 15, C-WH-21)
//!
//! One client for all webhooks. It follows no redirects, uses no proxy, connects only to checked
//! addresses and reads only so much of a response. Whatever goes wrong becomes a text for the log.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actors::ports::{Post, Posted, Posting, WebhookTransport};
use domain::webhook::AttemptResult;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Response, Url, redirect};

use super::address::{Guard, GuardedResolver, Lookup};
use super::signature;
use crate::secrets::{MasterKey, WebhookSecret};

const USER_AGENT: &str = concat!("accolade-webhooks/", env!("CARGO_PKG_VERSION"));

/// Most of a response that is read. (C-WH-15)
const RESPONSE_BYTES_MAX: usize = 64 * 1024;

/// How much of it is kept. (C-WH-24)
const RESPONSE_BYTES_KEPT: usize = 4 * 1024;

/// How long the body of a response is waited for once its status is known; it decides nothing.
const BODY_WAIT_MAX: Duration = Duration::from_secs(5);

/// How long an unused connection is kept: less than common servers do (Node.js closes after five
/// seconds), so that an attempt doesn't meet one that is just being closed.
const IDLE_MAX: Duration = Duration::from_secs(4);

/// Sends bodies to webhooks.
#[derive(Clone)]
pub struct HttpTransport {
    client: Client,
    guard: Guard,
    key: MasterKey,
    timeout: Duration,
}

impl HttpTransport {
    /// A transport that waits `timeout` for a status and finds addresses with `lookup`.
    ///
    /// # Errors
    /// If the system's certificates can't be read.
    pub fn new(
        key: MasterKey,
        guard: Guard,
        timeout: Duration,
        lookup: Lookup,
    ) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(USER_AGENT)
            .pool_idle_timeout(IDLE_MAX)
            .dns_resolver(Arc::new(GuardedResolver { guard, lookup }))
            .build()?;
        Ok(Self { client, guard, key, timeout })
    }

    async fn attempt(self, post: Post) -> Result<Response, String> {
        let secret = self.key.open(&post.secret).map_err(|error| error.to_string())?;
        let url = Url::parse(&post.url).map_err(|error| format!("the URL: {error}"))?;
        if let Some(address) = literal_address(&url) {
            self.guard.check(address).map_err(|refused| refused.to_string())?;
        }
        let headers = headers(&post, &secret).ok_or("a header could not be made")?;
        let request = self.client.post(url).headers(headers).body(post.payload);
        match tokio::time::timeout(self.timeout, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(innermost(&error.without_url())),
            Err(_) => Err(format!("no response within {} s", self.timeout.as_secs_f32())),
        }
    }
}

impl WebhookTransport for HttpTransport {
    fn post(&self, post: Post) -> Posting {
        let transport = self.clone();
        Box::pin(async move {
            match transport.attempt(post).await {
                Ok(response) => {
                    let status = response.status().as_u16();
                    let head = tokio::time::timeout(BODY_WAIT_MAX, head(response)).await;
                    let response = head.unwrap_or_default();
                    Posted { result: AttemptResult::Status(status), response }
                }
                Err(reason) => {
                    Posted { result: AttemptResult::Error(reason), response: String::new() }
                }
            }
        })
    }
}

/// (C-WH-10, C-WH-13)
fn headers(post: &Post, secret: &WebhookSecret) -> Option<HeaderMap> {
    let body = post.payload.as_bytes();
    let id = post.message.to_string();
    let seconds = post.at.as_millis().div_euclid(1_000).to_string();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let values = [
        ("x-trophy-signature", signature::published(secret, body)),
        ("x-trophy-event-id", id.clone()),
        ("idempotency-key", id.clone()),
        ("x-trophy-webhook-id", post.webhook.to_string()),
        ("x-trophy-attempt", post.number.to_string()),
        ("webhook-signature", signature::standard(secret, &id, &seconds, body)),
        ("webhook-id", id),
        ("webhook-timestamp", seconds),
    ];
    for (name, value) in values {
        headers.insert(name, HeaderValue::try_from(value).ok()?);
    }
    Some(headers)
}

/// The address that a URL names instead of a host; those are never resolved.
fn literal_address(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// The beginning of a response, as far as it is kept; a bounded part of the rest is read so that the
/// connection can be used again.
async fn head(mut response: Response) -> String {
    let mut kept = Vec::new();
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        let room = RESPONSE_BYTES_KEPT - kept.len();
        kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if read >= RESPONSE_BYTES_MAX {
            break;
        }
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// The cause at the bottom, which says what happened; what is around it says only that sending
/// failed.
fn innermost(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
