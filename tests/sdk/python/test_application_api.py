"""Every Application API operation through the Python SDK, with its parsed answer.

One small catalog that uses each feature once, built at a fixed virtual instant. What the
rules compute is the subject of the worked examples; here it is that the typed client can
call the operation, parse the answer and sees every field of the contract.
"""

from __future__ import annotations

import asyncio
import datetime
import uuid

import pytest
from trophy import (
    CreateAchievementRequestItemEventAttributesItem as EventFilter,
    CreateAchievementRequestItemUserAttributesItem as UserFilter,
    CreatePointsTriggerRequestItemEventAttributesItem as TriggerEventFilter,
    PatchPointsTriggersRequestItem,
    UpdateAchievementRequestItem,
    UpdateStreakSettingsFreezes,
    UpsertedUser,
)

from expect import assert_fields, extra, instant, refused, sent

NOW = "2026-03-02T10:00:00.000Z"


@pytest.fixture
def world(start):
    return start(NOW)


@pytest.fixture
def study(world):
    """A study app's catalog, each record created one second after the other.

    Everything the tests refer to is kept by name: creation order is visible in lists.
    """
    made = {}

    def make(name, create, *args, **fields):
        world.clock.by(1)
        made[name] = create(*args, **fields)
        return made[name]

    catalog = world.catalog
    plan = make("plan", catalog.attribute, "plan", "user")
    deck = make("deck", catalog.attribute, "deck", "event")
    cards = make("cards", catalog.metric, "cards", name="Cards flipped", units="cards")
    make("minutes", catalog.metric, "minutes")
    make(
        "ten",
        catalog.achievement,
        "Ten cards",
        trigger="metric",
        metric_id=cards.id,
        metric_value=10,
        description="Flip ten",
        badge={"url": "https://img.example/ten.png"},
    )
    make(
        "latin",
        catalog.achievement,
        "Latin",
        trigger="metric",
        metric_id=cards.id,
        metric_value=2.5,
        event_attributes=[EventFilter(attribute_id=deck.id, attribute_value="latin")],
    )
    make("two-days", catalog.achievement, "Two days", trigger="streak", streak_length=2)
    make("tour", catalog.achievement, "Tour", trigger="api", key="tour")
    make(
        "pro",
        catalog.achievement,
        "Pro tour",
        trigger="api",
        key="pro-tour",
        user_attributes=[UserFilter(attribute_id=plan.id, attribute_value="pro")],
    )
    make(
        "both",
        catalog.achievement,
        "Both",
        trigger="achievement",
        achievement_ids=[made["ten"].id, made["tour"].id],
    )
    xp = make("xp", catalog.system, "xp", description="Experience")
    make("novice", catalog.level, xp.id, "novice", 0)
    make("expert", catalog.level, xp.id, "expert", 100, description="Knows it")
    make(
        "per-card",
        catalog.trigger,
        xp.id,
        type="metric",
        metric_id=cards.id,
        metric_threshold=5,
        points=20,
    )
    make("for-tour", catalog.trigger, xp.id, type="achievement", points=7, achievement_id=made["tour"].id)
    make("for-both", catalog.trigger, xp.id, type="achievement", points=9, achievement_id=made["both"].id)
    return world, made


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
                client.metrics.event("cards", user=UpsertedUser(id="u"), value=1)
                for _ in range(10)
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


