"""Events through the Python SDK: what one call sends and what comes back.

The answer's every field, identification inside the event, idempotency and the asynchronous
client. What the rules compute over time is the subject of the worked examples.
"""

from __future__ import annotations

import asyncio
import uuid

from trophy import (
    CreatePointsTriggerRequestItemEventAttributesItem as TriggerEventFilter,
    UpsertedUser,
)

from expect import assert_fields, instant, refused, sent


class TestEvent:
    def test_answer_of_a_plain_event(self, study):
        # C-EVENT-01, C-EVENT-06, C-EVENT-17, C-GEN-13
        world, made = study
        now = world.clock.now()
        answer = world.event("cards", "u", 12)
        assert uuid.UUID(answer.event_id) and answer.event_id == answer.event_id.lower()
        assert_fields(answer, metric_id=made["cards"].id, total=12, leaderboards={})
        (ten,) = answer.achievements
        assert_fields(
            ten,
            id=made["ten"].id,
            name="Ten cards",
            trigger="metric",
            description="Flip ten",
            badge_url="https://img.example/ten.png",
            metric_id=made["cards"].id,
            metric_name="Cards flipped",
            metric_value=10,
            user_attributes=[],
            event_attributes=[],
            achieved_at=instant(now),
        )
        for absent in ["key", "streak_length", "achievement_ids", "event_attribute"]:
            assert not sent(ten, absent), absent
        xp = answer.points["xp"]
        assert_fields(
            xp,
            id=made["xp"].id,
            key="xp",
            name="Xp",
            description="Experience",
            badge_url=None,
            max_points=None,
            total=40,
            added=40,
        )
        assert_fields(xp.level, id=made["novice"].id, key="novice", description="", badge_url=None)
        (award,) = xp.awards
        assert_fields(award, awarded=40, total=40, date=now, boosts=[])
        assert uuid.UUID(award.id)
        assert_fields(
            award.trigger,
            id=made["per-card"].id,
            type="metric",
            points=20,
            status="active",
            metric_id=made["cards"].id,
            metric_name="Cards flipped",
            metric_threshold=5,
            user_attributes=[],
            event_attributes=[],
        )

    def test_event_filters_and_their_deprecated_twin(self, study):
        # C-EVENT-11, C-ACH-05, C-GEN-34
        world, made = study
        assert world.event("cards", "u", 2, attributes={"deck": "Latin"}).achievements == []
        assert world.event("cards", "u", 2, attributes={"deck": "latin"}).achievements == []
        (latin,) = world.event("cards", "u", 0.5, attributes={"deck": "latin"}).achievements
        assert_fields(latin, id=made["latin"].id, metric_value=2.5)
        pairs = [(item.key, item.value) for item in latin.event_attributes]
        assert pairs == [("deck", "latin")]
        assert_fields(latin.event_attribute, key="deck", value="latin")

    def test_trigger_event_filters_sum_only_matching_events(self, study):
        # C-POINTS-16, C-EVENT-11
        world, made = study
        world.catalog.trigger(
            made["xp"].id,
            type="metric",
            metric_id=made["minutes"].id,
            metric_threshold=10,
            points=3,
            event_attributes=[
                TriggerEventFilter(attribute_id=made["deck"].id, attribute_value="latin")
            ],
        )
        assert world.event("minutes", "u", 9, attributes={"deck": "latin"}).points == {}
        assert world.event("minutes", "u", 100).points == {}
        points = world.event("minutes", "u", 1, attributes={"deck": "latin"}).points["xp"]
        assert [award.awarded for award in points.awards] == [3]
        assert [(f.key, f.value) for f in points.awards[0].trigger.event_attributes] == [
            ("deck", "latin")
        ]

    def test_decimals_are_exact_and_short(self, study):
        # C-GEN-33, C-API-14
        world, _ = study
        world.event("minutes", "u", 0.1)
        assert world.event("minutes", "u", 0.2).total == 0.3
        raw = world.wire.get("/v1/users/u/metrics/minutes").raw
        assert b'"current":0.3,' in raw or b'"current":0.3}' in raw, raw
        raw = world.wire.send(
            "POST", "/v1/metrics/cards/event", {"user": {"id": "u"}, "value": 750}
        ).raw
        assert b'"total":750,' in raw or b'"total":750}' in raw, raw

    def test_value_zero_is_recorded_without_effect(self, study):
        # C-EVENT-02
        world, _ = study
        answer = world.event("cards", "u", 0)
        assert_fields(answer, total=0, achievements=[], points={})
        assert_fields(answer.current_streak, length=0, extended=False)
        assert world.client.users.get("u").id == "u"

    def test_totals_may_fall_below_zero(self, study):
        # C-EVENT-03
        world, _ = study
        assert world.event("cards", "u", -3.5).total == -3.5

    def test_idempotency_key_through_the_sdk(self, study):
        # C-IDEM-01, C-IDEM-03
        world, _ = study
        user = UpsertedUser(id="u")
        send = world.client.metrics.with_raw_response.event
        first = send("cards", user=user, value=1, idempotency_key="k")
        again = send("cards", user=user, value=1, idempotency_key="k")
        assert (first.status_code, again.status_code) == (201, 202)
        assert first.data.event_id == again.data.event_id
        assert_fields(first.data, total=1, idempotency_key="k", idempotent_replayed=False)
        assert_fields(again.data, total=1, idempotency_key="k", idempotent_replayed=True)

    def test_blank_idempotency_key_counts_as_absent(self, study):
        # C-IDEM-11: the SDK sends an empty header for "".
        world, _ = study
        for total in (1, 2):
            answer = world.event("cards", "u", 1, idempotency_key="")
            assert answer.total == total
            assert not sent(answer, "idempotency_key")

    def test_identification_inside_the_event(self, study):
        # C-USER-03, C-USER-04
        world, _ = study
        client = world.client
        user = UpsertedUser(id="u", name="Ann", email="ann@example.com", attributes={"plan": "pro"})
        client.metrics.event("cards", user=user, value=1)
        client.metrics.event("cards", user=UpsertedUser(id="u", tz="Europe/Paris"), value=1)
        stored = client.users.get("u")
        assert_fields(stored, name="Ann", email="ann@example.com", tz="Europe/Paris")
        assert stored.attributes == {"plan": "pro"}

    def test_async_client(self, study):
        # The asynchronous client of the SDK against the same server.
        world, _ = study

        async def run():
            client = world.async_client()
            sent_at_once = [
                client.metrics.event("cards", user=UpsertedUser(id="u"), value=1) for _ in range(10)
            ]
            answers = await asyncio.gather(*sent_at_once)
            user = await client.users.get("u")
            return answers, user

        answers, user = asyncio.run(run())
        # C-GEN-20: parallel events of one user are serialised, none is lost.
        assert sorted(answer.total for answer in answers) == list(range(1, 11))
        assert sum(answer.current_streak.extended for answer in answers) == 1
        assert user.id == "u"

    def test_unknown_metric_is_not_found(self, study):
        # C-GEN-07, C-GEN-21
        world, _ = study
        with refused(404, "Metric not found"):
            world.event("nothing", "ghost")
        with refused(404, "User not found"):
            world.client.users.get("ghost")

    def test_unknown_attribute_keys(self, study):
        # C-ATTR-02, C-ATTR-03, C-ATTR-04
        world, _ = study
        with refused(422) as event_keys:
            world.event("cards", "ghost", 1, attributes={"b": "1", "deck": "x", "a": "2"})
        start_of = "Invalid attribute keys: b, a. Please ensure all attribute keys match"
        assert event_keys.value.body["error"].startswith(start_of)
        user = UpsertedUser(id="ghost", attributes={"nope": "1"})
        with refused(422) as user_keys:
            world.client.metrics.event("cards", user=user, value=1, attributes={"also": "1"})
        assert user_keys.value.body["error"].startswith("Invalid attribute keys: nope.")
        with refused(404, "User not found"):
            world.client.users.get("ghost")
