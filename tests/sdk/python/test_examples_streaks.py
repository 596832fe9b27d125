"""Worked examples X4, X5 and X8 to X12 of the core contract: streaks over time.

Only what the contract lists is asserted, plus the instants just before and at each boundary
it names. Signals are not visible over HTTP, so where an example names one, the state that the
signal would announce is read instead.
"""

from __future__ import annotations

import pytest
from trophy import NotificationPreferences, StreakPreferences, UpdateStreakSettingsFreezes
from trophy.admin.streaks.pauses import CreateStreakPausesRequestPausesItem

from expect import (
    refused,
    assert_fields,
    assert_inactive,
    assert_no_streak,
    extra,
    history,
    instant,
    lengths,
    sent,
)


@pytest.fixture
def frozen(start):
    """X4's settings and its three days of events."""
    world = start("2026-02-01T00:00:00Z")
    world.catalog.metric("lessons")
    world.catalog.streaks(freezes=UpdateStreakSettingsFreezes(start_count=2, max_count=3))
    for day in ["02", "03", "04"]:
        last = world.event_at(f"2026-02-{day}T15:00:00Z", "lessons", "u", tz="America/New_York")
    assert last.current_streak.length == 3
    return world


def test_x4_freezes_across_a_gap(frozen):
    # X4, C-STREAK-08, C-STREAK-09, C-STREAK-39
    before = frozen.streak_at("2026-02-05T17:00:00Z", "u")
    assert_fields(
        before,
        length=3,
        period_start="2026-02-05",
        period_end="2026-02-05",
        expires="2026-02-05",
        extended=instant("2026-02-04T15:00:00.000Z"),
        freezes=2,
        max_freezes=3,
    )
    # C-STREAK-21, C-STREAK-22, C-STREAK-23
    assert not sent(before, "freeze_auto_earn_interval")
    assert extra(before, "rank") == 1
    balances = [
        ("2026-02-06T04:59:59.999Z", 3, 2),
        ("2026-02-06T05:00:00Z", 3, 1),
        ("2026-02-07T04:59:59.999Z", 3, 1),
        ("2026-02-07T05:00:00Z", 3, 0),
    ]
    for at, length, freezes in balances:
        assert_fields(frozen.streak_at(at, "u"), length=length, freezes=freezes)
    last = frozen.streak_at("2026-02-07T17:00:00Z", "u", periods=7)
    assert_fields(last, length=3, expires="2026-02-07", freezes=0)
    assert lengths(last) == [0, 1, 2, 3, 3, 3, 0]
    # C-STREAK-24, C-STREAK-27
    used = history(last, "used_freeze")
    assert list(used) == [f"2026-02-0{day}" for day in range(1, 8)]
    assert [day for day, frozen_day in used.items() if frozen_day] == ["2026-02-05", "2026-02-06"]
    assert all(value is not None for value in used.values())
    assert frozen.streak_at("2026-02-08T04:59:59.999Z", "u").length == 3
    assert_inactive(frozen.streak_at("2026-02-08T05:00:00Z", "u"))
    lost = frozen.streak_at("2026-02-08T17:00:00Z", "u")
    assert_inactive(lost)
    assert lost.freezes == 0
    again = frozen.event_at("2026-02-08T20:00:00Z", "lessons", "u")
    assert_fields(
        again.current_streak,
        length=1,
        started="2026-02-08",
        expires="2026-02-09",
        extended=True,
        freezes=0,
    )


def test_x4_settled_late_equals_settled_on_time(frozen):
    # X4, C-GEN-22, C-STREAK-39: nobody read the user between the last event and now.
    late = frozen.streak_at("2026-02-08T17:00:00Z", "u", periods=7)
    assert_inactive(late)
    assert late.freezes == 0
    assert lengths(late) == [1, 2, 3, 3, 3, 0, 0]
    used = history(late, "used_freeze")
    assert [day for day, yes in used.items() if yes] == ["2026-02-05", "2026-02-06"]


