"""Webhooks of leaderboards end to end: runs that begin and end, rankings and ranks that change."""

from __future__ import annotations

from typing import Any

import pytest

from hooks import Hooks
from receiver import Receiver
from world import World

CHANGES = ("leaderboard.changed", "leaderboard.rank_changed")
OCCASIONS = ("leaderboard.started", "leaderboard.finished")


@pytest.fixture
def arena(start):
    world = start("2026-02-26T00:00:00Z")
    world.metric = world.catalog.metric("words")
    return world


def board(world: World, **fields: Any):
    fields = {
        "status": "scheduled",
        "rank_by": "metric",
        "metric_id": world.metric.id,
        "start": "2026-03-02",
        "run_unit": "day",
        "run_interval": 7,
        **fields,
    }
    return world.catalog.leaderboard("words", **fields)


def restarted(world: World, clock: str, kill: bool = False) -> World:
    """Another life of the server on the same data, at some instant."""
    world.server.kill() if kill else world.server.stop()
    world.server.clock = clock
    world.server.start()
    return World(world.server)


def ranking(body: dict[str, Any]) -> list[tuple[str, int]]:
    rows = body["leaderboard"]["rankings"]
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    return [(row["userId"], row["value"]) for row in rows]


def rank(body: dict[str, Any]) -> tuple[Any, ...]:
    own = body["leaderboard"]
    values = (own["previousRank"], own["rank"], own["previousValue"], own["value"])
    return (body["user"]["id"], *values)


