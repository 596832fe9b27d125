"""Webhooks end to end: a server, a receiver on loopback, and the clock between them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hooks import Hooks
from process import ADMIN_KEY
from receiver import Receiver
from world import World

EVERYTHING_OF_A_USER = [
    "achievement.completed",
    "streak.started",
    "streak.extended",
    "streak.lost",
    "streak.freeze_consumed",
    "streak.freeze_earned",
    "points.changed",
    "points.level_changed",
]


def words(world: World) -> World:
    """A metric, an achievement at 10, and points for every word."""
    metric = world.catalog.metric("words")
    world.catalog.achievement("Ten", trigger="metric", metric_id=metric.id, metric_value=10)
    xp = world.catalog.system("xp")
    world.catalog.level(xp.id, "bronze", 5)
    world.catalog.trigger(
        xp.id, type="metric", metric_id=metric.id, metric_threshold=1, points=1
    )
    return world


class TestConfiguration:
    def test_lifecycle(self, world, receiver):
        # C-WH-01, C-WH-02, C-WH-06
        hooks = Hooks(world)
        created = hooks.create("https://example.com/hook", "points.changed", "streak.lost")
        assert created["status"] == "active" and created["created"] == created["updated"]
        assert created["events"] == ["points.changed", "streak.lost"]
        assert len(created["secret"]) == 49 and created["secret"].startswith("whsec_")
        path = f"/admin/v1/webhooks/{created['id']}"
        record = world.wire.read(path)
        assert record == {k: v for k, v in created.items() if k != "secret"}
        assert world.wire.read("/admin/v1/webhooks") == [record]
        assert world.wire.read(f"{path}/secret")["secret"] == created["secret"]
        world.clock.by(60)
        updated = hooks.update(created["id"], status="inactive", events=["streak.started"])
        assert updated["status"] == "inactive" and updated["events"] == ["streak.started"]
        assert updated["updated"] > updated["created"]
        rotated = hooks.post(f"/webhooks/{created['id']}/rotate", 200)
        assert rotated["secret"] != created["secret"]
        assert world.wire.read(f"{path}/secret") == rotated
        standard = rotated["standardWebhooksSecret"].removeprefix("whsec_")
        secret = rotated["secret"].removeprefix("whsec_")
        assert base64.b64decode(standard) == base64.urlsafe_b64decode(secret + "=")
        hooks.delete(created["id"])
        assert world.wire.get(path).status == 404
        assert world.wire.read("/admin/v1/webhooks") == []

    def test_refusals(self, world):
        # C-WH-02, C-ADM-06, C-ADM-07
        good = {"name": "Hook", "url": "https://example.com", "events": ["streak.lost"]}
        form = "url must be an absolute http(s) URL of at most 2048 characters without credentials"
        cases = [
            ({"url": "ftp://example.com"}, form),
            ({"url": "https://user:pw@example.com"}, form),
            ({"events": []}, "events must have at least one entry"),
            ({"events": ["streak.lost", "streak.lost"]}, "events must not repeat an entry"),
            ({"events": ["streak.found"]}, "events[0] must be a type of webhook event"),
            ({"name": ""}, "name must have 1 to 255 characters"),
        ]
        items = [{**good, **wrong} for wrong, _ in cases]
        answer = world.wire.send("POST", "/admin/v1/webhooks", items)
        assert answer.status == 200 and answer.body["created"] == []
        assert [issue["message"] for issue in answer.body["issues"]] == [m for _, m in cases]

    def test_secrets_are_unreadable_at_rest(self, start, receiver):
        # C-WH-06
        world = words(start())
        secrets = [
            Hooks(world).create(receiver.url("/"), "streak.started")["secret"] for _ in range(3)
        ]
        world.event("words", "u")
        receiver.wait("/", 3)
        world.server.stop()
        for folder, _, files in os.walk(world.server.data):
            for name in files:
                raw = open(os.path.join(folder, name), "rb").read()
                for secret in secrets:
                    assert secret.encode() not in raw
                    assert secret.removeprefix("whsec_").encode() not in raw
                    key = base64.urlsafe_b64decode(secret.removeprefix("whsec_") + "=")
                    assert key not in raw
        assert all(secret not in world.server.log() for secret in secrets)
        mode = os.stat(world.server.data / "master.key").st_mode & 0o777
        assert mode == 0o600
        # Another key opens nothing, and the start says so instead of failing at each attempt.
        world.server.environment["ACCOLADE_MASTER_KEY"] = "00" * 32
        world.server.launch()
        assert world.server.ended_by_itself() == 1
        assert "sealed with another master key" in world.server.log()


class TestDelivery:
    def test_one_event_with_everything_it_caused(self, world, receiver):
        # C-WH-09, C-WH-10, C-WH-12, C-WH-13, C-WH-27, C-WH-28, C-WH-33, C-WH-34
        words(world)
        hook = Hooks(world).create(receiver.url("/"), *EVERYTHING_OF_A_USER)
        world.event("words", "zoë", 12)
        world.clock.by(0)
        arrived = receiver.at("/")
        assert sorted(d.type for d in arrived) == [
            "achievement.completed",
            "points.changed",
            "points.level_changed",
            "streak.started",
        ]
        assert len({d.event_id for d in arrived}) == 4
        for delivery in arrived:
            delivery.assert_signed(hook["secret"])
            assert delivery.raw.startswith(b'{"type":"') and delivery.raw.endswith(b"}")
            assert "zoë".encode() in delivery.raw and b": " not in delivery.raw
            headers = delivery.headers
            assert headers["content-type"] == "application/json"
            assert headers["user-agent"].startswith("accolade-webhooks/")
            assert headers["idempotency-key"] == headers["webhook-id"] == delivery.event_id
            assert headers["x-trophy-webhook-id"] == hook["id"]
            assert headers["x-trophy-attempt"] == "1"
        bodies = {d.type: d.body for d in arrived}
        user = world.wire.read("/v1/users/zo%C3%AB")
        assert all(body["user"] == user for body in bodies.values())
        assert bodies["achievement.completed"]["achievement"]["name"] == "Ten"
        assert bodies["streak.started"]["streak"]["length"] == 1
        points = bodies["points.changed"]["points"]
        assert (points["added"], points["total"], points["level"]["key"]) == (12, 12, "bronze")
        assert [award["awarded"] for award in points["awards"]] == [12]
        level = bodies["points.level_changed"]
        assert level["previousLevel"] is None and level["newLevel"]["key"] == "bronze"

    def test_only_who_subscribed_and_is_active_is_told(self, world, receiver):
        # C-WH-05
        words(world)
        hooks = Hooks(world)
        hooks.create(receiver.url("/streaks"), "streak.started")
        late = hooks.create(receiver.url("/late"), "streak.lost")
        off = hooks.create(receiver.url("/off"), "streak.started")
        hooks.update(off["id"], status="inactive")
        world.event("words", "u")
        hooks.update(late["id"], events=["streak.started"])
        hooks.update(off["id"], status="active")
        world.clock.by(3600)
        assert [d.type for d in receiver.at("/streaks")] == ["streak.started"]
        assert receiver.at("/late") == receiver.at("/off") == []

    def test_retries_after_one_two_and_four_minutes(self, world, receiver):
        # C-WH-12, C-WH-14, C-WH-16, C-WH-17, C-WH-24
        words(world)
        hooks = Hooks(world)
        hooks.create(receiver.url("/"), "streak.started")
        receiver.answers("/", 500, 404, 302, 503, body=b"no")
        world.event("words", "u")
        world.clock.by(0)
        for seconds, attempts in [(59, 1), (1, 2), (119, 2), (1, 3), (239, 3), (1, 4), (9999, 4)]:
            world.clock.by(seconds)
            assert [d.attempt for d in receiver.at("/")] == list(range(1, attempts + 1))
        assert len({d.raw for d in receiver.at("/")}) == 1
        assert len({d.event_id for d in receiver.at("/")}) == 1
        (entry,) = hooks.log()
        assert entry["status"] == "failed" and entry["nextAttempt"] is None
        assert [a["status"] for a in entry["attempts"]] == [500, 404, 302, 503]
        assert {a["response"] for a in entry["attempts"]} == {"no"}
        started = [a["started"] for a in entry["attempts"]]
        assert [s[14:19] for s in started] == ["00:00", "01:00", "03:00", "07:00"]
        assert world.wire.read("/admin/v1/webhooks")[0]["status"] == "active"

    def test_one_advance_makes_all_attempts(self, world, receiver):
        # C-WH-16: everything due on the way has happened when the clock answers.
        words(world)
        Hooks(world).create(receiver.url("/"), "streak.started")
        receiver.answers("/", 500, 500, 200)
        world.event("words", "u")
        world.clock.by(3600)
        assert [d.attempt for d in receiver.at("/")] == [1, 2, 3]
        (entry,) = Hooks(world).log(status="succeeded")
        assert entry["attempts"][2]["started"] == "2026-03-02T10:03:00.000Z"

    def test_retries_never_hold_up_later_events(self, world, receiver):
        # C-WH-20
        words(world)
        Hooks(world).create(receiver.url("/"), "streak.started")
        receiver.answers("/", 500, 200)
        users = [f"u{n}" for n in range(5)]
        for user in users:
            world.event("words", user)
            world.clock.by(1)
        assert [d.body["user"]["id"] for d in receiver.at("/")] == users
        world.clock.by(120)
        assert receiver.at("/")[5].body["user"]["id"] == "u0"

    def test_first_attempts_start_in_creation_order(self, world, receiver):
        # C-WH-20
        words(world)
        hooks = Hooks(world)
        hook = hooks.create(receiver.url("/"), "achievement.completed")
        gate = receiver.hangs("/")
        for n in range(30):
            world.event("words", f"u{n}", 10)
        receiver.wait("/", 10)
        assert len(hooks.log(status="pending")) == 30
        # No more than ten are in flight, however long they take.
        assert len(receiver.at("/")) == 10
        gate.set()
        world.clock.by(0)
        assert len(receiver.at("/")) == 30
        assert hook["id"] == hooks.log()[0]["webhookId"]

    def test_dead_endpoints_dont_delay_a_live_one(self, start, receiver):
        # C-WH-15, C-WH-20
        world = words(start(settings="[webhooks]\ntimeout_ms = 600000\n"))
        hooks = Hooks(world)
        for n in range(10):
            receiver.hangs(f"/dead{n}")
            hooks.create(receiver.url(f"/dead{n}"), "streak.started")
        hooks.create(receiver.url("/live"), "streak.started")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: world.event("words", f"u{n}"), range(200)))
        users = {d.body["user"]["id"] for d in receiver.wait("/live", 200)}
        assert users == {f"u{n}" for n in range(200)}
        assert all(len(receiver.at(f"/dead{n}")) <= 10 for n in range(10))

    def test_no_response_in_time_is_a_failure(self, start, receiver):
        # C-WH-14
        world = words(start("2026-03-02T10:00:00Z", "[webhooks]\ntimeout_ms = 200\n"))
        Hooks(world).create(receiver.url("/"), "streak.started")
        receiver.hangs("/")
        world.event("words", "u")
        world.clock.by(0)
        (entry,) = Hooks(world).log(status="retrying")
        (attempt,) = entry["attempts"]
        assert attempt["status"] is None and attempt["response"] is None
        assert attempt["error"] == "no response within 0.2 s"

    def test_redirects_are_not_followed(self, world, receiver):
        # C-WH-15
        words(world)
        Hooks(world).create(receiver.url("/"), "streak.started")
        receiver.answers("/", 307, headers={"Location": receiver.url("/elsewhere")})
        world.event("words", "u")
        world.clock.by(0)
        assert receiver.at("/elsewhere") == []
        (entry,) = Hooks(world).log()
        assert (entry["status"], entry["attempts"][0]["status"]) == ("retrying", 307)

    def test_only_the_head_of_a_response_is_kept(self, world, receiver):
        # C-WH-15, C-WH-24
        words(world)
        Hooks(world).create(receiver.url("/"), "streak.started")
        receiver.answers("/", 200, body=b"x" * 5_000_000)
        world.event("words", "u")
        world.clock.by(0)
        (entry,) = Hooks(world).log(status="succeeded")
        assert entry["attempts"][0]["response"] == "x" * 4096

    def test_forbidden_addresses_are_never_contacted(self, start, receiver):
        # C-WH-21
        settings = "[webhooks]\nallow_private = false\n"
        world = words(start("2026-03-02T10:00:00Z", settings))
        hooks = Hooks(world)
        port = receiver.url("/").split(":")[2]
        urls = [
            "http://169.254.169.254/latest",
            "http://[::ffff:169.254.169.254]/",
            "http://[fe80::1]/",
            receiver.url("/"),
            f"http://localhost:{port}",
            "http://2130706433/",
        ]
        for url in urls:
            hooks.create(url, "streak.started")
        world.event("words", "u")
        world.clock.by(0)
        assert receiver.at("/") == []
        errors = [entry["attempts"][0]["error"] for entry in hooks.log()]
        assert len(errors) == len(urls)
        assert all("must not be contacted" in error for error in errors), errors

    def test_rotation_holds_from_the_next_attempt_on(self, world, receiver):
        # C-WH-07
        words(world)
        hooks = Hooks(world)
        hook = hooks.create(receiver.url("/"), "streak.started")
        receiver.answers("/", 500, 200)
        world.event("words", "u")
        world.clock.by(0)
        rotated = hooks.post(f"/webhooks/{hook['id']}/rotate", 200)
        world.clock.by(60)
        first, second = receiver.at("/")
        first.assert_signed(hook["secret"])
        second.assert_signed(rotated["secret"])
        assert first.raw == second.raw

    def test_deactivating_or_deleting_cancels_what_is_pending(self, world, receiver):
        # C-WH-05
        words(world)
        hooks = Hooks(world)
        off = hooks.create(receiver.url("/off"), "streak.started")
        gone = hooks.create(receiver.url("/gone"), "streak.started")
        for path in ["/off", "/gone"]:
            receiver.answers(path, 500)
        world.event("words", "u")
        world.clock.by(0)
        hooks.update(off["id"], status="inactive")
        hooks.update(off["id"], status="active")
        hooks.delete(gone["id"])
        world.clock.by(3600)
        assert len(receiver.at("/off")) == len(receiver.at("/gone")) == 1
        entries = hooks.log(status="failed")
        assert [entry["cancelled"] for entry in entries] == [True, True]
        world.event("words", "v")
        world.clock.by(0)
        assert receiver.at("/off")[1].body["user"]["id"] == "v"


class TestLog:
    def test_filters_detail_and_pages(self, world, receiver):
        # C-WH-23, C-WH-24
        words(world)
        hooks = Hooks(world)
        one = hooks.create(receiver.url("/one"), "streak.started", "achievement.completed")
        hooks.create(receiver.url("/two"), "streak.started")
        receiver.answers("/two", 500)
        world.event("words", "u", 10)
        world.clock.by(1)
        world.event("words", "v", 1)
        world.clock.by(0)
        everything = hooks.log()
        assert [e["payload"]["user"]["id"] for e in everything] == ["v", "v", "u", "u", "u"]
        assert len(hooks.log(webhookId=one["id"])) == 3
        assert len(hooks.log(type="achievement.completed")) == 1
        assert len(hooks.log(status="retrying", type="streak.started")) == 2
        page = world.wire.read("/admin/v1/webhook-deliveries?limit=2&skip=2")
        assert page == everything[2:4]
        detail = world.wire.read(f"/admin/v1/webhook-deliveries/{page[0]['id']}")
        assert detail == page[0]
        unknown = "00000000-0000-4000-8000-000000000000"
        assert world.wire.get(f"/admin/v1/webhook-deliveries/{unknown}").status == 404
        assert world.wire.get("/admin/v1/webhook-deliveries?status=lost").status == 422

    def test_redelivery_is_one_attempt_with_the_same_event_id(self, world, receiver):
        # C-WH-25
        words(world)
        hooks = Hooks(world)
        hook = hooks.create(receiver.url("/"), "streak.started")
        world.event("words", "u")
        world.clock.by(0)
        (entry,) = hooks.log()
        receiver.answers("/", 500)
        again = hooks.post(f"/webhook-deliveries/{entry['id']}/redeliver", 201)
        world.clock.by(3600)
        first, second = receiver.at("/")
        assert first.raw == second.raw and first.event_id == second.event_id
        assert second.attempt == 1
        detail = world.wire.read(f"/admin/v1/webhook-deliveries/{again['id']}")
        assert (detail["status"], len(detail["attempts"])) == ("failed", 1)
        hooks.update(hook["id"], status="inactive")
        hooks.post(f"/webhook-deliveries/{entry['id']}/redeliver", 422)

    def test_samples(self, world, receiver):
        hooks = Hooks(world)
        hook = hooks.create(receiver.url("/"), "streak.lost")
        hooks.post(f"/webhooks/{hook['id']}/sample", 201, {"type": "points.boost_started"})
        world.clock.by(0)
        (delivery,) = receiver.at("/")
        assert delivery.type == "points.boost_started"
        delivery.assert_signed(hook["secret"])
        hooks.post(f"/webhooks/{hook['id']}/sample", 422, {"type": "emails.recap_due"})

    def test_kept_for_seven_days(self, world, receiver):
        # C-WH-25
        words(world)
        hooks = Hooks(world)
        hooks.create(receiver.url("/"), "achievement.completed")
        world.event("words", "u", 10)
        world.clock.to("2026-03-09T09:59:59Z")
        (entry,) = hooks.log()
        world.event("words", "v", 10)
        world.clock.to("2026-03-09T11:00:00Z")
        assert [e["payload"]["user"]["id"] for e in hooks.log()] == ["v"]
        hooks.post(f"/webhook-deliveries/{entry['id']}/redeliver", 404)
        # Ids go on after what was purged, also in another life of the server.
        world.clock.to("2026-03-17T00:00:00Z")
        assert hooks.log() == []
        world.server.stop()
        world.server.clock = "2026-03-17T00:00:00Z"
        world.server.start()
        world = World(world.server)
        hooks = Hooks(world)
        for n in range(100):
            world.event("words", f"w{n}", 10)
        world.clock.by(0)
        ids = [d.event_id for d in receiver.at("/")]
        assert len(ids) == len(set(ids)) == 102
        world.server.stop()
        checked = world.server.check()
        assert checked.returncode == 0, checked.stdout
        world.server.start()


class TestThrottle:
    def test_changes_within_fifteen_minutes_are_merged(self, world, receiver):
        # C-WH-43, C-WH-44, C-WH-48
        words(world)
        Hooks(world).create(receiver.url("/"), "points.changed")

        def told():
            points = [d.body["points"] for d in receiver.at("/")]
            return [(p["added"], p["total"], len(p["awards"]), "level" in p) for p in points]

        world.event("words", "u", 1)
        world.clock.by(0)
        assert told() == [(1, 1, 1, False)]
        for _ in range(3):
            world.clock.by(100)
            world.event("words", "u", 2)
        world.event("words", "other", 1)
        world.clock.by(599)
        assert told() == [(1, 1, 1, False), (1, 1, 1, False)]
        world.clock.by(1)
        assert told()[2:] == [(6, 7, 3, True)]
        awards = receiver.at("/")[2].body["points"]["awards"]
        assert [award["total"] for award in awards] == [3, 5, 7]
        # The report opened a window of its own.
        world.event("words", "u", 1)
        world.clock.by(899)
        assert len(told()) == 3
        world.clock.by(1)
        assert told()[3:] == [(1, 8, 1, False)]
        world.clock.by(901)
        world.event("words", "u", 1)
        world.clock.by(0)
        assert told()[4:] == [(1, 9, 1, False)]

    def test_a_window_survives_a_crash(self, world, receiver):
        # C-WH-44
        words(world)
        Hooks(world).create(receiver.url("/"), "points.changed")
        world.event("words", "u", 1)
        world.clock.by(300)
        world.event("words", "u", 4)
        world.server.kill()
        world.server.clock = "2026-03-02T10:05:00Z"
        world.server.start()
        world = World(world.server)
        world.clock.to("2026-03-02T10:14:59Z")
        assert len(receiver.at("/")) == 1
        world.clock.to("2026-03-02T10:15:00Z")
        assert [d.body["points"]["added"] for d in receiver.at("/")] == [1, 4]

    def test_net_zero_is_told_and_long_windows_list_the_newest_hundred(self, world, receiver):
        # C-WH-48
        metric = world.catalog.metric("words")
        xp = world.catalog.system("xp")
        for points, threshold in [(5, 1), (-5, 2)]:
            world.catalog.trigger(
                xp.id,
                type="metric",
                metric_id=metric.id,
                metric_threshold=threshold,
                points=points,
            )
        Hooks(world).create(receiver.url("/"), "points.changed")
        world.event("words", "u", 1)
        world.event("words", "u", 2)
        world.clock.by(900)
        second = receiver.at("/")[1].body["points"]
        assert (second["added"], len(second["awards"])) == (5, 2)
        for _ in range(120):
            world.event("words", "u", 1)
        world.clock.by(900)
        third = receiver.at("/")[2].body["points"]
        assert (third["added"], len(third["awards"])) == (300, 100)


class TestMidnight:
    def test_lost_streaks_and_freezes_are_told_at_their_midnight(self, world, receiver):
        # C-WH-29, C-WH-30
        words(world)
        world.catalog.streaks(freezes={"start_count": 1, "max_count": 2})
        Hooks(world).create(receiver.url("/"), *EVERYTHING_OF_A_USER[1:6])
        world.event("words", "u")
        world.clock.to("2026-03-06T00:00:00Z")
        told = [(d.type, d.body.get("length"), d.body.get("freezes")) for d in receiver.at("/")]
        assert told == [
            ("streak.started", None, None),
            ("streak.freeze_consumed", None, 0),
            ("streak.lost", 1, None),
        ]
        started = [e["created"] for e in reversed(Hooks(world).log())]
        assert started[1:] == ["2026-03-04T00:00:00.000Z", "2026-03-05T00:00:00.000Z"]


class TestBoosts:
    def test_boosts_are_told_when_they_begin_and_end(self, world, receiver):
        # C-WH-35, C-WH-36
        words(world)
        hooks = Hooks(world)
        hooks.create(receiver.url("/"), "points.boost_started", "points.boost_finished")
        xp = world.admin.points.systems.list()[0].id
        dates = {"start": "2026-03-05", "end": "2026-03-06", "multiplier": 2}
        world.catalog.boost(xp, "For all", **dates)
        world.clock.by(0)
        world.event("words", "u", tz="Asia/Tokyo")
        item = {"name": "For one", **dates, "userId": "u"}
        answer = world.wire.send("POST", f"/admin/v1/points/{xp}/boosts", [item])
        assert answer.status == 201, answer.raw
        now = {"name": "Now", "start": "2026-03-01", "multiplier": 3}
        world.catalog.boost(xp, now.pop("name"), **now)
        world.clock.to("2026-03-10T00:00:00Z")
        told = [
            (d.body["boost"]["name"], d.type.split("_")[1], d.body["timestamp"])
            for d in receiver.at("/")
        ]
        assert told == [
            ("Now", "started", "2026-03-02T10:00:00.000Z"),
            ("For all", "started", "2026-03-04T10:00:00.000Z"),
            ("For one", "started", "2026-03-04T15:00:00.000Z"),
            ("For one", "finished", "2026-03-06T15:00:00.000Z"),
            ("For all", "finished", "2026-03-07T13:00:00.000Z"),
        ]

    def test_what_was_missed_while_down_is_told_once(self, world, receiver):
        # C-WH-51
        words(world)
        Hooks(world).create(receiver.url("/"), "points.boost_started", "points.boost_finished")
        xp = world.admin.points.systems.list()[0].id
        world.catalog.boost(xp, "Short", start="2026-03-05", end="2026-03-06", multiplier=2)
        world.server.stop()
        for _ in range(2):
            world.server.clock = "2026-04-01T00:00:00Z"
            world.server.start()
            World(world.server).clock.by(0)
            world.server.stop()
        assert [d.type for d in receiver.at("/")] == [
            "points.boost_started",
            "points.boost_finished",
        ]
        world.server.start()


class TestCrash:
    def test_nothing_is_lost_and_nothing_invented(self, start, receiver):
        # C-WH-18, C-WH-19
        world = words(start())
        hooks = Hooks(world)
        hook = hooks.create(receiver.url("/"), "achievement.completed")
        gate = receiver.hangs("/")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: world.event("words", f"u{n}", 10), range(40)))
        receiver.wait("/", 10)
        world.server.kill()
        gate.set()
        world.server.start()
        world = World(world.server)
        arrived = receiver.wait("/", 50)
        by_user: dict[str, set[str]] = {}
        for delivery in arrived:
            delivery.assert_signed(hook["secret"])
            # An interrupted attempt is made again with its number.
            assert delivery.attempt == 1
            by_user.setdefault(delivery.body["user"]["id"], set()).add(delivery.event_id)
        assert set(by_user) == {f"u{n}" for n in range(40)}
        assert all(len(ids) == 1 for ids in by_user.values())
        world.server.stop()
        checked = world.server.check()
        assert checked.returncode == 0, checked.stdout


def test_the_published_algorithm_agrees():
    """The receiver's check, spelled out once: base64 HMAC-SHA256 keyed by the secret's text."""
    # C-WH-10, C-WH-11
    secret, body = "whsec_" + "A" * 43, b'{"type":"streak.lost"}'
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    assert len(signature) == 44 and ADMIN_KEY not in signature.decode()
