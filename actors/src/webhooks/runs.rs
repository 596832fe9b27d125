//! Runs of leaderboards begin by the calendar and end when they are final, and webhooks are told
//! once of each. (C-WH-37 to 42, C-WH-51)
//!
//! What was told is a row per run and occasion, written with the message, or alone when nobody
//! subscribed at that instant: later subscribers get no back events, and a restart tells what fell
//! due in between and nothing twice. Which starts are due follows from the catalog; which ends are,
//! from the runs that are settled.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use domain::catalog::{Catalog, Leaderboard, LeaderboardStatus, Phase};
use domain::ids::LeaderboardId;
use domain::leaderboard::{Group, Run, SettledRun};
use domain::time::{Date, Timestamp};
use domain::webhook::{RunOccasion, RunTold, WebhookEvent};
use parking_lot::Mutex;
use storage::records::decode;
use storage::{Batch, Key, KeyRange, Kind, OutboxEntry, ShardId, Store, put};
use tokio::sync::Notify;

use super::Webhooks;
use crate::board::{Filter, Row, Start};
use crate::error::Error;
use crate::leaderboard::{self, Page, Recounts, RunKey, Runs};
use crate::ports::{Told, ToldRun};
use crate::rows;
use crate::schedule::{Firing, Source};

/// Participants that are told of. (C-WH-38, C-WH-40, C-WH-45)
pub(super) const TOP: u64 = 10;

/// Between a run's becoming final and the news of it. (C-WH-39)
const AFTER_FINAL_MS: i64 = 3_600_000;

/// Groups whose winners are told at once. (C-WH-42)
const GROUPS_AT_ONCE: usize = 50;

/// Tells of runs that begin and end.
pub(crate) struct RunTeller {
    webhooks: Arc<Webhooks>,
    runs: Arc<Runs>,
    recounts: Arc<Recounts>,
    participants_max: u32,
    progress: Mutex<Progress>,
    /// One at a time.
    telling: tokio::sync::Mutex<()>,
    woken: Notify,
}

#[derive(Default)]
struct Progress {
    /// Runs whose start was told.
    started: HashSet<(LeaderboardId, Date)>,
    /// Final runs of which it was not told, with when they became final.
    settled: BTreeMap<(LeaderboardId, Date), Timestamp>,
}

impl RunTeller {
    /// Reads what was told.
    ///
    /// # Errors
    /// If storage can't be read.
    pub(crate) async fn new(
        webhooks: Arc<Webhooks>,
        runs: Arc<Runs>,
        recounts: Arc<Recounts>,
        participants_max: u32,
    ) -> Result<Self, Error> {
        let scope = webhooks.tools.scope;
        let read = rows::blocking(&webhooks.tools.store, move |store| read_progress(store, scope));
        let progress = Mutex::new(read.await?);
        let (telling, woken) = (tokio::sync::Mutex::default(), Notify::new());
        Ok(Self { webhooks, runs, recounts, participants_max, progress, telling, woken })
    }

    /// Has it look at the catalog again.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Takes note that a run is final.
    pub(crate) fn note_settled(&self, key: RunKey, at: Timestamp) {
        self.progress.lock().settled.insert((key.leaderboard, key.run), at);
        self.wake();
    }

    /// Tells what falls due, for as long as the engine runs.
    pub(crate) async fn work(self: Arc<Self>) {
        let problem = "runs that begin or are over can't be told of";
        super::work(self.as_ref(), &self.webhooks.tools.clock, &self.woken, problem).await;
    }

    async fn tell_due(&self) -> Result<(), Error> {
        let _one_at_a_time = self.telling.lock().await;
        let tools = &self.webhooks.tools;
        let now = tools.clock.now();
        let catalog = tools.catalogs.current(tools.scope);
        while let Some((_, occasion, board, run)) =
            self.upcoming(&catalog).filter(|(due, ..)| *due <= now)
        {
            match occasion {
                RunOccasion::Started => self.tell_started(&catalog, board, run, now).await?,
                RunOccasion::Finished => self.tell_finished(&catalog, board, run, now).await?,
            }
        }
        self.forget_unwanted(&catalog).await
    }

