"""Worked examples X6, X7 and X9 of the core contract: maximum, boosts, guard, time triggers.

Only what the contract lists is asserted, plus the instants just before and at each boundary
it names. Signals are not visible over HTTP, so where an example names one, the state that the
signal would announce is read instead.
"""

from __future__ import annotations

import pytest
from trophy import PatchPointsBoostsRequestItem, PatchPointsTriggersRequestItem

from expect import assert_fields, refused, sent


def test_x6_maximum_without_boosts(start):
    # X6 (the maximum), C-POINTS-25, C-POINTS-26, C-POINTS-27, C-EVENT-09
    world = start("2026-03-01T00:00:00Z")
    metric = world.catalog.metric("lessons")
    xp = world.catalog.system("xp", max_points=1000)
    world.catalog.trigger(xp.id, type="user_creation", points=965)
    world.catalog.trigger(xp.id, type="metric", metric_id=metric.id, metric_threshold=1, points=28)
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


def test_x6_boosts(start):
    # X6, C-POINTS-35, C-POINTS-36, C-POINTS-38, C-POINTS-39, C-POINTS-41, C-POINTS-43
    world = start("2026-03-01T00:00:00Z")
    metric = world.catalog.metric("lessons")
    xp = world.catalog.system("xp", max_points=1000)
    start_with = world.catalog.trigger(xp.id, type="user_creation", points=965)
    pays = world.catalog.trigger(
        xp.id, type="metric", metric_id=metric.id, metric_threshold=1, points=15
    )
    world.client.users.identify("u")
    shared = world.catalog.boost(
        xp.id, "B1", start="2026-02-01", multiplier=1.5, rounding="nearest"
    )
    own = world.catalog.boost(xp.id, "B2", start="2026-03-01", multiplier=1.25, user_id="u")
    assert_fields(own, rounding="down", user_id="u", status="active", end=None)

    first = world.event("lessons", "u", 1).points["xp"]
    assert_fields(first, total=993, added=28)
    assert [(b.id, b.name, b.multiplier) for b in first.awards[0].boosts] == [
        (shared.id, "B1", 1.5),
        (own.id, "B2", 1.25),
    ]
    second = world.event("lessons", "u", 1).points["xp"]
    assert_fields(second, total=1000, added=7)
    assert world.event("lessons", "u", 1).points == {}
    assert [b.id for b in world.client.points.boosts("xp")] == [shared.id]
    assert [b.id for b in world.client.users.points_boosts("u", "xp")] == [shared.id, own.id]

    # Only B1: 7.5 is 8 to the nearest, 7 down, 8 up.
    assert world.admin.points.boosts.delete(xp.id, ids=[own.id]).issues == []
    for trigger in (start_with, pays):
        patch = PatchPointsTriggersRequestItem(id=trigger.id, points=5)
        assert world.admin.points.triggers.update(xp.id, request=[patch]).issues == []
    for user, rounding, awarded in (("n", "nearest", 8), ("d", "down", 7), ("p", "up", 8)):
        patch = PatchPointsBoostsRequestItem(id=shared.id, rounding=rounding)
        (changed,) = world.admin.points.boosts.update(xp.id, request=[patch]).updated
        assert world.admin.points.boosts.get(xp.id, shared.id) == changed
        points = world.event("lessons", user, 1).points["xp"]
        assert [a.awarded for a in points.awards] == [awarded, awarded]
    # C-POINTS-39: what was applied is shown as it was.
    assert world.client.users.points("u", "xp").awards[0].boosts[0].rounding == "nearest"
    assert world.admin.points.boosts.list(xp.id) == [changed]


def test_x6_histogram(start):
    # X6, C-POINTS-58, C-POINTS-59, C-ATTR-10
    world = start("2026-03-01T00:00:00Z")
    metric = world.catalog.metric("lessons")
    world.catalog.attribute("plan", "user")
    xp = world.catalog.system("xp")
    world.catalog.trigger(xp.id, type="metric", metric_id=metric.id, metric_threshold=1, points=1)
    for user, total in (("a", 0), ("b", 0), ("c", 35), ("d", 120), ("e", 525), ("f", 1000)):
        world.event("lessons", user, total)
    world.client.users.update("c", attributes={"plan": "pro"})
    world.clock.by(60)
    ranges = world.client.points.summary("xp")
    assert [(r.from_, r.to) for r in ranges][:3] == [(0, 0), (1, 100), (101, 200)]
    assert [r.users for r in ranges] == [2, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1]
    pro = world.client.points.summary("xp", user_attributes="plan:pro")
    assert [r.users for r in pro] == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    with refused(422):
        world.client.points.summary("xp", user_attributes="team:x")
    with refused(404, "Points system not found"):
        world.client.points.summary("nothing")


