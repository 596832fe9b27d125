//! What is known in memory of everything that is told of rankings, board by board.
//!
//! Runs note their moves here, right where they are made, so that what is told first is what happened
//! first; writing it down is left to the teller. While nobody subscribes a move costs one look at a
//! flag.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::catalog::{Catalog, Leaderboard, Phase};
use domain::ids::{LeaderboardId, UserId};
use domain::leaderboard::Run;
use domain::time::{Date, Timestamp};
use domain::webhook::WebhookEvent;
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use super::side::{Draft, Groups, Ranks, Scene, Sight, Subject, Telling};
use crate::board::{Board, Move};
use crate::clock::Clock;
use crate::leaderboard::RunKey;

/// How long after a run became final what was told of it is forgotten. By then all is told: what was
/// held at that instant waits for one window, or a few if several runs were held.
const FORGET_AFTER_MS: i64 = 3_600_000;

/// All boards that are told of.
pub(crate) struct Notes {
    clock: Clock,
    /// Whether nothing is told of any board.
    idle: AtomicBool,
    pub(super) boards: RwLock<HashMap<LeaderboardId, Arc<Mutex<BoardNotes>>>>,
    pub(super) woken: Notify,
}

/// One board.
#[derive(Default)]
pub(super) struct BoardNotes {
    /// The count of everyone that is under way: nothing is told until that is done.
    pub(super) counting: Option<u64>,
    pub(super) groups: Option<Groups>,
    pub(super) ranks: Option<Ranks>,
    pub(super) drafts: VecDeque<Draft>,
}

impl Notes {
    pub(crate) fn new(clock: Clock) -> Self {
        let (idle, boards) = (AtomicBool::new(true), RwLock::default());
        Self { clock, idle, boards, woken: Notify::new() }
    }

    /// Takes note of what a move has changed on a run's board; to be told before the next move.
    pub(crate) fn note(&self, key: RunKey, board: &Board, user: &UserId, change: &Move) {
        if self.idle.load(Ordering::Relaxed) || change.shifts().next().is_none() {
            return;
        }
        let Some(notes) = self.find(key.leaderboard) else { return };
        let now = self.clock.now();
        let mut notes = notes.lock();
        notes.note(key.run, board, now, user, change);
        // A window never opens without news.
        if !notes.drafts.is_empty() {
            self.woken.notify_one();
        }
    }

    pub(super) fn find(&self, board: LeaderboardId) -> Option<Arc<Mutex<BoardNotes>>> {
        self.boards.read().get(&board).cloned()
    }

    /// All boards, in a fixed order.
    pub(super) fn all(&self) -> Vec<(LeaderboardId, Arc<Mutex<BoardNotes>>)> {
        let boards = self.boards.read();
        let mut all: Vec<_> = boards.iter().map(|(id, own)| (*id, Arc::clone(own))).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all
    }

    /// Takes over what was read at the start.
    pub(super) fn put(&self, board: LeaderboardId, notes: BoardNotes) {
        self.boards.write().insert(board, Arc::new(Mutex::new(notes)));
        self.idle.store(false, Ordering::Relaxed);
    }

    /// Follows a change of configuration.
    pub(super) fn follow(&self, before: &Catalog, after: &Catalog) {
        let now = self.clock.now();
        let mut boards = self.boards.write();
        for (id, notes) in boards.iter() {
            if after.find_leaderboard(*id).is_none() {
                notes.lock().end();
            }
        }
        for board in after.live_leaderboards() {
            let was = before.find_leaderboard(board.id);
            let [groups, ranks] = told_subjects(after);
            if (groups || ranks) || boards.contains_key(&board.id) {
                let notes = boards.entry(board.id).or_default();
                notes.lock().follow(was, board, (groups, ranks), now);
            }
        }
        boards.retain(|_, notes| !notes.lock().is_over());
        self.idle.store(boards.is_empty(), Ordering::Relaxed);
        drop(boards);
        self.woken.notify_one();
    }

    /// Forgets boards that nothing is told of any more.
    pub(super) fn forget_over(&self) {
        let mut boards = self.boards.write();
        boards.retain(|_, notes| !notes.lock().is_over());
        self.idle.store(boards.is_empty(), Ordering::Relaxed);
    }
}

/// Whether anyone is told of groups' rankings, and of users' ranks.
pub(super) fn told_subjects(catalog: &Catalog) -> [bool; 2] {
    [WebhookEvent::LeaderboardChanged, WebhookEvent::LeaderboardRankChanged]
        .map(|event| catalog.is_told(event))
}

impl BoardNotes {
    fn note(&mut self, run: Date, board: &Board, now: Timestamp, user: &UserId, change: &Move) {
        let counting = self.counting.is_some();
        self.on_sides(run, board, now, |side, scene| side.note(scene, counting, user, change));
    }

    /// Looks at a run that is yet to be seen.
    pub(super) fn look(&mut self, run: Date, board: &Board, now: Timestamp) {
        self.on_sides(run, board, now, |side, scene| side.look(scene));
    }

    /// Tells what was held in a run, where windows have ended.
    pub(super) fn end_windows(&mut self, run: Date, board: &Board, now: Timestamp) {
        self.on_sides(run, board, now, |side, scene| side.end_windows(scene));
    }

    fn on_sides(
        &mut self,
        run: Date,
        board: &Board,
        now: Timestamp,
        work: impl Fn(&mut dyn Telling, &mut Scene<'_>),
    ) {
        let Self { groups, ranks, drafts, .. } = self;
        let mut scene = Scene { run, board, now, drafts };
        if let Some(side) = groups {
            work(side, &mut scene);
        }
        if let Some(side) = ranks {
            work(side, &mut scene);
        }
    }

    /// Ends windows that hold nothing.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let Self { groups, ranks, drafts, .. } = self;
        if let Some(side) = groups {
            side.expire(now, drafts);
        }
        if let Some(side) = ranks {
            side.expire(now, drafts);
        }
    }

