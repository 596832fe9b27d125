//! What was decided, made durable: messages and what was told with them, a bounded batch at a time.

use domain::catalog::Catalog;
use domain::ids::{LeaderboardId, UserId};
use domain::leaderboard::Group;
use domain::time::{Date, Timestamp};
use domain::user::UserState;
use domain::webhook::{ToldGroup, ToldRank, WebhookEvent};
use storage::records::{ListenedBoard, Record};
use storage::{Batch, Key, KeyRange, Op, OutboxEntry, ShardId, put};

use super::side::{Draft, RankNews};
use super::{RankingTeller, Shared};
use crate::board::Row;
use crate::error::Error;
use crate::ports::{Told, ToldRun};
use crate::rows;
use crate::user_key::UserKey;

/// Decisions written at once.
const AT_ONCE: usize = 100;

/// Rows forgotten at once.
const FORGOTTEN_AT_ONCE: usize = 1_000;

/// One batch in the making.
struct Writing<'a> {
    teller: &'a RankingTeller,
    catalog: &'a Catalog,
    board: LeaderboardId,
    shard: ShardId,
    ops: Vec<Op>,
    entries: Vec<OutboxEntry>,
}

impl RankingTeller {
    /// Writes everything that was decided so far.
    pub(super) async fn write(&self, catalog: &Catalog) -> Result<(), Error> {
        for (board, notes) in self.notes.all() {
            loop {
                let drafts: Vec<Draft> =
                    notes.lock().drafts.iter().take(AT_ONCE).cloned().collect();
                if drafts.is_empty() {
                    break;
                }
                self.write_some(catalog, board, &notes, drafts).await?;
            }
        }
        self.notes.forget_over();
        Ok(())
    }

    /// Writes the first drafts of a board and takes them off its list.
    async fn write_some(
        &self,
        catalog: &Catalog,
        board: LeaderboardId,
        notes: &Shared,
        drafts: Vec<Draft>,
    ) -> Result<(), Error> {
        let tools = &self.webhooks.tools;
        let shard = ShardId::of_board(tools.scope, board, tools.store.shards());
        let (ops, entries) = (Vec::new(), Vec::new());
        let mut writing = Writing { teller: self, catalog, board, shard, ops, entries };
        let written = drafts.len();
        let unerased = tools.recording.read().await;
        for draft in drafts {
            writing.add(draft).await?;
        }
        writing.commit().await?;
        drop(unerased);
        // Nobody else takes any off.
        notes.lock().drafts.drain(..written);
        Ok(())
    }
}

impl<'a> Writing<'a> {
    /// What a run is told of as; none if the board is gone. (C-ADM-72)
    fn told_run<'b>(&self, run: Date, group: Option<&'b Group>) -> Option<ToldRun<'b>>
    where
        'a: 'b,
    {
        let board = self.catalog.find_leaderboard(self.board)?;
        let participants_max = self.teller.participants_max;
        Some(ToldRun { board, run: board.run_from(run)?, group, participants_max })
    }

    async fn add(&mut self, draft: Draft) -> Result<(), Error> {
        let scope = self.teller.webhooks.tools.scope;
        match draft {
            Draft::Group { run, group, told, news } => {
                let key = Key::told_group(scope, self.board, run, &group);
                self.keep(key, told.as_ref());
                if let Some((told, rows)) = told.zip(news) {
                    self.tell_group(run, &group, told, rows).await?;
                }
            }
            Draft::Rank { run, user, told, news } => self.add_rank(run, user, told, news)?,
            Draft::Listen(subject) => {
                let key = Key::listened_board(scope, self.board, subject as u8);
                self.ops.push(put(key, &ListenedBoard));
            }
            Draft::Forget(subject) => {
                let key = Key::listened_board(scope, self.board, subject as u8);
                if self.teller.webhooks.tools.store.get(&key)?.is_some() {
                    self.ops.push(Op::Delete { key });
                }
                self.forget(KeyRange::told(scope, subject.kind(), self.board)).await?;
            }
            Draft::ForgetRun(subject, run) => {
                let range = KeyRange::told_of_run(scope, subject.kind(), self.board, run);
                self.forget(range).await?;
            }
        }
        Ok(())
    }

    fn add_rank(
        &mut self,
        run: Date,
        user: UserId,
        told: Option<ToldRank>,
        news: Option<RankNews>,
    ) -> Result<(), Error> {
        let tools = &self.teller.webhooks.tools;
        let key = Key::told_rank(tools.scope, self.board, run, &user);
        let owner = UserKey { scope: tools.scope, user };
        // Who was erased leaves nothing behind. (C-USER-28)
        let exists = tools.store.get(&Key::snapshot(tools.scope, &owner.user))?.is_some();
        self.keep(key, told.as_ref().filter(|_| exists));
        let Some((told, news)) = told.zip(news) else { return Ok(()) };
        if let Some(state) = rows::load_user(&tools.store, &owner)? {
            self.tell_rank(run, &state, told, &news);
        }
        Ok(())
    }

    fn keep<T: Record>(&mut self, key: Key, told: Option<&T>) {
        self.ops.push(match told {
            Some(told) => put(key, told),
            None => Op::Delete { key },
        });
    }

    async fn tell_group(
        &mut self,
        run: Date,
        group: &Group,
        told: ToldGroup,
        mut rows: Vec<Row>,
    ) -> Result<(), Error> {
        let at = told.at.expect("what is told has its instant");
        let names = self.teller.webhooks.names(&mut rows).await?;
        let Some(of) = self.told_run(run, Some(group)) else { return Ok(()) };
        let event = WebhookEvent::LeaderboardChanged;
        let told =
            Told::OfRanking { event, of, status: of.board.status(at), rows: &rows, names: &names };
        self.tell(event, told, at);
        Ok(())
    }

    fn tell_rank(&mut self, run: Date, state: &UserState, told: ToldRank, news: &RankNews) {
        let at = told.at.expect("what is told has its instant");
        let Some(of) = self.told_run(run, news.group.as_ref()) else { return };
        let told = Told::OfRank { state, of, previous: news.previous, place: told.place };
        self.tell(WebhookEvent::LeaderboardRankChanged, told, at);
    }

    fn tell(&mut self, event: WebhookEvent, told: Told<'_>, at: Timestamp) {
        let entry = self.teller.webhooks.entry(self.shard, event, told, self.catalog, at);
        self.entries.extend(entry);
    }

    /// Forgets rows, some at a time, after what comes before it is written.
    async fn forget(&mut self, range: KeyRange) -> Result<(), Error> {
        self.commit().await?;
        let store = self.teller.webhooks.tools.store.clone();
        loop {
            let rows = store.scan(&range, FORGOTTEN_AT_ONCE)?;
            if rows.is_empty() {
                return Ok(());
            }
            self.ops.extend(rows.into_iter().map(|(key, _)| Op::Delete { key }));
            self.commit().await?;
        }
    }

    async fn commit(&mut self) -> Result<(), Error> {
        let ops = std::mem::take(&mut self.ops);
        let entries = std::mem::take(&mut self.entries);
        if ops.is_empty() && entries.is_empty() {
            return Ok(());
        }
        self.teller.webhooks.commit(Batch { shard: self.shard, ops }, &entries).await
    }
}