def test_x5_accrual_at_midnight(start):
    # X5, C-STREAK-37, C-STREAK-38, C-STREAK-41
    world = start("2026-02-27T00:00:00Z")
    world.catalog.metric("lessons")
    world.catalog.streaks(
        freezes=UpdateStreakSettingsFreezes(
            start_count=0, max_count=2, auto_earn_interval=7, auto_earn_amount=1
        )
    )
    for day in range(1, 8):
        world.clock.to(f"2026-03-0{day}T12:00:00Z")
        steady = world.event("lessons", "steady", tz="Europe/London")
        if day < 7:
            world.event("lessons", "missed", tz="Europe/London")
    assert steady.current_streak.length == 7

    world.clock.to("2026-03-07T23:59:59.999Z")
    assert_fields(world.client.users.streak("steady"), length=7, freezes=0)
    assert_fields(world.client.users.streak("missed"), length=6, freezes=0)
    # The same midnight takes the streak first and pays the freeze second.
    world.clock.to("2026-03-08T00:00:00Z")
    missed = world.client.users.streak("missed")
    assert_inactive(missed)
    assert missed.freezes == 1

    assert_fields(
        world.streak_at("2026-03-08T00:05:00Z", "steady"),
        length=7,
        freezes=1,
        freeze_auto_earn_interval=7,
        freeze_auto_earn_amount=1,
        expires="2026-03-08",
    )
    assert_fields(world.streak_at("2026-03-08T23:59:59.999Z", "steady"), length=7, freezes=1)
    assert_fields(world.streak_at("2026-03-09T00:00:00Z", "steady"), length=7, freezes=0)

    assert world.streak_at("2026-03-14T23:59:59.999Z", "missed").freezes == 1
    assert world.streak_at("2026-03-15T00:00:00Z", "missed").freezes == 2
    # Nothing is banked over the maximum of two.
    assert world.streak_at("2026-03-22T00:00:00Z", "missed").freezes == 2


def test_x8_weekly_streak_in_tokyo(start):
    # X8, C-STREAK-17, C-STREAK-18, C-STREAK-19, C-GEN-18
    world = start("2026-03-01T00:00:00Z")
    world.catalog.metric("lessons")
    world.catalog.streaks(frequency="weekly")
    first = world.event_at("2026-03-07T14:59:00Z", "lessons", "u", tz="Asia/Tokyo")
    assert_fields(
        first.current_streak,
        length=1,
        frequency="weekly",
        started="2026-03-07",
        period_start="2026-03-01",
        period_end="2026-03-07",
        expires="2026-03-14",
        extended=True,
    )
    second = world.event_at("2026-03-07T15:00:00Z", "lessons", "u")
    assert_fields(
        second.current_streak,
        length=2,
        started="2026-03-07",
        period_start="2026-03-08",
        period_end="2026-03-14",
        expires="2026-03-21",
        extended=True,
    )
    read = world.streak_at("2026-03-21T14:59:59Z", "u", periods=3)
    assert_fields(
        read,
        length=2,
        period_start="2026-03-15",
        period_end="2026-03-21",
        expires="2026-03-21",
    )
    assert history(read, "length") == {"2026-03-01": 1, "2026-03-08": 2, "2026-03-15": 0}
    assert_inactive(world.streak_at("2026-03-21T15:00:00Z", "u"))


def test_x9_spring_forward(start):
    # X9, C-GEN-17
    world = start("2026-03-06T00:00:00Z")
    world.catalog.metric("lessons")
    days = [
        ("2026-03-08T04:59:59Z", 1, "2026-03-08"),
        ("2026-03-09T03:59:59Z", 2, "2026-03-09"),
        ("2026-03-09T04:00:00Z", 3, "2026-03-10"),
    ]
    for at, length, expires in days:
        streak = world.event_at(at, "lessons", "u", tz="America/New_York").current_streak
        assert_fields(streak, length=length, started="2026-03-07", expires=expires, extended=True)
    assert_fields(world.streak_at("2026-03-11T03:59:59Z", "u"), length=3, expires="2026-03-10")
    assert_inactive(world.streak_at("2026-03-11T04:00:00Z", "u"))


def test_x9_autumn_day_of_25_hours(start):
    # X9, C-GEN-17
    world = start("2026-10-31T00:00:00Z")
    world.catalog.metric("lessons")
    hours = [
        ("2026-11-01T03:59:59Z", 1, "2026-10-31", True),
        ("2026-11-01T04:00:00Z", 2, "2026-11-01", True),
        ("2026-11-02T04:59:59Z", 2, "2026-11-01", False),
        ("2026-11-02T05:00:00Z", 3, "2026-11-02", True),
    ]
    for at, length, day, extended in hours:
        streak = world.event_at(at, "lessons", "u", tz="America/New_York").current_streak
        assert_fields(streak, length=length, period_start=day, period_end=day, extended=extended)


