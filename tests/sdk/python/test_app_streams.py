"""Live rankings against the real server: what comes over the wire, who is let go, and what is
left of streams when a reader or the server goes away."""

from __future__ import annotations

import time

import pytest

from stream import Stream, applied
from wire import TIMEOUT_SECONDS, Wire

CLOCK = "2026-03-02T10:00:00Z"


def board(world, **fields):
    words = world.catalog.metric("words")
    return world.catalog.leaderboard(
        "b", rank_by="metric", metric_id=words.id, start="2026-03-02", **fields
    )


def settings(**values: int) -> str:
    return "[leaderboards]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())


def words(world, user: str, value: int) -> None:
    world.event("words", user, value)


def refused_or_open(world, path: str = "b/stream") -> Stream | None:
    stream = Stream(world.server, path)
    if stream.status == 200:
        return stream
    assert (stream.status, stream.headers["retry-after"]) == (503, "1")
    stream.close()
    return None


def open_when_free(world) -> Stream:
    """A place that was given up is free as soon as the server noticed."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while (stream := refused_or_open(world)) is None:
        assert time.monotonic() < deadline, "the place is never free"
        time.sleep(0.02)
    return stream


def test_applied_changes_make_the_page(world):
    # C-LB-86, C-LB-87, C-LB-88
    board(world)
    for user in range(5):
        words(world, f"u{user}", user + 1)
    path = "/v1/leaderboards/b?offset=1&limit=3"
    stream = Stream(world.server, "b/stream?offset=1&limit=3")
    assert stream.headers["content-type"] == "text/event-stream"
    snapshot = stream.expect("snapshot")
    assert snapshot.data == world.wire.read(path)
    rows = snapshot.data["rankings"]
    for user, value in (("u0", 9), ("u4", -5), ("new", 4), ("u3", -4), ("u2", -3), ("u1", 1)):
        words(world, user, value)
    wanted = world.wire.read(path)["rankings"]
    assert len(wanted) == 2
    while rows != wanted:
        rows = applied(rows, stream.expect("changed").data)
    stream.close()


def test_coming_back_also_to_a_restarted_server(start):
    # C-LB-89, C-LB-90
    world = start(CLOCK)
    board(world)
    words(world, "a", 5)
    stream = Stream(world.server, "b/stream")
    stream.expect("snapshot")
    words(world, "a", 1)
    seen = stream.expect("changed").id
    # Stopping takes nothing back and does not wait for readers.
    began = time.monotonic()
    world.server.stop()
    assert time.monotonic() - began < 10
    assert stream.rest() == []
    world.server.start()
    again = type(world)(world.server)
    stream = Stream(again.server, "b/stream", last_id=seen)
    words(again, "a", 1)
    changed = stream.expect("changed")
    assert [row["value"] for row in changed.data["rankings"]] == [7]
    stream.close()
    words(again, "a", 1)
    stream = Stream(again.server, "b/stream", last_id=changed.id)
    assert [row["value"] for row in stream.expect("snapshot").data["rankings"]] == [8]
    again.server.kill()


def test_a_place_is_free_when_its_reader_is_gone(start):
    # C-LB-91
    world = start(CLOCK, settings(stream_subscribers_max=2))
    board(world)
    first, second = Stream(world.server, "b/stream"), Stream(world.server, "b/stream?offset=5")
    first.expect("snapshot")
    assert refused_or_open(world) is None
    second.close()
    third = open_when_free(world)
    third.expect("snapshot")
    assert refused_or_open(world) is None
    first.close()
    open_when_free(world).close()


def test_a_slow_reader_is_let_go_and_holds_nobody_up(start):
    # C-LB-92
    world = start(CLOCK, settings(stream_subscribers_max=2))
    board(world)
    wire = Wire(world.server, keep=True)
    for user in range(400):
        # Long names make long pages, which fill what lies between server and reader.
        body = {"user": {"id": f"u{user}", "name": "n" * 200}, "value": 1000 - user}
        assert wire.send("POST", "/v1/metrics/words/event", body).status == 201
    slow = Stream(world.server, "b/stream?limit=1000", buffer=4096)
    quick = Stream(world.server, "b/stream?limit=1000")
    quick.expect("snapshot")
    deadline = time.monotonic() + 4 * TIMEOUT_SECONDS
    value = 5000
    while (third := refused_or_open(world)) is None:
        assert time.monotonic() < deadline, "it is never let go"
        # In and out at the top: everybody moves by one rank.
        value = -value
        body = {"user": {"id": "jumper"}, "value": abs(value) if value < 0 else -abs(value)}
        assert wire.send("POST", "/v1/metrics/words/event", body).status == 201
        assert len(quick.expect("changed").data["rankings"]) >= 400
    third.close()
    quick.close()
    wire.close()
    told = slow.rest()
    assert [event.name for event in told[:2]] == ["snapshot", "changed"]
    assert told[-1].name == "lagged"
    assert list(told[-1].data) == ["error"]


def test_dead_connections_are_noticed(start):
    # C-LB-93
    world = start(CLOCK, settings(stream_heartbeat_ms=50))
    board(world)
    stream = Stream(world.server, "b/stream")
    stream.expect("snapshot")
    heard = [stream._response.readline() for _ in range(4)]
    assert heard == [b": still there\n", b"\n"] * 2
    stream.close()


@pytest.mark.parametrize("query", ["limit=1001", "run=x", "userAttributes=plan:pro"])
def test_refusals_are_those_of_rankings(world, query):
    # C-LB-86
    board(world)
    plain = world.wire.get(f"/v1/leaderboards/b?{query}")
    refused = world.wire.get(f"/v1/leaderboards/b/stream?{query}")
    assert (refused.status, refused.error()) == (plain.status, plain.error())
