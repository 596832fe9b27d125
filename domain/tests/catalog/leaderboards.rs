//! Leaderboards: what they need, what may change when, and what goes with what they rank by.

use domain::catalog::{
    AttributeKind, LeaderboardDraft, LeaderboardPatch, LeaderboardStatus, Patch, Phase, RankBy,
    RankByKind,
};
use domain::ids::{LeaderboardId, MetricId};
use domain::leaderboard::{DailyWindow, RunUnit};
use domain::time::{Date, TimeOfDay, Timestamp};

use crate::world::{World, filter, refused, said, system};

/// The UTC date of everything below that says no other.
const TODAY: &str = "2026-03-10";

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

fn now() -> Timestamp {
    at("2026-03-10T11:00:00Z")
}

fn date(text: &str) -> Date {
    Date::parse(text).expect("a date")
}

pub(crate) fn draft(metric: MetricId) -> LeaderboardDraft {
    LeaderboardDraft {
        name: "Board".to_owned(),
        key: "board".to_owned(),
        description: None,
        status: LeaderboardStatus::Inactive,
        rank_by: RankByKind::Metric,
        metric_id: Some(metric),
        points_system_id: None,
        participants_max: Some(100),
        start: None,
        end: None,
        run_unit: None,
        run_interval: None,
        window: DailyWindow::default(),
        breakdown: Vec::new(),
        user_filters: Vec::new(),
    }
}

fn status(status: LeaderboardStatus) -> LeaderboardPatch {
    LeaderboardPatch { status: Some(status), ..Default::default() }
}

impl World {
    fn board(&mut self, draft: LeaderboardDraft) -> Result<LeaderboardId, String> {
        said(self.catalog.create_leaderboard(draft, now()).map(|board| board.id))
    }

    fn change_board(&mut self, id: LeaderboardId, patch: LeaderboardPatch) -> Result<(), String> {
        self.change_board_at(now(), id, patch)
    }

    fn change_board_at(
        &mut self,
        now: Timestamp,
        id: LeaderboardId,
        patch: LeaderboardPatch,
    ) -> Result<(), String> {
        said(self.catalog.update_leaderboard(id, patch, now).map(|_| ()))
    }

    fn status_of(&self, id: LeaderboardId, now: &str) -> &'static str {
        self.catalog.find_leaderboard(id).expect("live").status(at(now)).as_str()
    }
}

// C-LB-01 C-LB-04 C-ADM-64
#[test]
fn a_board_is_inactive_and_starts_today_unless_told_otherwise() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let id = world.board(draft(words)).unwrap();
    let board = world.catalog.find_leaderboard(id).unwrap();
    assert_eq!((board.runs.start, board.runs.end), (date(TODAY), None));
    assert_eq!(board.status(now()), LeaderboardStatus::Inactive);
    assert_eq!((board.phase, board.recounts.len(), world.catalog.recounts), (Phase::Off, 0, 0));
    assert_eq!((board.seats(1_000), board.seats(50)), (100, 50));
}

