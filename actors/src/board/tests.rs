//! Boards against a sorted list of scores, every answer after every step.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use domain::amount::Amount;
use domain::ids::UserId;
use domain::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Board, Filter, Group, Move, RankChange, Row, Score, Start, Watch};

type Rows = BTreeMap<String, (Score, Option<Group>)>;

/// A board as its definition: scores, sorted whenever somebody asks.
#[derive(Clone, Debug)]
struct Model {
    limit: u64,
    rows: Rows,
}

impl Model {
    /// The participants of all groups for which `wanted` holds, in rank order, each with its score.
    fn participants(&self, wanted: impl Fn(&Group) -> bool) -> Vec<(String, Score)> {
        let mut groups: BTreeMap<&Group, Vec<(String, Score)>> = BTreeMap::new();
        for (user, (score, group)) in &self.rows {
            if let Some(group) = group.as_ref().filter(|group| wanted(group))
                && score.value > Amount::ZERO
            {
                groups.entry(group).or_default().push((user.clone(), *score));
            }
        }
        let first = |mut rows: Vec<(String, Score)>| {
            sort(&mut rows);
            rows.truncate(usize::try_from(self.limit).expect("small"));
            rows
        };
        let mut all: Vec<_> = groups.into_values().flat_map(first).collect();
        sort(&mut all);
        all
    }

    fn rank(&self, user: &str) -> Option<u64> {
        let own = self.rows.get(user)?.1.as_ref()?;
        place(&self.participants(|group| group == own), user)
    }

    fn threshold(&self, group: &Group) -> i64 {
        let rows = self.participants(|own| own == group);
        let full = rows.len() as u64 == self.limit;
        let last = rows.last().filter(|_| full).map(|(_, score)| score.value.multiples_of(1));
        last.map_or(1, |last| last + 1)
    }

    /// Whose rank in the group differs from that in another state.
    fn changes(&self, now: &Self, group: &Group) -> BTreeSet<(String, Option<u64>, Option<u64>)> {
        let [before, after] = [self, now].map(|model| model.participants(|own| own == group));
        let users = before.iter().chain(&after).map(|(user, _)| user.clone());
        users
            .map(|user| {
                let (before, after) = (place(&before, &user), place(&after, &user));
                (user, before, after)
            })
            .filter(|(_, before, after)| before != after)
            .collect()
    }

    /// The first and the last rank of the group that shows something else than in another state.
    fn span(&self, now: &Self, group: &Group) -> Option<(u64, u64)> {
        let [before, after] = [self, now].map(|model| model.participants(|own| own == group));
        let differs = |at: &usize| before.get(*at) != after.get(*at);
        let ranks = (0..before.len().max(after.len())).filter(differs).map(|at| at as u64 + 1);
        let ranks: Vec<_> = ranks.collect();
        ranks.first().copied().zip(ranks.last().copied())
    }
}

// C-LB-36 C-LB-37
fn sort(rows: &mut [(String, Score)]) {
    rows.sort_by_key(|(user, own)| (Reverse(own.value), own.reached, own.order, user.clone()));
}

fn place(rows: &[(String, Score)], user: &str) -> Option<u64> {
    rows.iter().position(|(own, _)| own == user).map(|at| at as u64 + 1)
}

/// Ids of several lengths, UUIDs in two spellings among them.
fn name(user: u16) -> String {
    match user % 4 {
        0 => format!("00000000-0000-4000-8000-{user:012x}"),
        1 => format!("ABCDEF00-0000-4000-8000-{user:012X}"),
        2 => format!("{user}"),
        _ => format!("ä-{user:05}"),
    }
}

fn id(user: u16) -> UserId {
    UserId::new(name(user)).expect("valid")
}

#[derive(Clone, Debug)]
enum Step {
    Put(u16, Score, Option<Group>),
    /// The same score in another group.
    Regroup(u16, Option<Group>),
    Remove(u16),
    Limit(u64),
    Look,
}

