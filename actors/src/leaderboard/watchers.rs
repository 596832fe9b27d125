//! Who watches a run, and when they are told. (C-LB-87, C-LB-89, C-LB-92)
//!
//! Readers of the same page share one watch, so a page costs one look however many read it. The first
//! move that may have changed a page asks for a look a moment later, which tells everything that
//! happened meanwhile; without such a move nothing ever ticks, and without a reader a move costs a
//! look at an empty list. Nobody is waited for: a reader whose queue is full is let go.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::Page;
use super::streams::{Place, Watching};
use crate::board::{Board, Move, Row, Watch};
use crate::error::Error;

/// From the first change of a page until it is told: at most four times per second. Real time also
/// under the test clock, because it says when something is sent and not what.
pub(super) const LOOK_AFTER: Duration = Duration::from_millis(250);

/// Pages a reader can be behind; beyond that it is let go.
const PAGES_BEHIND_MAX: usize = 8;

/// Everyone who watches a run.
#[derive(Default)]
pub(super) struct Watchers {
    watched: Vec<Watched>,
    is_look_coming: bool,
}

/// A page with its readers.
struct Watched {
    page: Page,
    watch: Watch,
    readers: Vec<Reader>,
}

struct Reader {
    pages: mpsc::Sender<Arc<[Row]>>,
    place: Arc<Place>,
}

/// Somebody who wants to watch a page of a run.
pub(super) struct NewReader {
    pub(super) page: Page,
    pub(super) place: Arc<Place>,
    pub(super) reply: oneshot::Sender<Result<Watching, Error>>,
}

impl Watchers {
    /// Answers with the page as it is now, and with the pages it will be from now on.
    pub(super) fn admit(&mut self, board: &Board, page: Page, place: Arc<Place>) -> Watching {
        self.forget_gone();
        let (sender, pages) = mpsc::channel(PAGES_BEHIND_MAX);
        let reader = Reader { pages: sender, place };
        let Page { filter, start, limit } = page.clone();
        let watch = Watch::new(board, filter, start, limit);
        let rows = Arc::clone(watch.rows());
        match self.watched.iter_mut().find(|watched| watched.page == page) {
            // Its last look may be older than what the new reader was just shown, who is then told
            // of the next one like everybody else.
            Some(watched) => watched.readers.push(reader),
            None => self.watched.push(Watched { page, watch, readers: vec![reader] }),
        }
        Watching { rows, pages }
    }

    /// Takes note of a move.
    pub(super) fn note(&mut self, change: &Move) {
        for watched in &mut self.watched {
            change.shifts().for_each(|shift| watched.watch.note(shift));
        }
    }

    /// Takes note of a change that may concern every page, as one of the limit.
    pub(super) fn note_all(&mut self) {
        self.watched.iter_mut().for_each(|watched| watched.watch.note_all());
    }

    /// Whether a look has to be sent for; to be asked after every note.
    pub(super) fn wants_look(&mut self) -> bool {
        let wants =
            !self.is_look_coming && self.watched.iter().any(|watched| watched.watch.is_touched());
        self.is_look_coming |= wants;
        wants
    }

    /// Looks at what may have changed, and tells what has.
    pub(super) fn look(&mut self, board: &Board) {
        self.is_look_coming = false;
        for Watched { watch, readers, .. } in &mut self.watched {
            if watch.is_touched() && watch.look(board) {
                readers.retain(|reader| reader.tell(watch.rows()));
            }
        }
        self.forget_gone();
    }

    /// Forgets readers who hung up, and pages without a reader.
    fn forget_gone(&mut self) {
        self.watched.retain_mut(|watched| {
            watched.readers.retain(|reader| !reader.pages.is_closed());
            !watched.readers.is_empty()
        });
    }
}

impl NewReader {
    /// Answers.
    pub(super) fn admit(self, run: Result<(&Board, &mut Watchers), Error>) {
        let Self { page, place, reply } = self;
        // Who asked may have hung up; that is noticed like later.
        let _ = reply.send(run.map(|(board, watchers)| watchers.admit(board, page, place)));
    }
}

