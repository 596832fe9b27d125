//! One run in memory: built from rows when first needed, then moved with every commit.
//!
//! Moves arrive in the order of each user's commits, and each says where the score came from and
//! where it is now. So it doesn't matter which of them the rows already held when they were read:
//! after the last one everyone stands where their row says, and until then the answer to a move is
//! made from where that move began. Reads take the same way as moves: what was answered to an event
//! is what anyone reads afterwards. (C-LB-35)

use std::sync::Arc;

use domain::catalog::Catalog;
use domain::ids::UserId;
use domain::leaderboard::{ScoreMove, ScoreRecord};
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::RunKey;
use super::ranks::Moved;
use crate::board::{Board, Move};
use crate::catalog::Catalogs;
use crate::error::Error;
use crate::rows;
use crate::webhooks::Notes;
use storage::Store;

/// What a run is told.
pub(crate) enum RunMessage {
    /// Be there.
    Build,
    /// A user's score or group is durably another one.
    Move(Moved),
    /// Somebody wants to know something, and gets the answer by a way of their own.
    Read(Read),
}

/// A question.
pub(super) type Read = Box<dyn FnOnce(Result<&Board, Error>) + Send>;

/// What runs work with.
pub(super) struct Tools {
    pub(super) store: Store,
    pub(super) catalogs: Arc<Catalogs>,
    /// Who tells of changes.
    pub(super) notes: Arc<Notes>,
    /// The most users a group can rank. (C-LB-40)
    pub(super) participants_max: u32,
}

/// The actor; everything it knows is in [`LeaderboardRun`].
pub(super) struct LeaderboardRunActor;

/// A run.
pub(super) struct LeaderboardRun {
    key: RunKey,
    tools: Arc<Tools>,
    /// None until it is needed.
    board: Option<Board>,
    /// The configuration that the participant limit is of.
    catalog: Option<Arc<Catalog>>,
}

impl Actor for LeaderboardRunActor {
    type Msg = RunMessage;
    type State = LeaderboardRun;
    type Arguments = (RunKey, Arc<Tools>);

    async fn pre_start(
        &self,
        _myself: ActorRef<RunMessage>,
        (key, tools): Self::Arguments,
    ) -> Result<LeaderboardRun, ActorProcessingErr> {
        Ok(LeaderboardRun { key, tools, board: None, catalog: None })
    }

    async fn handle(
        &self,
        _myself: ActorRef<RunMessage>,
        message: RunMessage,
        run: &mut LeaderboardRun,
    ) -> Result<(), ActorProcessingErr> {
        let (key, notes) = (run.key, Arc::clone(&run.tools.notes));
        let board = run.board().await;
        match message {
            RunMessage::Build => drop(board),
            // Without a board nothing is lost: it will be built from rows that have the move.
            RunMessage::Move(moved) => {
                if let Ok(board) = board {
                    apply(moved, board, |board, user, change| {
                        notes.note(key, board, user, change);
                    });
                }
            }
            RunMessage::Read(read) => read(board.map(|board| &*board)),
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<RunMessage>,
        run: &mut LeaderboardRun,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(board) = run.board.take() {
            // Millions of scores take a while to give back.
            tokio::task::spawn_blocking(move || drop(board));
        }
        Ok(())
    }
}

impl LeaderboardRun {
    /// The board, with the participant limit of now. (C-LB-43)
    async fn board(&mut self) -> Result<&mut Board, Error> {
        if self.board.is_none() {
            let limit = self.tools.seats(&self.key);
            let built = rows::build_board(&self.tools.store, self.key, limit.unwrap_or(0)).await;
            if let Err(error) = &built {
                tracing::error!(leaderboard.id = %self.key.leaderboard, %error, "a run could not be read");
            }
            self.board = Some(built?);
        }
        let board = self.board.as_mut().expect("it was just built");
        let catalog = self.tools.catalogs.current(self.key.scope);
        // A message usually finds the configuration that the one before it found.
        if !self.catalog.as_ref().is_some_and(|known| Arc::ptr_eq(known, &catalog)) {
            let limit = self.tools.seats_in(&catalog, &self.key);
            if let Some(limit) = limit.filter(|limit| *limit != board.limit()) {
                board.set_limit(limit);
            }
            self.catalog = Some(catalog);
        }
        Ok(board)
    }
}

impl Tools {
    /// How many users a group of the run's board ranks; none for a board that is gone.
    pub(super) fn seats(&self, key: &RunKey) -> Option<u64> {
        self.seats_in(&self.catalogs.current(key.scope), key)
    }

    fn seats_in(&self, catalog: &Catalog, key: &RunKey) -> Option<u64> {
        let board = catalog.find_leaderboard(key.leaderboard)?;
        Some(u64::from(board.seats(self.participants_max)))
    }
}

/// Makes a move, has it noted, and answers it if somebody waits.
fn apply(moved: Moved, board: &mut Board, note: impl FnOnce(&Board, &UserId, &Move)) {
    let (user, ScoreMove { before, after, .. }) = (moved.user(), moved.change());
    let mut done = stand(board, user, after.as_ref());
    if let Some(done) = &done {
        note(board, user, done);
    }
    if !moved.is_asked() {
        return;
    }
    // Where it began otherwise, the rows held this move or a later one when they were read.
    if !done.as_ref().is_some_and(|done| begins_at(done, before.as_ref())) {
        stand(board, user, before.as_ref());
        done = stand(board, user, after.as_ref());
    }
    if let Some(done) = done {
        moved.answer(&done);
    }
}

/// Whether the user stood where this row says before a move.
fn begins_at(done: &Move, row: Option<&ScoreRecord>) -> bool {
    let participating = row.filter(|row| row.participates());
    let group = participating.and_then(|row| row.group.as_ref());
    done.before == row.map(|row| row.score) && done.previous_group() == group
}

/// Makes a user's score what the row says.
fn stand(board: &mut Board, user: &UserId, row: Option<&ScoreRecord>) -> Option<Move> {
    match row {
        Some(row) => Some(board.put(user, row.score, row.group.as_ref())),
        None => board.remove(user),
    }
}
