"""Worked examples X1 to X3 of the core contract: one event and everything it causes.

Only what the contract lists is asserted, plus the instants just before and at each boundary
it names. Signals are not visible over HTTP, so where an example names one, the state that the
signal would announce is read instead.
"""

from __future__ import annotations

import pytest

from expect import assert_fields, assert_inactive, instant, sent


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
    t2 = catalog.trigger(xp.id, type="metric", metric_id=metric.id, metric_threshold=100, points=10)
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