    /// What is to be told next, and when.
    fn upcoming<'a>(
        &self,
        catalog: &'a Catalog,
    ) -> Option<(Timestamp, RunOccasion, &'a Leaderboard, Run)> {
        let progress = self.progress.lock();
        let starts = catalog.live_leaderboards().filter_map(|board| {
            let run = progress.next_start(board)?;
            Some((run.opens_at(), RunOccasion::Started, board, run))
        });
        let ends = progress.settled.iter().filter_map(|((board, run), settled_at)| {
            let board = catalog.find_leaderboard(*board)?;
            let run = board.run_from(*run)?;
            Some((end_told_at(board, run, *settled_at)?, RunOccasion::Finished, board, run))
        });
        starts
            .chain(ends)
            .min_by_key(|(due, occasion, board, run)| (*due, *run, *occasion, board.id))
    }

    async fn tell_started(
        &self,
        catalog: &Catalog,
        board: &Leaderboard,
        run: Run,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut top = None;
        if catalog.is_told(WebhookEvent::LeaderboardStarted) {
            let tools = &self.webhooks.tools;
            let key = RunKey::new(tools.scope, board.id, run);
            let filter = Filter(vec![None; board.breakdown.len()]);
            let page = Page { filter, start: Start::Offset(0), limit: TOP };
            let page =
                leaderboard::page(&tools.store, &self.runs, &self.recounts, board, key, page);
            let event = WebhookEvent::LeaderboardStarted;
            top = Some(Top { event, group: None, rows: page.await? });
        }
        let _unerased = self.webhooks.tools.recording.read().await;
        let entry = match top {
            Some(top) => {
                self.entry(catalog, board, run, LeaderboardStatus::Active, top, now).await?
            }
            None => None,
        };
        self.commit(board, run, RunOccasion::Started, &RunTold::Whole, entry.as_slice()).await?;
        self.progress.lock().started.insert((board.id, run.start));
        Ok(())
    }

    /// Tells the winners of each group, some groups at a time; where it stopped is in the row.
    async fn tell_finished(
        &self,
        catalog: &Catalog,
        board: &Leaderboard,
        run: Run,
        now: Timestamp,
    ) -> Result<(), Error> {
        let tools = &self.webhooks.tools;
        let status = match board.runs.next(run) {
            Some(_) => LeaderboardStatus::Active,
            None => LeaderboardStatus::Finished,
        };
        let is_told = catalog.is_told(WebhookEvent::LeaderboardFinished);
        let key = Key::run_told(tools.scope, board.id, run.start, RunOccasion::Finished);
        let mut told = tools.store.load::<RunTold>(&key)?;
        while told != Some(RunTold::Whole) {
            let (next, tops) = match is_told {
                true => self.next_tops(board, run, told.as_ref()).await?,
                false => (RunTold::Whole, Vec::new()),
            };
            let _unerased = tools.recording.read().await;
            let mut entries = Vec::new();
            for top in tops {
                entries.extend(self.entry(catalog, board, run, status, top, now).await?);
            }
            self.commit(board, run, RunOccasion::Finished, &next, &entries).await?;
            told = Some(next);
        }
        self.progress.lock().settled.remove(&(board.id, run.start));
        Ok(())
    }

    /// The winners of the groups that come after those that were told, and how far that is.
    async fn next_tops(
        &self,
        board: &Leaderboard,
        run: Run,
        told: Option<&RunTold>,
    ) -> Result<(RunTold, Vec<Top>), Error> {
        let key = RunKey::new(self.webhooks.tools.scope, board.id, run);
        let after = match told {
            Some(RunTold::Through(group)) => Some(group.clone()),
            Some(RunTold::Whole) | None => None,
        };
        let is_first = after.is_none();
        let tops = rows::blocking(&self.webhooks.tools.store, move |store| {
            rows::settled_tops(store, key, after.as_ref(), GROUPS_AT_ONCE, TOP)
        });
        let tops = tops.await?;
        let next = match tops.last() {
            Some((last, _)) if tops.len() == GROUPS_AT_ONCE => RunTold::Through(last.clone()),
            Some(_) | None => RunTold::Whole,
        };
        let event = WebhookEvent::LeaderboardFinished;
        let mut tops: Vec<_> =
            tops.into_iter().map(|(group, rows)| Top { event, group: Some(group), rows }).collect();
        if is_first && tops.is_empty() {
            tops.push(Top { event, group: None, rows: Vec::new() });
        }
        Ok((next, tops))
    }

    async fn entry(
        &self,
        catalog: &Catalog,
        board: &Leaderboard,
        run: Run,
        status: LeaderboardStatus,
        Top { event, group, mut rows }: Top,
        now: Timestamp,
    ) -> Result<Option<OutboxEntry>, Error> {
        let names = self.webhooks.names(&mut rows).await?;
        let participants_max = self.participants_max;
        let of = ToldRun { board, run, group: group.as_ref(), participants_max };
        let told = Told::OfRanking { event, of, status, rows: &rows, names: &names };
        Ok(self.webhooks.entry(self.shard(board.id), event, told, catalog, now))
    }

    async fn commit(
        &self,
        board: &Leaderboard,
        run: Run,
        occasion: RunOccasion,
        told: &RunTold,
        entries: &[OutboxEntry],
    ) -> Result<(), Error> {
        let key = Key::run_told(self.webhooks.tools.scope, board.id, run.start, occasion);
        let batch = Batch { shard: self.shard(board.id), ops: vec![put(key, told)] };
        self.webhooks.commit(batch, entries).await
    }

    fn shard(&self, board: LeaderboardId) -> ShardId {
        let tools = &self.webhooks.tools;
        ShardId::of_board(tools.scope, board, tools.store.shards())
    }

    /// Runs that nobody will ever be told of: of deleted boards, and those that became final while
    /// their board was off. (C-LB-12, C-ADM-72)
    async fn forget_unwanted(&self, catalog: &Catalog) -> Result<(), Error> {
        let unwanted: Vec<(LeaderboardId, Date)> = {
            let progress = self.progress.lock();
            let wanted = |(board, run): &(LeaderboardId, Date), settled_at: &Timestamp| {
                let board = catalog.find_leaderboard(*board)?;
                end_told_at(board, board.run_from(*run)?, *settled_at)
            };
            let all = progress.settled.iter();
            all.filter(|(key, at)| wanted(key, at).is_none()).map(|(key, _)| *key).collect()
        };
        for (board, run) in unwanted {
            let scope = self.webhooks.tools.scope;
            let key = Key::run_told(scope, board, run, RunOccasion::Finished);
            let ops = vec![put(key, &RunTold::Whole)];
            self.webhooks.commit(Batch { shard: self.shard(board), ops }, &[]).await?;
            self.progress.lock().settled.remove(&(board, run));
        }
        Ok(())
    }
}

