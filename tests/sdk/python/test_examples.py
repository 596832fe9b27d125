"""The worked examples of the core contract, section 14, at their exact instants.

Only what the contract lists is asserted, plus the instants just before and at each boundary
it names. Signals are not visible over HTTP, so where an example names one, the state that the
signal would announce is read instead.
"""

from __future__ import annotations

import pytest
from trophy import PatchPointsTriggersRequestItem, UpdateStreakSettingsFreezes

from expect import (
    assert_fields,
    assert_inactive,
    assert_no_streak,
    extra,
    history,
    instant,
    lengths,
    refused,
    sent,
)


@pytest.fixture
def written(start):
    """The configuration of X1 and X2, and the answer to the first event."""
    world = start("2026-01-01T00:00:00Z")
    catalog = world.catalog
    metric = catalog.metric("words-written", name="Words written")
    a1 = catalog.achievement("A1", trigger="metric", metric_id=metric.id, metric_value=500)
    a2 = catalog.achievement("A2", trigger="streak", streak_length=1)
    a3 = catalog.achievement("A3", trigger="achievement", achievement_ids=[a1.id, a2.id])
    xp = catalog.system("xp")
    for key, points in [("bronze", 0), ("silver", 50), ("gold", 200)]:
        catalog.level(xp.id, key, points)
    t1 = catalog.trigger(xp.id, type="user_creation", points=5)
    t2 = catalog.trigger(
        xp.id, type="metric", metric_id=metric.id, metric_threshold=100, points=10
    )
    catalog.trigger(xp.id, type="streak", streak_length=7, points=50)
    t4 = catalog.trigger(xp.id, type="achievement", achievement_id=a1.id, points=50)
    world.clock.to("2026-01-06T03:30:00Z")
    answer = world.event("words-written", "u1", 750, tz="America/New_York")
    return world, answer, [a1, a2, a3], [t1, t2, t4]


def test_x1_first_event_of_a_new_user(written):
    # X1, C-EVENT-06, C-EVENT-08, C-EVENT-10, C-POINTS-15, C-POINTS-24, C-POINTS-49
    _, answer, achievements, triggers = written
    assert answer.total == 750
    assert [a.id for a in answer.achievements] == [a.id for a in achievements]
    assert {a.achieved_at for a in answer.achievements} == {instant("2026-01-06T03:30:00.000Z")}
    assert_fields(
        answer.current_streak,
        length=1,
        frequency="daily",
        started="2026-01-05",
        period_start="2026-01-05",
        period_end="2026-01-05",
        expires="2026-01-06",
        extended=True,
    )
    assert not sent(answer.current_streak, "freezes")
    assert list(answer.points) == ["xp"]
    xp = answer.points["xp"]
    assert_fields(xp, total=125, added=125)
    assert_fields(xp.level, key="silver", points=50)
    paid = [(award.awarded, award.total, award.trigger.id) for award in xp.awards]
    assert paid == [
        (5, 5, triggers[0].id),
        (70, 75, triggers[1].id),
        (50, 125, triggers[2].id),
    ]
    assert all(award.boosts == [] for award in xp.awards)
    assert answer.leaderboards == {}
    assert not sent(answer, "idempotency_key") and not sent(answer, "idempotent_replayed")


