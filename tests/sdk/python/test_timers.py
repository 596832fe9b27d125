"""What falls due by time alone happens without a request to the user it is about.

No test here reads a user: that would settle them. What happened is seen in reads over all
users, which settle nobody, and in the data directory of the stopped server.
"""

from __future__ import annotations

import pytest

from world import World

NEXT_DAYS = {"Asia/Tokyo": "2026-04-02T15:00:00Z", "America/New_York": "2026-04-03T04:00:00Z"}


@pytest.fixture
def gifted(start):
    """Two users with a streak of one day, and five points a day for everyone."""
    world = start("2026-04-01T09:00:00Z")
    world.catalog.metric("lessons")
    gifts = world.catalog.system("gifts")
    world.catalog.trigger(gifts.id, type="time", time_unit="days", time_interval=1, points=5)
    for zone in NEXT_DAYS:
        world.event("lessons", zone.split("/")[1], tz=zone)
    return world


def ranked(world) -> list[str]:
    return [row["userId"] for row in world.wire.read("/v1/streaks/rankings")]


def balances(world) -> dict[int, int]:
    """How many users are in each range of points, by where it begins."""
    return {row.from_: row.users for row in world.client.points.summary("gifts") if row.users}


def test_streaks_end_and_awards_come_when_they_are_due(gifted):
    # C-GEN-22, C-STREAK-08, C-POINTS-22
    tokyo, new_york = NEXT_DAYS.values()
    gifted.clock.to("2026-04-02T14:59:59.999Z")
    assert ranked(gifted) == ["New_York", "Tokyo"]
    gifted.clock.to(tokyo)
    assert ranked(gifted) == ["New_York"]
    gifted.clock.to(new_york)
    assert ranked(gifted) == []
    assert balances(gifted) == {10: 2}
    gifted.clock.to("2026-05-01T12:00:00Z")
    assert balances(gifted) == {101: 2}


def test_what_was_missed_is_caught_up_with_once(gifted):
    # C-GEN-22, C-GEN-23
    gifted.server.stop()
    gifted.server.clock = "2026-04-21T16:00:00Z"
    world = World(gifted.server.start())
    # Moving the clock not at all still waits for everything that is due.
    world.clock.by(0)
    assert ranked(world) == []
    assert balances(world) == {1: 1, 101: 1}
    world.server.kill()
    world = World(world.server.start())
    world.clock.by(0)
    assert balances(world) == {1: 1, 101: 1}
    world.server.stop()
    assert world.server.check().returncode == 0
    # And whoever reads them now sees nothing more.
    world = World(world.server.start())
    for user, total in (("Tokyo", 105), ("New_York", 100)):
        assert world.client.users.points(user, "gifts").total == total
