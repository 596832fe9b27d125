"""Exporting and erasing users: nothing is left, and nothing brings anyone back.

The endpoints are additive, so they are spoken raw. What was erased is looked for in every way
that a client has, after SIGKILL at random instants, on copies of the data directory, and by
`accolade check`. The instants are random but the law is not about time.
"""

from __future__ import annotations

import http.client
import random
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from process import Server, backup
from wire import Wire, encode
from world import World

ROUNDS = 8
EVENTS = 1200
CUT_OFF = (ConnectionError, http.client.HTTPException)


def configured(start) -> World:
    world = start()
    metric = world.catalog.metric("words")
    system = world.catalog.system("xp")
    world.catalog.trigger(
        system.id, type="metric", metric_id=metric.id, metric_threshold=100, points=10
    )
    world.catalog.leaderboard(
        "all", status="active", rank_by="metric", metric_id=metric.id, start="2026-01-01"
    )
    return world


def submit(wire: Wire, user: str, value: int, key: str):
    body = encode({"user": {"id": user, "name": f"Name of {user}"}, "value": value})
    headers = {"Idempotency-Key": key}
    return wire.send("POST", "/v1/metrics/words/event", body=body, headers=headers)


def live(world: World, user: str, events: int) -> None:
    wire = Wire(world.server, keep=True)
    for n in range(events):
        assert submit(wire, user, 1, f"key {n}").status == 201
    wire.close()


def erase(wire: Wire, user: str):
    return wire.send("DELETE", f"/admin/v1/users/{user}")


def export(wire: Wire, user: str):
    return wire.read(f"/admin/v1/users/{user}/export")


def assert_sound(server: Server) -> None:
    report = server.check()
    assert report.returncode == 0, report.stdout + report.stderr


def assert_unknown(world: World, user: str) -> None:
    for path in (f"/v1/users/{user}", f"/admin/v1/users/{user}/export"):
        assert world.wire.get(path).status == 404, path
    rows = world.wire.read("/v1/leaderboards/all?limit=1000")["rankings"]
    assert user not in [row["userId"] for row in rows]


def test_an_export_is_everything_and_an_erasure_leaves_nothing(start):
    # C-USER-28, C-USER-29, C-USER-34
    world = configured(start)
    live(world, "gone", EVENTS)
    live(world, "stays", 3)
    everything = export(world.wire, "gone")
    assert len(everything["events"]) == len(everything["idempotencyKeys"]) == EVENTS
    assert sum(event["value"] for event in everything["events"]) == EVENTS
    assert sum(award["awarded"] for award in everything["awards"]) == EVENTS // 100 * 10
    assert everything["user"] == world.wire.read("/v1/users/gone")
    assert [row["run"] for row in everything["leaderboards"]] == ["2026-01-01"]
    answer = erase(world.wire, "gone")
    assert (answer.status, answer.body) == (200, {"deleted": [{"id": "gone"}], "issues": []})
    # At once, by SIGKILL: the answer said that it holds.
    world.server.kill()
    assert_sound(world.server)
    copy = Server(world.server.data.parent / "copy")
    shutil.copytree(world.server.data, copy.data)
    try:
        for server in (world.server, copy):
            world = World(server.start())
            assert_unknown(world, "gone")
            assert erase(world.wire, "gone").status == 404
            assert export(world.wire, "stays")["metrics"][0]["total"] == 3
            server.stop()
            assert_sound(server)
    finally:
        copy.discard()


