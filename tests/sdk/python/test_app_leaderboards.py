"""Leaderboards of the Application API through the Python SDK: the list, rankings, a user's place,
what events did to ranks, and runs that end by themselves."""

from __future__ import annotations

import pytest

from expect import assert_fields, extra, instant, refused
from world import World


@pytest.fixture
def boards(world):
    words = world.catalog.metric("words")
    plan = world.catalog.attribute("plan", "user")
    by_words = {"rank_by": "metric", "metric_id": words.id, "start": "2026-03-02"}
    world.catalog.leaderboard("daily", run_unit="day", run_interval=1, **by_words)
    world.catalog.leaderboard(
        "split", breakdown_attributes=[plan.id], max_participants=2, **by_words
    )
    world.catalog.leaderboard("streaks", rank_by="streak", start="2026-03-02")
    return world


def words(world, user: str, value: float, **fields):
    return world.client.metrics.event("words", user={"id": user, **fields}, value=value)


def ranked(world, key: str, **options) -> list[tuple[int, str, int]]:
    rows = world.client.leaderboards.get(key, **options).rankings
    return [(row.rank, row.user_id, row.value) for row in rows]


def test_list(boards):
    # C-LB-59
    boards.catalog.leaderboard("soon", status="scheduled", rank_by="streak", start="2026-04-01")
    boards.catalog.leaderboard("off", status="inactive", rank_by="streak")
    listed = boards.client.leaderboards.all_()
    assert [(b.key, b.status) for b in listed] == [
        ("daily", "active"),
        ("split", "active"),
        ("streaks", "active"),
        ("soon", "scheduled"),
    ]
    assert_fields(
        listed[1],
        rank_by="metric",
        metric_key="words",
        breakdown_attribute="plan",
        breakdown_attributes=["plan"],
        max_participants=2,
        user_attributes=[],
    )
    assert boards.client.leaderboards.all_(include_finished=True) == listed


def test_events_tell_ranks_and_reads_agree(boards):
    # C-LB-35, C-LB-44, C-LB-75 to C-LB-78
    answer = words(boards, "a", 5, name="Ann", attributes={"plan": "pro"})
    assert set(answer.leaderboards) == {"daily", "split", "streaks"}
    split = answer.leaderboards["split"]
    assert_fields(
        split, rank=1, previous_rank=None, threshold=1, breakdown_attribute_value="pro", end=None
    )
    assert [(v.key, v.value) for v in split.breakdown_attribute_values] == [("plan", "pro")]
    assert_fields(answer.leaderboards["daily"], start="2026-03-02", end="2026-03-02")
    words(boards, "b", 7, attributes={"plan": "pro"})
    third = words(boards, "c", 6, attributes={"plan": "pro"})
    assert_fields(third.leaderboards["split"], rank=2, previous_rank=None, threshold=7)
    assert "streaks" in third.leaderboards
    pro = {"user_attributes": "plan:pro"}
    assert ranked(boards, "split", **pro) == [(1, "b", 7), (2, "c", 6)]
    back = words(boards, "c", -2)
    assert_fields(back.leaderboards["split"], rank=None, previous_rank=2, threshold=6)
    assert "streaks" not in back.leaderboards
    page = boards.client.leaderboards.get("split", **pro)
    assert [(row.user_id, row.user_name) for row in page.rankings] == [("b", None), ("a", "Ann")]


def test_users_places(boards):
    # C-LB-61, C-LB-64, C-LB-68, C-LB-69
    for user, value in (("a", 5), ("b", 7)):
        words(boards, user, value)
    place = boards.client.users.leaderboard("a", "daily")
    assert_fields(place, rank=2, value=5)
    assert extra(place, "run") == {"start": "2026-03-02", "end": "2026-03-02"}
    split = boards.client.users.leaderboard("a", "split", num_events=0)
    assert_fields(split, rank=None, value=None, history=[])
    assert extra(split, "breakdownAttributeValues") == []
    assert ranked(boards, "daily", user_id="a") == [(2, "a", 5)]
    assert ranked(boards, "daily", user_id="nobody") == []


