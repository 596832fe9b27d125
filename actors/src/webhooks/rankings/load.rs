//! What a start knows of what was told: its rows, and which runs have to be compared with them.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use domain::catalog::{Catalog, Leaderboard, Phase};
use domain::ids::LeaderboardId;
use domain::time::{Date, Timestamp};
use domain::webhook::{ToldGroup, ToldRank};
use storage::records::{Record, decode};
use storage::{Key, KeyRange, Kind, Store};

use super::notes::{BoardNotes, Notes, told_subjects};
use super::side::{Draft, Side, Sight, Subject, Telling};
use crate::error::Error;
use crate::rows;
use crate::webhooks::Tools;

impl Subject {
    /// The kind of its rows.
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Groups => Kind::ToldGroup,
            Self::Ranks => Kind::ToldRank,
        }
    }
}

/// Reads what was told of every board.
pub(super) async fn load(tools: &Tools, catalog: &Catalog, notes: &Notes) -> Result<(), Error> {
    let settled = rows::settled_until(&tools.store, tools.scope, catalog)?;
    let now = tools.clock.now();
    let reading = Reading { scope: tools.scope, now, told: told_subjects(catalog) };
    let boards: Vec<Leaderboard> = catalog.leaderboards.clone();
    let read = rows::blocking(&tools.store, move |store| {
        let read = |board: &Leaderboard| {
            let notes = reading.board(store, board, settled.get(&board.id).copied())?;
            Ok((board.id, notes))
        };
        boards.iter().map(read).collect::<Result<Vec<(LeaderboardId, BoardNotes)>, _>>()
    });
    for (board, own) in read.await? {
        if own.groups.is_some() || own.ranks.is_some() || !own.drafts.is_empty() {
            notes.put(board, own);
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Reading {
    scope: domain::ids::Scope,
    now: Timestamp,
    told: [bool; 2],
}

impl Reading {
    fn board(
        self,
        store: &Store,
        board: &Leaderboard,
        settled: Option<Date>,
    ) -> Result<BoardNotes, storage::Error> {
        let [groups, ranks] = self.told.map(|told| told && !board.archived);
        let mut notes = BoardNotes { counting: Some(board.recounted()), ..BoardNotes::default() };
        let group = |key: &Key| key.told_group_parts().map(|(_, run, group)| (run, group));
        let user = |key: &Key| key.score_parts().map(|(_, run, user)| (run, user));
        let at = |told: ToldGroup| told.at;
        notes.groups = self.side(store, board, settled, groups, (group, at), &mut notes)?;
        let at = |told: ToldRank| told.at;
        notes.ranks = self.side(store, board, settled, ranks, (user, at), &mut notes)?;
        Ok(notes)
    }

    fn side<K: Clone + Ord + Hash, T: Record + Copy>(
        self,
        store: &Store,
        board: &Leaderboard,
        settled: Option<Date>,
        is_told: bool,
        (parts, at): (impl Fn(&Key) -> Option<(Date, K)>, impl Fn(T) -> Option<Timestamp>),
        notes: &mut BoardNotes,
    ) -> Result<Option<Side<K, T>>, storage::Error>
    where
        Side<K, T>: Telling,
    {
        let mut side = Side::<K, T>::default();
        let subject = side.subject();
        let marker = Key::listened_board(self.scope, board.id, subject as u8);
        let rows = KeyRange::told(self.scope, subject.kind(), board.id);
        let is_known = store.get(&marker)?.is_some();
        if !is_told {
            if is_known || !store.scan(&rows, 1)?.is_empty() {
                notes.drafts.push_back(Draft::Forget(subject));
            }
            return Ok(None);
        }
        if is_known {
            let mut last: HashMap<K, Timestamp> = HashMap::new();
            for row in store.rows(rows) {
                let (key, value) = row?;
                let Some((run, name)) = parts(&key) else { continue };
                let told: T = decode(&key, &value)?;
                if let Some(at) = at(told) {
                    let latest = last.entry(name.clone()).or_insert(at);
                    *latest = at.max(*latest);
                }
                side.told.entry(run).or_default().insert(name, told);
            }
            for (name, at) in last {
                if domain::webhook::Window::<()>::opened(at).ends_at() > self.now {
                    side.windows.open(&name, at, None);
                }
            }
            let known = side.told.keys().copied().collect();
            let runs = self.runs_to_compare(board, settled, known);
            side.unseen.extend(runs.into_iter().map(|run| (run, Sight::Compare)));
        } else {
            notes.drafts.push_back(Draft::Forget(subject));
            let open = board.runs.open_at(self.now).filter(|_| board.phase != Phase::Off);
            side.unseen.extend(open.map(|run| (run.start, Sight::Fresh)));
            side.listen_if_whole(&mut notes.drafts);
        }
        Ok(Some(side))
    }

    /// The runs that may have changed since they were told of: those something is kept of, and those
    /// that were not final when the last engine ended.
    fn runs_to_compare(
        self,
        board: &Leaderboard,
        settled: Option<Date>,
        mut runs: BTreeSet<Date>,
    ) -> BTreeSet<Date> {
        let first = settled.or_else(|| board.first_counted().map(|run| run.start));
        let first = first.and_then(|date| board.runs.run_of(date.max(board.runs.start)));
        let unsettled = std::iter::successors(first, |run| board.runs.next(*run));
        let opened = unsettled.take_while(|run| run.opens_at() <= self.now);
        if board.phase != Phase::Off {
            runs.extend(opened.map(|run| run.start));
        }
        runs
    }
}
