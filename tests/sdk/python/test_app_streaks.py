"""Streak reads of the Application API through the Python SDK.

How settings shape what is read: frequency, conditions, days off, freezes and the switch.
Exact instants across midnights are in the worked examples.
"""

from __future__ import annotations


from trophy import UpdateStreakSettingsFreezes

from expect import assert_fields, refused, sent


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


def test_rankings(world):
    # C-STREAK-67, C-STREAK-68: this SDK has no method for it.
    world.catalog.metric("words")
    for user in ["b", "a"]:
        world.event("words", user)
    world.client.users.create(id="zero")
    expected = [{"userId": user, "name": None, "streakLength": 1} for user in ["a", "b"]]
    for query in ["", "?type=active", "?type=longest"]:
        assert world.wire.read(f"/v1/streaks/rankings{query}") == expected
    assert world.wire.read("/v1/streaks/rankings?limit=1") == expected[:1]
