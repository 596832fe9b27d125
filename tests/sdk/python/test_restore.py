"""`accolade restore`: what was deleted through the Admin API comes back on a stopped directory, and
the server that starts on it afterwards shows what it would have shown."""

from __future__ import annotations

import subprocess

import pytest

from process import START_LIMIT_SECONDS, binary
from world import World


def restore(world, *ids: str, clock: str = "2026-03-06T10:00:00Z"):
    return subprocess.run(
        [binary(), "restore", "--data", str(world.server.data), "--test-clock", clock, *ids],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_LIMIT_SECONDS,
    )


def restarted(world, clock: str = "2026-03-06T10:00:00Z") -> World:
    world.server.clock = clock
    return World(world.server.start())


def ranked(world, key: str, **options) -> list[tuple[str, int]]:
    return [(row.user_id, row.value) for row in world.client.leaderboards.get(key, **options).rankings]


def test_a_leaderboard_comes_back_and_is_right(world):
    # C-LB-05, C-LB-12, C-ADM-106
    words = world.catalog.metric("words")
    by_words = {"rank_by": "metric", "metric_id": words.id, "start": "2026-03-02"}
    boards = [
        world.catalog.leaderboard("total", **by_words),
        world.catalog.leaderboard("daily", run_unit="day", run_interval=1, **by_words),
        world.catalog.leaderboard("streaks", rank_by="streak", start="2026-03-02"),
    ]
    for user, value in (("a", 5), ("b", 7), ("lost", 1)):
        world.event("words", user, value)
    assert ranked(world, "streaks") == [("a", 1), ("b", 1), ("lost", 1)]
    world.admin.leaderboards.delete(ids=[board.id for board in boards])
    # While they are deleted the day passes, one streak goes on and the others are lost.
    world.event("words", "a", 3)
    world.event_at("2026-03-03T10:00:00Z", "words", "a", 1)
    world.event_at("2026-03-04T10:00:00Z", "words", "a", 1)
    world.clock.to("2026-03-06T09:00:00Z")
    world.event("words", "new", 2)
    world.server.stop()
    listed = restore(world)
    assert listed.returncode == 0, listed.stderr
    expected = [f"leaderboard {board.id} {board.key}" for board in boards]
    assert listed.stdout.splitlines() == expected
    done = restore(world, *(board.id for board in boards))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"restored {line}" for line in expected]
    assert restore(world).stdout == ""
    world = restarted(world)
    assert ranked(world, "total") == [("a", 10), ("b", 7), ("new", 2), ("lost", 1)]
    assert ranked(world, "daily") == [("new", 2)]
    # The run that ended meanwhile has what happened before the deletion.
    assert ranked(world, "daily", run="2026-03-02") == [("b", 7), ("a", 5), ("lost", 1)]
    assert ranked(world, "daily", run="2026-03-04") == []
    assert ranked(world, "streaks") == [("new", 1)]
    world.event("words", "b", 4)
    assert ranked(world, "total")[:2] == [("b", 11), ("a", 10)]
    world.server.stop()
    checked = world.server.check()
    assert checked.returncode == 0, checked.stdout


def test_all_or_nothing_and_in_order(world):
    # C-ADM-24, C-ADM-106, C-ACH-16
    words = world.catalog.metric("words")
    board = world.catalog.leaderboard(
        "b", rank_by="metric", metric_id=words.id, start="2026-03-02"
    )
    world.event("words", "a", 5)
    world.admin.metrics.delete(ids=[words.id])
    world.server.stop()
    early = restore(world, board.id, words.id)
    assert (early.returncode, early.stdout) == (1, "")
    assert early.stderr == f"error: {board.id}: Metric words is deleted: restore it first\n"
    assert len(restore(world).stdout.splitlines()) == 2
    done = restore(world, words.id, board.id)
    assert done.returncode == 0, done.stderr
    again = restore(world, words.id)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == f"error: {words.id}: Nothing deleted has this ID\n"
    world = restarted(world)
    assert world.event("words", "a", 1).total == 6
    assert ranked(world, "b") == [("a", 6)]
    world.server.stop()
    assert world.server.check().returncode == 0


def test_a_key_in_use_stays_with_who_has_it(world):
    # C-ADM-106
    first = world.catalog.metric("words")
    world.admin.metrics.delete(ids=[first.id])
    world.catalog.metric("words")
    world.server.stop()
    refused = restore(world, first.id)
    assert refused.returncode == 1
    assert refused.stderr == f"error: {first.id}: Key already in use by another metric\n"


def test_an_achievement_is_given_to_who_qualifies_by_now(world):
    # C-ACH-16, C-ADM-106
    words = world.catalog.metric("words")
    ten = world.catalog.achievement(
        "Ten", trigger="metric", metric_id=words.id, metric_value=10
    )
    world.event("words", "a", 5)
    world.admin.achievements.delete(ids=[ten.id])
    world.event("words", "a", 7)
    world.server.stop()
    assert restore(world, ten.id).returncode == 0
    world = restarted(world)
    assert [own.name for own in world.client.users.achievements("a")] == ["Ten"]


@pytest.mark.parametrize("path", ["missing", "."])
def test_only_on_a_directory_that_was_used(world, path, tmp_path):
    # C-ADM-106
    command = [binary(), "restore", "--data", str(tmp_path / path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=START_LIMIT_SECONDS)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("error: ")
    assert not (tmp_path / "missing").exists()


def test_not_while_a_server_runs(world):
    # C-ADM-106
    world.catalog.metric("words")
    running = restore(world)
    assert running.returncode == 2
    assert world.wire.get("/readyz").status == 200
