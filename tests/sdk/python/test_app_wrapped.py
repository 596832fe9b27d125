"""The year in review through the Python SDK, with its parsed types.

The rules are tested inside; here it counts that every part arrives where clients look for it,
and that users compare as the contract says.
"""

from __future__ import annotations

from trophy import (
    UserAchievementResponse,
    WrappedMetric,
    WrappedMetricByAttributeValueValue,
    WrappedPoints,
    WrappedResponse,
    WrappedStreak,
)

from expect import assert_fields, instant, refused, sent


class TestWrapped:
    def test_a_year(self, study):
        # C-WRAP-01 to C-WRAP-06, C-WRAP-08, C-WRAP-09, C-WRAP-10
        world, made = study
        first = instant(world.clock.now())
        world.event("cards", "u", 10, attributes={"deck": "latin"})
        world.event("cards", "u", 4)
        world.event_at("2026-04-10T10:00:00Z", "cards", "u", 6)
        wrapped = world.client.users.wrapped("u", year=2026)
        assert isinstance(wrapped, WrappedResponse)
        assert wrapped.user == world.client.users.get("u")
        activity = wrapped.activity
        assert_fields(activity, days_active=2, weeks_active=2, months_active=2)

        day = activity.most_active_day
        assert day.date == "2026-03-02"
        assert isinstance(day.metrics["cards"], WrappedMetric)
        # Users are not compared by the day.
        assert not sent(day.metrics["cards"], "percentile_this_period")
        assert_fields(
            day.metrics["cards"],
            name="Cards flipped",
            units="cards",
            current_total=14,
            change_this_period=14,
            percent_change=100,
        )
        week = activity.most_active_week
        assert (week.start, week.end) == ("2026-03-01", "2026-03-07")
        assert activity.most_active_month.month == 2

        year = activity.entire_year
        cards = year.metrics["cards"]
        assert_fields(cards, current_total=20, change_this_period=20, percentile_this_period=100)
        latin = cards.by_attribute["deck"]["latin"]
        assert isinstance(latin, WrappedMetricByAttributeValueValue)
        assert_fields(
            latin,
            name="Cards flipped",
            units="cards",
            current_total=10,
            change_this_period=10,
            percent_change=100,
        )
        assert list(year.metrics) == ["cards"], "metrics without an event are left out"
        xp = year.points["xp"]
        assert isinstance(xp, WrappedPoints)
        assert_fields(
            xp,
            name="Xp",
            description="Experience",
            current_total=80,
            change_this_period=80,
            percent_change=100,
            percentile_this_period=100,
        )
        assert all(isinstance(one, UserAchievementResponse) for one in year.achievements)
        assert [(one.id, one.achieved_at) for one in year.achievements] == [
            (made["latin"].id, first),
            (made["ten"].id, first),
        ]
        assert year.leaderboards == {}
        assert isinstance(year.longest_streak, WrappedStreak)
        assert_fields(
            year.longest_streak,
            length=1,
            frequency="daily",
            period_start="2026-03-02",
            period_end="2026-03-02",
            started="2026-03-02",
        )

    def test_a_change_in_percent(self, study):
        # C-WRAP-05, C-WRAP-06
        world, _ = study
        world.event("minutes", "u", 12500)
        world.event_at("2027-05-01T10:00:00Z", "minutes", "u", 2500)
        world.event_at("2027-06-01T10:00:00Z", "minutes", "u", -15000)
        activity = world.client.users.wrapped("u").activity
        assert_fields(
            activity.most_active_day.metrics["minutes"],
            current_total=15000,
            change_this_period=2500,
            percent_change=20,
        )
        assert_fields(
            activity.entire_year.metrics["minutes"],
            current_total=0,
            change_this_period=-12500,
            percent_change=-100,
        )

    def test_percentiles(self, study):
        # C-WRAP-07
        world, _ = study
        for user, value in [("a", 1), ("b", 2), ("c", 2), ("d", 9)]:
            world.event("minutes", user, value)

        def percentiles():
            answers = [world.client.users.wrapped(user).activity for user in "abcd"]
            whole = [a.entire_year.metrics["minutes"].percentile_this_period for a in answers]
            for period in ("most_active_week", "most_active_month"):
                same = [getattr(a, period).metrics["minutes"] for a in answers]
                assert [metric.percentile_this_period for metric in same] == whole
            return whole

        assert percentiles() == [0, 33, 33, 100]
        # Kept current from then on.
        world.event("minutes", "a", 5)
        assert percentiles() == [66, 0, 0, 100]

    def test_without_activity(self, study):
        # C-WRAP-11
        world, _ = study
        world.client.users.create(id="u")
        activity = world.client.users.wrapped("u", year=2025).activity
        assert_fields(activity, days_active=0, weeks_active=0, months_active=0)
        assert activity.most_active_day.date == "2025-01-01"
        assert activity.most_active_week.start == "2024-12-29"
        assert activity.most_active_week.end == "2025-01-04"
        assert activity.most_active_month.month == 0
        nothing = dict(metrics={}, points={}, achievements=[], leaderboards={})
        assert_fields(activity.entire_year, **nothing)
        assert_fields(
            activity.entire_year.longest_streak,
            length=0,
            period_start=None,
            period_end=None,
            started=None,
        )
        assert sent(activity.entire_year.longest_streak, "started")

    def test_the_year_of_the_users_zone(self, study):
        # C-WRAP-12
        world, _ = study
        world.event_at("2026-12-31T20:00:00Z", "minutes", "u", 1, tz="Asia/Tokyo")
        assert world.client.users.wrapped("u").activity.most_active_day.date == "2027-01-01"
        assert world.client.users.wrapped("u", year=2026).activity.days_active == 0
        with refused(422, "year must be an integer between 1 and 2027"):
            world.client.users.wrapped("u", year=2028)
        with refused(422, "year must be an integer of at least 1"):
            world.client.users.wrapped("u", year=0)
        with refused(404, "User not found"):
            world.client.users.wrapped("ghost")