// C-LB-02 C-LB-03 C-LB-15 C-LB-45 C-LB-57 C-ADM-65 C-ADM-66 C-ADM-68
#[test]
fn fields_must_fit_together() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let xp = world.system(system("xp")).unwrap();
    let plan = world.attribute(AttributeKind::User, "plan").unwrap();
    let book = world.attribute(AttributeKind::Event, "book").unwrap();
    let gone = world.metric("gone").unwrap();
    world.catalog.delete_metric(gone, now()).unwrap();
    let good = || draft(words);
    let time = TimeOfDay::parse;
    let window = |start, end| DailyWindow { start: time(start), end: time(end) };
    let streak =
        || LeaderboardDraft { rank_by: RankByKind::Streak, metric_id: None, ..draft(words) };
    let cases = [
        (LeaderboardDraft { key: "a b".into(), ..good() }, "Key contains invalid characters"),
        (LeaderboardDraft { metric_id: None, ..good() }, "metricId is required"),
        (LeaderboardDraft { metric_id: Some(gone), ..good() }, "Metric not found by ID"),
        (
            LeaderboardDraft { points_system_id: Some(xp), ..good() },
            "pointsSystemId is only permitted for leaderboards ranked by points",
        ),
        (
            LeaderboardDraft { rank_by: RankByKind::Points, metric_id: None, ..good() },
            "pointsSystemId is required",
        ),
        (
            LeaderboardDraft { rank_by: RankByKind::Points, ..good() },
            "metricId is only permitted for leaderboards ranked by metric",
        ),
        (
            LeaderboardDraft { metric_id: Some(words), ..streak() },
            "metricId is only permitted for leaderboards ranked by metric",
        ),
        (
            LeaderboardDraft { run_unit: Some(RunUnit::Day), run_interval: Some(7), ..streak() },
            "runUnit is not permitted for leaderboards ranked by streak",
        ),
        (LeaderboardDraft { run_unit: Some(RunUnit::Day), ..good() }, "runInterval is required"),
        (LeaderboardDraft { run_interval: Some(7), ..good() }, "runUnit is required"),
        (
            LeaderboardDraft { end: Some(date("2026-03-09")), ..good() },
            "end must not be before start",
        ),
        (
            LeaderboardDraft { window: window("17:00", "09:00"), ..good() },
            "startTime must be earlier than endTime",
        ),
        (
            LeaderboardDraft { window: window("09:00", "09:00"), ..good() },
            "startTime must be earlier than endTime",
        ),
        (
            LeaderboardDraft { breakdown: vec![plan; 6], ..good() },
            "breakdownAttributes must have at most 5 entries",
        ),
        (
            LeaderboardDraft { breakdown: vec![plan; 2], ..good() },
            "breakdownAttributes must name each attribute once",
        ),
        (
            LeaderboardDraft { breakdown: vec![book], ..good() },
            "breakdownAttributes must name user attributes",
        ),
        (
            LeaderboardDraft { user_filters: vec![filter(book, "x")], ..good() },
            "userAttributes must name user attributes",
        ),
    ];
    for (draft, message) in cases {
        assert_eq!(refused(world.board(draft)), message);
    }
    assert_eq!(world.catalog.leaderboards, []);
    let id = world.board(good()).unwrap();
    assert_eq!(refused(world.board(good())), "Key already in use by another leaderboard");
    world.catalog.delete_leaderboard(id, now()).unwrap();
    world.board(good()).unwrap();
    assert_eq!(refused(world.change_board(id, status(LeaderboardStatus::Active))), NOT_FOUND);
}

const NOT_FOUND: &str = "Leaderboard not found by ID";

// C-LB-07 C-ADM-67
#[test]
fn dates_decide_which_status_a_board_can_have() {
    use LeaderboardStatus::{Active, Finished, Inactive, Scheduled};
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let early = "status active needs start to be today or earlier";
    let late = "status scheduled needs start to be after today";
    let open = "status finished needs end to be before today";
    let over = "status active needs end to be today or later";
    let cases = [
        ("2026-03-10", None, Active, None),
        ("2026-03-10", None, Scheduled, Some(late)),
        ("2026-03-10", None, Finished, Some(open)),
        ("2026-03-11", None, Active, Some(early)),
        ("2026-03-11", None, Scheduled, None),
        ("2026-03-01", Some("2026-03-09"), Active, Some(over)),
        ("2026-03-01", Some("2026-03-10"), Active, None),
        ("2026-03-01", Some("2026-03-09"), Finished, None),
        ("2026-03-01", Some("2026-03-10"), Finished, Some(open)),
        ("2026-03-01", Some("2026-03-09"), Inactive, None),
    ];
    for (start, end, wanted, problem) in cases {
        let (start, end) = (Some(date(start)), end.map(date));
        let new = LeaderboardDraft { start, end, status: wanted, ..draft(words) };
        let made = world.board(new.clone());
        assert_eq!(made.as_ref().err().map(String::as_str), problem, "{new:?}");
        if let Ok(id) = made {
            world.catalog.delete_leaderboard(id, now()).unwrap();
        }
        if wanted == Finished {
            continue;
        }
        let id = world.board(LeaderboardDraft { status: Inactive, ..new.clone() }).unwrap();
        let moved = world.change_board(id, status(wanted));
        assert_eq!(moved.err().as_deref(), problem, "{new:?}");
        world.catalog.delete_leaderboard(id, now()).unwrap();
    }
}

