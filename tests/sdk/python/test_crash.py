"""Nothing acknowledged is lost and nothing is counted twice, whenever the process dies.

Rounds of concurrent events against a server on the real clock, each ended by SIGKILL at a
random instant and followed by a restart on the same directory. Values are random, so a lost
and a doubled event cannot cancel out, and every total is explained exactly:

- an acknowledged event counts once,
- an unacknowledged one with an idempotency key counts once after it was sent again,
- an unacknowledged one without a key counts once or not at all, and stays that way.

The instants are random but the law is not about time: a slow machine only has fewer events.
`ACCOLADE_CRASH_ROUNDS` and `ACCOLADE_CRASH_SEED` choose how many and which.
"""

from __future__ import annotations

import http.client
import itertools
import os
import random
import threading
import time
from dataclasses import dataclass, field

from process import Server
from wire import Wire, encode
from world import World

ROUNDS = int(os.environ.get("ACCOLADE_CRASH_ROUNDS", "200"))
THREADS = 8
STEADY_USERS = 48
NEW_USERS_PER_ROUND = 8
TRAFFIC_SECONDS = (0.1, 0.3)
# One trigger and one value range for which the points follow from the total alone.
THRESHOLD, POINTS = 100, 10
CHECK_EVERY = 10
# A connection the kill cuts off shows in one of these; any other failure is a defect.
CUT_OFF = (ConnectionError, http.client.HTTPException)


@dataclass(frozen=True)
class Event:
    user: str
    value: int
    key: str | None
    event_id: str | None = None

    def body(self) -> bytes:
        return encode({"user": {"id": self.user}, "value": self.value})

    def headers(self) -> dict[str, str]:
        return {} if self.key is None else {"Idempotency-Key": self.key}


@dataclass
class Books:
    """What the server must say about each user, as far as the acknowledgements tell."""

    totals: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    unacknowledged: int = 0
    resolved_as_counted: int = 0

    def add(self, event: Event) -> None:
        self.totals[event.user] = self.totals.get(event.user, 0) + event.value