@pytest.fixture
def energy(start):
    """X7: ten points at creation, two every three hours, one spent per flashcard."""
    world = start("2026-04-01T09:00:00Z")
    metric = world.catalog.metric("flashcards")
    system = world.catalog.system("energy", max_points=10)
    world.catalog.level(system.id, "low", 1)
    world.catalog.level(system.id, "ok", 5)
    world.catalog.trigger(system.id, type="user_creation", points=10)
    world.catalog.trigger(system.id, type="time", time_unit="hours", time_interval=3, points=2)
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

    # C-POINTS-22, C-POINTS-27: the award of 18:00 came to nothing.
    world.clock.to("2026-04-01T18:30:00Z")
    full = world.client.users.points("u", "energy")
    assert (full.total, full.level.key) == (10, "ok")
    assert [(a.awarded, a.total, a.date) for a in full.awards] == [
        (2, 10, "2026-04-01T15:00:00.000Z"),
        (2, 8, "2026-04-01T12:00:00.000Z"),
        (-4, 6, "2026-04-01T10:00:00.000Z"),
        (10, 10, "2026-04-01T09:00:00.000Z"),
    ]
    assert_fields(full.awards[0].trigger, type="time", time_unit="hour", time_interval=3)

    world.clock.to("2026-04-01T18:40:00Z")
    with refused(422, "Insufficient points in energy"):
        world.event("flashcards", "u", 11, idempotency_key="too-much")
    metric = world.client.users.single_metric("u", "flashcards")
    assert metric.current == 4
    assert world.client.users.points("u", "energy").total == 10

    # C-IDEM-09: the refused request has not used its key up.
    world.clock.to("2026-04-01T18:41:00Z")
    empty = world.event("flashcards", "u", 10, idempotency_key="too-much")
    assert empty.idempotent_replayed is False
    assert_fields(empty.points["energy"], total=0, added=-10, level=None)
    assert sent(empty.points["energy"], "level")


def test_x9_time_triggers_over_dst(start):
    # X9, C-POINTS-22, C-POINTS-12
    world = start("2026-03-06T20:00:00Z")
    xp = world.catalog.system("xp")
    day = world.catalog.trigger(xp.id, type="time", time_unit="days", time_interval=1, points=1)
    assert_fields(day, time_unit="days", time_interval=1)
    hours = {"time_unit": "hours", "time_interval": 24}
    world.catalog.trigger(xp.id, type="time", points=10, **hours)
    world.client.users.identify("u", tz="America/New_York")
    assert [t.time_unit for t in world.client.points.system("xp").triggers] == ["day", "hour"]
    world.clock.to("2026-03-09T20:00:00Z")
    awards = world.client.users.points("u", "xp").awards
    assert [(a.awarded, a.date) for a in reversed(awards)] == [
        (1, "2026-03-07T05:00:00.000Z"),
        (10, "2026-03-07T20:00:00.000Z"),
        (1, "2026-03-08T05:00:00.000Z"),
        (10, "2026-03-08T20:00:00.000Z"),
        (1, "2026-03-09T04:00:00.000Z"),
        (10, "2026-03-09T20:00:00.000Z"),
    ]


def test_a_time_trigger_pays_nothing_for_its_inactive_span(start):
    # C-POINTS-23, C-ADM-57
    world = start("2026-05-04T10:00:00Z")
    xp = world.catalog.system("xp")
    every = world.catalog.trigger(
        xp.id, type="time", time_unit="hours", time_interval=4, points=1
    )

    def switch(status):
        patch = PatchPointsTriggersRequestItem(id=every.id, status=status)
        assert world.admin.points.triggers.update(xp.id, request=[patch]).issues == []

    world.client.users.identify("u")
    world.clock.to("2026-05-04T15:00:00Z")
    switch("inactive")
    world.clock.to("2026-05-05T01:00:00Z")
    switch("active")
    world.clock.to("2026-05-05T09:30:00Z")
    awards = world.client.users.points("u", "xp").awards
    assert [a.date for a in awards] == [
        "2026-05-05T09:00:00.000Z",
        "2026-05-05T05:00:00.000Z",
        "2026-05-04T14:00:00.000Z",
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