// C-LB-08 C-LB-09 W5
#[test]
fn boards_become_active_and_finish_by_themselves() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let id = world
        .board(LeaderboardDraft {
            start: Some(date("2026-03-16")),
            end: Some(date("2026-03-25")),
            run_unit: Some(RunUnit::Day),
            run_interval: Some(7),
            status: LeaderboardStatus::Scheduled,
            ..draft(words)
        })
        .unwrap();
    for (now, expected) in [
        ("2026-03-10T11:00:00Z", "scheduled"),
        ("2026-03-15T09:59:59.999Z", "scheduled"),
        ("2026-03-15T10:00:00Z", "active"),
        ("2026-03-26T11:59:59.999Z", "active"),
        ("2026-03-26T12:00:00Z", "finished"),
    ] {
        assert_eq!(world.status_of(id, now), expected, "{now}");
    }
    let next = |after: &str| {
        let board = world.catalog.find_leaderboard(id).unwrap();
        board.next_transition(at(after)).map(|at| at.to_string())
    };
    assert_eq!(next("2026-03-10T11:00:00Z").as_deref(), Some("2026-03-15T10:00:00.000Z"));
    assert_eq!(next("2026-03-15T10:00:00Z").as_deref(), Some("2026-03-26T12:00:00.000Z"));
    assert_eq!(next("2026-03-26T12:00:00Z"), None);
    // Then it can't be switched any more, but named.
    let later = at("2026-03-26T12:00:00Z");
    let refusal = world.change_board_at(later, id, status(LeaderboardStatus::Inactive));
    assert_eq!(refused(refusal), "status cannot change from finished to inactive");
    let patch = LeaderboardPatch { name: Some("Old".into()), ..Default::default() };
    world.change_board_at(later, id, patch).unwrap();
}

// C-LB-10
#[test]
fn only_some_changes_of_status_are_allowed() {
    use LeaderboardStatus::{Active, Finished, Inactive, Scheduled};
    let all = [Inactive, Scheduled, Active, Finished];
    let allowed = |from, to| {
        from == to
            || matches!(
                (from, to),
                (Inactive, Active | Scheduled) | (Scheduled | Active, Inactive | Finished)
            )
    };
    for (from, to) in all.into_iter().flat_map(|from| all.map(|to| (from, to))) {
        let mut world = World::new();
        let words = world.metric("words").unwrap();
        let is_ahead = from == Scheduled || (from, to) == (Inactive, Scheduled);
        let start = Some(date(if is_ahead { "2026-03-20" } else { "2026-03-01" }));
        let first = if from == Finished { Active } else { from };
        let new = LeaderboardDraft { start, status: first, ..draft(words) };
        let id = world.board(new).unwrap();
        world.change_board(id, status(from)).unwrap();
        let moved = world.change_board(id, status(to));
        let refusal = format!("status cannot change from {} to {}", from.as_str(), to.as_str());
        assert_eq!(moved, if allowed(from, to) { Ok(()) } else { Err(refusal) });
    }
}

// C-LB-11
#[test]
fn finishing_by_hand_sets_the_end() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    for (start, end, wanted, expected) in [
        ("2026-03-01", None, LeaderboardStatus::Active, "2026-03-10"),
        ("2026-03-01", Some("2026-04-01"), LeaderboardStatus::Active, "2026-03-10"),
        ("2026-03-20", Some("2026-04-01"), LeaderboardStatus::Scheduled, "2026-03-20"),
        // Open in the first zones already, and so active.
        ("2026-03-11", None, LeaderboardStatus::Scheduled, "2026-03-11"),
    ] {
        let (start, end) = (Some(date(start)), end.map(date));
        let id = world.board(LeaderboardDraft { start, end, status: wanted, ..draft(words) });
        let id = id.unwrap();
        world.change_board(id, status(LeaderboardStatus::Finished)).unwrap();
        let board = world.catalog.find_leaderboard(id).unwrap();
        assert_eq!(board.runs.end, Some(date(expected)));
        assert_eq!(board.phase, Phase::Finished { at: now() });
        assert!(board.is_final(board.runs.first(), now()));
        world.catalog.delete_leaderboard(id, now()).unwrap();
    }
}

