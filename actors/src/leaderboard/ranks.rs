//! What one event did to ranks: the answers of many runs, waited for once.
//!
//! Every run that is told of a move gets a slot. Whether it fills the slot or fails, the slot ends;
//! when the last one has, the waiting request has all answers, outside of any mailbox.

use std::sync::Arc;

use domain::ids::LeaderboardId;
use domain::leaderboard::{Group, ScoreMove};
use domain::time::Date;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::board::Move;

/// What an event did to the user's rank on one board. (C-LB-76, C-LB-77)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankedMove {
    /// The board.
    pub leaderboard: LeaderboardId,
    /// The first date of the run.
    pub run: Date,
    /// The user's group.
    pub group: Group,
    /// The rank before the event, in the group of then; none if the user did not take part.
    pub previous_rank: Option<u64>,
    /// The rank after it.
    pub rank: Option<u64>,
    /// See [`domain::leaderboard::threshold`].
    pub threshold: i64,
}

type Answers = Vec<Option<Move>>;

/// Shared by the slots of one event; ends with the last of them.
struct Collector {
    answers: Mutex<Answers>,
    done: Option<oneshot::Sender<Answers>>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(done) = self.done.take() {
            // Who asked may have hung up.
            let _ = done.send(std::mem::take(self.answers.get_mut()));
        }
    }
}

/// Where a run puts its answer.
pub(super) struct Slot {
    collector: Arc<Collector>,
    place: usize,
}

impl Slot {
    pub(super) fn fill(self, answer: Move) {
        self.collector.answers.lock()[self.place] = Some(answer);
    }
}

/// Slots for so many answers, and the one wait for them.
pub(super) fn collect(count: usize) -> (Vec<Slot>, oneshot::Receiver<Answers>) {
    let (done, answers) = oneshot::channel();
    let collector =
        Arc::new(Collector { answers: Mutex::new(vec![None; count]), done: Some(done) });
    let slot = |place| Slot { collector: Arc::clone(&collector), place };
    ((0..count).map(slot).collect(), answers)
}

/// Moves that runs were told of, and whose answers are on their way.
pub(crate) struct PendingRanks {
    pub(super) moves: Vec<ScoreMove>,
    pub(super) answers: oneshot::Receiver<Answers>,
}

impl PendingRanks {
    /// Waits for the answers. Moves whose run failed meanwhile come back unanswered.
    pub(crate) async fn wait(self) -> (Vec<RankedMove>, Vec<ScoreMove>) {
        let answers = self.answers.await.unwrap_or_default();
        let answers = answers.into_iter().chain(std::iter::repeat(None));
        let (mut ranked, mut unanswered) = (Vec::new(), Vec::new());
        for (change, answer) in self.moves.into_iter().zip(answers) {
            match answer {
                Some(answer) => ranked.extend(ranked_move(change, &answer)),
                None => unanswered.push(change),
            }
        }
        (ranked, unanswered)
    }
}

/// None for who is in no group and so has no ranking to speak of. (C-LB-78)
fn ranked_move(change: ScoreMove, answer: &Move) -> Option<RankedMove> {
    let Move { previous_rank, rank, threshold, .. } = *answer;
    Some(RankedMove {
        leaderboard: change.leaderboard,
        run: change.run,
        group: change.after?.group?,
        previous_rank,
        rank,
        threshold: threshold?,
    })
}