class Told:
    """What arrived since the last look, the first of each kind first."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._seen = 0

    def new(self) -> list[dict[str, Any]]:
        arrived = self._receiver.at("/")
        new, self._seen = arrived[self._seen :], len(arrived)
        return [delivery.body for delivery in new]

    def changes(self) -> tuple[list[Any], list[Any]]:
        new = self.new()
        changed = [ranking(body) for body in new if body["type"] == "leaderboard.changed"]
        ranks = sorted(rank(body) for body in new if body["type"] == "leaderboard.rank_changed")
        return changed, ranks


def test_a_week_with_two_users(arena, receiver):
    # C-WH-43 to C-WH-46, W7; the server is killed in mid-window.
    world, told = arena, Told(receiver)
    board(world)
    hook = Hooks(world).create(receiver.url("/"), *CHANGES)
    world.event_at("2026-03-02T10:00:00Z", "words", "ann", 10)
    world.clock.by(0)
    assert told.changes() == ([[("ann", 10)]], [("ann", None, 1, None, 10)])
    world.event_at("2026-03-02T10:05:00Z", "words", "bob", 20)
    world.clock.by(0)
    assert told.changes() == ([], [("bob", None, 1, None, 20)])
    world = restarted(world, "2026-03-02T10:05:00Z", kill=True)
    world.clock.to("2026-03-02T10:14:59Z")
    assert told.changes() == ([], [])
    world.clock.to("2026-03-02T10:15:00Z")
    assert told.changes() == ([[("bob", 20), ("ann", 10)]], [("ann", 1, 2, 10, 10)])
    world.event_at("2026-03-02T10:20:00Z", "words", "ann", 5)
    world.event_at("2026-03-02T10:25:00Z", "words", "ann", 10)
    world.clock.by(0)
    assert told.changes() == ([], [("bob", 1, 2, 20, 20)])
    world.clock.to("2026-03-02T10:30:00Z")
    assert told.changes() == ([[("ann", 25), ("bob", 20)]], [("ann", 2, 1, 10, 25)])
    world.event_at("2026-03-03T12:00:00Z", "words", "bob", 1)
    world.clock.by(0)
    assert told.changes() == ([[("ann", 25), ("bob", 21)]], [])
    for delivery in receiver.at("/"):
        delivery.assert_signed(hook["secret"])
        shown = delivery.body["leaderboard"]
        assert shown["key"] == "words" and shown["start"] == "2026-03-02"
        assert shown["run"] == {"start": "2026-03-02", "end": "2026-03-08"}
        assert "breakdownAttributeValues" not in shown
        assert shown.get("status", "active") == "active"
    world.server.stop()
    checked = world.server.check()
    assert checked.returncode == 0, checked.stdout
    world.server.start()


def test_weekly_runs_begin_and_end(arena, receiver):
    # C-LB-08, C-LB-09, C-WH-37 to C-WH-41, W5
    world, told = arena, Told(receiver)
    board(world, end="2026-03-25")
    Hooks(world).create(receiver.url("/"), *OCCASIONS)
    started, finished = OCCASIONS
    timeline = [
        ("2026-03-01T10:00:00Z", started, "2026-03-02", "active"),
        ("2026-03-08T10:00:00Z", started, "2026-03-09", "active"),
        ("2026-03-09T13:00:00Z", finished, "2026-03-02", "active"),
        ("2026-03-15T10:00:00Z", started, "2026-03-16", "active"),
        ("2026-03-16T13:00:00Z", finished, "2026-03-09", "active"),
        ("2026-03-22T10:00:00Z", started, "2026-03-23", "active"),
        ("2026-03-23T13:00:00Z", finished, "2026-03-16", "active"),
        ("2026-03-26T13:00:00Z", finished, "2026-03-23", "finished"),
    ]
    for at, kind, run, status in timeline:
        world.clock.to(at)
        (body,) = told.new()
        shown = body["leaderboard"]
        assert (body["type"], shown["run"]["start"], shown["status"]) == (kind, run, status)
        if run == "2026-03-02" and kind == started:
            for n in range(12):
                world.event_at(f"2026-03-02T10:{n:02}:00Z", "words", f"u{n:02}", 100 - n)
        expected = [(f"u{n:02}", 100 - n) for n in range(10)]
        assert ranking(body) == (expected if (run, kind) == ("2026-03-02", finished) else [])
    world.clock.to("2026-05-01T00:00:00Z")
    assert told.new() == []


def test_names_and_groups(arena, receiver):
    # C-WH-38, C-WH-42, W4
    world, told = arena, Told(receiver)
    city = world.catalog.attribute("city", "user")
    board(world, run_interval=1, end="2026-03-02", breakdown_attributes=[city.id])
    Hooks(world).create(receiver.url("/"), *OCCASIONS, *CHANGES)
    world.clock.to("2026-03-02T08:00:00Z")
    (begun,) = told.new()
    assert begun["leaderboard"]["breakdownAttributeValues"] == []
    assert begun["leaderboard"]["breakdownAttribute"] == "city"
    for user, town, value in [("p1", "London", 30), ("p3", "Paris", 25)]:
        person = {"id": user, "name": user.upper(), "attributes": {"city": town}}
        world.client.metrics.event("words", user=person, value=value)
    world.clock.by(0)
    towns = {"p1": "London", "p3": "Paris"}
    for body in (new := told.new()):
        shown = body["leaderboard"]
        user = body["user"]["id"] if "user" in body else shown["rankings"][0]["userId"]
        assert shown["breakdownAttributeValues"] == [{"key": "city", "value": towns[user]}]
        assert shown["breakdownAttributeValue"] == towns[user]
    assert len(new) == 4
    world.clock.to("2026-03-03T13:00:00Z")
    ended = told.new()
    assert {body["type"] for body in ended} == {"leaderboard.finished"}
    winners = {
        body["leaderboard"]["breakdownAttributeValue"]: [
            (row["userName"], row["value"]) for row in body["leaderboard"]["rankings"]
        ]
        for body in ended
    }
    assert winners == {"London": [("P1", 30)], "Paris": [("P3", 25)]}
    assert {body["leaderboard"]["status"] for body in ended} == {"finished"}


def test_what_was_missed_while_the_server_was_down(arena, receiver):
    # C-WH-51
    world, told = arena, Told(receiver)
    board(world, end="2026-03-15")
    Hooks(world).create(receiver.url("/"), *OCCASIONS)
    world.event_at("2026-03-02T10:00:00Z", "words", "ann", 7)
    world = restarted(world, "2026-04-20T00:00:00Z", kill=True)
    world.clock.by(0)
    new = sorted((b["leaderboard"]["run"]["start"], b["type"], ranking(b)) for b in told.new())
    started, finished = OCCASIONS
    assert new == [
        ("2026-03-02", finished, [("ann", 7)]),
        ("2026-03-02", started, []),
        ("2026-03-09", finished, []),
        ("2026-03-09", started, []),
    ]
    world = restarted(world, "2026-04-20T00:00:01Z", kill=True)
    world.clock.by(3600)
    assert told.new() == []


def test_finishing_by_hand_tells_at_once(arena, receiver):
    # C-LB-11
    world, told = arena, Told(receiver)
    words = board(world)
    Hooks(world).create(receiver.url("/"), "leaderboard.finished")
    world.event_at("2026-03-04T10:00:00Z", "words", "ann", 7)
    world.admin.leaderboards.update(request=[{"id": words.id, "status": "finished"}])
    (delivery,) = receiver.wait("/", 1)
    assert ranking(delivery.body) == [("ann", 7)]
    assert delivery.body["leaderboard"]["status"] == "finished"
    assert delivery.body["leaderboard"]["end"] == "2026-03-04"
    told.new()
    world.clock.to("2026-04-04T10:00:00Z")
    assert told.new() == []


def test_a_new_subscriber_hears_nothing_from_before(arena, receiver):
    # C-WH-05
    world, told = arena, Told(receiver)
    board(world)
    for n in range(5):
        world.event_at(f"2026-03-02T10:0{n}:00Z", "words", f"u{n}", 10 - n)
    Hooks(world).create(receiver.url("/"), *CHANGES)
    world = restarted(world, "2026-03-02T12:00:00Z")
    world.clock.by(3600)
    assert told.new() == []
    world.event("words", "u4", 3)
    world.clock.by(0)
    assert told.changes() == (
        [[("u0", 10), ("u1", 9), ("u4", 9), ("u2", 8), ("u3", 7)]],
        [("u2", 3, 4, 8, 8), ("u3", 4, 5, 7, 7), ("u4", 5, 3, 6, 9)],
    )


def test_samples(world, receiver):
    # C-WH-08
    hooks = Hooks(world)
    hook = hooks.create(receiver.url("/"), "streak.lost")
    for kind in (*CHANGES, *OCCASIONS):
        hooks.post(f"/webhooks/{hook['id']}/sample", 201, {"type": kind})
    world.clock.by(0)
    assert sorted(d.type for d in receiver.at("/")) == sorted((*CHANGES, *OCCASIONS))