def test_x2_negative_event_and_high_water_mark(written):
    # X2, C-EVENT-13, C-POINTS-17, C-STREAK-06
    world, _, achievements, _ = written
    down = world.event_at("2026-01-06T15:00:00Z", "words-written", "u1", -200)
    assert (down.total, down.achievements, down.points) == (550, [], {})
    assert_fields(
        down.current_streak,
        length=1,
        started="2026-01-05",
        period_start="2026-01-06",
        period_end="2026-01-06",
        expires="2026-01-06",
        extended=False,
    )
    # C-STREAK-15, C-GEN-22: the day closes at local midnight, not a millisecond before.
    assert world.streak_at("2026-01-07T04:59:59.999Z", "u1").length == 1
    assert_inactive(world.streak_at("2026-01-07T05:00:00Z", "u1"))
    up = world.event_at("2026-01-07T15:00:00Z", "words-written", "u1", 260)
    assert (up.total, up.achievements) == (810, [])
    xp = up.points["xp"]
    assert_fields(xp, total=135, added=10)
    assert [award.awarded for award in xp.awards] == [10]
    assert not sent(xp, "level")
    assert_fields(
        up.current_streak, length=1, started="2026-01-07", expires="2026-01-08", extended=True
    )
    held = world.client.users.achievements("u1")
    assert {a.id for a in held} == {a.id for a in achievements}
    assert {a.achieved_at for a in held} == {instant("2026-01-06T03:30:00Z")}


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        (
            "daily",
            [
                ("2026-01-04", 0, 0),
                ("2026-01-05", 750, 750),
                ("2026-01-06", 550, -200),
                ("2026-01-07", 810, 260),
            ],
        ),
        ("weekly", [("2026-01-04", 810, 810)]),
        ("monthly", [("2026-01-01", 810, 810)]),
    ],
)
def test_x2_event_summary(written, aggregation, expected):
    # X2, C-METRIC-12, C-METRIC-13, C-METRIC-14
    world = written[0]
    world.event_at("2026-01-06T15:00:00Z", "words-written", "u1", -200)
    world.event_at("2026-01-07T15:00:00Z", "words-written", "u1", 260)
    items = world.client.users.metric_event_summary(
        "u1",
        "words-written",
        aggregation=aggregation,
        start_date="2026-01-04",
        end_date="2026-01-07",
    )
    assert [(item.date, item.total, item.change) for item in items] == expected


def test_x3_idempotency(start):
    # X3, C-IDEM-01, C-IDEM-02, C-IDEM-03, C-IDEM-04, C-IDEM-06, C-IDEM-07, C-IDEM-09
    world = start("2026-02-01T09:00:00Z")
    for key in ["lessons-completed", "quizzes"]:
        world.catalog.metric(key)

    def event(at: str, metric: str, user: dict, value):
        world.clock.to(at)
        return world.wire.send(
            "POST",
            f"/v1/metrics/{metric}/event",
            {"user": user, "value": value},
            headers={"Idempotency-Key": "lesson-42"},
        )

    # Step 1: refused, so the key stays unused and the user unknown.
    refusal = event("2026-02-01T09:00:00Z", "lessons-completed", {"id": "u3"}, "1")
    assert refusal.status == 422 and refusal.error()
    assert world.wire.get("/v1/users/u3").status == 404

    first = event("2026-02-01T09:00:05Z", "lessons-completed", {"id": "u3"}, 1)
    assert first.status == 201
    assert first.body["total"] == 1
    assert first.body["idempotencyKey"] == "lesson-42"
    assert first.body["idempotentReplayed"] is False
    assert first.body["currentStreak"]["extended"] is True

    named = {"id": "u3", "name": "Ann"}
    replay = event("2026-02-01T09:01:00Z", "lessons-completed", named, 5)
    assert replay.status == 202
    expected = {
        "eventId": first.body["eventId"],
        "total": 1,
        "achievements": [],
        "points": {},
        "leaderboards": {},
        "idempotencyKey": "lesson-42",
        "idempotentReplayed": True,
    }
    assert {key: replay.body[key] for key in expected} == expected
    assert replay.body["currentStreak"]["length"] == 1
    assert replay.body["currentStreak"]["extended"] is False
    assert world.client.users.get("u3").name is None

    other_metric = event("2026-02-01T09:02:00Z", "quizzes", {"id": "u3"}, 1)
    assert other_metric.status == 201
    assert other_metric.body["eventId"] != first.body["eventId"]
    assert event("2026-02-01T09:02:00Z", "lessons-completed", {"id": "u4"}, 1).status == 201

    late = event("2031-02-01T09:01:00Z", "lessons-completed", named, 5)
    assert late.status == 202
    assert late.body["eventId"] == first.body["eventId"]
    gone = dict.fromkeys(["started", "periodStart", "periodEnd", "expires"])
    streak = late.body["currentStreak"]
    assert streak["length"] == 0 and streak["extended"] is False
    assert {key: streak[key] for key in gone} == gone


