//! The laws of leaderboards: scores are what their users' histories say, final rankings are scores in
//! order, except for ranks that erased users left vacant (C-LB-84), and days end with them.
//!
//! Scores are counted again user by user, rankings run by run, so memory holds one history or one run
//! at a time. A user who has yet to catch up with a board that was switched on is not looked at.

use std::collections::{BTreeMap, BTreeSet};

use domain::catalog::{Catalog, Phase};
use domain::ids::{LeaderboardId, Scope, UserId};
use domain::leaderboard::{
    Group, Place, RankDay, Ranked, Score, ScoreRecord, SettledPlace, SettledRank, SettledRun,
};
use domain::time::Date;
use domain::user::{AwardRecord, EventRecord, UserState, every_score};
use storage::records::{Record, decode};
use storage::{Error, Inspection, Key, KeyRange, Kind};

use super::law::Law;
use super::{half_erased, read};

/// The laws, in the order of their lines.
struct Laws {
    values: Law,
    scores: Law,
    snapshots: Law,
    owners: Law,
    rankings: Law,
    days: Law,
}

/// Which run of which board.
type RunKey = (LeaderboardId, Date);

/// Checks the boards of `scope`.
pub(super) fn check(found: &Inspection, scope: Option<Scope>) -> Result<Vec<Law>, Error> {
    let mut laws = Laws {
        values: Law::new("every row of a leaderboard can be read", "rows"),
        scores: Law::new("a score is the sum of its user's events or awards", "scores"),
        snapshots: Law::new(
            "an open score is in its user's snapshot, and in their group",
            "scores",
        ),
        owners: Law::new("every score comes from a user's history", "scores"),
        rankings: Law::new("a final ranking is the run's scores in order", "runs"),
        days: Law::new("days of ranks begin with their run and end with its final ranking", "days"),
    };
    if let Some(scope) = scope {
        let key = Key::catalog(scope);
        // One that can't be read breaks a law of its own.
        let catalog = found.get(&key)?.and_then(|value| decode::<Catalog>(&key, &value).ok());
        let gone = half_erased(found, scope)?;
        let mut boards = Boards { found, scope, gone, laws: &mut laws };
        if let Some(catalog) = catalog {
            boards.check_scores(&catalog)?;
        }
        boards.check_days()?;
        boards.check_rankings()?;
    }
    let Laws { values, scores, snapshots, owners, rankings, days } = laws;
    Ok(vec![values, scores, snapshots, owners, rankings, days])
}

struct Boards<'a> {
    found: &'a Inspection,
    scope: Scope,
    /// Who is being erased: what is left of them counts as gone.
    gone: BTreeSet<UserId>,
    laws: &'a mut Laws,
}

/// Who holds which rank of which group.
type Ranks = BTreeMap<(Group, u64), (UserId, Score)>;

/// A final ranking as it is stored.
#[derive(Default)]
struct Ranking {
    held: Ranks,
    vacant: BTreeSet<(Group, u64)>,
    places: BTreeMap<UserId, SettledPlace>,
}

