//! Rankings and ranks that change, told at most once per quarter of an hour. (C-WH-43 to 47)
//!
//! Runs note their moves ([`Notes`]), which decides what is told now and what is held ([`side`]); the
//! teller here writes that down, a bounded batch at a time, and asks runs again when windows end. A
//! batch has the messages and what was told with them, so a crash leaves both or neither, and the next
//! start compares what was told with the rankings. All of one board is in one shard: windows span the
//! board's runs.

mod load;
mod notes;
mod side;
mod windows;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::catalog::{Catalog, Phase};
use domain::ids::LeaderboardId;
use domain::time::{Date, Timestamp};
use parking_lot::Mutex;

use self::notes::BoardNotes;
pub(crate) use self::notes::Notes;
use super::{REST, Webhooks};
use crate::board::Board;
use crate::clock;
use crate::error::Error;
use crate::leaderboard::{Recounts, RunKey, Runs};
use crate::rows;
use crate::schedule::{Firing, Source};

/// Tells of rankings.
pub(crate) struct RankingTeller {
    webhooks: Arc<Webhooks>,
    notes: Arc<Notes>,
    runs: Arc<Runs>,
    recounts: Arc<Recounts>,
    participants_max: u32,
    /// Whether somebody waits for boards to be counted.
    awaiting_counts: AtomicBool,
    /// The configuration that was last followed.
    followed: Mutex<Arc<Catalog>>,
    /// One at a time.
    telling: tokio::sync::Mutex<()>,
}

type Shared = Arc<Mutex<BoardNotes>>;

impl RankingTeller {
    /// Reads what was told.
    ///
    /// # Errors
    /// If storage can't be read.
    pub(crate) async fn new(
        webhooks: Arc<Webhooks>,
        notes: Arc<Notes>,
        runs: Arc<Runs>,
        recounts: Arc<Recounts>,
        participants_max: u32,
    ) -> Result<Self, Error> {
        let catalog = webhooks.tools.catalogs.current(webhooks.tools.scope);
        load::load(&webhooks.tools, &catalog, &notes).await?;
        let (followed, telling) = (Mutex::new(catalog), tokio::sync::Mutex::default());
        let awaiting_counts = AtomicBool::new(false);
        Ok(Self {
            webhooks,
            notes,
            runs,
            recounts,
            participants_max,
            awaiting_counts,
            followed,
            telling,
        })
    }

    /// Follows a change of configuration, before it is answered.
    pub(crate) fn follow(&self) {
        let tools = &self.webhooks.tools;
        let mut followed = self.followed.lock();
        let catalog = tools.catalogs.current(tools.scope);
        self.notes.follow(&followed, &catalog);
        *followed = catalog;
    }

    /// Tells what there is to tell, for as long as the engine runs.
    pub(crate) async fn work(self: Arc<Self>) {
        loop {
            if let Err(error) = self.tell().await {
                tracing::warn!(%error, "changes of rankings can't be told");
                clock::pause(REST).await;
            }
            self.await_counts();
            let next = self.next_due();
            tokio::select! {
                () = self.notes.woken.notified() => {}
                () = self.webhooks.tools.clock.wait_for(next) => {}
            }
        }
    }

    /// Has the boards that are being counted looked at when that is done.
    fn await_counts(self: &Arc<Self>) {
        let latest = self.counting().map(|(_, number)| number).max();
        if let Some(latest) = latest
            && !self.awaiting_counts.swap(true, Ordering::SeqCst)
        {
            let own = Arc::clone(self);
            tokio::spawn(async move {
                if own.recounts.catch_up(latest).await.is_err() {
                    // Whoever counts tells the operator.
                    clock::pause(REST).await;
                }
                own.awaiting_counts.store(false, Ordering::SeqCst);
                own.notes.woken.notify_one();
            });
        }
    }

    async fn tell(&self) -> Result<(), Error> {
        let _one_at_a_time = self.telling.lock().await;
        let catalog = self.catalog();
        for (notes, _) in self.counting() {
            notes.lock().counting.take_if(|number| self.recounts.has_counted(*number));
        }
        self.look(&catalog).await?;
        self.end_windows(&catalog).await?;
        self.forget_runs(&catalog);
        self.write(&catalog).await
    }

    /// Boards that are being counted, as far as is known here, with the number of the count.
    fn counting(&self) -> impl Iterator<Item = (Shared, u64)> + use<> {
        self.notes.all().into_iter().filter_map(|(_, notes)| {
            let number = notes.lock().counting?;
            Some((notes, number))
        })
    }

