//! Boards that were switched on or rescheduled have everyone counted: users who didn't catch up yet
//! are settled, which counts them from their history. (C-LB-12, C-LB-27)
//!
//! A change of configuration starts it, and whoever reads a board waits for what that board needs.
//! A user who is counted meanwhile by a request of their own is left alone. Nothing is remembered
//! but up to which number everybody has caught up; at the start that is seen in the snapshots.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::ids::{Scope, UserId};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::catalog::Catalogs;
use crate::clock;
use crate::error::Error;
use crate::router::Router;
use crate::rows::{self, UsersBehind};
use crate::schedule::RETRY_AFTER;
use crate::user::UserContext;
use crate::user_key::UserKey;

/// Users read at once.
const CHUNK: usize = 1_024;

/// Users settled side by side.
const SIDE_BY_SIDE: usize = 64;

/// Catches up.
pub(crate) struct Recounts {
    scope: Scope,
    context: Arc<UserContext>,
    router: Arc<Router>,
    catalogs: Arc<Catalogs>,
    /// Every stored user knows of the recounts up to this number.
    done: AtomicU64,
    /// One at a time.
    running: Mutex<()>,
}

impl Recounts {
    pub(crate) fn new(
        scope: Scope,
        context: Arc<UserContext>,
        router: Arc<Router>,
        catalogs: Arc<Catalogs>,
        done: u64,
    ) -> Self {
        let (done, running) = (AtomicU64::new(done), Mutex::new(()));
        Self { scope, context, router, catalogs, done, running }
    }

    /// Has everyone catch up with the current configuration, without waiting for it.
    pub(crate) fn start(self: &Arc<Self>) {
        let own = Arc::clone(self);
        let latest = self.catalogs.current(self.scope).recounts;
        tokio::spawn(async move {
            if let Err(error) = own.catch_up(latest).await {
                tracing::warn!(%error, "not everyone is counted on a new leaderboard yet");
            }
        });
    }

    /// Whether everyone has caught up with the recounts up to `number`.
    pub(crate) fn has_counted(&self, number: u64) -> bool {
        self.done.load(Ordering::Acquire) >= number
    }

    /// Returns when everyone has caught up with the recounts up to `number`.
    ///
    /// # Errors
    /// If users can't be read or stored.
    pub(crate) async fn catch_up(&self, number: u64) -> Result<(), Error> {
        if self.has_counted(number) {
            return Ok(());
        }
        let _one_at_a_time = self.running.lock().await;
        loop {
            if self.has_counted(number) {
                return Ok(());
            }
            let latest = self.catalogs.current(self.scope).recounts;
            // Looked at again after anyone was behind: a request that began before the change may
            // have made a user meanwhile.
            if !self.settle_behind(latest).await? {
                self.done.store(latest, Ordering::Release);
            }
        }
    }

    /// Has everyone settled who didn't catch up with the recounts up to `number`; whether anyone was.
    async fn settle_behind(&self, number: u64) -> Result<bool, Error> {
        let (mut any, mut after) = (false, None);
        loop {
            let store = &self.context.store;
            let behind = rows::users_behind(store, self.scope, number, after, CHUNK).await?;
            let UsersBehind { users, last } = behind;
            any |= !users.is_empty();
            self.settle_all(users).await?;
            let Some(last) = last else { return Ok(any) };
            after = Some(last);
        }
    }

    async fn settle_all(&self, users: Vec<UserId>) -> Result<(), Error> {
        let mut settling = JoinSet::new();
        let mut result = Ok(());
        for user in users {
            if settling.len() >= SIDE_BY_SIDE {
                result = result.and(joined(settling.join_next().await));
            }
            if result.is_err() {
                break;
            }
            let key = UserKey { scope: self.scope, user };
            let (router, catalogs) = (Arc::clone(&self.router), Arc::clone(&self.catalogs));
            settling.spawn(async move { settle(&router, &catalogs, &key).await });
        }
        while let Some(settled) = settling.join_next().await {
            result = result.and(joined(Some(settled)));
        }
        result
    }
}

fn joined(settled: Option<Result<Result<(), Error>, tokio::task::JoinError>>) -> Result<(), Error> {
    settled.unwrap_or(Ok(Ok(()))).unwrap_or(Err(Error::Internal))
}

/// Settles one user, however often it takes.
async fn settle(router: &Router, catalogs: &Catalogs, key: &UserKey) -> Result<(), Error> {
    loop {
        match router.settle(key, catalogs.current(key.scope)).await {
            Err(Error::Overloaded) => clock::pause(RETRY_AFTER).await,
            // Who is gone has no score.
            Ok(()) | Err(Error::Rejected(_)) => return Ok(()),
            Err(error @ (Error::Unavailable { .. } | Error::Internal)) => return Err(error),
        }
    }
}