def test_runs_end_by_themselves(boards):
    # C-LB-08, C-LB-16, C-LB-20, C-LB-24
    words(boards, "a", 5)
    words(boards, "late", 9, tz="Etc/GMT+12")
    boards.clock.to("2026-03-03T11:59:59.999Z")
    words(boards, "late", 1)
    boards.clock.to("2026-03-03T12:00:00Z")
    assert ranked(boards, "daily", run="2026-03-02") == [(1, "a", 5), (2, "late", 1)]
    # Ten at night on the first is not in the run that begins on the second.
    words(boards, "a", 3)
    assert ranked(boards, "daily") == [(1, "a", 3)]
    assert ranked(boards, "streaks") == [(1, "late", 2), (2, "a", 2)]
    boards.server.kill()
    boards.server.clock = "2026-03-03T12:00:00Z"
    again = World(boards.server.start())
    assert ranked(again, "daily", run="2026-03-02") == [(1, "a", 5), (2, "late", 1)]
    assert ranked(again, "daily") == [(1, "a", 3)]
    again.clock.to("2026-03-06T12:00:00Z")
    assert ranked(again, "streaks") == []
    again.server.stop()
    assert again.server.check().returncode == 0


def days(world, user: str, **options) -> list[tuple]:
    history = world.client.users.leaderboard(user, "weekly", **options).history
    assert all(day.timestamp == instant(f"{day.date}T00:00:00+00:00") for day in history)
    return [
        (day.date, day.previous_rank, day.rank, day.previous_value, day.value) for day in history
    ]


def test_history(boards):
    # C-LB-70 to C-LB-74, C-LB-81, C-LB-85, W7
    words = boards.catalog.metric("cards")
    boards.catalog.leaderboard(
        "weekly", rank_by="metric", metric_id=words.id, start="2026-03-02", run_unit="day",
        run_interval=7,
    )
    for at, user, value in (
        ("2026-03-02T10:00:00Z", "ann", 10),
        ("2026-03-02T10:05:00Z", "bob", 20),
        ("2026-03-02T10:20:00Z", "ann", 5),
        ("2026-03-02T10:25:00Z", "ann", 10),
        ("2026-03-03T12:00:00Z", "bob", 1),
    ):
        boards.clock.to(at)
        boards.client.metrics.event("cards", user={"id": user}, value=value)
    boards.clock.to("2026-03-03T13:00:00Z")
    ann = [("2026-03-02", None, 1, None, 25)]
    bob = [("2026-03-02", None, 2, None, 20), ("2026-03-03", 2, 2, 20, 21)]
    assert (days(boards, "ann"), days(boards, "bob")) == (ann, bob)
    assert days(boards, "bob", num_events=1) == bob[1:]
    assert days(boards, "bob", num_events=0) == []
    best = boards.client.users.wrapped("bob").activity.entire_year.leaderboards["weekly"]
    assert_fields(best, rank=2, value=21, key="weekly")
    # What nobody had written down yet is there after a crash.
    boards.client.metrics.event("cards", user={"id": "bob"}, value=9)
    boards.server.kill()
    boards.server.clock = "2026-03-04T08:00:00Z"
    again = World(boards.server.start())
    ann.append(("2026-03-03", 1, 2, 25, 25))
    bob[1] = ("2026-03-03", 2, 1, 20, 30)
    assert (days(again, "ann"), days(again, "bob")) == (ann, bob)
    again.clock.to("2026-03-10T08:00:00Z")
    past = {"run": "2026-03-02"}
    assert (days(again, "ann", **past), days(again, "bob", **past)) == (ann, bob)
    assert days(again, "bob") == []
    again.server.stop()
    assert again.server.check().returncode == 0


def test_refusals(boards):
    # C-LB-26, C-LB-52, C-LB-63, C-LB-67
    get = boards.client.leaderboards.get
    refused(lambda: get("nothing"), 404)
    refused(lambda: get("daily", run="2026-03-01"), 404)
    refused(lambda: get("split"), 422)
    refused(lambda: get("daily", user_attributes="plan:pro"), 422)
    refused(lambda: get("daily", limit=1001), 422)
    refused(lambda: boards.client.users.leaderboard("nobody", "daily"), 404)