/// Few different values, instants and orders, so that all kinds of ties occur.
fn score() -> impl Strategy<Value = Score> {
    let value = prop_oneof![
        Just("0"),
        Just("-3"),
        Just("1"),
        Just("1.5"),
        Just("2"),
        Just("1000000000000"),
        Just("0.000000001"),
    ];
    (value, 0..3_i64, 0..3_u64).prop_map(|(value, reached, order)| Score {
        value: Amount::parse(value).expect("a number"),
        reached: Timestamp::from_millis(reached),
        order,
    })
}

/// Groups of two attributes with two values each.
fn group() -> impl Strategy<Value = Option<Group>> {
    let value = prop_oneof![Just("a".to_owned()), Just(String::new())];
    prop_oneof![
        1 => Just(None),
        5 => [value.clone(), value].prop_map(|values| Some(Group(values.to_vec()))),
    ]
}

fn steps(users: u16) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..users, score(), group()).prop_map(|(user, score, group)| Step::Put(user, score, group)),
        2 => (0..users, group()).prop_map(|(user, group)| Step::Regroup(user, group)),
        1 => (0..users).prop_map(Step::Remove),
        1 => (0..6_u64).prop_map(Step::Limit),
        1 => Just(Step::Look),
    ];
    vec(step, 0..60)
}

fn filters() -> Vec<Filter> {
    let values = [None, Some("a".to_owned()), Some(String::new()), Some("nobody".to_owned())];
    let pairs = values.iter().flat_map(|one| values.iter().map(move |two| [one, two]));
    pairs.map(|pair| Filter(pair.map(Clone::clone).to_vec())).collect()
}

fn shown(rows: &[Row]) -> Vec<(u64, String, Score)> {
    rows.iter().map(|row| (row.rank, row.user.to_string(), row.score)).collect()
}

fn ranked(rows: &[(String, Score)]) -> Vec<(u64, String, Score)> {
    (1..).zip(rows).map(|(rank, (user, score))| (rank, user.clone(), *score)).collect()
}

/// Every reading of the board is that of the model.
fn agree(board: &Board, model: &Model, users: u16) {
    assert_eq!(board.len(), model.rows.len() as u64);
    for user in 0..users {
        let standing = board.standing(&id(user));
        let row = model.rows.get(&name(user));
        assert_eq!(standing.as_ref().map(|own| own.score), row.map(|row| row.0));
        let group = standing.as_ref().and_then(|own| own.group.as_deref());
        assert_eq!(group, row.and_then(|row| row.1.as_ref()));
        assert_eq!(standing.and_then(|own| own.rank), model.rank(&name(user)), "{user}");
    }
    for filter in filters() {
        let all = ranked(&model.participants(|group| filter.matches(group)));
        let selection = board.select(&filter);
        assert_eq!((selection.len(), selection.is_empty()), (all.len() as u64, all.is_empty()));
        for offset in 0..=all.len() + 1 {
            let expected = all.get(offset..).unwrap_or(&[]);
            assert_eq!(shown(&selection.rows(offset as u64, u64::MAX)), expected);
            let two = &expected[..expected.len().min(2)];
            assert_eq!(shown(&selection.rows(offset as u64, 2)), two);
        }
        for user in 0..users {
            let at = all.iter().position(|(_, own, _)| *own == name(user));
            assert_eq!(selection.rank(&id(user)), at.map(|at| at as u64 + 1));
            let around = at.map_or(&[][..], |at| all.get(at + 1..).unwrap_or(&[]));
            let around = &around[..around.len().min(3)];
            assert_eq!(shown(&selection.rows_from(&id(user), 1, 3)), around);
        }
        if let Some(group) = filter.group() {
            assert_eq!(board.threshold(&group), model.threshold(&group), "{group:?}");
        }
    }
    let whole: BTreeMap<_, _> = board
        .participants()
        .map(|(group, rows)| (group.clone(), shown(&rows.collect::<Vec<_>>())))
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    for (group, rows) in &whole {
        assert_eq!(*rows, ranked(&model.participants(|own| own == group)));
    }
    let total: usize = whole.values().map(Vec::len).sum();
    assert_eq!(total, model.participants(|_| true).len());
}