@pytest.fixture
def frozen(start):
    """X4's settings and its three days of events."""
    world = start("2026-02-01T00:00:00Z")
    world.catalog.metric("lessons")
    world.catalog.streaks(freezes=UpdateStreakSettingsFreezes(start_count=2, max_count=3))
    for day in ["02", "03", "04"]:
        last = world.event_at(f"2026-02-{day}T15:00:00Z", "lessons", "u", tz="America/New_York")
    assert last.current_streak.length == 3
    return world


def test_x4_freezes_across_a_gap(frozen):
    # X4, C-STREAK-08, C-STREAK-09, C-STREAK-39
    before = frozen.streak_at("2026-02-05T17:00:00Z", "u")
    assert_fields(
        before,
        length=3,
        period_start="2026-02-05",
        period_end="2026-02-05",
        expires="2026-02-05",
        extended=instant("2026-02-04T15:00:00.000Z"),
        freezes=2,
        max_freezes=3,
    )
    # C-STREAK-21, C-STREAK-22, C-STREAK-23
    assert not sent(before, "freeze_auto_earn_interval")
    assert extra(before, "rank") == 1
    balances = [
        ("2026-02-06T04:59:59.999Z", 3, 2),
        ("2026-02-06T05:00:00Z", 3, 1),
        ("2026-02-07T04:59:59.999Z", 3, 1),
        ("2026-02-07T05:00:00Z", 3, 0),
    ]
    for at, length, freezes in balances:
        assert_fields(frozen.streak_at(at, "u"), length=length, freezes=freezes)
    last = frozen.streak_at("2026-02-07T17:00:00Z", "u", periods=7)
    assert_fields(last, length=3, expires="2026-02-07", freezes=0)
    assert lengths(last) == [0, 1, 2, 3, 3, 3, 0]
    # C-STREAK-24, C-STREAK-27
    used = history(last, "used_freeze")
    assert list(used) == [f"2026-02-0{day}" for day in range(1, 8)]
    assert [day for day, frozen_day in used.items() if frozen_day] == ["2026-02-05", "2026-02-06"]
    assert all(value is not None for value in used.values())
    assert frozen.streak_at("2026-02-08T04:59:59.999Z", "u").length == 3
    assert_inactive(frozen.streak_at("2026-02-08T05:00:00Z", "u"))
    lost = frozen.streak_at("2026-02-08T17:00:00Z", "u")
    assert_inactive(lost)
    assert lost.freezes == 0
    again = frozen.event_at("2026-02-08T20:00:00Z", "lessons", "u")
    assert_fields(
        again.current_streak,
        length=1,
        started="2026-02-08",
        expires="2026-02-09",
        extended=True,
        freezes=0,
    )


def test_x4_settled_late_equals_settled_on_time(frozen):
    # X4, C-GEN-22, C-STREAK-39: nobody read the user between the last event and now.
    late = frozen.streak_at("2026-02-08T17:00:00Z", "u", periods=7)
    assert_inactive(late)
    assert late.freezes == 0
    assert lengths(late) == [1, 2, 3, 3, 3, 0, 0]
    used = history(late, "used_freeze")
    assert [day for day, yes in used.items() if yes] == ["2026-02-05", "2026-02-06"]


def test_x5_accrual_at_midnight(start):
    # X5, C-STREAK-37, C-STREAK-38, C-STREAK-41
    world = start("2026-02-27T00:00:00Z")
    world.catalog.metric("lessons")
    world.catalog.streaks(
        freezes=UpdateStreakSettingsFreezes(
            start_count=0, max_count=2, auto_earn_interval=7, auto_earn_amount=1
        )
    )
    for day in range(1, 8):
        world.clock.to(f"2026-03-0{day}T12:00:00Z")
        steady = world.event("lessons", "steady", tz="Europe/London")
        if day < 7:
            world.event("lessons", "missed", tz="Europe/London")
    assert steady.current_streak.length == 7

    world.clock.to("2026-03-07T23:59:59.999Z")
    assert_fields(world.client.users.streak("steady"), length=7, freezes=0)
    assert_fields(world.client.users.streak("missed"), length=6, freezes=0)
    # The same midnight takes the streak first and pays the freeze second.
    world.clock.to("2026-03-08T00:00:00Z")
    missed = world.client.users.streak("missed")
    assert_inactive(missed)
    assert missed.freezes == 1

    assert_fields(
        world.streak_at("2026-03-08T00:05:00Z", "steady"),
        length=7,
        freezes=1,
        freeze_auto_earn_interval=7,
        freeze_auto_earn_amount=1,
        expires="2026-03-08",
    )
    assert_fields(world.streak_at("2026-03-08T23:59:59.999Z", "steady"), length=7, freezes=1)
    assert_fields(world.streak_at("2026-03-09T00:00:00Z", "steady"), length=7, freezes=0)

    assert world.streak_at("2026-03-14T23:59:59.999Z", "missed").freezes == 1
    assert world.streak_at("2026-03-15T00:00:00Z", "missed").freezes == 2
    # Nothing is banked over the maximum of two.
    assert world.streak_at("2026-03-22T00:00:00Z", "missed").freezes == 2