def test_x10_travelling_east(start):
    # X10, C-STREAK-27, C-STREAK-62, C-STREAK-63
    world = start("2026-05-04T00:00:00Z")
    world.catalog.metric("lessons")
    home = world.event_at("2026-05-04T20:00:00Z", "lessons", "u", tz="America/Los_Angeles")
    assert_fields(home.current_streak, length=1, started="2026-05-04", expires="2026-05-05")
    world.clock.to("2026-05-05T16:30:00Z")
    assert world.client.users.update("u", tz="Asia/Tokyo").tz == "Asia/Tokyo"
    away = world.client.users.streak("u", history_periods=3)
    assert_fields(away, length=1, period_start="2026-05-06", expires="2026-05-06")
    assert history(away, "length") == {"2026-05-04": 1, "2026-05-05": 1, "2026-05-06": 0}
    assert history(away, "used_pause") == {
        "2026-05-04": False,
        "2026-05-05": True,
        "2026-05-06": False,
    }
    next_day = world.event_at("2026-05-05T17:00:00Z", "lessons", "u")
    assert_fields(
        next_day.current_streak,
        length=2,
        started="2026-05-04",
        expires="2026-05-07",
        extended=True,
    )


def test_x10_travelling_west(start):
    # X10, C-GEN-16, C-USER-10, C-STREAK-63
    world = start("2026-05-10T00:00:00Z")
    world.catalog.metric("lessons")
    home = world.event_at("2026-05-10T20:00:00Z", "lessons", "u", tz="Pacific/Auckland")
    assert_fields(home.current_streak, length=1, started="2026-05-11", expires="2026-05-12")
    same_day = world.event_at("2026-05-11T06:00:00Z", "lessons", "u", tz="Pacific/Honolulu")
    assert_fields(
        same_day.current_streak,
        length=1,
        period_start="2026-05-11",
        expires="2026-05-12",
        extended=False,
    )
    next_day = world.event_at("2026-05-12T10:00:00Z", "lessons", "u")
    assert_fields(next_day.current_streak, length=2, expires="2026-05-13", extended=True)


def test_x12_reads_over_two_runs(start):
    # X12 before any restore, C-STREAK-20, C-STREAK-25
    world = start("2026-01-29T00:00:00Z")
    world.catalog.metric("lessons")
    first_run = [f"2026-01-{day}" for day in (30, 31)] + [f"2026-02-{d:02}" for d in range(1, 11)]
    for length, day in enumerate(first_run, start=1):
        streak = world.event_at(f"{day}T12:00:00Z", "lessons", "u").current_streak
        assert_fields(streak, length=length, started="2026-01-30", extended=True)
    assert world.streak_at("2026-02-11T23:59:59.999Z", "u").length == 12
    assert_inactive(world.streak_at("2026-02-12T00:00:00Z", "u"))

    for length, day in enumerate(["20", "21", "22"], start=1):
        streak = world.event_at(f"2026-02-{day}T12:00:00Z", "lessons", "u").current_streak
        assert_fields(streak, length=length, started="2026-02-20", extended=True)
    last = world.streak_at("2026-02-23T23:59:59.999Z", "u")
    assert_fields(last, length=3, started="2026-02-20", extended=instant("2026-02-22T12:00:00Z"))
    assert_inactive(world.streak_at("2026-02-24T00:00:00Z", "u"))

    now = world.streak_at("2026-03-01T12:00:00Z", "u", periods=31)
    assert_inactive(now)
    assert lengths(now) == list(range(1, 13)) + [0] * 9 + [1, 2, 3] + [0] * 7
    assert list(history(now, "length"))[::30] == ["2026-01-30", "2026-03-01"]
    # Without freezes the flag for them has no place in the answer, the one for pauses has.
    assert not any(sent(item, "used_freeze") for item in now.streak_history)
    assert not any(item.used_pause for item in now.streak_history)
    assert now.pauses == []
    again = world.event_at("2026-03-01T15:00:00Z", "lessons", "u").current_streak
    assert_fields(again, length=1, started="2026-03-01", expires="2026-03-02", extended=True)
    listed = world.client.streaks.list(user_ids=["u", "nobody"])
    assert [(item.user_id, item.streak_length) for item in listed] == [("u", 1), ("nobody", 0)]
    assert_no_streak(
        world.client.metrics.event("lessons", user={"id": "zero"}, value=0).current_streak
    )