class Client(threading.Thread):
    """Sends events on one connection until the server is gone."""

    def __init__(self, server: Server, users: list[str], rng: random.Random, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._wire = Wire(server, keep=True)
        self._users = users
        self._rng = rng
        self.acknowledged: list[Event] = []
        self.pending: Event | None = None
        self.failure: str | None = None
        self.first = threading.Event()

    def run(self) -> None:
        try:
            for n in itertools.count():
                if not self._send(self._next(n)):
                    return
        except Exception as error:  # noqa: BLE001: reported by the test, a thread cannot fail
            self.failure = repr(error)
        finally:
            self.first.set()
            self._wire.close()

    def _next(self, n: int) -> Event:
        key = f"{self.name}-{n}" if self._rng.random() < 0.5 else None
        return Event(self._rng.choice(self._users), self._rng.randint(1, 1000), key)

    def _send(self, event: Event) -> bool:
        self.pending = event
        try:
            answer = submit(self._wire, event)
        except CUT_OFF:
            return False
        if answer.status != 201:
            self.failure = f"{answer.status} {answer.raw!r}"
            return False
        acknowledged = Event(event.user, event.value, event.key, answer.body["eventId"])
        self.acknowledged.append(acknowledged)
        self.pending = None
        self.first.set()
        return True


def submit(wire: Wire, event: Event):
    path = "/v1/metrics/words/event"
    return wire.send("POST", path, body=event.body(), headers=event.headers())


def traffic(server: Server, users: list[str], rng: random.Random, label: str) -> list[Client]:
    """One round of traffic, cut off by SIGKILL; returns the clients, all ended."""
    clients = [
        Client(server, users, random.Random(rng.random()), f"{label}-{n}") for n in range(THREADS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.first.wait()
    time.sleep(rng.uniform(*TRAFFIC_SECONDS))
    server.kill()
    for client in clients:
        client.join()
    failures = [client.failure for client in clients if client.failure]
    assert failures == []
    return clients


def restart(server: Server, rng: random.Random) -> None:
    """Starts again, now and then after another kill in the middle of the recovery."""
    while rng.random() < 0.2:
        server.launch()
        time.sleep(rng.uniform(0, 0.05))
        server.kill()
    server.start()


def current(wire: Wire, user: str) -> int:
    answer = wire.get(f"/v1/users/{user}/metrics/words")
    if answer.status == 404:
        return 0
    assert answer.status == 200, (user, answer.status, answer.raw)
    return answer.body["current"]


def explained(difference: int, unsure: list[int]) -> list[int] | None:
    """Which of the unsure values make up the difference, or None."""
    for size in range(len(unsure) + 1):
        for chosen in itertools.combinations(unsure, size):
            if sum(chosen) == difference:
                return list(chosen)
    return None


def settle(books: Books, clients: list[Client], wire: Wire, rng: random.Random) -> None:
    """Retries what had a key, then accounts for every user of the round."""
    touched = set()
    unsure: dict[str, list[int]] = {}
    for client in clients:
        for event in client.acknowledged:
            books.add(event)
            touched.add(event.user)
        books.acknowledged += len(client.acknowledged)
        if client.pending is not None:
            books.unacknowledged += 1
            touched.add(client.pending.user)
            if client.pending.key is None:
                unsure.setdefault(client.pending.user, []).append(client.pending.value)
            else:
                retry(books, client.pending, wire)
        replay_some(client.acknowledged, wire, rng)
    for user in sorted(touched):
        total = current(wire, user)
        difference = total - books.totals.get(user, 0)
        counted = explained(difference, unsure.get(user, []))
        assert counted is not None, (user, total, books.totals.get(user, 0), unsure.get(user))
        books.resolved_as_counted += len(counted)
        books.totals[user] = total


def retry(books: Books, event: Event, wire: Wire) -> None:
    """Sends an unacknowledged event again, and once more: it counts exactly once."""
    # C-IDEM-01, C-IDEM-09
    first = submit(wire, event)
    assert first.status in {201, 202}, (first.status, first.raw)
    again = submit(wire, event)
    assert again.status == 202, (again.status, again.raw)
    assert again.body["eventId"] == first.body["eventId"]
    books.add(event)


def replay_some(acknowledged: list[Event], wire: Wire, rng: random.Random) -> None:
    """The server still knows the event ids it has handed out."""
    # C-IDEM-06
    keyed = [event for event in acknowledged if event.key is not None]
    for event in [*rng.sample(keyed, min(1, len(keyed))), *keyed[-1:]]:
        answer = submit(wire, event)
        assert answer.status == 202, (event, answer.status, answer.raw)
        assert answer.body["eventId"] == event.event_id, event


def check(server: Server) -> None:
    result = server.check()
    assert result.returncode == 0, result.stdout + result.stderr


def audit(books: Books, wire: Wire) -> None:
    """Every user at the end: the total, and the points that follow from it."""
    for user, total in sorted(books.totals.items()):
        assert current(wire, user) == total, user
        if total > 0:
            points = wire.read(f"/v1/users/{user}/points/xp?awards=100")
            # C-POINTS-15: k = floor of the total over the threshold, however it came about.
            assert points["total"] == total // THRESHOLD * POINTS, (user, total)
            if len(points["awards"]) < 100:
                assert sum(award["awarded"] for award in points["awards"]) == points["total"]


def configure(world: World) -> None:
    metric = world.catalog.metric("words")
    world.catalog.achievement("Many", trigger="metric", metric_id=metric.id, metric_value=5000)
    world.catalog.achievement("Start", trigger="streak", streak_length=1)
    xp = world.catalog.system("xp")
    world.catalog.trigger(
        xp.id, type="metric", metric_id=metric.id, metric_threshold=THRESHOLD, points=POINTS
    )


def test_kill_at_any_moment(start, capsys):
    # C-API-08, C-GEN-21, C-IDEM-09
    seed = int(os.environ.get("ACCOLADE_CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
    with capsys.disabled():
        print(f"\ncrash: ACCOLADE_CRASH_SEED={seed} ACCOLADE_CRASH_ROUNDS={ROUNDS}", flush=True)
    rng = random.Random(seed)
    world = start()
    configure(world)
    server, books = world.server, Books()
    for number in range(ROUNDS):
        steady = [f"steady-{n}" for n in range(STEADY_USERS)]
        new = [f"new-{number}-{n}" for n in range(NEW_USERS_PER_ROUND)]
        clients = traffic(server, steady + new, rng, f"r{number}")
        if number % CHECK_EVERY == CHECK_EVERY - 1:
            check(server)
        restart(server, rng)
        wire = Wire(server, keep=True)
        settle(books, clients, wire, rng)
        wire.close()
    wire = Wire(server, keep=True)
    audit(books, wire)
    wire.close()
    server.stop()
    check(server)
    with capsys.disabled():
        print(
            f"crash: {books.acknowledged} acknowledged, {books.unacknowledged} cut off, "
            f"of the unkeyed ones {books.resolved_as_counted} counted",
            flush=True,
        )
