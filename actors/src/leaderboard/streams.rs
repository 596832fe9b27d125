//! Streams of pages: how many there may be per board, and what whoever reads one waits for.
//! (C-LB-87 to C-LB-93)
//!
//! A [`Follower`] has a place among the readers of a board from the start to its end, and is put on
//! one run after another. Its place is free as soon as it is dropped, or as the run lets it go; runs
//! find out by themselves. What is sent to whom, and in which form, is the server's.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::ids::LeaderboardId;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use crate::board::Row;
use crate::clock;

/// The streams of an engine.
pub(crate) struct Streams {
    /// Per board.
    readers_max: usize,
    beat: Duration,
    readers: Mutex<HashMap<LeaderboardId, usize>>,
    ended: watch::Sender<bool>,
}

impl Streams {
    pub(crate) fn new(readers_max: usize, beat_ms: u64) -> Self {
        Self {
            readers_max,
            beat: Duration::from_millis(beat_ms),
            readers: Mutex::default(),
            ended: watch::Sender::new(false),
        }
    }

    /// A reader of a board; none if there are as many as there may be. (C-LB-91)
    pub(crate) fn follow(self: &Arc<Self>, board: LeaderboardId) -> Option<Follower> {
        let place = self.take(board)?;
        Some(Follower { place, pages: None, beat: self.next_beat(), ended: self.ended.subscribe() })
    }

    /// Ends all streams, now and for ever.
    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }

    pub(super) fn take(self: &Arc<Self>, board: LeaderboardId) -> Option<Arc<Place>> {
        let mut readers = self.readers.lock();
        let count = readers.entry(board).or_default();
        if *count >= self.readers_max {
            return None;
        }
        *count += 1;
        Some(Arc::new(Place { streams: Arc::clone(self), board, left: AtomicBool::new(false) }))
    }

    fn next_beat(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(clock::pause(self.beat))
    }
}

/// One of the places that readers of a board can have.
pub(crate) struct Place {
    streams: Arc<Streams>,
    board: LeaderboardId,
    left: AtomicBool,
}

impl Place {
    /// Makes it free for somebody else; once.
    pub(super) fn leave(&self) {
        if self.left.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut readers = self.streams.readers.lock();
        if let Some(count) = readers.get_mut(&self.board) {
            *count -= 1;
            if *count == 0 {
                readers.remove(&self.board);
            }
        }
    }

    pub(super) fn has_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }
}

/// What a run answers a new reader.
pub(super) struct Watching {
    /// The page as it is.
    pub(super) rows: Arc<[Row]>,
    /// The page whenever it is another one.
    pub(super) pages: mpsc::Receiver<Arc<[Row]>>,
}

/// Somebody who reads a page for as long as they want. (C-LB-86)
pub struct Follower {
    pub(super) place: Arc<Place>,
    /// None until it is put on a run.
    pages: Option<mpsc::Receiver<Arc<[Row]>>>,
    beat: Pin<Box<dyn Future<Output = ()> + Send>>,
    ended: watch::Receiver<bool>,
}

/// What a follower waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The page is another one.
    Page(Arc<[Row]>),
    /// Time to look whether everything else is as it was. (C-LB-93)
    Beat,
    /// The run is over, its board is switched off, or it failed: look again.
    RunEnded,
    /// The reader was too slow and has been let go. (C-LB-92)
    Lagged,
    /// The engine is stopping.
    Stopping,
}

impl Follower {
    /// Puts it on a run, from a page on.
    pub(super) fn put_on(&mut self, pages: mpsc::Receiver<Arc<[Row]>>) {
        self.pages = Some(pages);
    }

    /// Waits for the next thing to tell. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Followed {
        let pages = async {
            match &mut self.pages {
                Some(pages) => pages.recv().await,
                None => None,
            }
        };
        tokio::select! {
            biased;
            // An error means that the engine is gone.
            _ = self.ended.wait_for(|ended| *ended) => Followed::Stopping,
            page = pages => match page {
                Some(rows) => Followed::Page(rows),
                None if self.place.has_left() => Followed::Lagged,
                None => Followed::RunEnded,
            },
            () = &mut self.beat => {
                self.beat = self.place.streams.next_beat();
                Followed::Beat
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.place.leave();
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").field("leaderboard", &self.place.board).finish_non_exhaustive()
    }
}

/// A page to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstPage {
    /// What it shows.
    pub rows: Vec<Row>,
    /// Whether that is final, so that there is nothing to wait for. (C-LB-24)
    pub is_final: bool,
}