def test_x12_restore_and_reset(start):
    # X12, C-STREAK-28, C-STREAK-54 to C-STREAK-61, C-ADM-79 to C-ADM-84
    world = start("2026-01-30T00:00:00Z")
    world.catalog.metric("lessons")
    runs = [f"2026-01-{day}" for day in (30, 31)] + [f"2026-02-{d:02}" for d in range(1, 11)]
    for day in runs + ["2026-02-20", "2026-02-21", "2026-02-22"]:
        world.event_at(f"{day}T12:00:00Z", "lessons", "u")
        world.event("lessons", "v")
    world.clock.to("2026-03-01T12:00:00Z")
    restore = world.admin.streaks.with_raw_response.restore
    done = restore(users=[{"id": "u"}])
    assert (done.status_code, done.data.restored_users, done.data.issues) == (201, ["u"], [])
    read = world.client.users.streak("u", history_periods=3)
    assert_fields(
        read,
        length=12,
        started="2026-01-30",
        period_start="2026-03-01",
        expires="2026-03-01",
        extended=instant("2026-02-22T12:00:00.000Z"),
    )
    assert lengths(read) == [0, 12, 0]
    lost = world.wire.send(
        "POST", "/admin/v1/streaks/restore", {"users": [{"id": "v"}], "mode": "last_lost"}
    )
    assert (lost.status, lost.body) == (201, {"restoredUsers": ["v"], "issues": []})
    assert_fields(world.client.users.streak("v"), length=3, started="2026-02-20")
    again = restore(users=[{"id": "u"}])
    assert (again.status_code, again.data.restored_users) == (200, [])
    [issue] = again.data.issues
    assert_fields(issue, user_id="u", severity="warning", message="No streak to restore")
    assert (extra(issue, "level"), extra(issue, "reason")) == ("warning", "No streak to restore")
    extended = world.event_at("2026-03-01T15:00:00Z", "lessons", "u").current_streak
    assert_fields(extended, length=13, expires="2026-03-02", extended=True)
    world.clock.to("2026-03-01T18:00:00Z")
    reset = world.admin.streaks.reset(users=[{"id": "u"}])
    assert (reset.reset_users, reset.issues) == (["u"], [])
    empty = world.client.users.streak("u", history_periods=2)
    assert_inactive(empty)
    last = empty.streak_history[-1]
    assert_fields(last, period_start="2026-03-01", length=0)
    assert last.reset_at == instant("2026-03-01T18:00:00.000Z")
    assert not sent(empty.streak_history[0], "reset_at")
    anew = world.event_at("2026-03-01T19:00:00Z", "lessons", "u").current_streak
    assert_fields(anew, length=1, started="2026-03-01", expires="2026-03-02", extended=True)
    world.clock.to("2026-03-01T20:00:00Z")
    assert restore(users=[{"id": "u"}]).status_code == 201
    assert_fields(world.client.users.streak("u"), length=13, started="2026-01-30")


