//! Stopping in order: no new connections, requests in flight finish, the engine drains, storage
//! writes its last checkpoint.
//!
//! The whole ends within ten seconds. Cutting it short loses nothing that was acknowledged; it only
//! means more to replay at the next start.

use std::future::pending;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::timeout;

/// How long stopping may take, from the signal on.
const STOP_MAX: Duration = Duration::from_millis(9_500);

/// Tells everyone who waits that it is time to stop.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Stops on SIGTERM and SIGINT.
    ///
    /// # Errors
    /// If the operating system refuses the handlers.
    pub fn on_signals() -> std::io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
            // Fails only when nobody waits any more.
            let _ = sender.send(true);
        });
        Ok(Self(receiver))
    }

    /// Waits for the signal.
    pub async fn wait(mut self) {
        // An error means that the waiting task ended without a signal: then none will come.
        if self.0.wait_for(|stop| *stop).await.is_err() {
            pending::<()>().await;
        }
    }
}

/// Runs `requests`, which end by themselves after the signal, then `rest`. From the signal on,
/// requests have `grace` and the whole has its limit; `None` if that was not enough.
///
/// # Errors
/// The first error of either.
pub async fn in_order<E>(
    stop: Stop,
    grace: Duration,
    requests: impl Future<Output = Result<(), E>>,
    rest: impl Future<Output = Result<(), E>>,
) -> Option<Result<(), E>> {
    tokio::pin!(requests);
    let early = tokio::select! {
        ended = &mut requests => Some(ended),
        () = stop.wait() => None,
    };
    timeout(STOP_MAX, async {
        let ended = match early {
            Some(ended) => ended,
            None => timeout(grace, requests).await.unwrap_or_else(|_| {
                tracing::warn!("requests in flight were cut short");
                Ok(())
            }),
        };
        let rest = rest.await;
        ended.and(rest)
    })
    .await
    .ok()
}
