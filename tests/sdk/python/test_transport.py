"""What holds for every request whatever it asks: addresses, headers and documents.

Also the parts of the process interface that are visible from outside: health, the clock's
own endpoints and a clean end. Refusals are in the bad-request tables.
"""

from __future__ import annotations

import uuid

import pytest
from trophy import UpsertedUser

from expect import instant, refused
from process import ADMIN_KEY, Server
from world import World


@pytest.fixture(scope="module")
def world(start_for_module):
    world = start_for_module("2026-03-02T10:00:00Z")
    world.catalog.metric("words")
    world.client.users.create(id="u")
    return world


@pytest.mark.parametrize(
    "path",
    ["/v1/users/u", "/v1/users/u/", "/api/users/u", "/api/users/u/", "/v1/users/%75"],
)
def test_one_resource_by_many_addresses(world, path):
    # C-GEN-02, C-GEN-03, C-GEN-04, C-API-03
    assert world.wire.read(path) == world.wire.read("/v1/users/u")


def test_events_by_alias_and_with_trailing_slash(world):
    # C-GEN-03, C-GEN-04
    body = {"user": {"id": "alias"}, "value": 1}
    for total, path in enumerate(
        ["/v1/metrics/words/event", "/api/metrics/words/event", "/v1/metrics/words/event/"], 1
    ):
        answer = world.wire.send("POST", path, body)
        assert (answer.status, answer.body["total"]) == (201, total)


def test_admin_api_by_host_name(world):
    # C-API-02
    metrics = world.wire.read("/admin/v1/metrics")
    assert world.wire.read("/admin/v1/metrics/") == metrics
    answer = world.wire.get("/v1/metrics", headers={"Host": "admin.localhost"})
    assert (answer.status, answer.body) == (200, metrics)
    assert world.wire.get("/v1/metrics").status == 404


@pytest.mark.parametrize(
    ("segment", "user_id"),
    [
        ("a%2Fb", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("%20a%20", " a "),
        ("a+b", "a+b"),
        ("%F0%9F%A6%8A", "\U0001f98a"),
        ("a%3Fb%23c", "a?b#c"),
        ("..%2F..", "../.."),
    ],
)
def test_user_ids_are_decoded_once(world, segment, user_id):
    # C-GEN-04, C-USER-02, C-API-17
    made = world.wire.send("PUT", f"/v1/users/{segment}", {})
    assert (made.status, made.body["id"]) == (200, user_id)
    assert world.wire.read(f"/v1/users/{segment}") == made.body
    user = UpsertedUser(id=user_id)
    world.client.metrics.event("words", user=user, value=1)
    assert world.wire.read(f"/v1/users/{segment}/metrics/words")["current"] == 1


@pytest.mark.parametrize("path", ["/v1/openapi", "/admin/v1/openapi"])
def test_openapi_needs_no_key(world, path):
    # C-API-04
    answer = world.wire.get(path, key=None)
    assert answer.status == 200
    assert answer.body["openapi"].startswith("3.1")
    assert answer.body["paths"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_key(world, path):
    assert world.wire.get(path, key=None).status == 200


@pytest.mark.parametrize(
    ("path", "key"), [("/v1/users/u", ADMIN_KEY), ("/v1/users/u", None), ("/nothing", None)]
)
def test_every_answer_is_json_and_has_a_request_id(world, path, key):
    # C-API-05, C-API-21
    answer = world.wire.get(path, key=key)
    assert answer.headers["content-type"].split(";")[0] == "application/json"
    assert uuid.UUID(answer.headers["x-request-id"])


@pytest.mark.parametrize("key", ["testkey1.wrong", "unknown1.abc", "nodot", "testkey1", "."])
def test_a_wrong_key_through_the_sdk(world, key):
    # C-AUTH-01, C-AUTH-15
    client = world.client_with(key)
    with refused(401, "Invalid or missing API key"):
        client.users.get("u")
    with refused(401, "Invalid or missing API key"):
        client.admin.metrics.list()


def test_cross_origin_requests(world):
    # C-API-20
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key,content-type,idempotency-key",
    }
    preflight = world.wire.send("OPTIONS", "/v1/metrics/words/event", key=None, headers=asked)
    assert preflight.status in {200, 204}
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    allowed = preflight.headers["access-control-allow-headers"].lower()
    assert all(name in allowed for name in ("x-api-key", "content-type", "idempotency-key"))
    origin = {"Origin": "https://app.example"}
    answer = world.wire.get("/v1/users/u", headers=origin)
    assert answer.headers["access-control-allow-origin"] == "*"
    admin = world.wire.get("/admin/v1/metrics", headers=origin)
    assert "access-control-allow-origin" not in admin.headers


def test_timestamps_have_milliseconds(world):
    # C-GEN-11, C-GEN-12
    user = world.wire.read("/v1/users/u")
    assert user["created"] == "2026-03-02T10:00:00.000Z"


class TestClock:
    def test_it_stands_still_and_moves_when_told(self, start):
        world = start("2026-03-01T00:00:00Z")
        assert world.clock.now() == "2026-03-01T00:00:00.000Z"
        assert world.clock.by(90) == "2026-03-01T00:01:30.000Z"
        assert world.clock.to("2026-03-02T01:00:00.250+01:00") == "2026-03-02T00:00:00.250Z"
        assert world.clock.now() == "2026-03-02T00:00:00.250Z"
        assert world.client.users.create(id="u").created == instant("2026-03-02T00:00:00.250Z")

    def test_it_needs_the_key(self, start):
        world = start("2026-03-01T00:00:00Z")
        assert world.wire.get("/admin/v1/clock", key=None).status == 401
        move = world.wire.send("POST", "/admin/v1/clock/advance", {"seconds": 1}, key=None)
        assert move.status == 401
        assert world.clock.now() == "2026-03-01T00:00:00.000Z"

    def test_without_the_flag_there_is_none(self, start):
        world = start()
        assert world.wire.get("/admin/v1/clock").status == 404
        move = world.wire.send("POST", "/admin/v1/clock/advance", {"seconds": 1})
        assert move.status == 404
        assert move.error()


class TestRestart:
    def test_everything_survives_a_clean_restart(self, start):
        # C-IDEM-04, C-IDEM-09
        world = start()
        metric = world.catalog.metric("words")
        world.catalog.achievement("Ten", trigger="metric", metric_id=metric.id, metric_value=10)
        first = world.event("words", "u", 12, idempotency_key="k")
        reads = ["/v1/users/u", "/v1/users/u/metrics", "/v1/users/u/achievements"]
        reads += ["/admin/v1/metrics", "/admin/v1/achievements"]
        before = [world.wire.read(path) for path in reads]
        world.server.stop()
        assert world.server.check().returncode == 0
        world.server.start()
        again = World(world.server)
        assert [again.wire.read(path) for path in reads] == before
        replay = again.event("words", "u", 12, idempotency_key="k")
        assert replay.idempotent_replayed and replay.event_id == first.event_id

    def test_the_directory_is_locked_while_in_use(self, start):
        # The second server must refuse; the first goes on serving.
        world = start()
        second = Server(world.server.data)
        second.launch()
        assert second.ended_by_itself() in {1, 2}
        assert world.wire.get("/healthz").status == 200
