"""Rate limits as the SDK meets them: its own retry waits until there is room."""

from __future__ import annotations

import pytest
from trophy import UpsertedUser
from trophy.core.api_error import ApiError

GLOBAL = '[rate_limit]\nmode = "global"\nglobal_per_second = {}\n'


def test_the_sdk_waits_out_its_second(start):
    # C-RL-01, C-RL-07: every event goes through, although each second has room for one request.
    world = start(settings=GLOBAL.format(1))
    world.catalog.metric("words")
    totals = [
        world.client.metrics.event("words", user=UpsertedUser(id="u"), value=1).total
        for _ in range(4)
    ]
    assert totals == [1, 2, 3, 4]


def test_what_is_told_when_there_is_no_room(start):
    # C-RL-05, C-RL-06, C-RL-07, C-RL-10
    world = start("2026-03-02T10:00:00Z", settings=GLOBAL.format(60))
    answers = [world.wire.get("/v1/achievements") for _ in range(61)]
    assert [answer.status for answer in answers] == [200] * 60 + [429]
    assert [answers[n].headers["x-ratelimit-remaining"] for n in [0, 59, 60]] == ["59", "0", "0"]
    last = answers[-1]
    assert last.error() == "Rate limit exceeded"
    assert last.headers["retry-after"] == "1"
    assert last.headers["x-ratelimit-limit"] == "60"
    assert last.headers["x-ratelimit-reset"] == "1772445601"
    with pytest.raises(ApiError) as refused:
        world.client.achievements.all_(request_options={"max_retries": 0})
    assert refused.value.status_code == 429
    world.clock.by(1)
    assert world.client.achievements.all_() == []


def test_tiers_have_their_own_limits(start):
    # C-RL-02, C-RL-03
    world = start("2026-03-02T10:00:00Z", settings='[rate_limit]\nmode = "tiered"\n')
    world.catalog.metric("words")
    world.clock.by(1)
    body = {"user": {"id": "u"}, "value": 1}
    events = [world.wire.send("POST", "/v1/metrics/words/event", body) for _ in range(6)]
    assert [answer.status for answer in events] == [201] * 5 + [429]
    reads = [world.wire.get("/v1/users/u") for _ in range(51)]
    assert [answer.status for answer in reads] == [200] * 50 + [429]
    assert world.wire.read("/v1/users/u/metrics/words")["current"] == 5
