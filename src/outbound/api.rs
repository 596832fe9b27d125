//! Requests of commands to a running server.
//!
//! This knows how a request gets there and back, and nothing of what it asks for.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, Url};

use crate::http::error::message_of;

/// How long a server may take to accept a connection, or to answer whole.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Why a request was not answered with success.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It did not get there, or no answer came back.
    #[error("{0}")]
    Unreachable(#[from] reqwest::Error),
    /// The server refused it, and says why.
    #[error("{0}")]
    Refused(String),
}

/// A running server's Admin API.
#[derive(Debug)]
pub struct AdminApi {
    client: reqwest::Client,
    base: String,
    key: String,
}

impl AdminApi {
    /// The Admin API of the server at `url`, called with an admin key.
    ///
    /// # Errors
    /// If the system's certificates can't be read.
    pub fn new(url: &Url, key: &str) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().connect_timeout(TIMEOUT).build()?;
        let base = format!("{}/admin/v1", url.as_str().trim_end_matches('/'));
        Ok(Self { client, base, key: key.to_owned() })
    }

    /// One request; the body of its successful answer.
    ///
    /// # Errors
    /// If there was none.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<String, CallError> {
        let request = self.request(method, path).timeout(TIMEOUT);
        let request = match body {
            Some(body) => request.body(body),
            None => request,
        };
        Ok(successful(request.send().await?).await?.text().await?)
    }

    /// One request whose answer arrives in pieces for as long as it takes.
    ///
    /// # Errors
    /// If there was none.
    pub async fn download(&self, path: &str) -> Result<Response, CallError> {
        successful(self.request(Method::GET, path).send().await?).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        request.header("X-API-KEY", &self.key)
    }
}

async fn successful(answer: Response) -> Result<Response, CallError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let said = message_of(&answer.text().await?);
    Err(CallError::Refused(said.unwrap_or_else(|| format!("the server answered {status}"))))
}
