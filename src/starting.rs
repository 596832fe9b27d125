//! What is answered while storage recovers: the process lives, it just isn't ready.
//!
//! These answers come from their own small service on the same socket, so that the one that serves
//! requests needs no "are we ready" on every one of them.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::http::error::ApiError;
use crate::http::health;
use crate::http::middleware::request_id;

/// How long a client in the middle of a request can hold up the start.
const OPEN_CONNECTIONS_MAX: Duration = Duration::from_millis(500);

/// The answering service; ends when told to.
#[derive(Debug)]
pub struct NotReady {
    end: oneshot::Sender<()>,
    service: JoinHandle<std::io::Result<()>>,
}

/// Answers 200 to `/healthz` and 503 to everything else, `/readyz` first of all.
#[must_use]
pub fn answer(listener: TcpListener) -> NotReady {
    let routes = Router::new()
        .route("/healthz", get(health::live))
        .fallback(not_ready)
        .layer(from_fn(request_id));
    let (end, ended) = oneshot::channel();
    let service = axum::serve(listener, routes).with_graceful_shutdown(async {
        // A dropped sender means the same.
        let _ = ended.await;
    });
    NotReady { end, service: tokio::spawn(service.into_future()) }
}

async fn not_ready() -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "The server is recovering, try again")
}

impl NotReady {
    /// Takes no more connections, from the moment this returns, and closes the open ones.
    pub async fn end(self) {
        // It may have ended by itself, for want of a socket.
        let _ = self.end.send(());
        let mut service = self.service;
        if timeout(OPEN_CONNECTIONS_MAX, &mut service).await.is_err() {
            service.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::answer;

    // C-API-06 C-API-21
    #[tokio::test]
    async fn until_it_is_ready_the_server_answers_like_later() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let not_ready = answer(listener);
        for (path, status, body) in [
            ("/v1/users/u", "503", r#"{"error":"The server is recovering, try again"}"#),
            ("/readyz", "503", r#"{"error":"The server is recovering, try again"}"#),
            ("/healthz", "200", r#"{"status":"ok"}"#),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
            assert!(answer.contains("\r\nx-request-id: "), "{answer}");
            assert!(answer.ends_with(body), "{answer}");
        }
        not_ready.end().await;
    }
}