impl Boards<'_> {
    fn check_scores(&mut self, catalog: &Catalog) -> Result<(), Error> {
        let counted = every_score(catalog);
        let mut owned: BTreeMap<RunKey, u64> = BTreeMap::new();
        let mut behind = false;
        for row in self.found.rows(KeyRange::kind(self.scope, Kind::Snapshot)) {
            let (key, value) = row?;
            // Snapshots have laws of their own.
            let Ok(state) = decode::<UserState>(&key, &value) else { return Ok(()) };
            behind |= state.recounted < catalog.recounts;
            if state.recounted == catalog.recounts {
                self.check_user(catalog, &state, &mut owned)?;
            }
        }
        if behind {
            return Ok(());
        }
        // What is there besides is of nobody, or of somebody who never did anything that counts.
        let mut all: BTreeMap<RunKey, u64> = BTreeMap::new();
        for row in self.found.rows(KeyRange::kind(self.scope, Kind::Score)) {
            let (key, _) = row?;
            if let Some((board, run, user)) = key.score_parts()
                && counted.covers(board, run)
                && !self.gone.contains(&user)
            {
                *all.entry((board, run)).or_default() += 1;
            }
        }
        for ((board, run), rows) in all {
            let known = owned.get(&(board, run)).copied().unwrap_or(0);
            self.laws.owners.hold_many(known.min(rows));
            if rows != known {
                let strays = rows.abs_diff(known);
                self.laws.owners.expect(false, || format!("{strays} in run {run} of {board}"));
            }
        }
        Ok(())
    }

    /// That a user's rows are what their history says.
    fn check_user(
        &mut self,
        catalog: &Catalog,
        state: &UserState,
        owned: &mut BTreeMap<RunKey, u64>,
    ) -> Result<(), Error> {
        let mut counted = every_score(catalog);
        let events = KeyRange::user(self.scope, Kind::Event, &state.id);
        for event in self.newest_first::<EventRecord>(events)? {
            counted.add_event(&event);
        }
        for system in state.points.keys() {
            for award in
                self.newest_first::<AwardRecord>(KeyRange::awards(self.scope, &state.id, *system))?
            {
                counted.add_award(*system, &award);
            }
        }
        for ((board, run), score) in counted.scores() {
            let row = self.score(*board, *run, &state.id)?;
            *owned.entry((*board, *run)).or_default() += u64::from(row.is_some());
            let stored = row.map(|row| row.score);
            self.laws.scores.expect(stored == Some(*score), || {
                let value = stored.map_or("nothing".to_owned(), |score| score.value.to_string());
                format!(
                    "user {:?} has {value} in run {run} of {board}, it sums to {}",
                    state.id.as_str(),
                    score.value
                )
            });
        }
        for ((board, run), score) in &state.scores {
            self.check_open(catalog, state, (*board, *run), *score)?;
        }
        Ok(())
    }

    /// That a score that may still change stands in its row, with the group of now.
    fn check_open(
        &mut self,
        catalog: &Catalog,
        state: &UserState,
        (board, run): RunKey,
        score: Score,
    ) -> Result<(), Error> {
        let Some(configured) = catalog.find_leaderboard(board) else { return Ok(()) };
        let open = configured.phase == Phase::On
            && configured
                .run_from(run)
                .is_some_and(|run| !configured.is_final(run, state.settled_at));
        if open {
            let group = Group::of(configured, &state.profile.attributes);
            let row = self.score(board, run, &state.id)?;
            self.laws.snapshots.expect(row == Some(ScoreRecord { score, group }), || {
                format!("user {:?} in run {run} of {board}", state.id.as_str())
            });
        }
        Ok(())
    }

    fn score(
        &mut self,
        board: LeaderboardId,
        run: Date,
        user: &UserId,
    ) -> Result<Option<ScoreRecord>, Error> {
        let key = Key::score(self.scope, board, run, user);
        Ok(self.found.get(&key)?.and_then(|value| read(&mut self.laws.values, &(key, value))))
    }

    /// Rows of history; those that can't be read break laws of users.
    fn newest_first<T: Record>(&self, range: KeyRange) -> Result<Vec<T>, Error> {
        let rows: Vec<_> = self.found.rows(range).collect::<Result<_, _>>()?;
        Ok(rows.iter().rev().filter_map(|(key, value)| decode(key, value).ok()).collect())
    }

    fn check_rankings(&mut self) -> Result<(), Error> {
        for row in self.found.rows(KeyRange::kind(self.scope, Kind::SettledRun)) {
            let row = row?;
            let Some((board, run)) = row.0.settled_run_parts() else { continue };
            let Some(settled) = read::<SettledRun>(&mut self.laws.values, &row) else { continue };
            let Ranking { held, vacant, places } = self.stored_ranking(board, run)?;
            let expected = self.ranked(board, run, settled.seats, &vacant)?;
            let participants = (held.len() + vacant.len()) as u64;
            let found = expected.iter().all(|((group, rank), (user, _))| {
                places.get(user) == Some(&SettledPlace { group: group.clone(), rank: *rank })
            });
            let whole = settled.participants == participants && places.len() == expected.len();
            let same = whole && found && held == expected;
            self.laws.rankings.expect(same, || format!("run {run} of {board}"));
            self.check_last_days(board, run, &held)?;
        }
        Ok(())
    }

    /// That days can be read, and are none before their run. What is the last date of a run may have
    /// been edited since.
    fn check_days(&mut self) -> Result<(), Error> {
        for row in self.found.rows(KeyRange::kind(self.scope, Kind::RankDay)) {
            let row = row?;
            let Some((board, run, user, day)) = row.0.rank_day_parts() else { continue };
            if read::<RankDay>(&mut self.laws.values, &row).is_some() {
                self.laws.days.expect(run <= day, || {
                    format!("user {:?} has {day} in run {run} of {board}", user.as_str())
                });
            }
        }
        Ok(())
    }

    /// That the last day of everyone in a settled run says where they ended up.
    fn check_last_days(
        &mut self,
        board: LeaderboardId,
        run: Date,
        held: &Ranks,
    ) -> Result<(), Error> {
        let mut last = BTreeMap::new();
        for row in self.found.rows(KeyRange::rank_days_of_run(self.scope, board, run)) {
            let (key, value) = row?;
            let Some((_, _, user, _)) = key.rank_day_parts() else { continue };
            // Those that can't be read are told of above.
            last.extend(decode::<RankDay>(&key, &value).ok().map(|day| (user, day.end)));
        }
        last.retain(|user, end| end.is_some() && !self.gone.contains(user));
        let ends = held.iter().map(|((_, rank), (user, score))| {
            let end = Ranked { rank: *rank, value: score.value.floor() };
            (user.clone(), Some(end))
        });
        let same = last == ends.collect();
        self.laws.days.expect(same, || format!("run {run} of {board} ended otherwise"));
        Ok(())
    }

    /// The run's scores, ranked from scratch on the ranks that are not vacant.
    fn ranked(
        &mut self,
        board: LeaderboardId,
        run: Date,
        seats: u32,
        vacant: &BTreeSet<(Group, u64)>,
    ) -> Result<Ranks, Error> {
        let mut groups: BTreeMap<Group, Vec<(Place, Score)>> = BTreeMap::new();
        for row in self.found.rows(KeyRange::scores(self.scope, board, run)) {
            let row = row?;
            let user = row.0.score_parts().map(|(_, _, user)| user);
            let Some(user) = user.filter(|user| !self.gone.contains(user)) else { continue };
            let Some(record) = read::<ScoreRecord>(&mut self.laws.values, &row) else { continue };
            if let (true, Some(group)) = (record.participates(), record.group) {
                let place = Place::of(record.score, user);
                groups.entry(group).or_default().push((place, record.score));
            }
        }
        let mut ranks = BTreeMap::new();
        for (group, mut places) in groups {
            places.sort_by(|(a, _), (b, _)| a.cmp(b));
            let kept = (1..=u64::from(seats)).map(|rank| (group.clone(), rank));
            let kept = kept.filter(|rank| !vacant.contains(rank));
            let holders = places.into_iter().map(|(place, score)| (place.user().clone(), score));
            ranks.extend(kept.zip(holders));
        }
        Ok(ranks)
    }

    fn stored_ranking(&mut self, board: LeaderboardId, run: Date) -> Result<Ranking, Error> {
        let mut ranking = Ranking::default();
        for row in self.found.rows(KeyRange::settled_ranks(self.scope, board, run)) {
            let row = row?;
            let Some((_, _, group, rank)) = row.0.settled_rank_parts() else { continue };
            match read(&mut self.laws.values, &row) {
                Some(SettledRank::Held { user, score }) if !self.gone.contains(&user) => {
                    ranking.held.insert((group, rank), (user, score));
                }
                Some(SettledRank::Held { .. } | SettledRank::Vacant) => {
                    ranking.vacant.insert((group, rank));
                }
                None => {}
            }
        }
        for row in self.found.rows(KeyRange::settled_places(self.scope, board, run)) {
            let row = row?;
            let user = row.0.score_parts().map(|(_, _, user)| user);
            let Some(user) = user.filter(|user| !self.gone.contains(user)) else { continue };
            let place = read(&mut self.laws.values, &row).map(|place| (user, place));
            ranking.places.extend(place);
        }
        Ok(ranking)
    }
}
