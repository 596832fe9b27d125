"""What no webhook tells: what an operator did, and streaks of users who have none."""

from __future__ import annotations

import pytest

STREAKS = [
    "streak.started",
    "streak.extended",
    "streak.lost",
    "streak.freeze_consumed",
    "streak.freeze_earned",
]


@pytest.fixture
def told(world, receiver):
    """What the receiver of all streak events was told so far."""
    world.catalog.metric("words")
    world.catalog.streaks()
    hook = {"name": "Streaks", "url": receiver.url("/"), "events": STREAKS}
    assert world.wire.send("POST", "/admin/v1/webhooks", [hook]).body["issues"] == []

    def types() -> list[str]:
        world.clock.by(0)
        return [told.type for told in receiver.at("/")]

    return types


def test_what_operators_do_to_streaks(world, told):
    # C-WH-31
    world.event("words", "u")
    world.clock.to("2026-03-04T09:00:00Z")
    before = told()
    assert before == ["streak.started", "streak.lost"]
    streaks = world.admin.streaks
    assert streaks.restore(users=[{"id": "u"}]).restored_users == ["u"]
    assert world.client.users.streak("u").length == 1
    world.catalog.streaks(frequency="weekly")
    pauses = [{"user_id": "u", "start": "2026-03-10", "end": "2026-03-12"}]
    assert streaks.pauses.create(pauses=pauses).issues == []
    assert streaks.reset(users=[{"id": "u"}]).reset_users == ["u"]
    assert told() == before


def test_users_without_streaks(world, told):
    # C-WH-32
    world.client.users.create(id="u")
    world.client.users.update_preferences("u", streak={"enabled": False})
    world.event("words", "u")
    world.event("words", "v")
    world.clock.to("2026-03-05T00:00:00Z")
    assert told() == ["streak.started", "streak.lost"]