// C-LB-13 C-LB-14 C-ADM-70 C-ADM-71
#[test]
fn a_field_can_change_as_long_as_ranks_do_not_depend_on_it() {
    use LeaderboardStatus::{Active, Finished, Inactive, Scheduled};
    let new = || LeaderboardPatch::default();
    let inactive = "while the leaderboard is inactive";
    let scheduled = "while the leaderboard is inactive or scheduled";
    let unfinished = "until the leaderboard is finished";
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let other = world.metric("other").unwrap();
    let xp = world.system(system("xp")).unwrap();
    let plan = world.attribute(AttributeKind::User, "plan").unwrap();
    let noon = TimeOfDay::parse("12:00").unwrap();
    let cases = [
        (LeaderboardPatch { name: Some("x".into()), ..new() }, "", Finished, ""),
        (LeaderboardPatch { description: Some("x".into()), ..new() }, "", Finished, ""),
        (
            LeaderboardPatch { participants_max: Patch::Clear, ..new() },
            "maxParticipants",
            Active,
            unfinished,
        ),
        (
            LeaderboardPatch { end: Patch::Set(date("2026-05-01")), ..new() },
            "end",
            Active,
            unfinished,
        ),
        (
            LeaderboardPatch { start: Some(date("2026-03-12")), ..new() },
            "start",
            Scheduled,
            scheduled,
        ),
        (
            LeaderboardPatch { run_unit: Patch::Set(RunUnit::Day), run_interval: Some(2), ..new() },
            "runUnit",
            Scheduled,
            scheduled,
        ),
        (
            LeaderboardPatch { start_time: Patch::Set(noon), ..new() },
            "startTime",
            Scheduled,
            scheduled,
        ),
        (LeaderboardPatch { end_time: Patch::Set(noon), ..new() }, "endTime", Scheduled, scheduled),
        (
            LeaderboardPatch { breakdown: Some(vec![plan]), ..new() },
            "breakdownAttributes",
            Scheduled,
            scheduled,
        ),
        (LeaderboardPatch { key: Some("new".into()), ..new() }, "key", Inactive, inactive),
        (LeaderboardPatch { metric_id: Some(other), ..new() }, "metricId", Inactive, inactive),
        (
            LeaderboardPatch {
                rank_by: Some(RankByKind::Points),
                points_system_id: Some(xp),
                ..new()
            },
            "rankBy",
            Inactive,
            inactive,
        ),
        (
            LeaderboardPatch { rank_by: Some(RankByKind::Streak), ..new() },
            "rankBy",
            Inactive,
            inactive,
        ),
        (
            LeaderboardPatch { user_filters: Patch::Set(vec![filter(plan, "pro")]), ..new() },
            "userAttributes",
            Inactive,
            inactive,
        ),
    ];
    for current in [Inactive, Scheduled, Active, Finished] {
        for (patch, field, last, when) in &cases {
            // Tomorrow has begun in the first zones, so a start of tomorrow is active.
            let start = if current == Active { "2026-03-10" } else { "2026-03-20" };
            let wanted = if current == Finished { Scheduled } else { current };
            let start = Some(date(start));
            let id = world.board(LeaderboardDraft { start, status: wanted, ..draft(words) });
            let id = id.unwrap();
            if current == Finished {
                world.change_board(id, status(Finished)).unwrap();
            }
            let before = world.catalog.clone();
            let changed = world.change_board(id, patch.clone());
            if current <= *last {
                assert_eq!(changed, Ok(()), "{current:?} {patch:?}");
                assert_ne!(world.catalog, before);
            } else {
                assert_eq!(refused(changed), format!("{field} can only change {when}"));
                assert_eq!(world.catalog, before);
            }
            world.catalog.delete_leaderboard(id, now()).unwrap();
        }
    }
}

