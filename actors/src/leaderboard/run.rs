//! One run in memory: built from rows when first needed, then moved with every commit.
//!
//! Moves arrive in the order of each user's commits, and each says where the score came from and
//! where it is now. So it doesn't matter which of them the rows already held when they were read:
//! after the last one everyone stands where their row says, and until then the answer to a move is
//! made from where that move began. Reads take the same way as moves: what was answered to an event
//! is what anyone reads afterwards. (C-LB-35)

use std::collections::HashMap;
use std::sync::Arc;

use domain::catalog::Catalog;
use domain::ids::UserId;
use domain::leaderboard::{ScoreMove, ScoreRecord};
use domain::time::{Date, Timestamp};
use parking_lot::Mutex;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::Semaphore;

use super::RunKey;
use super::day_book::{DayBook, Waiter};
use super::ranks::Moved;
use super::watchers::{LOOK_AFTER, NewReader, Watchers};
use crate::board::{Board, Move};
use crate::catalog::Catalogs;
use crate::clock::Clock;
use crate::error::Error;
use crate::rows;
use crate::webhooks::Notes;
use storage::Store;

/// What a run is told.
pub(crate) enum RunMessage {
    /// Be there, by the configuration of now.
    Build,
    /// A user's score or group is durably another one.
    Move(Moved),
    /// A user is no more, and neither is their row.
    Forget(UserId),
    /// Somebody wants to know something, and gets the answer by a way of their own.
    Read(Read),
    /// Somebody wants to know a page and what becomes of it.
    Watch(Box<NewReader>),
    /// It is time to tell whoever watches what has changed.
    Look,
    /// Somebody waits for rows of days to be durable.
    Days(Days, Waiter),
    /// Write down what was counted, and end.
    Close(Waiter),
}

/// Which rows of days somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    /// Those that are due.
    Due,
    /// All there could be.
    All,
    /// Those of days that are over.
    Over,
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
    pub(super) clock: Clock,
    /// When any user was last decided before the engine started.
    pub(super) decided_at: Timestamp,
    /// When runs have days to write.
    pub(super) dues: Mutex<HashMap<RunKey, Timestamp>>,
    /// Bounds how many runs write their days at a time.
    pub(super) writing: Semaphore,
}

/// The actor; everything it knows is in [`LeaderboardRun`].
pub(super) struct LeaderboardRunActor;

/// A run.
pub(super) struct LeaderboardRun {
    key: RunKey,
    tools: Arc<Tools>,
    /// None until it is needed.
    built: Option<Built>,
    /// The configuration that the participant limit is of.
    catalog: Option<Arc<Catalog>>,
}

/// What a run knows of its scores and of its current day, and who is told of changes.
struct Built {
    key: RunKey,
    tools: Arc<Tools>,
    board: Board,
    book: DayBook,
    watchers: Watchers,
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
        Ok(LeaderboardRun { key, tools, built: None, catalog: None })
    }

    async fn handle(
        &self,
        myself: ActorRef<RunMessage>,
        message: RunMessage,
        run: &mut LeaderboardRun,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            RunMessage::Build => drop(run.built().await),
            // Without a board nothing is lost: it will be built from rows that have the move.
            RunMessage::Move(moved) => {
                if let Ok(built) = run.built().await {
                    apply(moved, built);
                }
            }
            RunMessage::Forget(user) => {
                if let Ok(built) = run.built().await {
                    built.stand(&user, None);
                }
            }
            RunMessage::Read(read) => read(run.built().await.map(|built| &built.board)),
            RunMessage::Watch(reader) => {
                let built = run.built().await;
                reader.admit(built.map(|Built { board, watchers, .. }| (&*board, watchers)));
            }
            RunMessage::Look => {
                if let Ok(Built { board, watchers, .. }) = run.built().await {
                    watchers.look(board);
                }
            }
            RunMessage::Days(days, waiter) => match run.built().await {
                Ok(built) => built.write(days, waiter),
                // Who asked may have hung up.
                Err(error) => drop(waiter.send(Err(error))),
            },
            RunMessage::Close(waiter) => {
                match &mut run.built {
                    Some(built) => built.write(Days::All, waiter),
                    // Who asked may have hung up.
                    None => drop(waiter.send(Ok(()))),
                }
                myself.stop(None);
            }
        }
        if run.built.as_mut().is_some_and(|built| built.watchers.wants_look()) {
            myself.send_after(LOOK_AFTER, || RunMessage::Look);
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<RunMessage>,
        run: &mut LeaderboardRun,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(Built { board, .. }) = run.built.take() {
            // Millions of scores take a while to give back.
            tokio::task::spawn_blocking(move || drop(board));
        }
        Ok(())
    }
}

