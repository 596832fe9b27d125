"""Points systems, triggers and levels through the Python SDK.

Each resource goes through create, list, get, update and delete; sub-resources belong to one
system and are invisible below any other.
"""

from __future__ import annotations

from trophy import (
    CreatePointsLevelRequestItem,
    CreatePointsSystemRequestItem,
    CreatePointsTriggerRequestItem,
    PatchPointsLevelsRequestItem,
    PatchPointsTriggersRequestItem,
    UpdatePointsSystemRequestItem,
)

from batch import assert_get_refuses, assert_gone, issue, issues
from expect import assert_fields, refused, sent
from untouched import UNKNOWN


class TestPointsSystems:
    def test_lifecycle(self, world):
        # C-POINTS-01, C-POINTS-04, C-ADM-46
        systems = world.admin.points.systems
        answer = systems.with_raw_response.create(
            request=[
                CreatePointsSystemRequestItem(
                    name="XP",
                    key="xp",
                    description="Experience",
                    badge={"url": "https://img.example/xp.png"},
                    max_points=500,
                ),
                CreatePointsSystemRequestItem(name="Energy", key="energy"),
                CreatePointsSystemRequestItem(name="XP", key="xp"),
            ]
        )
        assert answer.status_code == 201
        xp, energy = answer.data.created
        assert_fields(
            xp, name="XP", key="xp", description="Experience", status="active", max_points=500
        )
        assert xp.badge.url == "https://img.example/xp.png"
        assert_fields(energy, description="", badge=None, max_points=None)
        # Nested lists are echoed only if they were sent.
        assert not sent(xp, "levels") and not sent(xp, "triggers")
        taken = "Key already in use by another points system"
        assert issues(answer.data) == [issue(2, None, taken)]
        assert systems.get(energy.id).key == "energy"
        item = UpdatePointsSystemRequestItem(
            id=xp.id, name="Points", description="", badge=None, max_points=None
        )
        (updated,) = systems.update(request=[item]).updated
        assert_fields(updated, name="Points", key="xp", description="", badge=None, max_points=None)
        assert {s.id for s in systems.list()} == {xp.id, energy.id}
        assert_get_refuses(systems)
        assert_gone(systems, energy.id, "Points system")

    def test_created_with_levels_and_triggers(self, world):
        # C-POINTS-04, C-POINTS-05, C-ADM-47
        words = world.catalog.metric("words")
        good = [
            CreatePointsLevelRequestItem(name="Gold", key="gold", points=100),
            CreatePointsLevelRequestItem(name="Bronze", key="bronze", points=0),
        ]
        bad = [good[0], CreatePointsLevelRequestItem(name="Bad", key="bad", points=-1)]
        trigger = CreatePointsTriggerRequestItem(
            type="metric", points=5, metric_id=words.id, metric_threshold=1, status="active"
        )
        answer = world.admin.points.systems.create(
            request=[
                CreatePointsSystemRequestItem(name="XP", key="xp", levels=good, triggers=[trigger]),
                CreatePointsSystemRequestItem(name="Bad", key="bad", levels=bad),
            ]
        )
        (xp,) = answer.created
        assert {level.key for level in xp.levels} == {"gold", "bronze"}
        assert_fields(xp.triggers[0], type="metric", points=5, status="active")
        (refusal,) = answer.issues
        assert refusal.index == 1 and refusal.message.startswith("levels[1]")
        assert [s.id for s in world.admin.points.systems.list()] == [xp.id]
        assert world.event("words", "u", 1).points["xp"].total == 5

    def test_deleted_system_stops_paying(self, world):
        # C-POINTS-06, C-ADM-49
        words = world.catalog.metric("words")
        xp = world.catalog.system("xp")
        world.catalog.trigger(
            xp.id, type="metric", metric_id=words.id, metric_threshold=1, points=5
        )
        world.event("words", "u", 1)
        world.admin.points.systems.delete(ids=[xp.id])
        assert world.event("words", "u", 1).points == {}
        for read in [
            lambda: world.client.users.points("u", "xp"),
            lambda: world.client.points.system("xp"),
            lambda: world.client.points.levels("xp"),
            lambda: world.admin.points.triggers.list(xp.id),
        ]:
            with refused(404):
                read()

    def test_lowered_maximum_takes_nothing_away(self, world):
        # C-POINTS-26, C-ADM-48
        words = world.catalog.metric("words")
        xp = world.catalog.system("xp")
        world.catalog.trigger(
            xp.id, type="metric", metric_id=words.id, metric_threshold=1, points=5
        )
        world.event("words", "u", 4)
        item = UpdatePointsSystemRequestItem(id=xp.id, max_points=10)
        world.admin.points.systems.update(request=[item])
        assert world.event("words", "u", 1).points == {}
        assert world.client.users.points("u", "xp").total == 20


