//! A JSON body that is sent while it is written, for answers that may be larger than memory.
//!
//! A thread that may block writes it; a few chunks wait for the caller, and the thread for them. When
//! writing fails the body ends without its end, so that nobody takes it for a whole one.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use http_body::Frame;
use tokio::sync::mpsc;

/// Bytes sent at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that wait for the caller.
const CHUNKS_MAX: usize = 4;

/// Answers with what `write` writes.
pub fn json(write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static) -> Response {
    let (chunks, body) = mpsc::channel(CHUNKS_MAX);
    tokio::task::spawn_blocking(move || {
        let mut out = Chunked { chunks, buffer: Vec::with_capacity(CHUNK_BYTES) };
        let written = write(&mut out).and_then(|()| out.flush());
        if let Err(error) = written
            && !out.chunks.is_closed()
        {
            tracing::error!(%error, "an answer could not be written to its end");
            // Who asked may have hung up in between.
            let _ = out.chunks.blocking_send(Err(error));
        }
    });
    ([(CONTENT_TYPE, "application/json")], Body::new(Chunks(body))).into_response()
}

struct Chunked {
    chunks: mpsc::Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Write for Chunked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK_BYTES));
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.chunks.blocking_send(Ok(chunk.into())).map_err(gone)
    }
}

struct Chunks(mpsc::Receiver<io::Result<Bytes>>);

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use axum::body::to_bytes;

    use super::{CHUNK_BYTES, json};

    #[tokio::test]
    async fn a_body_arrives_whole_and_in_order() {
        let text: String = (0..CHUNK_BYTES).map(|n| format!("{n},")).collect();
        let sent = text.clone();
        let response = json(move |out| out.write_all(sent.as_bytes()));
        let received = to_bytes(response.into_body(), usize::MAX).await.expect("whole");
        assert_eq!(received, text);
    }

    #[tokio::test]
    async fn one_that_fails_does_not_look_whole() {
        let response = json(|out| {
            out.write_all(&[b'x'; CHUNK_BYTES])?;
            Err(io::Error::other("the disk is gone"))
        });
        assert!(to_bytes(response.into_body(), usize::MAX).await.is_err());
    }
}
