"""Batches of events through the SDK: accepted at once, counted soon, exactly once over a kill.

Under the test clock a batch is worked through before the clock is moved, so moving it by nothing
waits for that. On the real clock `/metrics` tells how many batches wait.
"""

from __future__ import annotations

import asyncio
import random
import re
import threading
import time

import pytest
from trophy import AsyncTrophyApi, BatchMetricEvent, BatchMetricEventUser
from trophy.errors import NotFoundError, UnprocessableEntityError

from process import ADMIN_KEY, Server
from test_crash import CUT_OFF
from wire import Wire


def event(user, value=1, key="cards", **options):
    return BatchMetricEvent(key=key, user=BatchMetricEventUser(id=user), value=value, **options)


def send(world, events):
    return world.admin.metrics.batch_events(request=events)


def test_a_batch_does_what_single_events_do(study):
    # C-BATCH-01, C-BATCH-03, C-BATCH-08
    world, _ = study
    user = BatchMetricEventUser(id="ann", name="Ann", tz="Europe/London", attributes={"plan": "pro"})
    rich = BatchMetricEvent(key="cards", user=user, value=2.5, attributes={"deck": "latin"})
    answer = send(world, [rich, *[event(f"u{n % 10}") for n in range(990)], event("ann", 10)])
    assert answer.accepted == 992
    world.clock.by(0)
    assert world.client.users.single_metric("u3", "cards").current == 99
    ann = world.client.users.get("ann")
    assert (ann.name, ann.tz, ann.attributes) == ("Ann", "Europe/London", {"plan": "pro"})
    achieved = {own.name for own in world.client.users.achievements("ann")}
    assert achieved == {"Ten cards", "Latin"}
    assert world.client.users.streak("ann").length == 1
    assert world.client.users.points("ann", "xp").total == 40


def test_keys_are_shared_with_single_events(study):
    # C-BATCH-05, C-BATCH-06
    world, _ = study
    world.event("cards", "ann", 1, idempotency_key="first")
    answer = send(
        world,
        [event("ann", 10, idempotency_key=key) for key in ["first", "second", "second"]]
        + [event("ann", 100, key="minutes", idempotency_key="first")],
    )
    assert answer.accepted == 4
    world.clock.by(0)
    assert world.client.users.single_metric("ann", "cards").current == 11
    assert world.client.users.single_metric("ann", "minutes").current == 100
    assert world.event("cards", "ann", 5, idempotency_key="second").idempotent_replayed is True


def test_a_wrong_batch_is_refused_as_a_whole(study):
    # C-BATCH-02
    world, _ = study
    with pytest.raises(UnprocessableEntityError) as refused:
        send(world, [event("ghost"), event("ghost", attributes={"nope": "x"})])
    assert refused.value.body["error"].startswith("Item 1: Invalid attribute keys: nope.")
    with pytest.raises(NotFoundError) as refused:
        send(world, [event("ghost"), event("ghost", key="nope")])
    assert refused.value.body["error"] == "Metric not found: nope"
    with pytest.raises(UnprocessableEntityError):
        send(world, [])
    with pytest.raises(UnprocessableEntityError):
        send(world, [event("ghost")] * 1001)
    world.clock.by(0)
    assert world.wire.get("/v1/users/ghost").status == 404


def test_moving_the_clock_waits_for_what_was_accepted(study):
    # C-BATCH-04
    world, _ = study
    send(world, [event("ann", 1) for _ in range(500)])
    world.clock.by(24 * 3600)
    summary = world.client.users.metric_event_summary(
        "ann", "cards", aggregation="daily", start_date="2026-03-02", end_date="2026-03-03"
    )
    assert [day.change for day in summary] == [500, 0]


def test_the_async_client_sends_batches(study):
    world, _ = study

    async def run():
        client = AsyncTrophyApi(environment=world.environment, api_key=ADMIN_KEY)
        return await client.admin.metrics.batch_events(request=[event("ann", 3)])

    assert asyncio.run(run()).accepted == 1
    world.clock.by(0)
    assert world.client.users.single_metric("ann", "cards").current == 3