impl LeaderboardRun {
    /// The board, with the participant limit and on the day of now. (C-LB-43, C-LB-71)
    async fn built(&mut self) -> Result<&mut Built, Error> {
        if self.built.is_none() {
            let limit = self.tools.seats(&self.key);
            let built = self.build(limit.unwrap_or(0)).await;
            if let Err(error) = &built {
                tracing::error!(leaderboard.id = %self.key.leaderboard, %error, "a run could not be read");
            }
            self.built = Some(built?);
        }
        let Built { board, book, watchers, .. } = self.built.as_mut().expect("it was just built");
        book.turn(board, self.tools.clock.now());
        let catalog = self.tools.catalogs.current(self.key.scope);
        // A message usually finds the configuration that the one before it found.
        if !self.catalog.as_ref().is_some_and(|known| Arc::ptr_eq(known, &catalog)) {
            let (limit, before) = (self.tools.seats_in(&catalog, &self.key), board.limit());
            if let Some(limit) = limit.filter(|limit| *limit != before) {
                board.set_limit(limit);
                book.count_limit(board, before);
                watchers.note_all();
            }
            self.catalog = Some(catalog);
        }
        Ok(self.built.as_mut().expect("it was just built"))
    }

    async fn build(&self, limit: u64) -> Result<Built, Error> {
        let Self { key, tools, .. } = self;
        let ranked = rows::last_ranked(&tools.store, *key).await?;
        let (board, reached) = rows::build_board(&tools.store, *key, limit).await?;
        let changed_at = tools.changed_at(key).max(reached.unwrap_or(Timestamp::MIN));
        let book = DayBook::open(*key, Arc::clone(tools), &board, changed_at, ranked);
        let (key, tools) = (*key, Arc::clone(tools));
        Ok(Built { key, tools, board, book, watchers: Watchers::default() })
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

    /// The day of a run that an instant belongs to.
    pub(super) fn day_of(&self, key: &RunKey, at: Timestamp) -> Date {
        let catalog = self.catalogs.current(key.scope);
        let run = catalog.find_leaderboard(key.leaderboard).and_then(|own| own.run_from(key.run));
        run.map_or_else(|| at.utc_date(), |run| run.day_at(at))
    }

    /// Not before the last change of a run, scores apart, that may have happened before the engine
    /// started.
    fn changed_at(&self, key: &RunKey) -> Timestamp {
        let catalog = self.catalogs.current(key.scope);
        let board = catalog.find_leaderboard(key.leaderboard);
        let edited_at = board.map(|board| board.stamps.updated_at);
        let counted_at = board.and_then(|board| board.recounts.last()).map(|recount| recount.at);
        self.decided_at.max(edited_at.max(counted_at).unwrap_or(Timestamp::MIN))
    }
}

impl Built {
    fn write(&mut self, days: Days, waiter: Waiter) {
        let Self { board, book, .. } = self;
        match days {
            Days::Due => book.write_due(board, waiter),
            Days::All => book.write(board, Some(waiter)),
            // Turning to today has sent those.
            Days::Over => book.wait(waiter),
        }
    }

    /// Makes a user's score what the row says, counts what that changed, and notes it for readers and
    /// webhooks.
    fn stand(&mut self, user: &UserId, row: Option<&ScoreRecord>) -> Option<Move> {
        let Self { key, tools, board, book, watchers } = self;
        if row.is_none() {
            book.let_go(board, user);
        }
        let moved = stand(board, user, row)?;
        book.count(board, user, &moved);
        watchers.note(&moved);
        tools.notes.note(*key, board, user, &moved);
        Some(moved)
    }
}

/// Makes a move, and answers it if somebody waits.
fn apply(moved: Moved, built: &mut Built) {
    let (user, ScoreMove { before, after, .. }) = (moved.user(), moved.change());
    let mut done = built.stand(user, after.as_ref());
    if !moved.is_asked() {
        return;
    }
    // Where it began otherwise, the rows held this move or a later one when they were read.
    if !done.as_ref().is_some_and(|done| begins_at(done, before.as_ref())) {
        // Not counted: it ends where it is.
        stand(&mut built.board, user, before.as_ref());
        done = stand(&mut built.board, user, after.as_ref());
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