def test_x6_maximum_without_boosts(start):
    # X6 (the maximum), C-POINTS-25, C-POINTS-26, C-POINTS-27, C-EVENT-09
    world = start("2026-03-01T00:00:00Z")
    metric = world.catalog.metric("lessons")
    xp = world.catalog.system("xp", max_points=1000)
    world.catalog.trigger(xp.id, type="user_creation", points=965)
    world.catalog.trigger(
        xp.id, type="metric", metric_id=metric.id, metric_threshold=1, points=28
    )
    world.client.users.identify("u")

    def paid():
        points = world.event("lessons", "u", 1).points
        return {key: (p.added, p.total, [a.awarded for a in p.awards]) for key, p in points.items()}

    assert paid() == {"xp": (28, 993, [28])}
    assert paid() == {"xp": (7, 1000, [7])}
    assert paid() == {}
    read = world.client.users.points("u", "xp")
    assert_fields(read, total=1000, max_points=1000)
    assert [award.awarded for award in read.awards] == [7, 28, 965]


@pytest.fixture
def energy(start):
    """X7 without its time trigger: ten points at creation, one spent per flashcard."""
    world = start("2026-04-01T09:00:00Z")
    metric = world.catalog.metric("flashcards")
    system = world.catalog.system("energy", max_points=10)
    world.catalog.level(system.id, "low", 1)
    world.catalog.level(system.id, "ok", 5)
    world.catalog.trigger(system.id, type="user_creation", points=10)
    spend = world.catalog.trigger(
        system.id,
        type="metric",
        metric_id=metric.id,
        metric_threshold=1,
        points=-1,
        block_if_out_of_points=True,
    )
    return world, system, spend


def test_x7_guard_and_level_loss(energy):
    # X7 (creation, guard, levels), C-POINTS-28, C-POINTS-31, C-POINTS-47, C-POINTS-48
    world = energy[0]
    world.client.users.identify("u")
    fresh = world.client.users.points("u", "energy")
    assert (fresh.total, fresh.level.key) == (10, "ok")

    spent = world.event_at("2026-04-01T10:00:00Z", "flashcards", "u", 4).points["energy"]
    assert_fields(spent, total=6, added=-4)
    assert [(a.awarded, a.total, a.boosts) for a in spent.awards] == [(-4, 6, [])]
    assert not sent(spent, "level")

    world.clock.to("2026-04-01T18:40:00Z")
    with refused(422, "Insufficient points in energy"):
        world.event("flashcards", "u", 7, idempotency_key="too-much")
    metric = world.client.users.single_metric("u", "flashcards")
    assert metric.current == 4
    assert world.client.users.points("u", "energy").total == 6

    # C-IDEM-09: the refused request has not used its key up.
    empty = world.event("flashcards", "u", 6, idempotency_key="too-much")
    assert empty.idempotent_replayed is False
    assert_fields(empty.points["energy"], total=0, added=-6, level=None)
    assert sent(empty.points["energy"], "level")
    awards = world.client.users.points("u", "energy").awards
    assert [(a.awarded, a.total, a.date) for a in awards] == [
        (-6, 0, "2026-04-01T18:40:00.000Z"),
        (-4, 6, "2026-04-01T10:00:00.000Z"),
        (10, 10, "2026-04-01T09:00:00.000Z"),
    ]


