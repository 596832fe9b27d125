"""Leaderboards through the Python SDK: create, list, get, update and delete, and what goes with
what."""

from __future__ import annotations

from trophy import CreateLeaderboardRequestItem, UpdateLeaderboardRequestItem

from batch import assert_get_refuses, assert_gone, issue, issues
from expect import assert_fields, sent


def test_lifecycle(world):
    # C-LB-01, C-LB-15, C-ADM-64, C-ADM-65
    boards = world.admin.leaderboards
    words = world.catalog.metric("words")
    xp = world.catalog.system("xp")
    city = world.catalog.attribute("city", "user")
    plan = world.catalog.attribute("plan", "user")
    answer = boards.with_raw_response.create(
        request=[
            CreateLeaderboardRequestItem(
                name="Weekly",
                key="weekly",
                description="Who is first?",
                rank_by="metric",
                metric_id=words.id,
                max_participants=50,
                start="2026-01-05",
                end="2026-12-31",
                start_time="09:00",
                end_time="17:30",
                breakdown_attributes=[city.id],
                run_unit="day",
                run_interval=7,
                user_attributes=[{"attribute_id": plan.id, "attribute_value": "pro"}],
            ),
            CreateLeaderboardRequestItem(
                name="XP", key="xp", rank_by="points", points_system_id=xp.id
            ),
            CreateLeaderboardRequestItem(name="Streaks", key="streaks", rank_by="streak"),
            CreateLeaderboardRequestItem(name="Again", key="streaks", rank_by="streak"),
            CreateLeaderboardRequestItem(name="Bad", key="bad", rank_by="metric"),
        ]
    )
    assert answer.status_code == 201
    weekly, points, streaks = answer.data.created
    assert_fields(
        weekly,
        name="Weekly",
        key="weekly",
        description="Who is first?",
        status="inactive",
        rank_by="metric",
        metric_id=words.id,
        max_participants=50,
        start="2026-01-05",
        end="2026-12-31",
        start_time="09:00",
        end_time="17:30",
        breakdown_attributes=[city.id],
        run_unit="day",
        run_interval=7,
    )
    assert [f.attribute_value for f in weekly.user_attributes] == ["pro"]
    assert not sent(weekly, "points_system_id")
    assert_fields(points, rank_by="points", points_system_id=xp.id, max_participants=1000)
    assert not sent(points, "metric_id") and not sent(points, "run_unit")
    assert_fields(streaks, rank_by="streak", breakdown_attributes=[], user_attributes=[])
    assert issues(answer.data) == [
        issue(3, None, "Key already in use by another leaderboard"),
        issue(4, None, "metricId is required"),
    ]
    assert boards.get(weekly.id) == weekly
    assert {b.id for b in boards.list()} == {weekly.id, points.id, streaks.id}
    assert len(boards.list(limit=1, skip=2)) == 1
    assert_get_refuses(boards)
    assert_gone(boards, streaks.id, "Leaderboard")


def test_update(world):
    # C-LB-10, C-LB-13, C-LB-14, C-ADM-14, C-ADM-69, C-ADM-70
    words = world.catalog.metric("words")
    made = world.catalog.leaderboard("b", rank_by="metric", metric_id=words.id, status="inactive")

    def update(**fields):
        item = UpdateLeaderboardRequestItem(id=made.id, **fields)
        return world.admin.leaderboards.update(request=[item])

    (weekly,) = update(key="c", run_unit="day", run_interval=7, end_time="12:00").updated
    assert_fields(weekly, key="c", run_unit="day", run_interval=7, end_time="12:00")
    (plain,) = update(run_unit=None, end_time=None, max_participants=None).updated
    assert plain.max_participants is None
    assert not sent(plain, "run_unit") and not sent(plain, "end_time")
    assert update(status="active").updated[0].status == "active"
    refusal = update(rank_by="streak")
    assert issues(refusal) == [
        issue(0, made.id, "rankBy can only change while the leaderboard is inactive")
    ]
    assert_fields(update(name="New", max_participants=3).updated[0], name="New", max_participants=3)
    assert update(status="finished").updated[0].status == "finished"
    assert update(status="inactive").updated == []


def test_time_moves_the_status(start):
    # C-LB-07, C-LB-08, C-LB-09
    world = start("2026-02-26T12:00:00Z")
    words = world.catalog.metric("words")
    made = world.catalog.leaderboard(
        "b",
        rank_by="metric",
        metric_id=words.id,
        status="scheduled",
        start="2026-03-02",
        end="2026-03-25",
    )
    for instant, status in [
        ("2026-03-01T09:59:59Z", "scheduled"),
        ("2026-03-01T10:00:00Z", "active"),
        ("2026-03-26T11:59:59Z", "active"),
        ("2026-03-26T12:00:00Z", "finished"),
    ]:
        world.clock.to(instant)
        assert world.admin.leaderboards.get(made.id).status == status


def test_goes_with_what_it_ranks_by(world):
    # C-LB-83, C-ADM-24
    words = world.catalog.metric("words")
    xp = world.catalog.system("xp")
    world.catalog.leaderboard("words", rank_by="metric", metric_id=words.id)
    world.catalog.leaderboard("xp", rank_by="points", points_system_id=xp.id)
    for resource, record in [(world.admin.metrics, words), (world.admin.points.systems, xp)]:
        answer = resource.delete(ids=[record.id])
        assert [item.id for item in answer.deleted] == [record.id]
        (warning,) = answer.issues
        assert (warning.severity, warning.id) == ("warning", record.id)
        assert record.key in warning.message
    assert world.admin.leaderboards.list() == []


def test_attributes_in_use_stay(world):
    # C-LB-83, C-ADM-24
    city = world.catalog.attribute("city", "user")
    made = world.catalog.leaderboard("b", rank_by="streak", breakdown_attributes=[city.id])
    refusal = world.admin.attributes.delete(ids=[city.id])
    assert issues(refusal) == [issue(0, city.id, "Attribute is in use")]
    world.admin.leaderboards.delete(ids=[made.id])
    assert world.admin.attributes.delete(ids=[city.id]).issues == []
