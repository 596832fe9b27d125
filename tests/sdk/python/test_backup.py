"""`accolade backup`: a copy of a server that goes on working, which checks and serves."""

from __future__ import annotations

import threading

from process import Server, backup
from wire import Wire
from world import World

USERS = 24


class Traffic(threading.Thread):
    """Events of one user, one after the other, counted as they are acknowledged."""

    def __init__(self, server: Server, user: str, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self._wire = Wire(server, keep=True)
        self._over = over
        self.user = user
        self.acknowledged = 0

    def run(self) -> None:
        body = {"user": {"id": self.user}, "value": 1}
        while not self._over.is_set():
            answer = self._wire.send("POST", "/v1/metrics/words/event", body)
            assert answer.status == 201, answer.raw
            self.acknowledged += 1


def test_a_copy_of_a_busy_server_checks_and_serves(start, tmp_path):
    world = start()
    world.catalog.metric("words")
    world.catalog.streaks()
    hook = {"name": "Hook", "url": "http://127.0.0.1:9/", "events": ["points.changed"]}
    made = world.wire.send("POST", "/admin/v1/webhooks", [hook]).body["created"][0]
    for number in range(300):
        world.event("words", f"quiet-{number}", 2)
    over = threading.Event()
    traffic = [Traffic(world.server, f"busy-{number}", over) for number in range(USERS)]
    for thread in traffic:
        thread.start()
    while any(thread.acknowledged == 0 for thread in traffic):
        assert all(thread.is_alive() for thread in traffic)
    before = {thread.user: thread.acknowledged for thread in traffic}
    copy = tmp_path / "copy"
    done = backup(world.server.url, copy)
    after = {thread.user: thread.acknowledged for thread in traffic}
    over.set()
    for thread in traffic:
        thread.join()
    assert (done.returncode, done.stdout) == (0, f"{copy}\n"), done.stderr

    server = Server(copy)
    checked = server.check()
    assert checked.returncode == 0, checked.stdout
    copied = World(server.start())
    try:
        total = lambda user: copied.client.users.single_metric(user, "words").current
        for user, least in before.items():
            # One more may have been counted whose answer was still on its way.
            assert least <= total(user) <= after[user] + 1, user
        assert [total(f"quiet-{number}") for number in range(300)] == [2] * 300
        secret = copied.wire.read(f"/admin/v1/webhooks/{made['id']}/secret")
        assert secret == world.wire.read(f"/admin/v1/webhooks/{made['id']}/secret")
        copied.event("words", "busy-0", 1)
    finally:
        server.stop()


def test_what_can_be_wrong_with_it(start, tmp_path):
    world = start()
    url = world.server.url
    there = tmp_path / "there"
    there.mkdir()
    refused = backup(url, there)
    assert refused.returncode == 1 and "it is there already" in refused.stderr
    assert list(there.iterdir()) == []
    copy = tmp_path / "copy"
    assert backup(url, copy, "").returncode == 1
    wrong = backup(url, copy, "testkey1.wrong")
    assert wrong.returncode == 1 and "Invalid or missing API key" in wrong.stderr
    assert backup("http://127.0.0.1:9", copy).returncode == 1
    assert not copy.exists()