def test_x7_guard_leaves_no_trace_of_a_new_user(energy):
    # X7, C-GEN-21, C-EVENT-05, C-POINTS-31
    world = energy[0]
    with refused(422, "Insufficient points in energy"):
        world.event("flashcards", "new", 11)
    with refused(404, "User not found"):
        world.client.users.get("new")
    # The creation award counts for the guard of the same request.
    first = world.event("flashcards", "new", 10).points["energy"]
    assert_fields(first, total=0, added=0)
    assert [a.awarded for a in first.awards] == [10, -10]


def test_x7_without_the_guard_the_deduction_is_cut(energy):
    # X7, C-POINTS-03, C-POINTS-30
    world, system, spend = energy
    unguarded = PatchPointsTriggersRequestItem(id=spend.id, block_if_out_of_points=False)
    world.admin.points.triggers.update(system.id, request=[unguarded])
    world.client.users.identify("u")
    world.event("flashcards", "u", 4)
    cut = world.event("flashcards", "u", 8)
    assert cut.total == 12
    assert_fields(cut.points["energy"], total=0, added=-6)
    assert [(a.awarded, a.total) for a in cut.points["energy"].awards] == [(-6, 0)]


def test_x8_weekly_streak_in_tokyo(start):
    # X8, C-STREAK-17, C-STREAK-18, C-STREAK-19, C-GEN-18
    world = start("2026-03-01T00:00:00Z")
    world.catalog.metric("lessons")
    world.catalog.streaks(frequency="weekly")
    first = world.event_at("2026-03-07T14:59:00Z", "lessons", "u", tz="Asia/Tokyo")
    assert_fields(
        first.current_streak,
        length=1,
        frequency="weekly",
        started="2026-03-07",
        period_start="2026-03-01",
        period_end="2026-03-07",
        expires="2026-03-14",
        extended=True,
    )
    second = world.event_at("2026-03-07T15:00:00Z", "lessons", "u")
    assert_fields(
        second.current_streak,
        length=2,
        started="2026-03-07",
        period_start="2026-03-08",
        period_end="2026-03-14",
        expires="2026-03-21",
        extended=True,
    )
    read = world.streak_at("2026-03-21T14:59:59Z", "u", periods=3)
    assert_fields(
        read,
        length=2,
        period_start="2026-03-15",
        period_end="2026-03-21",
        expires="2026-03-21",
    )
    assert history(read, "length") == {"2026-03-01": 1, "2026-03-08": 2, "2026-03-15": 0}
    assert_inactive(world.streak_at("2026-03-21T15:00:00Z", "u"))


def test_x9_spring_forward(start):
    # X9, C-GEN-17
    world = start("2026-03-06T00:00:00Z")
    world.catalog.metric("lessons")
    days = [
        ("2026-03-08T04:59:59Z", 1, "2026-03-08"),
        ("2026-03-09T03:59:59Z", 2, "2026-03-09"),
        ("2026-03-09T04:00:00Z", 3, "2026-03-10"),
    ]
    for at, length, expires in days:
        streak = world.event_at(at, "lessons", "u", tz="America/New_York").current_streak
        assert_fields(
            streak, length=length, started="2026-03-07", expires=expires, extended=True
        )
    assert_fields(world.streak_at("2026-03-11T03:59:59Z", "u"), length=3, expires="2026-03-10")
    assert_inactive(world.streak_at("2026-03-11T04:00:00Z", "u"))


def test_x9_autumn_day_of_25_hours(start):
    # X9, C-GEN-17
    world = start("2026-10-31T00:00:00Z")
    world.catalog.metric("lessons")
    hours = [
        ("2026-11-01T03:59:59Z", 1, "2026-10-31", True),
        ("2026-11-01T04:00:00Z", 2, "2026-11-01", True),
        ("2026-11-02T04:59:59Z", 2, "2026-11-01", False),
        ("2026-11-02T05:00:00Z", 3, "2026-11-02", True),
    ]
    for at, length, day, extended in hours:
        streak = world.event_at(at, "lessons", "u", tz="America/New_York").current_streak
        assert_fields(
            streak, length=length, period_start=day, period_end=day, extended=extended
        )


