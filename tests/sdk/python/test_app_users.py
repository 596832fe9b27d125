"""Every user operation through the Python SDK, with its parsed answer.

Identification in all its forms and the reads below one user. The catalog is the study app's
of conftest; virtual time stands at one instant unless a test moves it.
"""

from __future__ import annotations

import datetime

from trophy import UpsertedUser

from expect import assert_fields, extra, instant, refused, sent


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
        assert_fields(bare, device_tokens=[], attributes={}, subscribe_to_emails=True, **nothing)
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