class TestUsers:
    def test_create(self, study):
        # C-USER-01, C-USER-05, C-USER-14, C-USER-22, C-USER-27
        world, _ = study
        now = instant(world.clock.now())
        create = world.client.users.with_raw_response.create
        first = create(
            id="u1",
            email="ann@example.com",
            name="Ann",
            tz="europe/london",
            sign_up_date="2025-01-31",
            device_tokens=["a", "b", "a"],
            attributes={"plan": "pro"},
        )
        assert first.status_code == 201
        assert_fields(
            first.data,
            id="u1",
            email="ann@example.com",
            name="Ann",
            tz="Europe/London",
            sign_up_date="2025-01-31",
            device_tokens=["a", "b"],
            subscribe_to_emails=True,
            attributes={"plan": "pro"},
            created=now,
            updated=now,
        )
        assert isinstance(first.data.control, bool)
        again = create(id="u1", name="Anna")
        assert again.status_code == 200
        assert_fields(again.data, name="Anna", email="ann@example.com")

    def test_created_with_nothing_but_an_id(self, study):
        # C-USER-14, C-USER-27
        world, _ = study
        bare = world.client.users.create(id="bare")
        nothing = dict.fromkeys(["email", "name", "tz", "sign_up_date"])
        assert_fields(
            bare, device_tokens=[], attributes={}, subscribe_to_emails=True, **nothing
        )
        assert all(sent(bare, name) for name in nothing)

    def test_get(self, study):
        # C-USER-25
        world, _ = study
        made = world.client.users.create(id="u")
        assert world.client.users.get("u") == made
        with refused(404, "User not found"):
            world.client.users.get("U")

    def test_identify(self, study):
        # C-USER-03, C-USER-04, C-USER-07
        world, _ = study
        identify = world.client.users.identify
        identify("u", name="Ann", email="ann@example.com", attributes={"plan": "pro"})
        kept = identify("u", tz="Asia/Tokyo")
        assert_fields(kept, name="Ann", email="ann@example.com", tz="Asia/Tokyo")
        assert kept.attributes == {"plan": "pro"}
        cleared = identify("u", name=None, email=None, tz=None, device_tokens=None)
        assert_fields(cleared, name=None, email=None, tz=None, device_tokens=[])

    def test_update(self, study):
        # C-USER-22, C-USER-25, C-ATTR-07
        world, _ = study
        with refused(404, "User not found"):
            world.client.users.update("u", name="Ann")
        created = world.client.users.create(id="u", attributes={"plan": "pro"})
        world.clock.by(60)
        same = world.client.users.update("u", attributes={"plan": "pro"})
        assert same.updated == created.updated
        changed = world.client.users.update("u", attributes={"plan": "free"})
        assert changed.attributes == {"plan": "free"}
        assert changed.created == created.created
        assert changed.updated == created.created + datetime.timedelta(seconds=60)
        removed = world.wire.send("PATCH", "/v1/users/u", {"attributes": {"plan": None}})
        assert removed.body["attributes"] == {}

    def test_mail_subscription(self, study):
        # C-USER-11, C-USER-12, C-USER-13
        world, _ = study
        users = world.client.users
        with refused(422, "email is required when subscribeToEmails is true"):
            users.create(id="u", subscribe_to_emails=True)
        users.create(id="u", email="ann@example.com")
        off = users.update("u", subscribe_to_emails=False)
        assert_fields(off, email=None, subscribe_to_emails=False)
        assert users.update("u", email="ann@example.com").email is None
        on = users.update("u", email="ann@example.com", subscribe_to_emails=True)
        assert_fields(on, email="ann@example.com", subscribe_to_emails=True)

    def test_control_group_is_stable(self, study):
        # C-USER-19, C-USER-20
        world, _ = study
        flags = [world.client.users.create(id=f"u{n}").control for n in range(200)]
        assert 0 < sum(flags) < 100
        assert [world.client.users.get(f"u{n}").control for n in range(200)] == flags

    def test_all_metrics(self, study):
        # C-METRIC-07, C-METRIC-08, C-METRIC-09, C-METRIC-10
        world, made = study
        world.event("cards", "u", 12)
        cards, minutes = world.client.users.all_metrics("u")
        assert_fields(cards, id=made["cards"].id, key="cards", name="Cards flipped", current=12)
        assert_fields(minutes, id=made["minutes"].id, key="minutes", current=0, achievements=[])
        assert (extra(cards, "status"), extra(minutes, "status")) == ("active", "active")
        listed = [(a.id, a.achieved_at is not None) for a in cards.achievements]
        assert listed == [(made["latin"].id, False), (made["ten"].id, True)]
        with refused(404, "User not found"):
            world.client.users.all_metrics("ghost")

    def test_single_metric(self, study):
        # C-METRIC-06
        world, made = study
        world.event("cards", "u", 2)
        metric = world.client.users.single_metric("u", "cards")
        assert_fields(metric, id=made["cards"].id, current=2)
        assert [a.achieved_at for a in metric.achievements] == [None, None]
        with refused(404, "Metric not found"):
            world.client.users.single_metric("u", "nothing")
        with refused(404, "User not found"):
            world.client.users.single_metric("ghost", "cards")

    def test_metric_event_summary(self, study):
        # C-METRIC-12, C-METRIC-13
        world, _ = study
        world.event("cards", "u", 3)
        world.event_at("2026-03-04T12:00:00Z", "cards", "u", 1.5)
        items = world.client.users.metric_event_summary(
            "u", "cards", aggregation="daily", start_date="2026-03-01", end_date="2026-03-05"
        )
        assert [(i.date, i.total, i.change) for i in items] == [
            ("2026-03-01", 0, 0),
            ("2026-03-02", 3, 3),
            ("2026-03-03", 3, 0),
            ("2026-03-04", 4.5, 1.5),
            ("2026-03-05", 4.5, 0),
        ]
        weeks = world.client.users.metric_event_summary(
            "u", "cards", aggregation="weekly", start_date="2026-02-25", end_date="2026-03-08"
        )
        assert [(i.date, i.total, i.change) for i in weeks] == [
            ("2026-02-22", 0, 0),
            ("2026-03-01", 4.5, 4.5),
            ("2026-03-08", 4.5, 0),
        ]

    def test_achievements(self, study):
        # C-ACH-29, C-ACH-30
        world, made = study
        world.event("cards", "u", 12)
        world.clock.by(60)
        world.client.achievements.complete("tour", user=UpsertedUser(id="u"))
        world.clock.by(120)
        done = world.client.users.achievements("u")
        assert {a.id for a in done[1:]} == {made["tour"].id, made["both"].id}
        assert done[0].id == made["ten"].id
        assert [(a.completions, a.rarity) for a in done] == [(1, 100)] * 3
        every = world.client.users.achievements("u", include_incomplete="true")
        assert every[:3] == done
        rest = [(a.id, a.achieved_at) for a in every[3:]]
        assert rest == [(made["latin"].id, None), (made["two-days"].id, None)]

    def test_achievements_behind_user_filters(self, study):
        # C-ACH-11, C-ACH-30
        world, made = study
        users = world.client.users

        def incomplete(user):
            return [a.id for a in users.achievements(user, include_incomplete="true")]

        users.create(id="free", attributes={"plan": "free"})
        users.create(id="pro", attributes={"plan": "pro"})
        assert made["pro"].id not in incomplete("free")
        assert made["pro"].id in incomplete("pro")

    def test_streak(self, study):
        # C-STREAK-20, C-STREAK-24, C-STREAK-25, C-STREAK-26
        world, _ = study
        world.clock.to("2026-03-02T12:00:00Z")
        world.event("cards", "u", 1)
        streak = world.client.users.streak("u")
        assert_fields(
            streak,
            length=1,
            frequency="daily",
            started="2026-03-02",
            period_start="2026-03-02",
            period_end="2026-03-02",
            expires="2026-03-03",
            extended=instant("2026-03-02T12:00:00Z"),
            pauses=[],
        )
        assert [item.length for item in streak.streak_history] == [0] * 6 + [1]
        assert streak.streak_history[-1].used_pause is False
        assert world.client.users.streak("u", history_periods=0).streak_history == []
        assert len(world.client.users.streak("u", history_periods=400).streak_history) == 400
        with refused(404, "User not found"):
            world.client.users.streak("ghost")

    def test_points(self, study):
        # C-POINTS-54, C-POINTS-55
        world, made = study
        world.client.users.create(id="u")
        empty = world.client.users.points("u", "xp")
        assert_fields(empty, id=made["xp"].id, total=0, awards=[], description="Experience")
        assert empty.level.key == "novice"
        world.event("cards", "u", 10)
        world.event("cards", "u", 20)
        full = world.client.users.points("u", "xp")
        assert full.total == 120
        assert_fields(full.level, key="expert", points=100, description="Knows it")
        assert [(a.awarded, a.total) for a in full.awards] == [(80, 120), (40, 40)]
        newest = world.client.users.points("u", "xp", awards=1)
        assert [award.awarded for award in newest.awards] == [80]
        with refused(404, "Points system not found"):
            world.client.users.points("u", "nothing")
        with refused(404, "User not found"):
            world.client.users.points("ghost", "xp")

    def test_award_of_a_deleted_trigger(self, study):
        # C-POINTS-56
        world, made = study
        world.event("cards", "u", 5)
        world.admin.points.triggers.delete(made["xp"].id, ids=[made["per-card"].id])
        (award,) = world.client.users.points("u", "xp").awards
        assert_fields(award.trigger, id=made["per-card"].id, status="archived")

    def test_points_event_summary(self, study):
        # C-POINTS-57
        world, _ = study
        world.event("cards", "u", 5)
        world.event_at("2026-03-03T12:00:00Z", "cards", "u", 10)
        items = world.client.users.points_event_summary(
            "u", "xp", aggregation="daily", start_date="2026-03-01", end_date="2026-03-03"
        )
        assert [(i.date, i.total, i.change) for i in items] == [
            ("2026-03-01", 0, 0),
            ("2026-03-02", 20, 20),
            ("2026-03-03", 60, 40),
        ]