impl Reader {
    /// Whether the reader is still there and keeps up.
    fn tell(&self, rows: &Arc<[Row]>) -> bool {
        match self.pages.try_send(Arc::clone(rows)) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.place.leave();
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::amount::Amount;
    use domain::ids::{LeaderboardId, UserId};
    use domain::leaderboard::{Group, Score};
    use domain::time::Timestamp;
    use uuid::Uuid;

    use super::{Board, PAGES_BEHIND_MAX, Page, Watchers};
    use crate::board::{Filter, Start};
    use crate::leaderboard::Streams;

    fn page(limit: u64) -> Page {
        Page { filter: Filter::default(), start: Start::Offset(0), limit }
    }

    fn put(board: &mut Board, watchers: &mut Watchers, user: &str, value: i64) {
        let user = UserId::new(user).expect("valid");
        let at = Timestamp::from_millis(value);
        let score = Score { value: Amount::from(value), reached: at, order: 0 };
        watchers.note(&board.put(&user, score, Some(&Group::default())));
    }

    // C-LB-87
    #[test]
    fn one_look_tells_what_happened_since_the_last_and_only_if_the_page_is_another() {
        let (mut board, mut watchers) = (Board::new(10), Watchers::default());
        put(&mut board, &mut watchers, "a", 9);
        assert!(!watchers.wants_look(), "nobody watches");
        let streams = Arc::new(Streams::new(2, 1));
        let places = [(); 2].map(|()| streams.take(LeaderboardId(Uuid::nil())).expect("free"));
        let mut first = watchers.admit(&board, page(1), Arc::clone(&places[0]));
        let mut both = watchers.admit(&board, page(2), Arc::clone(&places[1]));
        assert_eq!((first.rows.len(), both.rows.len()), (1, 1));
        put(&mut board, &mut watchers, "b", 5);
        put(&mut board, &mut watchers, "b", 7);
        assert!(watchers.wants_look());
        assert!(!watchers.wants_look(), "one is on its way");
        watchers.look(&board);
        assert!(first.pages.try_recv().is_err());
        assert_eq!(both.pages.try_recv().expect("told")[1].score.value, Amount::from(7));
        assert!(both.pages.try_recv().is_err());
        assert!(!watchers.wants_look());
        // Back to where it was before anyone looked.
        for value in [6, 7] {
            put(&mut board, &mut watchers, "b", value);
        }
        assert!(watchers.wants_look());
        watchers.look(&board);
        assert!(both.pages.try_recv().is_err());
        drop((first, both));
        put(&mut board, &mut watchers, "b", 8);
        watchers.look(&board);
        assert!(watchers.watched.is_empty());
    }

    // C-LB-92
    #[test]
    fn who_does_not_read_is_let_go_and_others_are_not() {
        let (mut board, mut watchers) = (Board::new(10), Watchers::default());
        let streams = Arc::new(Streams::new(2, 1));
        let board_id = LeaderboardId(Uuid::nil());
        let [slow_place, place] = [(); 2].map(|()| streams.take(board_id).expect("free"));
        let mut slow = watchers.admit(&board, page(3), Arc::clone(&slow_place));
        let mut quick = watchers.admit(&board, page(3), Arc::clone(&place));
        assert!(streams.take(board_id).is_none());
        for value in 1..=PAGES_BEHIND_MAX + 1 {
            assert!(!slow_place.has_left());
            put(&mut board, &mut watchers, "a", i64::try_from(value).expect("small"));
            watchers.look(&board);
            assert!(quick.pages.try_recv().is_ok());
        }
        assert!(slow_place.has_left() && !place.has_left());
        assert!(streams.take(board_id).is_some());
        let left = std::iter::from_fn(|| slow.pages.try_recv().ok()).count();
        assert_eq!(left, PAGES_BEHIND_MAX);
        assert!(slow.pages.is_closed());
    }
}
