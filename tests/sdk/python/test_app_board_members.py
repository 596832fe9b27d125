"""Who is on a leaderboard: what its status, its seats and the filters of a question decide."""

from __future__ import annotations

import pytest

from expect import refused


@pytest.fixture
def by_words(world):
    metric = world.catalog.metric("words")
    return {"rank_by": "metric", "metric_id": metric.id, "start": "2026-03-02"}


def words(world, user: str, value: float, **fields):
    return world.client.metrics.event("words", user={"id": user, **fields}, value=value)


def ranked(world, key: str, **options) -> list[tuple[int, str, int]]:
    rows = world.client.leaderboards.get(key, **options).rankings
    return [(row.rank, row.user_id, row.value) for row in rows]


def test_inactive_boards_are_nowhere_and_finished_ones_are_read(world, by_words):
    # C-LB-06
    board = world.catalog.leaderboard("race", status="inactive", **by_words)
    assert words(world, "a", 5).leaderboards == {}
    refused(lambda: world.client.leaderboards.get("race"), 404)
    refused(lambda: world.client.users.leaderboard("a", "race"), 404)
    assert world.client.leaderboards.all_(include_finished=True) == []

    def become(status: str) -> None:
        answer = world.admin.leaderboards.update(request=[{"id": board.id, "status": status}])
        assert answer.issues == []

    become("active")
    assert words(world, "b", 3).leaderboards["race"].rank == 2
    assert ranked(world, "race") == [(1, "a", 5), (2, "b", 3)]
    become("finished")
    assert words(world, "b", 9).leaderboards == {}
    assert ranked(world, "race") == [(1, "a", 5), (2, "b", 3)]
    assert world.client.leaderboards.all_() == []
    assert [b.status for b in world.client.leaderboards.all_(include_finished=True)] == ["finished"]


def test_the_control_group_takes_part(world, by_words):
    # C-LB-34
    world.catalog.leaderboard("race", **by_words)
    users = [f"u{number}" for number in range(60)]
    control = {user for user in users if world.client.users.create(id=user).control}
    assert control, "one user in ten is in the control group"
    for user in users:
        words(world, user, 1)
    assert {user for _, user, _ in ranked(world, "race", limit=60)} == set(users)


def test_who_is_pushed_out_keeps_counting_and_comes_back(world, by_words):
    # C-LB-42
    world.catalog.leaderboard("race", max_participants=2, **by_words)
    for user, value in [("a", 10), ("b", 8), ("c", 9)]:
        words(world, user, value)
    assert ranked(world, "race") == [(1, "a", 10), (2, "c", 9)]
    out = words(world, "b", 0.5).leaderboards["race"]
    assert (out.rank, out.previous_rank) == (None, None)
    # Somebody above drops: nothing of the time outside is lost.
    words(world, "a", -9)
    assert ranked(world, "race") == [(1, "c", 9), (2, "b", 8)]
    back = words(world, "b", 2).leaderboards["race"]
    assert (back.rank, back.previous_rank) == (1, 2)


def test_filters_name_one_group_or_several(world, by_words):
    # C-LB-50, C-LB-51, C-LB-53
    city, plan = (world.catalog.attribute(key, "user") for key in ("city", "plan"))
    world.catalog.attribute("size", "user")
    world.catalog.leaderboard("split", breakdown_attributes=[city.id, plan.id], **by_words)
    places = [("a", 5, "Oslo", "pro"), ("b", 7, "Oslo", "free"), ("c", 6, "Rome", "pro")]
    for user, value, city_of, plan_of in places:
        words(world, user, value, attributes={"city": city_of, "plan": plan_of})

    def asked(filters: str) -> list[str]:
        return [user for _, user, _ in ranked(world, "split", user_attributes=filters)]

    assert asked("city:Oslo,plan:pro") == ["a"]
    assert asked("plan:pro") == ["c", "a"]
    assert asked("city:Oslo") == ["b", "a"]
    # Nothing is trimmed, and a value goes on after the first colon.
    assert asked("city: Oslo") == []
    assert asked("city:Oslo:pro") == []
    for bad in ["city", "city:Oslo,city:Rome", "town:Oslo", "size:big", "city:Oslo,", ""]:
        refused(lambda bad=bad: asked(bad), 422)