class TestAchievements:
    def test_all(self, study):
        # C-ACH-24, C-ACH-25, C-ACH-26, C-ACH-28
        world, made = study
        world.catalog.achievement("Draft", trigger="api", key="draft", status="inactive")
        world.event("cards", "u1", 12)
        world.client.users.create(id="u2")
        world.client.users.create(id="u3")
        world.clock.by(120)
        listed = world.client.achievements.all_()
        order = ["ten", "latin", "two-days", "tour", "pro", "both"]
        assert [a.id for a in listed] == [made[name].id for name in order]
        assert [(a.completions, a.rarity) for a in listed] == [(1, 33.33)] + [(0, 0)] * 5
        by_name = dict(zip(order, listed))
        assert_fields(by_name["two-days"], trigger="streak", streak_length=2, badge_url=None)
        assert_fields(by_name["tour"], trigger="api", key="tour", description=None)
        assert_fields(
            by_name["both"], trigger="achievement", achievement_ids=[made["ten"].id, made["tour"].id]
        )
        pairs = [(f.key, f.value) for f in by_name["pro"].user_attributes]
        assert pairs == [("plan", "pro")]

    def test_all_for_given_user_attributes(self, study):
        # C-ACH-27, C-ACH-28, C-ATTR-10, C-ATTR-11
        world, made = study

        def ids(pairs):
            return [a.id for a in world.client.achievements.all_(user_attributes=pairs)]

        assert made["pro"].id in ids("plan:pro")
        assert made["pro"].id not in ids("plan:free")
        assert made["ten"].id in ids("plan:free")
        # An empty parameter counts as absent, which is no filtering at all.
        assert made["pro"].id in ids("")
        with refused(422):
            ids("nothing:pro")

    def test_complete(self, study):
        # C-ACH-20, C-ACH-22
        world, made = study
        now = instant(world.clock.now())
        complete = world.client.achievements.with_raw_response.complete
        first = complete("tour", user=UpsertedUser(id="u", name="Ann"))
        assert first.status_code == 201
        assert uuid.UUID(first.data.completion_id)
        assert_fields(
            first.data.achievement, id=made["tour"].id, trigger="api", key="tour", achieved_at=now
        )
        assert_fields(first.data.points["xp"], added=7, total=7)
        world.clock.by(60)
        again = complete("tour", user=UpsertedUser(id="u", name="Anna"))
        assert again.status_code == 200
        assert again.data.completion_id == first.data.completion_id
        assert again.data.achievement.achieved_at == now
        assert again.data.points == {}
        assert world.client.users.get("u").name == "Anna"

    def test_complete_pays_for_composites_too(self, study):
        # C-ACH-08, C-ACH-23
        world, _ = study
        world.event("cards", "u", 10)
        answer = world.client.achievements.complete("tour", user=UpsertedUser(id="u"))
        assert_fields(answer.points["xp"], added=16)
        assert [award.awarded for award in answer.points["xp"].awards] == [7, 9]

    def test_complete_refusals(self, study):
        # C-ACH-21, C-GEN-21
        world, made = study
        world.catalog.achievement("Draft", trigger="api", key="draft", status="inactive")
        complete = world.client.achievements.complete
        for key in ["nothing", "draft"]:
            with refused(404, "Achievement not found"):
                complete(key, user=UpsertedUser(id="ghost"))
        message = "User does not meet the achievement's attribute filters"
        with refused(422, message):
            complete("pro-tour", user=UpsertedUser(id="ghost", attributes={"plan": "free"}))
        locked = UpdateAchievementRequestItem(id=made["tour"].id, status="locked")
        world.admin.achievements.update(request=[locked])
        with refused(422, "Achievement is locked"):
            complete("tour", user=UpsertedUser(id="ghost"))
        with refused(404, "User not found"):
            world.client.users.get("ghost")

    def test_locked_stays_visible_to_its_holders(self, study):
        # C-ACH-12, C-ACH-26, C-ACH-30
        world, made = study
        world.client.achievements.complete("tour", user=UpsertedUser(id="u"))
        world.client.users.create(id="other")
        locked = UpdateAchievementRequestItem(id=made["tour"].id, status="locked")
        world.admin.achievements.update(request=[locked])
        assert made["tour"].id not in [a.id for a in world.client.achievements.all_()]
        assert [a.id for a in world.client.users.achievements("u")] == [made["tour"].id]
        others = world.client.users.achievements("other", include_incomplete="true")
        assert made["tour"].id not in [a.id for a in others]

    def test_completion_by_filtered_user(self, study):
        # C-ACH-11, C-GEN-34: attribute values of this very request count.
        world, made = study
        user = UpsertedUser(id="u", attributes={"plan": "pro"})
        answer = world.client.achievements.complete("pro-tour", user=user)
        assert answer.achievement.id == made["pro"].id
        pairs = [(f.key, f.value) for f in answer.achievement.user_attributes]
        assert pairs == [("plan", "pro")]


