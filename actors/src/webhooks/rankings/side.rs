//! What is told of one board: of its groups' rankings, or of its users' ranks. (C-WH-44 to 47)
//!
//! A [`Side`] knows what was last told per run and key, and which windows are open. It is moved with
//! every change of a ranking and decides at once: told now, or held until the window ends. Everything
//! is judged by the difference between what was told and what is; so a look at a whole ranking finds
//! whatever was missed. Nothing here reads or writes rows.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::Hash;

use domain::ids::UserId;
use domain::leaderboard::Group;
use domain::time::{Date, Timestamp};
use domain::webhook::{RankedValue, ToldGroup, ToldRank, digest};

use super::windows::Windows;
use crate::board::{Board, Filter, Move, Row};
use crate::webhooks::runs::TOP;

/// Which of the two sides of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject {
    /// `leaderboard.changed`.
    Groups = 0,
    /// `leaderboard.rank_changed`.
    Ranks = 1,
}

/// What is to be written, in order.
#[derive(Clone)]
pub(super) enum Draft {
    /// What is known of a group now, or that nothing needs to be; with the first participants if it
    /// is told.
    Group { run: Date, group: Group, told: Option<ToldGroup>, news: Option<Vec<Row>> },
    /// The same of a user.
    Rank { run: Date, user: UserId, told: Option<ToldRank>, news: Option<RankNews> },
    /// From here on the rows are what changes are told against.
    Listen(Subject),
    /// The rows are of no use any more.
    Forget(Subject),
    /// Those of one run are not.
    ForgetRun(Subject, Date),
}

/// What is told of a rank besides what it is now.
#[derive(Clone)]
pub(super) struct RankNews {
    pub(super) previous: Option<RankedValue>,
    pub(super) group: Option<Group>,
}

/// What has to happen before moves of a run are told as they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// It is taken as it stands: nobody listened before.
    Fresh,
    /// It is compared with what was told.
    Compare,
}

/// A run in memory at some instant, and where decisions go.
pub(super) struct Scene<'a> {
    pub(super) run: Date,
    pub(super) board: &'a Board,
    pub(super) now: Timestamp,
    pub(super) drafts: &'a mut VecDeque<Draft>,
}

pub(super) struct Side<K, T> {
    /// What was last told, by run. What is missing was last seen outside the ranking.
    pub(super) told: BTreeMap<Date, HashMap<K, T>>,
    pub(super) windows: Windows<K>,
    pub(super) unseen: BTreeMap<Date, Sight>,
}

impl<K, T> Default for Side<K, T> {
    fn default() -> Self {
        let (told, unseen) = (BTreeMap::new(), BTreeMap::new());
        Self { told, windows: Windows::default(), unseen }
    }
}

impl<K: Clone + Ord + Hash, T: Copy> Side<K, T> {
    fn told(&self, run: Date, key: &K) -> Option<T> {
        self.told.get(&run)?.get(key).copied()
    }

    fn set(&mut self, run: Date, key: &K, told: T) {
        self.told.entry(run).or_default().insert(key.clone(), told);
    }

    /// The run that has to be asked about the first ended window that holds something.
    pub(super) fn ended_run(&self, now: Timestamp) -> Option<Date> {
        self.windows.ended(now).find_map(|(_, held)| held?.first().copied())
    }

    /// Keys whose windows have ended and hold something of a run first.
    fn ended_in(&self, run: Date, now: Timestamp) -> Vec<K> {
        let ended = self.windows.ended(now);
        let own = ended.filter(|(_, held)| held.and_then(|held| held.first()) == Some(&run));
        own.map(|(key, _)| key.clone()).collect()
    }

    /// Ends the windows that hold nothing; keys that had one.
    fn expired(&mut self, now: Timestamp) -> Vec<K> {
        let ended = self.windows.ended(now);
        let keys: Vec<K> =
            ended.filter(|(_, held)| held.is_none()).map(|(key, _)| key.clone()).collect();
        for key in &keys {
            self.windows.close(key);
        }
        keys
    }

    /// Has nothing more to do with a run.
    pub(super) fn forget(&mut self, run: Date) {
        self.told.remove(&run);
        self.release(run);
    }

    /// Neither looks at a run any more nor tells what is held of it.
    pub(super) fn release(&mut self, run: Date) {
        self.unseen.remove(&run);
        self.windows.release(run);
    }
}

/// What both sides do.
pub(super) trait Telling {
    fn subject(&self) -> Subject;

    fn unseen(&mut self) -> &mut BTreeMap<Date, Sight>;