    /// The first run that has to be asked because windows have ended.
    pub(super) fn ended_run(&self, now: Timestamp) -> Option<Date> {
        let groups = self.groups.as_ref().and_then(|side| side.ended_run(now));
        let ranks = self.ranks.as_ref().and_then(|side| side.ended_run(now));
        groups.into_iter().chain(ranks).min()
    }

    /// When the next window ends.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let groups = self.groups.as_ref().and_then(|side| side.windows.next_end());
        let ranks = self.ranks.as_ref().and_then(|side| side.windows.next_end());
        groups.into_iter().chain(ranks).min()
    }

    /// Runs that are yet to be seen.
    pub(super) fn unseen(&self) -> BTreeSet<Date> {
        let groups = self.groups.iter().flat_map(|side| side.unseen.keys());
        let ranks = self.ranks.iter().flat_map(|side| side.unseen.keys());
        groups.chain(ranks).copied().collect()
    }

    /// Runs of which something is kept, each with when that is to be forgotten; none if that is not
    /// known yet.
    pub(super) fn kept_runs(&self, board: &Leaderboard) -> Vec<(Date, Option<Timestamp>)> {
        let groups = self.groups.iter().flat_map(|side| side.told.keys());
        let ranks = self.ranks.iter().flat_map(|side| side.told.keys());
        let runs: BTreeSet<Date> = groups.chain(ranks).copied().collect();
        runs.into_iter().map(|run| (run, forgotten_at(board, run))).collect()
    }

    /// Has nothing more to do with a run, whose rows go as well.
    pub(super) fn forget_run(&mut self, run: Date) {
        if let Some(side) = &mut self.groups {
            side.forget(run);
            self.drafts.push_back(Draft::ForgetRun(Subject::Groups, run));
        }
        if let Some(side) = &mut self.ranks {
            side.forget(run);
            self.drafts.push_back(Draft::ForgetRun(Subject::Ranks, run));
        }
    }

    /// Drops what is held of a run that can't be told of.
    pub(super) fn release(&mut self, run: Date) {
        if let Some(side) = &mut self.groups {
            side.release(run);
        }
        if let Some(side) = &mut self.ranks {
            side.release(run);
        }
    }

    fn follow(
        &mut self,
        was: Option<&Leaderboard>,
        board: &Leaderboard,
        (groups, ranks): (bool, bool),
        now: Timestamp,
    ) {
        if was.map_or(0, Leaderboard::recounted) != board.recounted() {
            self.counting = Some(board.recounted());
        }
        let changed = was != Some(board);
        let sight = Outlook { was, board, changed, now };
        follow_side(&mut self.groups, groups, sight, &mut self.drafts);
        follow_side(&mut self.ranks, ranks, sight, &mut self.drafts);
    }

    /// Drops everything, also what is held: the board is gone. (C-ADM-72)
    fn end(&mut self) {
        if self.groups.take().is_some() {
            self.drafts.push_back(Draft::Forget(Subject::Groups));
        }
        if self.ranks.take().is_some() {
            self.drafts.push_back(Draft::Forget(Subject::Ranks));
        }
    }

    fn is_over(&self) -> bool {
        self.groups.is_none() && self.ranks.is_none() && self.drafts.is_empty()
    }
}

/// A board before and after a change of configuration.
#[derive(Clone, Copy)]
struct Outlook<'a> {
    was: Option<&'a Leaderboard>,
    board: &'a Leaderboard,
    changed: bool,
    now: Timestamp,
}

impl Outlook<'_> {
    fn open_runs(&self) -> impl Iterator<Item = Date> {
        let runs = self.board.runs.open_at(self.now).map(|run| run.start);
        runs.filter(|_| self.board.phase != Phase::Off)
    }
}

/// Begins, goes on or ends to tell of a board. Whoever begins to listen is told of nothing from
/// before; what a board that is switched on counts is news. (C-WH-05)
fn follow_side<S: Telling + Default>(
    side: &mut Option<S>,
    is_told: bool,
    outlook: Outlook<'_>,
    drafts: &mut VecDeque<Draft>,
) {
    match (side.as_mut(), is_told) {
        (Some(own), true) if outlook.changed => {
            for run in outlook.open_runs() {
                own.unseen().entry(run).or_insert(Sight::Compare);
            }
        }
        (Some(_), true) | (None, false) => {}
        (Some(own), false) => {
            drafts.push_back(Draft::Forget(own.subject()));
            *side = None;
        }
        (None, true) => {
            let was_on = outlook.was.is_some_and(|was| was.phase != Phase::Off);
            let sight = if was_on { Sight::Fresh } else { Sight::Compare };
            let own = side.insert(S::default());
            own.unseen().extend(outlook.open_runs().map(|run| (run, sight)));
            drafts.push_back(Draft::Forget(own.subject()));
            own.listen_if_whole(drafts);
        }
    }
}

/// When what was told of a run is of no use any more; none if that is not known yet, the minimum if
/// there is no such run.
fn forgotten_at(board: &Leaderboard, run: Date) -> Option<Timestamp> {
    let Some(run) = board.run_from(run) else { return Some(Timestamp::MIN) };
    final_at(board, run).map(|at| at.plus_millis(FORGET_AFTER_MS))
}

fn final_at(board: &Leaderboard, run: Run) -> Option<Timestamp> {
    let finished = match board.phase {
        Phase::Off | Phase::On => None,
        Phase::Finished { at } => Some(at),
    };
    finished.into_iter().chain(run.finalised_at()).min()
}