class TestStreaks:
    def test_list(self, study):
        # C-STREAK-65, C-STREAK-66
        world, _ = study
        for user in ["b", "a", "long"]:
            world.event("cards", user, 1)
        world.event_at("2026-03-03T09:30:00Z", "cards", "long", 1)
        listed = world.client.streaks.list(user_ids=["nobody", "b", "a", "long", "a"])
        assert [(i.user_id, i.streak_length) for i in listed] == [
            ("long", 2),
            ("a", 1),
            ("b", 1),
            ("nobody", 0),
        ]
        assert listed[0].extended == "2026-03-03T09:30:00.000Z"
        assert listed[3].extended is None and sent(listed[3], "extended")
        joined = world.client.streaks.list(user_ids="a,long")
        assert [item.user_id for item in joined] == ["long", "a"]
        with refused(422):
            world.client.streaks.list()

    def test_frequencies_are_tracked_all_the_time(self, study):
        # C-STREAK-11, C-STREAK-12, C-STREAK-13
        world, _ = study
        for day in ["02", "03", "08", "09"]:
            world.event_at(f"2026-03-{day}T12:00:00Z", "cards", "u", 1)
        assert world.client.users.streak("u").length == 2
        world.catalog.streaks(frequency="weekly")
        weekly = world.client.users.streak("u")
        assert_fields(weekly, length=2, started="2026-03-02", expires="2026-03-21")
        world.catalog.streaks(frequency="monthly")
        assert_fields(
            world.client.users.streak("u"),
            length=1,
            period_start="2026-03-01",
            period_end="2026-03-31",
            expires="2026-04-30",
        )

    def test_conditions_over_two_metrics(self, study):
        # C-STREAK-02, C-STREAK-03, C-STREAK-04
        world, _ = study
        both = [{"key": "cards", "threshold": 5}, {"key": "minutes", "threshold": 10}]
        settings = world.catalog.streaks(evaluation_mode="AND", metrics=both)
        assert settings.evaluation_mode == "AND"
        assert not world.event("cards", "u", 5).current_streak.extended
        assert not world.event("minutes", "u", 9).current_streak.extended
        assert world.event("minutes", "u", 1).current_streak.extended
        world.catalog.streaks(evaluation_mode="OR")
        assert world.event("cards", "other", 5).current_streak.extended

    def test_days_off_keep_the_streak(self, study):
        # C-STREAK-51, C-STREAK-19, C-STREAK-27
        world, _ = study
        world.catalog.streaks(days_off=[6, 0])
        friday = world.event_at("2026-03-06T12:00:00Z", "cards", "u", 1).current_streak
        assert_fields(friday, length=1, expires="2026-03-09")
        sunday = world.streak_at("2026-03-08T12:00:00Z", "u", periods=3)
        assert_fields(sunday, length=1, expires="2026-03-09")
        assert [i.length for i in sunday.streak_history] == [1, 1, 1]
        assert [i.used_pause for i in sunday.streak_history] == [False, True, True]
        assert world.streak_at("2026-03-10T00:00:00Z", "u").length == 0

    def test_streaks_switched_off(self, study):
        # C-STREAK-14: `enabled` is our extension, so it goes over raw HTTP.
        world, _ = study
        world.event("cards", "u", 1)
        off = world.wire.send("PATCH", "/admin/v1/streaks/settings", {"enabled": False})
        assert (off.status, off.body["enabled"]) == (200, False)
        assert_fields(world.client.users.streak("u"), length=0, started=None, expires=None)
        world.event_at("2026-03-03T12:00:00Z", "cards", "u", 1)
        world.wire.send("PATCH", "/admin/v1/streaks/settings", {"enabled": True})
        assert world.client.users.streak("u").length == 2

    def test_streak_achievement_and_trigger(self, study):
        # C-ACH-07, C-POINTS-19
        world, made = study
        world.catalog.trigger(made["xp"].id, type="streak", streak_length=2, points=11)
        world.event("cards", "u", 1)
        second = world.event_at("2026-03-03T12:00:00Z", "cards", "u", 1)
        assert [a.id for a in second.achievements] == [made["two-days"].id]
        (award,) = second.points["xp"].awards
        assert_fields(award, awarded=11)
        assert_fields(award.trigger, type="streak", streak_length_threshold=2)
        third = world.event_at("2026-03-04T12:00:00Z", "cards", "u", 1)
        assert third.points == {}

    def test_initial_freezes_only_for_later_users(self, study):
        # C-STREAK-36, C-STREAK-42
        world, _ = study
        world.event("cards", "old", 1)
        world.catalog.streaks(freezes=UpdateStreakSettingsFreezes(start_count=2, max_count=3))
        world.event("cards", "new", 1)
        assert world.client.users.streak("old").freezes == 0
        assert world.client.users.streak("new").freezes == 2
        world.catalog.streaks(freezes=None)
        assert not sent(world.client.users.streak("new"), "freezes")
        world.catalog.streaks(freezes=UpdateStreakSettingsFreezes(start_count=0, max_count=1))
        assert_fields(world.client.users.streak("new"), freezes=2, max_freezes=1)