class TestTriggers:
    def test_lifecycle(self, world):
        # C-POINTS-09, C-POINTS-10, C-ADM-53
        triggers = world.admin.points.triggers
        words = world.catalog.metric("words")
        plan = world.catalog.attribute("plan", "user")
        deck = world.catalog.attribute("deck", "event")
        tour = world.catalog.achievement("Tour", trigger="api", key="tour")
        xp = world.catalog.system("xp")
        answer = triggers.with_raw_response.create(
            xp.id,
            request=[
                CreatePointsTriggerRequestItem(
                    type="metric",
                    points=-3,
                    metric_id=words.id,
                    metric_threshold=4,
                    block_if_out_of_points=True,
                    user_attributes=[{"attribute_id": plan.id, "attribute_value": "pro"}],
                    event_attributes=[{"attribute_id": deck.id, "attribute_value": "x"}],
                ),
                CreatePointsTriggerRequestItem(type="streak", points=1, streak_length=7),
                CreatePointsTriggerRequestItem(
                    type="achievement", points=2, achievement_id=tour.id, status="active"
                ),
                CreatePointsTriggerRequestItem(type="user_creation", points=9),
                CreatePointsTriggerRequestItem(type="user_creation", points=0),
            ],
        )
        assert answer.status_code == 201
        metric, streak, achievement, creation = answer.data.created
        assert_fields(
            metric,
            type="metric",
            points=-3,
            status="inactive",
            metric_id=words.id,
            metric_threshold=4,
            block_if_out_of_points=True,
        )
        assert [f.attribute_value for f in metric.user_attributes] == ["pro"]
        assert [f.attribute_value for f in metric.event_attributes] == ["x"]
        assert_fields(streak, streak_length=7, status="inactive", user_attributes=[])
        assert_fields(streak, block_if_out_of_points=False)
        assert not sent(streak, "event_attributes") and not sent(streak, "metric_id")
        assert_fields(achievement, achievement_id=tour.id, status="active")
        assert_fields(creation, type="user_creation", points=9)
        (refusal,) = answer.data.issues
        assert (refusal.index, refusal.severity) == (4, "error")
        assert triggers.get(xp.id, metric.id) == metric
        ids = {metric.id, streak.id, achievement.id, creation.id}
        assert {t.id for t in triggers.list(xp.id)} == ids
        assert len(triggers.list(xp.id, limit=1, skip=1)) == 1
        assert_get_refuses(triggers, xp.id)
        assert_gone(triggers, streak.id, "Points trigger", xp.id)

    def test_update(self, world):
        # C-POINTS-10, C-ADM-14, C-ADM-55
        words = world.catalog.metric("words")
        plan = world.catalog.attribute("plan", "user")
        xp = world.catalog.system("xp")
        made = world.catalog.trigger(
            xp.id,
            type="metric",
            points=5,
            metric_id=words.id,
            metric_threshold=1,
            user_attributes=[{"attribute_id": plan.id, "attribute_value": "pro"}],
        )

        def update(**fields):
            item = PatchPointsTriggersRequestItem(id=made.id, **fields)
            return world.admin.points.triggers.update(xp.id, request=[item])

        assert_fields(update(points=6, metric_threshold=2).updated[0], points=6, metric_threshold=2)
        assert update(user_attributes=None).updated[0].user_attributes == []
        # The type is fixed while the trigger is live, and a new type needs its own fields.
        assert update(type="streak", streak_length=3).updated == []
        assert update(status="inactive").updated[0].status == "inactive"
        assert update(type="streak").updated == []
        (streak,) = update(type="streak", streak_length=3).updated
        assert_fields(streak, type="streak", streak_length=3, points=6)
        assert not sent(streak, "metric_id")

    def test_other_systems_triggers_are_not_found(self, world):
        # C-POINTS-08
        xp = world.catalog.system("xp")
        energy = world.catalog.system("energy")
        made = world.catalog.trigger(xp.id, type="user_creation", points=1)
        triggers = world.admin.points.triggers
        with refused(404):
            triggers.get(energy.id, made.id)
        answer = triggers.delete(energy.id, ids=[made.id])
        assert issues(answer) == [issue(0, made.id, "Points trigger not found by ID")]
        item = PatchPointsTriggersRequestItem(id=made.id, points=2)
        assert triggers.update(energy.id, request=[item]).updated == []
        assert triggers.get(xp.id, made.id) == made

    def test_unknown_system(self, world):
        # C-POINTS-08
        item = CreatePointsTriggerRequestItem(type="user_creation", points=1)
        triggers = world.admin.points.triggers
        for call in [
            lambda: triggers.list(UNKNOWN),
            lambda: triggers.create(UNKNOWN, request=[item]),
            lambda: triggers.update(UNKNOWN, request=[PatchPointsTriggersRequestItem(id=UNKNOWN)]),
            lambda: triggers.delete(UNKNOWN, ids=[UNKNOWN]),
            lambda: triggers.get(UNKNOWN, UNKNOWN),
        ]:
            with refused(404, "Points system not found"):
                call()


