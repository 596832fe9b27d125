"""Streak settings and granted freezes through the Python SDK.

Settings are one document that is patched, freezes are a list of grants with issues.
"""

from __future__ import annotations

from trophy import UpdateStreakSettingsFreezes, UpsertedUser
from trophy.admin.streaks.freezes import CreateStreakFreezesRequestFreezesItem

from expect import assert_fields, extra, refused, sent


class TestStreakSettings:
    def test_defaults(self, world):
        # C-STREAK-69
        settings = world.admin.streaks.settings.get()
        assert_fields(
            settings,
            frequency="daily",
            evaluation_mode="OR",
            customization_enabled=False,
            days_off=[],
            metrics=[],
            freezes=None,
        )
        assert sent(settings, "freezes")
        assert extra(settings, "enabled") is True

    def test_update_replaces_only_what_is_passed(self, world):
        # C-STREAK-70, C-STREAK-71, C-ADM-85
        world.catalog.metric("words")
        world.catalog.metric("lessons")
        update = world.admin.streaks.settings.update
        both = [{"key": "words", "threshold": 500}, {"key": "lessons", "threshold": 1}]
        settings = update(metrics=both, evaluation_mode="AND")
        assert [(m.key, m.threshold) for m in settings.metrics] == [("words", 500), ("lessons", 1)]
        settings = update(
            freezes=UpdateStreakSettingsFreezes(
                start_count=1, max_count=3, auto_earn_interval=7, auto_earn_amount=2
            ),
            days_off=[6, 0],
            customization_enabled=True,
        )
        assert_fields(settings, days_off=[0, 6], customization_enabled=True, evaluation_mode="AND")
        assert_fields(
            settings.freezes, start_count=1, max_count=3, auto_earn_interval=7, auto_earn_amount=2
        )
        assert len(settings.metrics) == 2
        # A threshold of zero drops its metric; an object replaces the freezes whole.
        settings = update(
            metrics=[{"key": "words", "threshold": 0}, {"key": "lessons", "threshold": 2}],
            freezes=UpdateStreakSettingsFreezes(start_count=0, max_count=2),
        )
        assert [(m.key, m.threshold) for m in settings.metrics] == [("lessons", 2)]
        assert_fields(settings.freezes, auto_earn_interval=None, auto_earn_amount=None)
        assert update(freezes=None).freezes is None
        assert update() == world.admin.streaks.settings.get()

    def test_days_off_are_daily_only(self, world):
        # C-STREAK-52, C-ADM-86
        update = world.admin.streaks.settings.update
        update(days_off=[0])
        assert update(frequency="weekly").days_off == []
        with refused(422):
            update(days_off=[0])
        assert update(frequency="daily", days_off=[3]).days_off == [3]

    def test_all_is_read_as_and(self, world):
        # C-STREAK-04, C-ADM-89
        settings = world.admin.streaks.settings.update(evaluation_mode="ALL")
        assert settings.evaluation_mode == "AND"


class TestStreakFreezes:
    @staticmethod
    def grant(world, *users):
        items = [CreateStreakFreezesRequestFreezesItem(user_id=user) for user in users]
        return world.admin.streaks.freezes.with_raw_response.create(freezes=items)

    @staticmethod
    def issue(user, severity, message):
        """Both generations of the issue: this SDK reads two keys, Node 1.0.42 two others."""
        # C-GEN-29, C-ADM-09
        return {
            "user_id": user,
            "severity": severity,
            "message": message,
            "level": severity,
            "reason": message,
        }

    @staticmethod
    def issues(answer):
        return [
            {
                "user_id": i.user_id,
                "severity": i.severity,
                "message": i.message,
                "level": extra(i, "level"),
                "reason": extra(i, "reason"),
            }
            for i in answer.data.issues
        ]

    def test_grants_and_their_limits(self, world):
        # C-STREAK-43, C-ADM-73, C-ADM-74, C-ADM-10
        world.catalog.streaks(freezes=UpdateStreakSettingsFreezes(start_count=0, max_count=2))
        for user in ["a", "b"]:
            world.client.users.create(id=user)
        answer = self.grant(world, "a", "ghost", "b", "a", "a")
        assert answer.status_code == 201
        assert self.issues(answer) == [
            self.issue("ghost", "error", "User does not exist"),
            self.issue("a", "warning", "Would exceed maximum freeze limit"),
        ]
        assert [i.index for i in answer.data.issues] == [1, 4]
        assert world.client.users.streak("a").freezes == 2
        assert world.client.users.streak("b").freezes == 1
        with refused(404, "User not found"):
            world.client.users.get("ghost")
        full = self.grant(world, "a")
        assert full.status_code == 200
        assert [i.severity for i in full.data.issues] == ["warning"]

    def test_disabled_freezes(self, world):
        # C-STREAK-44, C-ADM-75
        world.client.users.create(id="a")
        answer = self.grant(world, "a", "a")
        assert answer.status_code == 200
        expected = self.issue("a", "error", "Streak freezes are not enabled")
        assert self.issues(answer) == [expected, expected]

    def test_granted_freeze_saves_a_day(self, world):
        # C-STREAK-08, C-STREAK-43
        world.catalog.metric("words")
        world.catalog.streaks(freezes=UpdateStreakSettingsFreezes(start_count=0, max_count=2))
        user = UpsertedUser(id="u")
        world.client.metrics.event("words", user=user, value=1)
        self.grant(world, "u")
        kept = world.streak_at("2026-03-04T00:00:00Z", "u")
        assert_fields(kept, length=1, freezes=0)
        assert world.streak_at("2026-03-05T00:00:00Z", "u").length == 0
