//! What a run has yet to write down of its current day: whose standing changed, how often their rank
//! did. (C-LB-70 to C-LB-73, C-LB-81)
//!
//! The run counts in memory and writes a row per user and day at the end of each day, before it is
//! settled, and in between at most once a minute, so that a crash forgets no more than a minute of
//! counting. What was counted is handed to a task that writes one page after the other; no event
//! ever waits for it. A run that was built anew, after a crash or not, has note taken of everyone
//! who stands on it or stood there at last: what the latest row of a user says already is not
//! written again.

use std::sync::Arc;

use domain::calendar::Zone;
use domain::ids::UserId;
use domain::time::{Date, Timestamp};
use tokio::sync::{mpsc, oneshot};

use super::RunKey;
use super::run::Tools;
use crate::board::{Board, Move, Noted, Touched};
use crate::error::Error;
use crate::rows;

/// How long after the first change rows are written, unless the day ends before.
const WRITTEN_AFTER_MS: i64 = 60_000;

/// Who waits until something is durable.
pub(super) type Waiter = oneshot::Sender<Result<(), Error>>;

/// What a run has yet to write down.
pub(super) struct DayBook {
    key: RunKey,
    tools: Arc<Tools>,
    touched: Touched,
    /// The day of what is touched.
    day: Date,
    /// When that day is over.
    ends_at: Timestamp,
    /// Where pages are written; none before the first.
    writer: Option<mpsc::UnboundedSender<Page>>,
}

/// Rows of one day to write, or none to wait for those before.
struct Page {
    day: Date,
    noted: Vec<Noted>,
    waiter: Option<Waiter>,
}

impl DayBook {
    /// The book of a run that was just built: `changed_at` is when something of it last changed, and
    /// `ranked` are the users whose latest row has a rank.
    pub(super) fn open(
        key: RunKey,
        tools: Arc<Tools>,
        board: &Board,
        changed_at: Timestamp,
        ranked: Vec<UserId>,
    ) -> Self {
        let now = tools.clock.now();
        let mut touched = Touched::default();
        board.touch_all(&mut touched, ranked);
        let changed_at = changed_at.min(now);
        let (day, ends_at) = (tools.day_of(&key, changed_at), end_of_day(changed_at));
        let mut book = Self { key, tools, touched, day, ends_at, writer: None };
        // What was not written when the last server ended is of the day it ended on.
        book.turn(board, now);
        book.plan(now);
        book
    }

    /// Turns to the day of now. To be asked before anything happens to the board.
    pub(super) fn turn(&mut self, board: &Board, now: Timestamp) {
        if now < self.ends_at {
            return;
        }
        self.write(board, None);
        (self.day, self.ends_at) = (self.tools.day_of(&self.key, now), end_of_day(now));
    }

    /// Counts what a move changed. To be asked before the next move.
    pub(super) fn count(&mut self, board: &Board, user: &UserId, moved: &Move) {
        self.touch(|touched| board.touch(touched, user, moved));
    }

    /// Counts what a change of the limit changed.
    pub(super) fn count_limit(&mut self, board: &Board, before: u64) {
        self.touch(|touched| board.touch_limit(touched, before));
    }

    /// Keeps the count of a user whose score is about to be taken out.
    pub(super) fn let_go(&mut self, board: &Board, user: &UserId) {
        board.let_go(&mut self.touched, user);
    }

    fn touch(&mut self, touch: impl FnOnce(&mut Touched)) {
        let was_empty = self.touched.is_empty();
        touch(&mut self.touched);
        if was_empty {
            self.plan(self.tools.clock.now());
        }
    }

    /// Makes known when rows have to be written.
    fn plan(&self, now: Timestamp) {
        if !self.touched.is_empty() {
            let due = now.plus_millis(WRITTEN_AFTER_MS).min(self.ends_at);
            self.tools.dues.lock().insert(self.key, due);
        }
    }

    /// Has rows written if it is time; the waiter is told when there are none on their way.
    pub(super) fn write_due(&mut self, board: &Board, waiter: Waiter) {
        let due = self.tools.dues.lock().get(&self.key).copied();
        if due.is_some_and(|due| due <= self.tools.clock.now()) {
            self.write(board, Some(waiter));
        } else {
            self.wait(waiter);
        }
    }

    /// Has everything written that was counted.
    pub(super) fn write(&mut self, board: &Board, waiter: Option<Waiter>) {
        self.tools.dues.lock().remove(&self.key);
        let noted = board.note(std::mem::take(&mut self.touched));
        if !noted.is_empty() {
            self.send(Page { day: self.day, noted, waiter });
        } else if let Some(waiter) = waiter {
            self.wait(waiter);
        }
    }

    /// Tells the waiter when no rows are on their way.
    pub(super) fn wait(&mut self, waiter: Waiter) {
        if self.writer.is_none() {
            // Who asked may have hung up.
            let _ = waiter.send(Ok(()));
            return;
        }
        self.send(Page { day: self.day, noted: Vec::new(), waiter: Some(waiter) });
    }

    fn send(&mut self, page: Page) {
        let writer = self.writer.get_or_insert_with(|| {
            let (writer, pages) = mpsc::unbounded_channel();
            tokio::spawn(write_pages(self.key, Arc::clone(&self.tools), pages));
            writer
        });
        // A writer only ends with its book, or with the engine.
        let _ = writer.send(page);
    }
}

/// Writes pages one after the other, for as long as there is a book.
async fn write_pages(key: RunKey, tools: Arc<Tools>, mut pages: mpsc::UnboundedReceiver<Page>) {
    while let Some(Page { day, noted, waiter }) = pages.recv().await {
        let written = if noted.is_empty() {
            Ok(())
        } else {
            // So that many runs, whose days end at once, leave threads to others; never closed.
            let _turn = tools.writing.acquire().await;
            rows::write_rank_days(&tools.store, key, day, noted).await
        };
        if let Err(error) = &written {
            tracing::warn!(leaderboard.id = %key.leaderboard, %error, "days of a run were not written");
        }
        if let Some(waiter) = waiter {
            // Who asked may have hung up.
            let _ = waiter.send(written.map_err(Error::from));
        }
    }
}

fn end_of_day(at: Timestamp) -> Timestamp {
    Zone::UTC.day_start(at.utc_date().succ())
}