def test_x10_travelling_east(start):
    # X10, C-STREAK-27, C-STREAK-62, C-STREAK-63
    world = start("2026-05-04T00:00:00Z")
    world.catalog.metric("lessons")
    home = world.event_at("2026-05-04T20:00:00Z", "lessons", "u", tz="America/Los_Angeles")
    assert_fields(home.current_streak, length=1, started="2026-05-04", expires="2026-05-05")
    world.clock.to("2026-05-05T16:30:00Z")
    assert world.client.users.update("u", tz="Asia/Tokyo").tz == "Asia/Tokyo"
    away = world.client.users.streak("u", history_periods=3)
    assert_fields(away, length=1, period_start="2026-05-06", expires="2026-05-06")
    assert history(away, "length") == {"2026-05-04": 1, "2026-05-05": 1, "2026-05-06": 0}
    assert history(away, "used_pause") == {
        "2026-05-04": False,
        "2026-05-05": True,
        "2026-05-06": False,
    }
    next_day = world.event_at("2026-05-05T17:00:00Z", "lessons", "u")
    assert_fields(
        next_day.current_streak,
        length=2,
        started="2026-05-04",
        expires="2026-05-07",
        extended=True,
    )


def test_x10_travelling_west(start):
    # X10, C-GEN-16, C-USER-10, C-STREAK-63
    world = start("2026-05-10T00:00:00Z")
    world.catalog.metric("lessons")
    home = world.event_at("2026-05-10T20:00:00Z", "lessons", "u", tz="Pacific/Auckland")
    assert_fields(home.current_streak, length=1, started="2026-05-11", expires="2026-05-12")
    same_day = world.event_at("2026-05-11T06:00:00Z", "lessons", "u", tz="Pacific/Honolulu")
    assert_fields(
        same_day.current_streak,
        length=1,
        period_start="2026-05-11",
        expires="2026-05-12",
        extended=False,
    )
    next_day = world.event_at("2026-05-12T10:00:00Z", "lessons", "u")
    assert_fields(next_day.current_streak, length=2, expires="2026-05-13", extended=True)


def test_x12_reads_over_two_runs(start):
    # X12 (reads; restore and reset are other features), C-STREAK-20, C-STREAK-25
    world = start("2026-01-29T00:00:00Z")
    world.catalog.metric("lessons")
    first_run = [f"2026-01-{day}" for day in (30, 31)] + [f"2026-02-{d:02}" for d in range(1, 11)]
    for length, day in enumerate(first_run, start=1):
        streak = world.event_at(f"{day}T12:00:00Z", "lessons", "u").current_streak
        assert_fields(streak, length=length, started="2026-01-30", extended=True)
    assert world.streak_at("2026-02-11T23:59:59.999Z", "u").length == 12
    assert_inactive(world.streak_at("2026-02-12T00:00:00Z", "u"))

    for length, day in enumerate(["20", "21", "22"], start=1):
        streak = world.event_at(f"2026-02-{day}T12:00:00Z", "lessons", "u").current_streak
        assert_fields(streak, length=length, started="2026-02-20", extended=True)
    last = world.streak_at("2026-02-23T23:59:59.999Z", "u")
    assert_fields(last, length=3, started="2026-02-20", extended=instant("2026-02-22T12:00:00Z"))
    assert_inactive(world.streak_at("2026-02-24T00:00:00Z", "u"))

    now = world.streak_at("2026-03-01T12:00:00Z", "u", periods=31)
    assert_inactive(now)
    assert lengths(now) == list(range(1, 13)) + [0] * 9 + [1, 2, 3] + [0] * 7
    assert list(history(now, "length"))[::30] == ["2026-01-30", "2026-03-01"]
    # Without freezes the flag for them has no place in the answer, the one for pauses has.
    assert not any(sent(item, "used_freeze") for item in now.streak_history)
    assert not any(item.used_pause for item in now.streak_history)
    assert now.pauses == []
    again = world.event_at("2026-03-01T15:00:00Z", "lessons", "u").current_streak
    assert_fields(again, length=1, started="2026-03-01", expires="2026-03-02", extended=True)
    listed = world.client.streaks.list(user_ids=["u", "nobody"])
    assert [(item.user_id, item.streak_length) for item in listed] == [("u", 1), ("nobody", 0)]
    assert_no_streak(world.client.metrics.event("lessons", user={"id": "zero"}, value=0).current_streak)
