"""Worked examples X6 and X7 of the core contract, as far as time and boosts play no part.

Only what the contract lists is asserted, plus the instants just before and at each boundary
it names. Signals are not visible over HTTP, so where an example names one, the state that the
signal would announce is read instead.
"""

from __future__ import annotations

import pytest
from trophy import PatchPointsTriggersRequestItem

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