/// What a move answered is what the model shows before and after.
fn agree_on_move(board: &Board, [before, after]: [&Model; 2], user: u16, own: &Move) {
    let row = |model: &Model| model.rows.get(&name(user)).cloned();
    let score = |model: &Model| row(model).map(|row| row.0);
    assert_eq!((own.before, own.after), (score(before), score(after)));
    let ranks = (before.rank(&name(user)), after.rank(&name(user)));
    assert_eq!((own.previous_rank, own.rank), ranks);
    let group = row(after).or(row(before)).and_then(|row| row.1);
    assert_eq!(own.threshold, group.map(|group| after.threshold(&group)));
    let touched: BTreeSet<_> = own.shifts().map(|shift| (*shift.group).clone()).collect();
    assert_eq!(touched.len(), own.shifts().count(), "one shift per group");
    for group in filters().iter().filter_map(Filter::group) {
        let shift = own.shifts().find(|shift| *shift.group == group);
        let rows = shift.and_then(|shift| shift.rows());
        assert_eq!(rows.map(|rows| rows.into_inner()), before.span(after, &group), "{group:?}");
        let changes: Vec<_> = shift
            .into_iter()
            .flat_map(|shift| board.rank_changes(&id(user), shift).collect::<Vec<_>>())
            .map(|RankChange { user, previous, rank }| (user.to_string(), previous, rank))
            .collect();
        let distinct: BTreeSet<_> = changes.iter().cloned().collect();
        assert_eq!(changes.len(), distinct.len());
        assert_eq!(distinct, before.changes(after, &group));
    }
}

/// Who came in and fell out with a limit.
fn agree_on_limit(board: &Board, [before, after]: [&Model; 2]) {
    let mut changes: BTreeMap<Group, BTreeSet<_>> = BTreeMap::new();
    for (group, change) in board.limit_changes(before.limit) {
        let change = (change.user.to_string(), change.previous, change.rank);
        assert!(changes.entry((*group).clone()).or_default().insert(change));
    }
    for group in filters().iter().filter_map(Filter::group) {
        let found = changes.remove(&group).unwrap_or_default();
        assert_eq!(found, before.changes(after, &group));
    }
    assert!(changes.is_empty());
}

/// What a page shows: the user and the value at each rank.
type Page = BTreeMap<u64, (UserId, Amount)>;

fn page(rows: &[Row]) -> Page {
    rows.iter().map(|row| (row.rank, (row.user.clone(), row.score.value))).collect()
}

/// Watches of all kinds, and what each showed at its last look.
struct Watches(Vec<(Watch, Page)>);

impl Watches {
    fn new(board: &Board) -> Self {
        let starts = [Start::Offset(0), Start::Offset(2)].into_iter().chain(
            (0..3).flat_map(|user| [0, 1].map(|offset| Start::User { user: id(user), offset })),
        );
        let watches = starts.flat_map(|start| {
            filters().into_iter().map(move |filter| {
                let watch = Watch::new(board, filter, start.clone(), 2);
                let known = page(watch.rows());
                (watch, known)
            })
        });
        Self(watches.collect())
    }

    fn note(&mut self, own: &Move) {
        for (watch, _) in &mut self.0 {
            own.shifts().for_each(|shift| watch.note(shift));
        }
    }

    /// A page that isn't touched is as it was, and only another one is told.
    fn look(&mut self, board: &Board) {
        for (watch, known) in &mut self.0 {
            let is_touched = watch.is_touched();
            let is_new = watch.look(board);
            let now = page(watch.rows());
            assert_eq!(is_new, *known != now, "{watch:?}");
            assert!(is_touched || !is_new, "unnoticed: {watch:?}");
            assert!(!watch.is_touched());
            *known = now;
        }
    }
}

