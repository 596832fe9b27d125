//! Runs become final at their instants. (C-LB-11, C-LB-24)
//!
//! At a run's finalisation everything that is due by then is committed first: batches that were
//! accepted are worked through (C-ADM-37), timers have fired, and everyone is counted who had to be. Then the ranking is written as rows, made from the rows of
//! scores and not from memory, so a crash in between is made good by doing it again: the same rows
//! come out. The last row says that the run is settled, and from then on everyone reads rows. Of
//! each board the runs become final in order; which one is next is all that is remembered.

use std::collections::HashMap;
use std::sync::Arc;

use domain::catalog::{Leaderboard, Phase};
use domain::ids::{LeaderboardId, Scope};
use domain::leaderboard::Run;
use domain::time::{Date, Timestamp};
use parking_lot::Mutex;

use super::{Recounts, RunKey, Runs};
use crate::catalog::Catalogs;
use crate::clock::Clock;
use crate::error::Error;
use crate::queue::Queue;
use crate::schedule::{Firing, Source};
use crate::timer::Timers;
use crate::webhooks::RunTeller;
use tokio::sync::Notify;

/// What makes runs final.
pub(crate) struct Settling {
    pub(crate) scope: Scope,
    pub(crate) clock: Clock,
    pub(crate) catalogs: Arc<Catalogs>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) timers: Arc<Timers>,
    pub(crate) recounts: Arc<Recounts>,
    pub(crate) runs: Arc<Runs>,
    /// Who tells that a run is final.
    pub(crate) teller: Arc<RunTeller>,
    /// Of each board with a settled run the date after its latest.
    pub(crate) next: Mutex<HashMap<LeaderboardId, Date>>,
    /// One at a time.
    pub(crate) firing: tokio::sync::Mutex<()>,
    pub(crate) woken: Arc<Notify>,
}

impl Settling {
    /// The run of a board that becomes final next, and when.
    fn next_of(&self, board: &Leaderboard) -> Option<(Run, Timestamp)> {
        let finished = match board.phase {
            Phase::Off => return None,
            Phase::On => None,
            Phase::Finished { at } => Some(at),
        };
        let from = self.next.lock().get(&board.id).copied();
        let from = from.or_else(|| board.first_counted().map(|run| run.start))?;
        let run = board.runs.run_of(from.max(board.runs.start))?;
        let due = [finished, run.finalised_at()].into_iter().flatten().min()?;
        Some((run, due))
    }

    fn due(&self, now: Timestamp) -> Option<(Leaderboard, Run, Timestamp)> {
        let catalog = self.catalogs.current(self.scope);
        let next = catalog.live_leaderboards().filter_map(|board| {
            let (run, due) = self.next_of(board)?;
            (due <= now).then(|| (board.clone(), run, due))
        });
        next.min_by_key(|(_, run, due)| (*due, *run))
    }

    /// Makes final what is due, the earliest first.
    pub(crate) async fn settle_due(&self) -> Result<(), Error> {
        let _one_at_a_time = self.firing.lock().await;
        while let Some((board, run, due)) = self.due(self.clock.now()) {
            self.queue.caught_up().await?;
            self.timers.fire_due().await?;
            self.recounts.catch_up(self.catalogs.current(self.scope).recounts).await?;
            let key = RunKey::new(self.scope, board.id, run);
            self.runs.settle(key, due).await?;
            self.teller.note_settled(key, due);
            let end = run.end.expect("only a run that ends is ever due");
            self.next.lock().insert(board.id, end.succ());
        }
        Ok(())
    }
}

impl Source for Settling {
    fn next_due(&self) -> Option<Timestamp> {
        let catalog = self.catalogs.current(self.scope);
        catalog.live_leaderboards().filter_map(|board| Some(self.next_of(board)?.1)).min()
    }

    fn fire_due(&self) -> Firing<'_> {
        Box::pin(self.settle_due())
    }
}