def test_x11a_pause(start):
    # X11, C-STREAK-19, C-STREAK-27, C-STREAK-29, C-STREAK-45, C-STREAK-46, C-STREAK-48, C-ADM-76
    world = start("2026-07-06T00:00:00Z")
    world.catalog.metric("lessons")
    world.catalog.streaks(freezes=UpdateStreakSettingsFreezes(start_count=1, max_count=2))
    for day in ["06", "07", "08", "09"]:
        world.event_at(f"2026-07-{day}T10:00:00Z", "lessons", "u", tz="Europe/Paris")
    world.clock.to("2026-07-09T12:00:00Z")
    create = world.admin.streaks.pauses.with_raw_response.create

    def pause(start_on, end_on):
        item = CreateStreakPausesRequestPausesItem(user_id="u", start=start_on, end=end_on)
        return create(pauses=[item])

    past = pause("2026-07-08", "2026-07-14")
    assert past.status_code == 200
    assert past.data.created == []
    assert [i.message for i in past.data.issues] == ["Start date must not be in the past"]
    made = pause("2026-07-10", "2026-07-14")
    assert made.status_code == 201
    assert made.data.issues == []
    [created] = made.data.created
    assert_fields(created, user_id="u", start="2026-07-10", end="2026-07-14", status="active")
    read = world.streak_at("2026-07-12T09:00:00Z", "u", periods=5)
    assert_fields(read, length=4, period_start="2026-07-12", expires="2026-07-15", freezes=1)
    assert lengths(read) == [3, 4, 4, 4, 4]
    assert list(history(read, "used_pause").values()) == [False, False, True, True, True]
    assert not any(history(read, "used_freeze").values())
    assert [(p.id, p.start, p.end) for p in read.pauses] == [
        (created.id, "2026-07-10", "2026-07-14")
    ]
    again = world.event_at("2026-07-15T10:00:00Z", "lessons", "u")
    assert_fields(
        again.current_streak, length=5, expires="2026-07-16", freezes=1, extended=True
    )


def test_a_deleted_pause_keeps_closed_days(start):
    # C-STREAK-49, C-STREAK-50, C-ADM-78
    world = start("2026-07-06T00:00:00Z")
    world.catalog.metric("lessons")
    world.event_at("2026-07-06T10:00:00Z", "lessons", "u")
    item = CreateStreakPausesRequestPausesItem(
        user_id="u", start="2026-07-07", end="2026-07-20"
    )
    [pause] = world.admin.streaks.pauses.create(pauses=[item]).created
    assert world.streak_at("2026-07-08T09:00:00Z", "u").expires == "2026-07-21"
    assert [d.id for d in world.admin.streaks.pauses.delete(ids=pause.id).deleted] == [pause.id]
    assert world.admin.streaks.pauses.delete(ids=[pause.id]).issues[0].message == (
        "Streak pause not found by ID"
    )
    read = world.streak_at("2026-07-08T09:00:00Z", "u", periods=3)
    assert_fields(read, length=1, expires="2026-07-08", pauses=[])
    assert lengths(read) == [1, 1, 0]
    assert world.streak_at("2026-07-09T00:00:00Z", "u").length == 0


def test_x11b_own_days_off_and_conditions(start):
    # X11, C-PREF-02, C-PREF-04 to C-PREF-07, C-STREAK-04, C-STREAK-51
    world = start("2026-06-04T12:00:00Z")
    world.catalog.metric("words")
    world.catalog.metric("lessons")
    world.client.users.create(id="u", tz="Europe/Berlin")
    own = StreakPreferences(
        evaluation_mode="ALL",
        metrics=[{"key": "words", "threshold": 500}, {"key": "lessons", "threshold": 1}],
        days_off=[6, 0],
    )
    update = world.client.users.update_preferences
    with refused(403, "Streak customization is not enabled"):
        update("u", streak=own)
    world.catalog.streaks(customization_enabled=True)
    changed = update("u", streak=own, notifications=NotificationPreferences(recap=["push", "email"]))
    assert changed.notifications.recap == ["email", "push"]
    assert_fields(changed.streak, evaluation_mode="AND", days_off=[0, 6])
    assert [(m.key, m.threshold) for m in changed.streak.metrics] == [("words", 500), ("lessons", 1)]
    assert world.client.users.get_preferences("u") == changed
    first = world.event_at("2026-06-05T08:00:00Z", "words", "u", 500)
    assert_fields(first.current_streak, length=0, extended=False)
    second = world.event_at("2026-06-05T09:00:00Z", "lessons", "u", 1)
    assert_fields(second.current_streak, length=1, expires="2026-06-08", extended=True)
    read = world.streak_at("2026-06-07T12:00:00Z", "u", periods=3)
    assert_fields(read, length=1, expires="2026-06-08")
    assert lengths(read) == [1, 1, 1]
    assert list(history(read, "used_pause").values()) == [False, True, True]
    assert world.streak_at("2026-06-08T21:59:59.999Z", "u").length == 1
    assert_inactive(world.streak_at("2026-06-08T22:00:00Z", "u"))