/// The first participants of a group.
struct Top {
    event: WebhookEvent,
    group: Option<Group>,
    rows: Vec<Row>,
}

impl Progress {
    /// The next run whose start is to be told: from the one that was current when the board was
    /// switched on, in order. (C-WH-38)
    fn next_start(&self, board: &Leaderboard) -> Option<Run> {
        if board.phase != Phase::On {
            return None;
        }
        let switched_on_at = board.recounts.last()?.at;
        let first = board.runs.current(switched_on_at.utc_date());
        let mut runs = std::iter::successors(Some(first), |run| board.runs.next(*run));
        runs.find(|run| !self.started.contains(&(board.id, run.start)))
    }
}

/// When it is told that a run is final; never if that happened while the board was off, or to a run
/// that had not begun. (C-LB-11, C-LB-12, C-WH-39)
fn end_told_at(board: &Leaderboard, run: Run, settled_at: Timestamp) -> Option<Timestamp> {
    let finalised_at = run.finalised_at()?;
    if settled_at < finalised_at {
        return (run.opens_at() <= settled_at).then_some(settled_at);
    }
    let was_on = board.recounts.iter().any(|recount| {
        recount.at < finalised_at && recount.until.is_none_or(|until| finalised_at <= until)
    });
    was_on.then(|| finalised_at.plus_millis(AFTER_FINAL_MS))
}

fn read_progress(store: &Store, scope: domain::ids::Scope) -> Result<Progress, storage::Error> {
    let mut progress = Progress::default();
    for row in store.rows(KeyRange::kind(scope, Kind::SettledRun)) {
        let (key, value) = row?;
        let SettledRun { at, .. } = decode(&key, &value)?;
        progress.settled.extend(key.settled_run_parts().map(|run| (run, at)));
    }
    for row in store.rows(KeyRange::kind(scope, Kind::RunTold)) {
        let (key, value) = row?;
        let told: RunTold = decode(&key, &value)?;
        match key.run_told_parts() {
            Some((board, run, RunOccasion::Started)) => {
                progress.started.insert((board, run));
            }
            Some((board, run, RunOccasion::Finished)) if told == RunTold::Whole => {
                progress.settled.remove(&(board, run));
            }
            Some((_, _, RunOccasion::Finished)) | None => {}
        }
    }
    Ok(progress)
}

impl Webhooks {
    /// The names of those in some rows of a ranking; rows of who doesn't exist any more are left out.
    pub(super) async fn names(
        &self,
        rows: &mut Vec<Row>,
    ) -> Result<HashMap<domain::ids::UserId, Option<String>>, Error> {
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let users = rows.iter().map(|row| row.user.clone()).collect();
        let names = rows::names(&self.tools.store, self.tools.scope, users).await?;
        rows.retain(|row| names.contains_key(&row.user));
        Ok(names)
    }
}

/// What falls due is the next start or end that was not told.
impl Source for RunTeller {
    fn next_due(&self) -> Option<Timestamp> {
        let tools = &self.webhooks.tools;
        let catalog = tools.catalogs.current(tools.scope);
        self.upcoming(&catalog).map(|(due, ..)| due)
    }

    fn fire_due(&self) -> Firing<'_> {
        Box::pin(self.tell_due())
    }
}