    /// Looks at runs that are yet to be seen.
    async fn look(&self, catalog: &Catalog) -> Result<(), Error> {
        for (id, notes) in self.notes.all() {
            let unseen = match notes.lock() {
                own if own.counting.is_some() => continue,
                own => own.unseen(),
            };
            for run in unseen {
                if !self.on_run(catalog, id, run, &notes, BoardNotes::look).await? {
                    notes.lock().release(run);
                }
            }
        }
        Ok(())
    }

    /// Ends the windows that have passed, the earliest run of a board first.
    async fn end_windows(&self, catalog: &Catalog) -> Result<(), Error> {
        let now = self.webhooks.tools.clock.now();
        for (id, notes) in self.notes.all() {
            loop {
                let ended = {
                    let mut own = notes.lock();
                    own.expire(now);
                    own.ended_run(now)
                };
                let Some(run) = ended else { break };
                let told = self.on_run(catalog, id, run, &notes, BoardNotes::end_windows).await?;
                if !told {
                    notes.lock().release(run);
                }
            }
        }
        Ok(())
    }

    /// Does something with a run's board, behind every move that it was told of; false if the board
    /// doesn't rank any more, or if ranks of the final ranking are vacant. (C-LB-84) A final run is
    /// read from its rows.
    async fn on_run(
        &self,
        catalog: &Catalog,
        board: LeaderboardId,
        run: Date,
        notes: &Shared,
        work: fn(&mut BoardNotes, Date, &Board, Timestamp),
    ) -> Result<bool, Error> {
        let on = catalog.find_leaderboard(board).filter(|board| board.phase != Phase::Off);
        if on.and_then(|board| board.run_from(run)).is_none() {
            return Ok(false);
        }
        let tools = &self.webhooks.tools;
        let key = RunKey { scope: tools.scope, leaderboard: board, run };
        let (notes, clock) = (Arc::clone(notes), tools.clock.clone());
        let work = move |board: &Board| work(&mut notes.lock(), run, board, clock.now());
        if rows::find_settled(&tools.store, key)?.is_some() {
            // Where somebody was erased since, others would seem to move.
            let Some(board) = rows::settled_board(&tools.store, key).await? else {
                return Ok(false);
            };
            work(&board);
        } else {
            self.runs.read(key, work).await?;
        }
        Ok(true)
    }

    /// Forgets what was told of runs that are long final, or that there are none of any more.
    fn forget_runs(&self, catalog: &Catalog) {
        let now = self.webhooks.tools.clock.now();
        for (id, notes) in self.notes.all() {
            let Some(board) = catalog.find_leaderboard(id) else { continue };
            let mut own = notes.lock();
            for (run, at) in own.kept_runs(board) {
                if at.is_some_and(|at| at <= now) {
                    own.forget_run(run);
                }
            }
        }
    }

    fn catalog(&self) -> Arc<Catalog> {
        self.webhooks.tools.catalogs.current(self.webhooks.tools.scope)
    }

    /// Returns when the runs have noted every move that was answered before.
    async fn settle(&self, catalog: &Catalog) -> Result<(), Error> {
        let tools = &self.webhooks.tools;
        let now = tools.clock.now();
        for (_, number) in self.counting() {
            self.recounts.catch_up(number).await?;
        }
        for (id, _) in self.notes.all() {
            let board = catalog.find_leaderboard(id).filter(|board| board.phase != Phase::Off);
            for run in board.into_iter().flat_map(|board| board.runs.open_at(now)) {
                let key = RunKey::new(tools.scope, id, run);
                if rows::find_settled(&tools.store, key)?.is_none() {
                    self.runs.read(key, |_| ()).await?;
                }
            }
        }
        Ok(())
    }
}

/// What falls due is the end of a window, and of what is kept of a run.
impl Source for RankingTeller {
    fn next_due(&self) -> Option<Timestamp> {
        let catalog = self.catalog();
        let due = |(id, notes): (LeaderboardId, Shared)| {
            let notes = notes.lock();
            let kept = catalog.find_leaderboard(id).map(|board| notes.kept_runs(board));
            let forgotten = kept.into_iter().flatten().filter_map(|(_, at)| at);
            notes.next_due().into_iter().chain(forgotten).min()
        };
        self.notes.all().into_iter().filter_map(due).min()
    }

    fn fire_due(&self) -> Firing<'_> {
        Box::pin(async {
            self.settle(&self.catalog()).await?;
            self.tell().await
        })
    }
}
