//! The laws of leaderboards: scores are what their users' histories say, final rankings are scores in
//! order, and days end with them.
//!
//! Scores are counted again user by user, rankings run by run, so memory holds one history or one run
//! at a time. A user who has yet to catch up with a board that was switched on is not looked at.

use std::collections::BTreeMap;

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
use super::read;

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
        let mut boards = Boards { found, scope, laws: &mut laws };
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
    laws: &'a mut Laws,
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
            if let Some((board, run, _)) =
                key.score_parts().filter(|(board, run, _)| counted.covers(*board, *run))
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
            let expected = self.ranked(board, run, settled.seats)?;
            let (ranks, places) = self.stored_ranking(board, run)?;
            let whole = settled.participants == expected.len() as u64 && ranks == expected;
            let found = expected.iter().all(|((group, rank), own)| {
                places.get(&own.user) == Some(&SettledPlace { group: group.clone(), rank: *rank })
            });
            let same = whole && found && places.len() == expected.len();
            self.laws.rankings.expect(same, || format!("run {run} of {board}"));
            self.check_last_days(board, run, &ranks)?;
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
        ranks: &BTreeMap<(Group, u64), SettledRank>,
    ) -> Result<(), Error> {
        let mut last = BTreeMap::new();
        for row in self.found.rows(KeyRange::rank_days_of_run(self.scope, board, run)) {
            let (key, value) = row?;
            let Some((_, _, user, _)) = key.rank_day_parts() else { continue };
            // Those that can't be read are told of above.
            last.extend(decode::<RankDay>(&key, &value).ok().map(|day| (user, day.end)));
        }
        last.retain(|_, end| end.is_some());
        let ends = ranks.iter().map(|((_, rank), own)| {
            let end = Ranked { rank: *rank, value: own.score.value.floor() };
            (own.user.clone(), Some(end))
        });
        let same = last == ends.collect();
        self.laws.days.expect(same, || format!("run {run} of {board} ended otherwise"));
        Ok(())
    }

    /// The run's scores, ranked from scratch.
    fn ranked(
        &mut self,
        board: LeaderboardId,
        run: Date,
        seats: u32,
    ) -> Result<BTreeMap<(Group, u64), SettledRank>, Error> {
        let mut groups: BTreeMap<Group, Vec<(Place, Score)>> = BTreeMap::new();
        for row in self.found.rows(KeyRange::scores(self.scope, board, run)) {
            let row = row?;
            let Some((_, _, user)) = row.0.score_parts() else { continue };
            let Some(record) = read::<ScoreRecord>(&mut self.laws.values, &row) else { continue };
            if let (true, Some(group)) = (record.participates(), record.group) {
                let place = Place::of(record.score, user);
                groups.entry(group).or_default().push((place, record.score));
            }
        }
        let mut ranks = BTreeMap::new();
        for (group, mut places) in groups {
            places.sort_by(|(a, _), (b, _)| a.cmp(b));
            for (rank, (place, score)) in (1..=u64::from(seats)).zip(places) {
                let user = place.user().clone();
                ranks.insert((group.clone(), rank), SettledRank { user, score });
            }
        }
        Ok(ranks)
    }

    #[expect(clippy::type_complexity, reason = "two views of one ranking")]
    fn stored_ranking(
        &mut self,
        board: LeaderboardId,
        run: Date,
    ) -> Result<(BTreeMap<(Group, u64), SettledRank>, BTreeMap<UserId, SettledPlace>), Error> {
        let (mut ranks, mut places) = (BTreeMap::new(), BTreeMap::new());
        for row in self.found.rows(KeyRange::settled_ranks(self.scope, board, run)) {
            let row = row?;
            let Some((_, _, group, rank)) = row.0.settled_rank_parts() else { continue };
            ranks.extend(read(&mut self.laws.values, &row).map(|own| ((group, rank), own)));
        }
        for row in self.found.rows(KeyRange::settled_places(self.scope, board, run)) {
            let row = row?;
            let Some((_, _, user)) = row.0.score_parts() else { continue };
            places.extend(read(&mut self.laws.values, &row).map(|place| (user, place)));
        }
        Ok((ranks, places))
    }
}