def bytes_of(directory, text: str) -> int:
    """How often a text stands in the files of a directory."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    return sum(path.read_bytes().count(text.encode()) for path in files)


def test_a_backup_that_is_taken_later_does_not_know_the_user(start, tmp_path):
    # C-USER-29
    world = configured(start)
    live(world, "long-forgotten", EVENTS)
    live(world, "stays", 3)
    assert erase(world.wire, "long-forgotten").status == 200
    done = backup(world.server.url, tmp_path / "copy")
    assert done.returncode == 0, done.stderr
    world.server.stop()
    # The server's own files are written over by and by; the copy never had a byte.
    assert bytes_of(world.server.data, "long-forgotten") > 0
    copy = Server(tmp_path / "copy")
    assert bytes_of(copy.data, "long-forgotten") == 0
    assert bytes_of(copy.data, "stays") > 0
    assert_sound(copy)
    try:
        restored = World(copy.start())
        assert_unknown(restored, "long-forgotten")
        assert export(restored.wire, "stays")["metrics"][0]["total"] == 3
    finally:
        copy.discard()


def test_a_backup_in_the_middle_of_an_erasure_is_sound(start, tmp_path):
    # C-USER-31
    world = configured(start)
    live(world, "going", EVENTS)
    erasing = threading.Thread(target=erase, args=(Wire(world.server), "going"), daemon=True)
    erasing.start()
    done = backup(world.server.url, tmp_path / "copy")
    assert done.returncode == 0, done.stderr
    erasing.join()
    copy = Server(tmp_path / "copy")
    assert_sound(copy)
    try:
        restored = World(copy.start())
        erase(restored.wire, "going")
        assert_unknown(restored, "going")
        copy.stop()
        assert_sound(copy)
    finally:
        copy.discard()


def test_an_erasure_that_is_killed_is_whole_or_never_was(start):
    # C-USER-30, C-USER-31
    world = configured(start)
    rng = random.Random(7)
    users = [f"user-{n}" for n in range(ROUNDS)]
    with ThreadPoolExecutor(ROUNDS) as pool:
        list(pool.map(lambda user: live(world, user, EVENTS), users))
    gone = 0
    for user in users:
        thread = threading.Thread(target=cut_off, args=(world, user), daemon=True)
        thread.start()
        time.sleep(rng.uniform(0.0, 0.1))
        world.server.kill()
        thread.join()
        assert_sound(world.server)
        world = World(world.server.start())
        if world.wire.get(f"/v1/users/{user}").status == 200:
            everything = export(world.wire, user)
            assert len(everything["events"]) == EVENTS
            assert erase(world.wire, user).status == 200
        else:
            gone += 1
        assert_unknown(world, user)
        # Somebody new by the same id, with the same key, meets nothing of what was before.
        assert submit(world.wire, user, 5, "key 0").status == 201
        everything = export(world.wire, user)
        assert [event["value"] for event in everything["events"]] == [5]
        assert len(everything["idempotencyKeys"]) == len(everything["metricDays"]) == 1
    print(f"{gone} of {ROUNDS} erasures had begun when the server was killed")
    world.server.stop()
    assert_sound(world.server)


def cut_off(world: World, user: str) -> None:
    try:
        erase(Wire(world.server), user)
    except CUT_OFF:
        pass


def test_events_that_come_while_a_user_is_erased_are_before_or_after_it(start):
    # C-USER-30
    world = configured(start)
    stop = threading.Event()

    def send(name: int) -> int:
        wire = Wire(world.server, keep=True)
        sent = 0
        while not stop.is_set():
            assert submit(wire, "busy", 1, f"{name} {sent}").status == 201
            sent += 1
        wire.close()
        return sent

    with ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(send, name) for name in range(4)]
        try:
            for _ in range(30):
                assert erase(Wire(world.server), "busy").status in (200, 404)
        finally:
            stop.set()
        sent = sum(sender.result() for sender in senders)
    answer = world.wire.get("/admin/v1/users/busy/export")
    assert answer.status in (200, 404)
    if answer.status == 200:
        everything = answer.body
        count = len(everything["events"])
        assert 0 < count <= sent
        assert everything["metrics"][0]["events"] == everything["metrics"][0]["total"] == count
        assert len(everything["idempotencyKeys"]) == count
    world.server.stop()
    assert_sound(world.server)