/// Takes one step in the model and on the board, comparing what the board answers.
fn take(board: &mut Board, model: &mut Model, watches: &mut Watches, step: Step) {
    let before = model.clone();
    let (user, own) = match step {
        Step::Put(user, score, group) => {
            model.rows.insert(name(user), (score, group.clone()));
            (user, Some(board.put(&id(user), score, group.as_ref())))
        }
        Step::Regroup(user, group) => {
            let Some((score, own)) = model.rows.get_mut(&name(user)) else { return };
            own.clone_from(&group);
            (user, Some(board.put(&id(user), *score, group.as_ref())))
        }
        Step::Remove(user) => {
            let known = model.rows.remove(&name(user)).is_some();
            let own = board.remove(&id(user));
            assert_eq!(own.is_some(), known);
            (user, own)
        }
        Step::Limit(limit) => {
            let old = board.limit();
            model.limit = limit;
            board.set_limit(limit);
            assert_eq!(old, before.limit);
            agree_on_limit(board, [&before, model]);
            watches.0.iter_mut().for_each(|(watch, _)| watch.note_all());
            return;
        }
        Step::Look => return,
    };
    if let Some(own) = own {
        agree_on_move(board, [&before, model], user, &own);
        watches.note(&own);
    }
}

fn start(rows: Vec<(u16, Score, Option<Group>)>, limit: u64) -> (Board, Model) {
    let given = rows.clone().into_iter().map(|(user, score, group)| (id(user), score, group));
    let board = Board::build(limit, given);
    let rows = rows.into_iter().map(|(user, score, group)| (name(user), (score, group)));
    (board, Model { limit, rows: rows.collect() })
}

const USERS: u16 = 12;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    // C-LB-31 C-LB-36 C-LB-37 C-LB-41 C-LB-42 C-LB-43 C-LB-44 C-LB-45 C-LB-47 C-LB-53
    #[test]
    fn a_board_is_a_sorted_list_of_scores(
        rows in vec((0..USERS, score(), group()), 0..20),
        limit in 0..6_u64,
        steps in steps(USERS),
    ) {
        let (mut board, mut model) = start(rows, limit);
        agree(&board, &model, USERS);
        let mut watches = Watches::new(&board);
        for step in steps {
            let look = matches!(step, Step::Look);
            take(&mut board, &mut model, &mut watches, step);
            agree(&board, &model, USERS);
            if look {
                watches.look(&board);
            }
        }
        watches.look(&board);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    // Enough users for a tree of several levels whose order is mostly that of requests and ids.
    #[test]
    fn large_boards_keep_the_order_of_ties(
        rows in vec((0..6000_u16, 0..2_u64, any::<bool>()), 3000..9000),
        moves in vec((0..6000_u16, 0..4_u64), 3000..9000),
    ) {
        let group = Group::default();
        let tied = |order: u64| Score {
            value: Amount::from(1),
            reached: Timestamp::from_millis(7),
            order,
        };
        let rows = rows.into_iter().map(|(user, order, ranked)| {
            (user, tied(order), ranked.then(|| group.clone()))
        });
        let (mut board, mut model) = start(rows.collect(), 5000);
        for (user, order) in moves {
            if order == 3 {
                assert_eq!(board.remove(&id(user)).is_some(), model.rows.remove(&name(user)).is_some());
            } else {
                board.put(&id(user), tied(order), Some(&group));
                model.rows.insert(name(user), (tied(order), Some(group.clone())));
            }
        }
        let all = ranked(&model.participants(|_| true));
        let selection = board.select(&Filter::default());
        assert_eq!(shown(&selection.rows(0, u64::MAX)), all);
        for (rank, user, _) in all {
            assert_eq!(selection.rank(&UserId::new(user).expect("valid")), Some(rank));
        }
        // What was moved one by one is what is built at once.
        let rows = model.rows.into_iter().map(|(user, (score, group))| {
            (UserId::new(user).expect("valid"), score, group)
        });
        let built = Board::build(5000, rows);
        assert_eq!(built.len(), board.len());
        assert!(built.participants().map(|(_, rows)| rows.collect::<Vec<_>>())
            .eq(board.participants().map(|(_, rows)| rows.collect::<Vec<_>>())));
    }
}
