"""A configured server, and proof that a refused request left nothing behind.

The snapshot is the raw bytes of every read that could show a trace: all configuration lists,
the settings, everything about one user who exists, and the absence of one who must not. It
is taken once and compared after each refusal, so a case may never succeed.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import Any, Iterator

from trophy import UpsertedUser

from wire import Answer, Wire
from world import World

# Never created by anyone: cases name this user where a new one would appear.
GHOST = "ghost"
UNKNOWN = "00000000-0000-4000-8000-000000000000"

# What the Admin API manages, with the name its messages use.
RESOURCES = {
    "/admin/v1/attributes": "Attribute",
    "/admin/v1/metrics": "Metric",
    "/admin/v1/achievements": "Achievement",
    "/admin/v1/points": "Points system",
    "/admin/v1/points/$xp/triggers": "Points trigger",
    "/admin/v1/points/$xp/levels": "Level",
    "/admin/v1/points/$xp/boosts": "Points boost",
    "/admin/v1/leaderboards": "Leaderboard",
}

READS = [
    "/admin/v1/attributes?limit=100",
    "/admin/v1/metrics?limit=100",
    "/admin/v1/achievements?limit=100",
    "/admin/v1/points?limit=100",
    "/admin/v1/points/$xp/triggers?limit=100",
    "/admin/v1/points/$xp/levels?limit=100",
    "/admin/v1/points/$xp/boosts?limit=100",
    "/admin/v1/leaderboards?limit=100",
    "/admin/v1/streaks/settings",
    "/admin/v1/clock",
    "/v1/achievements",
    "/v1/users/known",
    "/v1/users/known/metrics",
    "/v1/users/known/achievements?includeIncomplete=true",
    "/v1/users/known/streak",
    "/v1/users/known/preferences",
    "/v1/users/known/points/xp?awards=100",
    "/v1/points/xp",
    "/v1/points/xp/levels",
    "/v1/points/xp/boosts?includeFinished=true",
    "/v1/users/known/points/xp/boosts",
    "/v1/points/xp/level-summary",
    "/v1/streaks?userIds=known,ghost",
    "/v1/streaks/rankings",
]


class Untouched:
    def __init__(self, world: World) -> None:
        self.world = world
        self.ids = configure(world)
        # Counts over all users may lag, so they are read only once they have settled.
        world.clock.by(600)
        self._reader = Wire(world.server, keep=True)
        self._before = self._snapshot()

    def fill(self, text: str) -> str:
        """Puts the real id in the place of `$name`."""
        for name, record_id in self.ids.items():
            text = text.replace(f"${name}", record_id)
        return text

    def send(self, method: str, path: str, value: Any = None, **options: Any) -> Answer:
        """`value` is any JSON value in which `$name` stands for an id, null included."""
        if "body" not in options:
            options["body"] = self.fill(json.dumps(value)).encode()
        return self.world.wire.send(method, self.fill(path), **options)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        yield
        after = self._snapshot()
        assert after == self._before

    def _snapshot(self) -> dict[str, bytes]:
        assert self._reader.get(f"/v1/users/{GHOST}").status == 404
        state = {}
        for path in READS:
            answer = self._reader.get(self.fill(path))
            assert answer.status == 200, (path, answer.status, answer.raw)
            state[path] = answer.raw
        return state


def short(value: Any) -> str:
    """A test id for a JSON value."""
    text = json.dumps(value)
    return text if len(text) < 50 else text[:47] + "..."


def configure(world: World) -> dict[str, str]:
    """One of everything, a user with some history, and the ids by name."""
    catalog = world.catalog
    plan = catalog.attribute("plan", "user")
    deck = catalog.attribute("deck", "event")
    words = catalog.metric("words")
    ten = catalog.achievement("Ten", trigger="metric", metric_id=words.id, metric_value=10)
    tour = catalog.achievement("Tour", trigger="api", key="tour")
    xp = catalog.system("xp")
    bronze = catalog.level(xp.id, "bronze", 0)
    silver = catalog.level(xp.id, "silver", 50)
    later = catalog.boost(xp.id, "Later", start="2099-01-01", end="2099-01-31", multiplier=2)
    per_word = catalog.trigger(
        xp.id, type="metric", metric_id=words.id, metric_threshold=1, points=2
    )
    weekly = catalog.leaderboard(
        "weekly",
        rank_by="metric",
        metric_id=words.id,
        status="inactive",
        run_unit="day",
        run_interval=7,
    )
    user = UpsertedUser(id="known", name="Known", tz="Europe/Paris", attributes={"plan": "pro"})
    world.client.metrics.event("words", user=user, value=12.5)
    records = {
        "plan": plan,
        "deck": deck,
        "words": words,
        "ten": ten,
        "tour": tour,
        "xp": xp,
        "bronze": bronze,
        "silver": silver,
        "later": later,
        "per_word": per_word,
        "weekly": weekly,
    }
    return {name: record.id for name, record in records.items()} | {"unknown": UNKNOWN}