    /// Takes the run as it stands, or as it stood before a move.
    fn take(&mut self, scene: &mut Scene<'_>, undone: Option<(&UserId, &Move)>);

    /// Tells or holds whatever differs from what was told.
    fn compare(&mut self, scene: &mut Scene<'_>);

    /// Tells or holds what a move has changed.
    fn follow(&mut self, scene: &mut Scene<'_>, user: &UserId, change: &Move);

    /// Tells what was held in the run, where windows have ended.
    fn end_windows(&mut self, scene: &mut Scene<'_>);

    /// Ends windows that hold nothing, and forgets who is outside the ranking.
    fn expire(&mut self, now: Timestamp, drafts: &mut VecDeque<Draft>);

    /// A move; while the board is being counted it is only remembered that there was one.
    fn note(&mut self, scene: &mut Scene<'_>, counting: bool, user: &UserId, change: &Move) {
        let run = scene.run;
        let sight = self.unseen().remove(&run);
        if sight == Some(Sight::Fresh) {
            self.take(scene, Some((user, change)));
            self.listen_if_whole(scene.drafts);
        }
        match (counting, sight) {
            (true, _) => {
                self.unseen().insert(run, Sight::Compare);
            }
            (false, Some(Sight::Compare)) => self.compare(scene),
            (false, Some(Sight::Fresh) | None) => self.follow(scene, user, change),
        }
    }

    /// Looks at a run that is yet to be seen.
    fn look(&mut self, scene: &mut Scene<'_>) {
        match self.unseen().remove(&scene.run) {
            Some(Sight::Fresh) => {
                self.take(scene, None);
                self.listen_if_whole(scene.drafts);
            }
            Some(Sight::Compare) => self.compare(scene),
            None => {}
        }
    }

    /// Says that what is told is known, once no run is left to be taken as it stands.
    fn listen_if_whole(&mut self, drafts: &mut VecDeque<Draft>) {
        if !self.unseen().values().any(|sight| *sight == Sight::Fresh) {
            drafts.push_back(Draft::Listen(self.subject()));
        }
    }
}

/// `leaderboard.changed`: of each group, whether its participants are those that were told.
pub(super) type Groups = Side<Group, ToldGroup>;

impl Telling for Groups {
    fn subject(&self) -> Subject {
        Subject::Groups
    }

    fn unseen(&mut self) -> &mut BTreeMap<Date, Sight> {
        &mut self.unseen
    }

    fn take(&mut self, scene: &mut Scene<'_>, undone: Option<(&UserId, &Move)>) {
        let run = scene.run;
        let mut digests: BTreeMap<Group, u64> = participants(scene.board)
            .into_iter()
            .map(|(group, rows)| (group, digest_of(&rows)))
            .collect();
        for group in undone.into_iter().flat_map(|(_, change)| touched(change)) {
            // What it was before is not known, but that it was something else.
            let digest = digests.entry(group.clone()).or_insert_with(|| digest([]));
            *digest = !*digest;
        }
        for (group, digest) in digests {
            let told = ToldGroup { at: None, digest };
            self.set(run, &group, told);
            scene.drafts.push_back(Draft::Group { run, group, told: Some(told), news: None });
        }
    }

    fn compare(&mut self, scene: &mut Scene<'_>) {
        let run = scene.run;
        let mut groups: BTreeMap<Group, Vec<Row>> = participants(scene.board);
        for group in self.told.get(&run).into_iter().flat_map(HashMap::keys) {
            groups.entry(group.clone()).or_default();
        }
        for (group, rows) in groups {
            if self.differs(run, &group, &rows).is_some() {
                self.tell_or_hold(scene, &group);
            }
        }
    }

    fn follow(&mut self, scene: &mut Scene<'_>, _user: &UserId, change: &Move) {
        for group in touched(change) {
            self.tell_or_hold(scene, group);
        }
    }

    fn end_windows(&mut self, scene: &mut Scene<'_>) {
        for group in self.ended_in(scene.run, scene.now) {
            let mut rest = self.windows.close(&group).unwrap_or_default();
            rest.remove(&scene.run);
            let rest = Some(rest).filter(|rest| !rest.is_empty());
            if self.tell(scene, &group) {
                self.windows.open(&group, scene.now, rest);
            } else if rest.is_some() {
                // Another run's turn, in a window that has ended as well.
                let ended = scene.now.plus_millis(-domain::webhook::WINDOW_MS);
                self.windows.open(&group, ended, rest);
            } else {
                self.forget_if_empty(&group, scene.drafts);
            }
        }
    }

    fn expire(&mut self, now: Timestamp, drafts: &mut VecDeque<Draft>) {
        for group in self.expired(now) {
            self.forget_if_empty(&group, drafts);
        }
    }
}

impl Groups {
    fn tell_or_hold(&mut self, scene: &mut Scene<'_>, group: &Group) {
        if self.windows.blocks(group, scene.now) {
            let held = self.windows.held_mut(group).expect("what blocks is there");
            held.get_or_insert_default().insert(scene.run);
        } else if self.tell(scene, group) {
            self.windows.open(group, scene.now, None);
        }
    }

    /// Tells of a group if it differs from what was told.
    fn tell(&mut self, scene: &mut Scene<'_>, group: &Group) -> bool {
        let filter = Filter(group.0.iter().cloned().map(Some).collect());
        let mut rows = scene.board.select(&filter).rows(0, u64::MAX);
        let Some(digest) = self.differs(scene.run, group, &rows) else { return false };
        let told = ToldGroup { at: Some(scene.now), digest };
        self.set(scene.run, group, told);
        rows.truncate(TOP as usize);
        let (run, group) = (scene.run, group.clone());
        scene.drafts.push_back(Draft::Group { run, group, told: Some(told), news: Some(rows) });
        true
    }

    fn differs(&self, run: Date, group: &Group, rows: &[Row]) -> Option<u64> {
        let told = self.told(run, group).map_or_else(|| digest([]), |told| told.digest);
        Some(digest_of(rows)).filter(|digest| *digest != told)
    }

    fn forget_if_empty(&mut self, group: &Group, drafts: &mut VecDeque<Draft>) {
        for (run, groups) in &mut self.told {
            if groups.get(group).is_some_and(|told| told.digest == digest([])) {
                groups.remove(group);
                let (run, group) = (*run, group.clone());
                drafts.push_back(Draft::Group { run, group, told: None, news: None });
            }
        }
    }
}

/// `leaderboard.rank_changed`: of each user, whether their rank is the one that was told.
pub(super) type Ranks = Side<UserId, ToldRank>;

impl Telling for Ranks {
    fn subject(&self) -> Subject {
        Subject::Ranks
    }

    fn unseen(&mut self) -> &mut BTreeMap<Date, Sight> {
        &mut self.unseen
    }

    fn take(&mut self, scene: &mut Scene<'_>, undone: Option<(&UserId, &Move)>) {
        let run = scene.run;
        let mut places: HashMap<UserId, Option<RankedValue>> = participants(scene.board)
            .into_values()
            .flatten()
            .map(|row| (row.user.clone(), Some(ranked(&row))))
            .collect();
        if let Some((user, change)) = undone {
            for (other, previous) in others(scene.board, user, change) {
                let value = places.get(&other).copied().flatten().map(|place| place.value);
                let value = value.or_else(|| value_of(scene.board, &other));
                places.insert(other, previous.zip(value).map(of_parts));
            }
            places.insert(user.clone(), before(change));
        }
        for (user, place) in places.into_iter().filter(|(_, place)| place.is_some()) {
            let told = ToldRank { at: None, place };
            self.set(run, &user, told);
            scene.drafts.push_back(Draft::Rank { run, user, told: Some(told), news: None });
        }
    }

    fn compare(&mut self, scene: &mut Scene<'_>) {
        let run = scene.run;
        let rows: Vec<Row> = participants(scene.board).into_values().flatten().collect();
        let there: HashSet<&UserId> = rows.iter().map(|row| &row.user).collect();
        let told = self.told.get(&run).into_iter().flat_map(HashMap::keys);
        let mut gone: Vec<UserId> = told.filter(|user| !there.contains(user)).cloned().collect();
        gone.sort_unstable();
        let users = rows.iter().map(|row| (row.user.clone(), Some(row.rank)));
        let users: Vec<_> = users.chain(gone.into_iter().map(|user| (user, None))).collect();
        for (user, rank) in users {
            if self.told_place(run, &user).map(|place| place.rank) != rank {
                self.tell_or_hold(scene, &user);
            }
        }
    }

    fn follow(&mut self, scene: &mut Scene<'_>, user: &UserId, change: &Move) {
        for (other, previous) in others(scene.board, user, change) {
            let value = || value_of(scene.board, &other);
            self.know_before(scene, &other, || previous.zip(value()).map(of_parts));
            self.tell_or_hold(scene, &other);
        }
        if change.previous_rank != change.rank {
            self.know_before(scene, user, || before(change));
            self.tell_or_hold(scene, user);
        }
    }

    fn end_windows(&mut self, scene: &mut Scene<'_>) {
        for user in self.ended_in(scene.run, scene.now) {
            self.windows.close(&user);
            if !self.tell(scene, &user) {
                self.forget_if_outside(&user, scene.drafts);
            }
        }
    }

    fn expire(&mut self, now: Timestamp, drafts: &mut VecDeque<Draft>) {
        for user in self.expired(now) {
            self.forget_if_outside(&user, drafts);
        }
    }
}

impl Ranks {
    fn told_place(&self, run: Date, user: &UserId) -> Option<RankedValue> {
        self.told(run, user).and_then(|told| told.place)
    }

    /// As long as nothing was told of a user in a run, the first change is told against how they
    /// stood before it. (C-WH-46)
    fn know_before(
        &mut self,
        scene: &Scene<'_>,
        user: &UserId,
        before: impl FnOnce() -> Option<RankedValue>,
    ) {
        let known = self.told(scene.run, user).filter(|told| told.place.is_some());
        let is_first = known.is_some_and(|told| told.at.is_none());
        let held = self.windows.held_mut(user).and_then(|held| held.as_ref());
        if is_first && !held.is_some_and(|held| held.contains(&scene.run)) {
            self.set(scene.run, user, ToldRank { at: None, place: before() });
        }
    }

    /// Of several runs the latest is held. (C-WH-47)
    fn tell_or_hold(&mut self, scene: &mut Scene<'_>, user: &UserId) {
        if self.windows.blocks(user, scene.now) {
            let held = self.windows.held_mut(user).expect("what blocks is there");
            if held.as_ref().and_then(|held| held.last()).is_none_or(|last| *last < scene.run) {
                *held = Some([scene.run].into());
            }
        } else {
            self.tell(scene, user);
        }
    }

    /// Tells of a user whose rank differs from what was told, and opens a window.
    fn tell(&mut self, scene: &mut Scene<'_>, user: &UserId) -> bool {
        let run = scene.run;
        let standing = scene.board.standing(user);
        let place = standing
            .as_ref()
            .and_then(|own| Some(RankedValue { rank: own.rank?, value: own.score.value.floor() }));
        let previous = self.told_place(run, user);
        if previous.map(|place| place.rank) == place.map(|place| place.rank) {
            return false;
        }
        let told = ToldRank { at: Some(scene.now), place };
        self.set(run, user, told);
        self.windows.open(user, scene.now, None);
        let group = standing.and_then(|own| own.group).map(|group| Group::clone(&group));
        let (user, news) = (user.clone(), Some(RankNews { previous, group }));
        scene.drafts.push_back(Draft::Rank { run, user, told: Some(told), news });
        true
    }

    fn forget_if_outside(&mut self, user: &UserId, drafts: &mut VecDeque<Draft>) {
        for (run, users) in &mut self.told {
            if users.get(user).is_some_and(|told| told.place.is_none()) {
                users.remove(user);
                let (run, user) = (*run, user.clone());
                drafts.push_back(Draft::Rank { run, user, told: None, news: None });
            }
        }
    }
}

/// The groups whose participants a move has changed.
fn touched(change: &Move) -> impl Iterator<Item = &Group> {
    change.shifts().filter(|shift| shift.rows().is_some()).map(|shift| &*shift.group)
}

/// The others whose rank a move has changed, and which it was.
fn others<'a>(
    board: &'a Board,
    user: &'a UserId,
    change: &'a Move,
) -> impl Iterator<Item = (UserId, Option<u64>)> + 'a {
    let changes = change.shifts().flat_map(|shift| board.rank_changes(user, shift));
    changes.filter(|own| own.user != *user).map(|own| (own.user, own.previous))
}

/// How the moved user stood before.
fn before(change: &Move) -> Option<RankedValue> {
    let value = change.before.map(|score| score.value.floor());
    change.previous_rank.zip(value).map(of_parts)
}

fn value_of(board: &Board, user: &UserId) -> Option<i64> {
    Some(board.standing(user)?.score.value.floor())
}

fn of_parts((rank, value): (u64, i64)) -> RankedValue {
    RankedValue { rank, value }
}

fn ranked(row: &Row) -> RankedValue {
    RankedValue { rank: row.rank, value: row.score.value.floor() }
}

/// Everyone who takes part, by group, in rank order.
fn participants(board: &Board) -> BTreeMap<Group, Vec<Row>> {
    board.participants().map(|(group, rows)| (group.clone(), rows.collect())).collect()
}

fn digest_of(rows: &[Row]) -> u64 {
    digest(rows.iter().map(|row| (&row.user, row.score.value.floor())))
}