class TestPoints:
    def test_system(self, study):
        # C-POINTS-07, C-POINTS-11
        world, made = study
        world.catalog.trigger(made["xp"].id, type="user_creation", points=1, status="inactive")
        system = world.client.points.system("xp")
        assert_fields(
            system,
            id=made["xp"].id,
            name="Xp",
            description="Experience",
            badge_url=None,
            max_points=None,
        )
        assert extra(system, "key") == "xp"
        order = ["per-card", "for-tour", "for-both"]
        assert [t.id for t in system.triggers] == [made[name].id for name in order]
        assert_fields(
            system.triggers[1],
            type="achievement",
            points=7,
            status="active",
            achievement_id=made["tour"].id,
            achievement_name="Tour",
            user_attributes=[],
        )
        assert isinstance(system.triggers[0].created, datetime.datetime)
        assert isinstance(system.triggers[0].updated, datetime.datetime)
        with refused(404, "Points system not found"):
            world.client.points.system("nothing")

    def test_description_of_a_system_without_one(self, study):
        # C-POINTS-07: null here, an empty string in the Admin API.
        world, _ = study
        assert world.catalog.system("energy", max_points=10).description == ""
        assert_fields(world.client.points.system("energy"), description=None, max_points=10)

    def test_levels(self, study):
        # C-POINTS-52, C-POINTS-53
        world, made = study
        world.catalog.level(made["xp"].id, "middle", 50)
        levels = world.client.points.levels("xp")
        assert [(lv.key, lv.points) for lv in levels] == [
            ("novice", 0),
            ("middle", 50),
            ("expert", 100),
        ]
        assert_fields(levels[2], id=made["expert"].id, description="Knows it", badge_url=None)
        with refused(404, "Points system not found"):
            world.client.points.levels("nothing")

    def test_level_summary(self, study):
        # C-POINTS-52, C-POINTS-53, C-POINTS-60
        world, _ = study
        world.event("cards", "u1", 25)
        world.event("cards", "u2", 5)
        world.client.users.create(id="u3")
        world.clock.by(120)
        summary = world.client.points.level_summary("xp")
        assert [(item.level.key, item.users) for item in summary] == [("novice", 2), ("expert", 1)]
        world.catalog.system("flat")
        with refused(422):
            world.client.points.level_summary("flat")
        with refused(404, "Points system not found"):
            world.client.points.level_summary("nothing")

    def test_levels_re_map_at_once(self, study):
        # C-POINTS-46, C-POINTS-51
        world, made = study
        world.event("cards", "u", 25)
        world.catalog.level(made["xp"].id, "master", 80)
        assert world.client.users.points("u", "xp").level.key == "expert"
        world.admin.points.levels.delete(made["xp"].id, ids=[made["expert"].id])
        assert world.client.users.points("u", "xp").level.key == "master"

    def test_user_filters_on_triggers(self, study):
        # C-GEN-34, C-POINTS-18
        world, made = study
        only_pro = PatchPointsTriggersRequestItem(
            id=made["per-card"].id,
            user_attributes=[{"attribute_id": made["plan"].id, "attribute_value": "pro"}],
        )
        updated = world.admin.points.triggers.update(made["xp"].id, request=[only_pro])
        assert updated.issues == []
        assert world.event("cards", "u", 5).points == {}
        world.client.users.update("u", attributes={"plan": "pro"})
        # The first multiple was forfeited while the filter failed.
        points = world.event("cards", "u", 5).points["xp"]
        assert [award.awarded for award in points.awards] == [20]


class TestAuthentication:
    @pytest.mark.parametrize("key", ["testkey1.wrong", "unknown1.abc", "nodot", "testkey1", "."])
    def test_wrong_key(self, world, key):
        # C-AUTH-01, C-AUTH-15
        client = world.client_with(key)
        with refused(401, "Invalid or missing API key"):
            client.users.get("u")
        with refused(401, "Invalid or missing API key"):
            client.admin.metrics.list()