USERS = [f"u{n}" for n in range(8)]
ROUNDS = 6


class Sender(threading.Thread):
    """Sends batches until the server is gone; each user's values in a batch add up to its weight."""

    def __init__(self, server: Server, rng: random.Random, name: str) -> None:
        super().__init__(name=name)
        self.wire = Wire(server, keep=True)
        self.rng = rng
        self.acknowledged: list[dict[str, int]] = []
        self.pending: dict[str, int] | None = None
        self.first = threading.Event()
        self.failure: str | None = None

    def run(self) -> None:
        try:
            while self._send():
                pass
        except Exception as error:  # noqa: BLE001: reported by the test, a thread cannot fail
            self.failure = repr(error)
        finally:
            self.first.set()
            self.wire.close()

    def _send(self) -> bool:
        sums: dict[str, int] = {}
        events = []
        for _ in range(self.rng.randint(1, 200)):
            user, value = self.rng.choice(USERS), self.rng.randint(1, 1000)
            sums[user] = sums.get(user, 0) + value
            events.append({"key": "words", "user": {"id": user}, "value": value})
        self.pending = sums
        try:
            answer = self.wire.send("POST", "/admin/v1/metrics/events", events)
        except CUT_OFF:
            return False
        if answer.status == 503:
            time.sleep(0.01)
            return True
        assert (answer.status, answer.body) == (202, {"accepted": len(events)}), answer
        self.acknowledged.append(sums)
        self.pending = None
        self.first.set()
        return True


def await_empty_queue(wire: Wire) -> None:
    deadline = time.monotonic() + 120
    while True:
        waiting = re.search(rb"^accolade_batches_queued (\d+)$", wire.get("/metrics").raw, re.M)
        if int(waiting.group(1)) == 0:
            return
        assert time.monotonic() < deadline, "the queue is never empty"
        time.sleep(0.02)


def totals(wire: Wire) -> dict[str, int]:
    answers = {user: wire.get(f"/v1/users/{user}/metrics/words") for user in USERS}
    return {user: own.body["current"] if own.status == 200 else 0 for user, own in answers.items()}


def added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {user: one.get(user, 0) + other.get(user, 0) for user in USERS}


def explained(before: dict[str, int], now: dict[str, int], unsure: list[dict[str, int]]) -> bool:
    """Whether some of the unsure batches, each whole, make the difference."""
    if not unsure:
        return before == now
    first, rest = unsure[0], unsure[1:]
    return explained(before, now, rest) or explained(added(before, first), now, rest)


def test_killed_at_any_moment(start):
    # C-BATCH-03: an accepted batch counts once; one that was cut off counts once or not at all.
    rng = random.Random(20260302)
    world = start()
    world.catalog.metric("words")
    server, known = world.server, {user: 0 for user in USERS}
    for number in range(ROUNDS):
        senders = [Sender(server, random.Random(rng.random()), f"{number}-{n}") for n in range(2)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.first.wait()
        time.sleep(rng.uniform(0, 0.3))
        server.kill()
        for sender in senders:
            sender.join()
        assert [sender.failure for sender in senders if sender.failure] == []
        server.start()
        if rng.random() < 0.5:
            # Again while it goes on with what it had.
            time.sleep(rng.uniform(0, 0.1))
            server.kill()
            server.start()
        wire = Wire(server, keep=True)
        await_empty_queue(wire)
        for sums in [sums for sender in senders for sums in sender.acknowledged]:
            known = added(known, sums)
        unsure = [sender.pending for sender in senders if sender.pending is not None]
        now = totals(wire)
        assert explained(known, now, unsure), (known, now, unsure)
        known = now
        wire.close()
    server.stop()
    result = server.check()
    assert result.returncode == 0, result.stdout + result.stderr