// C-LB-14 C-ADM-69 C-ADM-70
#[test]
fn edits_are_judged_by_what_they_change_in_the_status_before() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let active = LeaderboardDraft { status: LeaderboardStatus::Active, ..draft(words) };
    let id = world.board(active).unwrap();
    // Sending what is there already is no edit.
    let same = LeaderboardPatch {
        key: Some("board".into()),
        rank_by: Some(RankByKind::Metric),
        metric_id: Some(words),
        start: Some(date(TODAY)),
        run_unit: Patch::Clear,
        user_filters: Patch::Clear,
        ..Default::default()
    };
    let before = world.catalog.clone();
    world.change_board(id, same).unwrap();
    assert_eq!(world.catalog, before);
    // Fields come first: the board is still active when its key would change.
    let both = LeaderboardPatch { key: Some("new".into()), ..status(LeaderboardStatus::Inactive) };
    assert_eq!(
        refused(world.change_board(id, both)),
        "key can only change while the leaderboard is inactive"
    );
    assert_eq!(world.catalog, before);
    let past = LeaderboardPatch { end: Patch::Set(date("2026-03-09")), ..Default::default() };
    let earlier = LeaderboardDraft {
        key: "earlier".into(),
        start: Some(date("2026-03-01")),
        status: LeaderboardStatus::Active,
        ..draft(words)
    };
    let earlier = world.board(earlier).unwrap();
    assert_eq!(refused(world.change_board(earlier, past)), "end must be today or later");
    let interval = LeaderboardPatch { run_interval: Some(2), ..Default::default() };
    assert_eq!(refused(world.change_board(id, interval)), "runUnit is required");
}

// C-LB-12 C-LB-27
#[test]
fn what_makes_scores_wrong_has_them_counted_anew() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let start = Some(date("2026-03-01"));
    let id = world.board(LeaderboardDraft { start, ..draft(words) }).unwrap();
    let mut number = |patch: LeaderboardPatch| {
        world.change_board(id, patch).unwrap();
        let board = world.catalog.find_leaderboard(id).unwrap();
        board.recounts.last().map(|recount| (recount.number, recount.until.is_some()))
    };
    assert_eq!(number(LeaderboardPatch { start_time: Patch::Clear, ..Default::default() }), None);
    assert_eq!(number(status(LeaderboardStatus::Active)), Some((1, false)));
    assert_eq!(
        number(LeaderboardPatch { name: Some("x".into()), ..Default::default() }),
        Some((1, false))
    );
    assert_eq!(
        number(LeaderboardPatch { participants_max: Patch::Set(7), ..Default::default() }),
        Some((1, false))
    );
    let end = Patch::Set(date("2026-05-01"));
    assert_eq!(number(LeaderboardPatch { end, ..Default::default() }), Some((2, false)));
    assert_eq!(number(status(LeaderboardStatus::Inactive)), Some((2, true)));
    assert_eq!(number(status(LeaderboardStatus::Active)), Some((3, false)));
    assert_eq!(number(status(LeaderboardStatus::Finished)), Some((3, true)));
}

// C-LB-83 C-ADM-24 C-ADM-72
#[test]
fn boards_go_with_what_they_rank_by_unless_they_are_finished() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let xp = world.system(system("xp")).unwrap();
    let plan = world.attribute(AttributeKind::User, "plan").unwrap();
    let city = world.attribute(AttributeKind::User, "city").unwrap();
    let old = LeaderboardDraft {
        key: "old".into(),
        start: Some(date("2026-03-01")),
        end: Some(date("2026-03-09")),
        status: LeaderboardStatus::Finished,
        breakdown: vec![city],
        ..draft(words)
    };
    let old = world.board(old).unwrap();
    let open = LeaderboardDraft {
        breakdown: vec![plan],
        status: LeaderboardStatus::Active,
        ..draft(words)
    };
    world.board(open).unwrap();
    let points = LeaderboardDraft {
        key: "points".into(),
        rank_by: RankByKind::Points,
        metric_id: None,
        points_system_id: Some(xp),
        user_filters: vec![filter(plan, "pro")],
        ..draft(words)
    };
    world.board(points).unwrap();
    let in_use = world.catalog.delete_attribute(plan, now()).unwrap_err();
    assert_eq!(in_use.message, "Attribute is in use");
    world.catalog.delete_attribute(city, now()).unwrap();
    let keys =
        |keys: Vec<domain::ids::Key>| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(keys(world.catalog.delete_metric(words, now()).unwrap()), ["board"]);
    assert_eq!(keys(world.catalog.delete_points_system(xp, now()).unwrap()), ["points"]);
    world.catalog.delete_attribute(plan, now()).unwrap();
    let left: Vec<_> = world.catalog.live_leaderboards().map(|board| board.id).collect();
    assert_eq!(left, [old]);
    assert_eq!(world.catalog.find_leaderboard(old).unwrap().rank_by, RankBy::Metric(words));
    let patch = LeaderboardPatch { name: Some("Older".into()), ..Default::default() };
    world.change_board(old, patch).unwrap();
}