class TestLevels:
    def test_lifecycle(self, world):
        # C-POINTS-45, C-POINTS-46, C-ADM-50, C-ADM-51, C-ADM-52
        levels = world.admin.points.levels
        xp = world.catalog.system("xp")
        answer = levels.with_raw_response.create(
            xp.id,
            request=[
                CreatePointsLevelRequestItem(name="Gold", key="gold", points=100),
                CreatePointsLevelRequestItem(
                    name="Bronze",
                    key="bronze",
                    points=0,
                    description="Starts here",
                    badge={"url": "https://img.example/b.png"},
                ),
                CreatePointsLevelRequestItem(name="Gold", key="gold", points=200),
                CreatePointsLevelRequestItem(name="Or", key="or", points=100),
            ],
        )
        assert answer.status_code == 201
        gold, bronze = answer.data.created
        assert_fields(gold, name="Gold", key="gold", points=100, description="", badge=None)
        assert_fields(bronze, points=0, description="Starts here")
        assert bronze.badge.url == "https://img.example/b.png"
        assert issues(answer.data) == [
            issue(2, None, "Key already in use by another level"),
            issue(3, None, "Points already in use by another level"),
        ]
        assert levels.get(xp.id, gold.id) == gold
        assert [level.key for level in levels.list(xp.id)] == ["bronze", "gold"]
        item = PatchPointsLevelsRequestItem(
            id=bronze.id, name="Iron", points=150, description="", badge=None
        )
        (updated,) = levels.update(xp.id, request=[item]).updated
        assert_fields(updated, name="Iron", key="bronze", points=150, description="", badge=None)
        assert [level.key for level in levels.list(xp.id)] == ["gold", "bronze"]
        clash = PatchPointsLevelsRequestItem(id=bronze.id, points=100)
        refusal = levels.update(xp.id, request=[clash])
        assert issues(refusal) == [issue(0, bronze.id, "Points already in use by another level")]
        assert_get_refuses(levels, xp.id)
        assert_gone(levels, gold.id, "Level", xp.id)

    def test_unknown_system(self, world):
        # C-POINTS-08
        item = CreatePointsLevelRequestItem(name="Gold", key="gold", points=1)
        levels = world.admin.points.levels
        for call in [
            lambda: levels.list(UNKNOWN),
            lambda: levels.create(UNKNOWN, request=[item]),
            lambda: levels.update(UNKNOWN, request=[PatchPointsLevelsRequestItem(id=UNKNOWN)]),
            lambda: levels.delete(UNKNOWN, ids=[UNKNOWN]),
            lambda: levels.get(UNKNOWN, UNKNOWN),
        ]:
            with refused(404, "Points system not found"):
                call()
