//! What one event did to ranks: the answers of many runs, waited for once.
//!
//! All runs that a decision moves scores in share one [`Telling`]: what moved, and a place for each
//! answer. Whether a run answers or fails, it lets go of it; when the last one has, the waiting
//! request has all answers, outside of any mailbox. Until then the request is in flight: that is
//! what bounds the mailboxes of runs. They hold at most two moves per request in flight, one of what
//! was due and one of what was asked for.

use std::sync::Arc;

use domain::ids::{LeaderboardId, UserId};
use domain::leaderboard::{Group, MoveCause, ScoreMove};
use domain::time::Date;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::board::Move;
use crate::permit::Permit;

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

/// What a run says of a move.
#[derive(Clone, Copy, Debug)]
struct Ranks {
    previous: Option<u64>,
    now: Option<u64>,
    threshold: Option<i64>,
}

type Answers = Vec<(ScoreMove, Option<Ranks>)>;

/// What runs are told of one decision.
pub(crate) struct Told<'a> {
    pub(crate) user: &'a UserId,
    /// What is durable now.
    pub(crate) moves: Vec<ScoreMove>,
    /// Whether somebody waits for the ranks of those moves that the command caused.
    pub(crate) wanted: bool,
    /// The request's; none when the same is told once more, which nothing else waits behind.
    pub(crate) permit: Option<Permit>,
}

/// What a decision tells runs; ends with the last of them that knows of it.
struct Telling {
    user: UserId,
    moves: Vec<ScoreMove>,
    answers: Mutex<Vec<Option<Ranks>>>,
    /// None if nobody waits.
    done: Option<oneshot::Sender<Answers>>,
    permit: Option<Permit>,
}

impl Drop for Telling {
    fn drop(&mut self) {
        // Before the answer, so that whoever gets it finds the place free.
        self.permit = None;
        if let Some(done) = self.done.take() {
            let moves = std::mem::take(&mut self.moves);
            let answers = std::mem::take(self.answers.get_mut());
            // Who asked may have hung up.
            let _ = done.send(moves.into_iter().zip(answers).collect());
        }
    }
}

/// A durable change of one user's row, as one run is told of it.
pub(crate) struct Moved {
    telling: Arc<Telling>,
    place: usize,
}

impl Moved {
    /// One for each of a decision's moves, and the wait for the answers that are wanted.
    pub(super) fn all(told: Told<'_>) -> (impl Iterator<Item = Self>, Option<PendingRanks>) {
        let Told { user, moves, wanted, permit } = told;
        let count = moves.len();
        let (done, answers) =
            (wanted && moves.iter().any(moves_rank)).then(oneshot::channel).unzip();
        let places = Mutex::new(vec![None; if done.is_some() { count } else { 0 }]);
        let telling = Telling { user: user.clone(), moves, answers: places, done, permit };
        let telling = Arc::new(telling);
        let each = (0..count).zip(std::iter::repeat_n(telling, count));
        let each = each.map(|(place, telling)| Self { telling, place });
        (each, answers.map(|answers| PendingRanks { answers }))
    }

    pub(super) fn user(&self) -> &UserId {
        &self.telling.user
    }

    pub(super) fn change(&self) -> &ScoreMove {
        &self.telling.moves[self.place]
    }

    /// Whether somebody waits for what it did to the rank.
    pub(super) fn is_asked(&self) -> bool {
        self.telling.done.is_some() && moves_rank(self.change())
    }

    pub(super) fn answer(self, done: &Move) {
        let Move { previous_rank: previous, rank: now, threshold, .. } = *done;
        self.telling.answers.lock()[self.place] = Some(Ranks { previous, now, threshold });
    }
}

/// Whether the answer to an event says what a change did to the rank. (C-LB-76, C-LB-77)
fn moves_rank(change: &ScoreMove) -> bool {
    change.cause == MoveCause::Command && change.changes_value()
}

/// Answers of runs that are on their way.
pub(crate) struct PendingRanks {
    answers: oneshot::Receiver<Answers>,
}

impl PendingRanks {
    /// Waits for the answers. Moves whose run failed meanwhile come back unanswered.
    pub(crate) async fn wait(self) -> (Vec<RankedMove>, Vec<ScoreMove>) {
        let answers = self.answers.await.unwrap_or_default();
        let (mut ranked, mut unanswered) = (Vec::new(), Vec::new());
        for (change, answer) in answers.into_iter().filter(|(change, _)| moves_rank(change)) {
            match answer {
                Some(answer) => ranked.extend(ranked_move(change, answer)),
                None => unanswered.push(change),
            }
        }
        (ranked, unanswered)
    }
}

/// None for who is in no group and so has no ranking to speak of. (C-LB-78) Who has no score any
/// more, as after a lost streak, is told of the group they had it in. (C-LB-76)
fn ranked_move(change: ScoreMove, answer: Ranks) -> Option<RankedMove> {
    let Ranks { previous, now, threshold } = answer;
    Some(RankedMove {
        leaderboard: change.leaderboard,
        run: change.run,
        group: change.after.or(change.before)?.group?,
        previous_rank: previous,
        rank: now,
        threshold: threshold?,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use domain::ids::{LeaderboardId, UserId};
    use domain::leaderboard::{MoveCause, ScoreMove};
    use domain::time::Date;
    use uuid::Uuid;

    use super::{Moved, Told};
    use crate::permit::Permit;

    #[test]
    fn a_request_is_in_flight_until_every_run_has_made_its_move() {
        let (own, shard) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let permit = Permit::take(&own, &shard, &Arc::default());
        let user = UserId::new("a").expect("an id");
        let change = |board| ScoreMove {
            cause: MoveCause::Due,
            leaderboard: LeaderboardId(Uuid::from_u128(board)),
            run: Date::MIN,
            before: None,
            after: None,
        };
        let moves = vec![change(1), change(2)];
        let told = Told { user: &user, moves, wanted: false, permit: Some(permit) };
        let (each, pending) = Moved::all(told);
        assert!(pending.is_none(), "nobody waits");
        for moved in each.collect::<Vec<_>>() {
            assert_eq!(own.load(Ordering::Relaxed), 1);
            drop(moved);
        }
        assert_eq!(own.load(Ordering::Relaxed), 0);
    }
}
