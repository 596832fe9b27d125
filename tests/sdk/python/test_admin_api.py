"""Every Admin API operation of the engine through the Python SDK, with its parsed answer.

Each resource is taken through create, list, get, update and delete once, and the batch
conventions (statuses, issues, paging, order) are asserted where they show. Malformed input
that the typed client cannot send is in the bad-input tables.
"""

from __future__ import annotations

import uuid

import pytest
from trophy import (
    CreateAchievementRequestItem,
    CreateAttributeRequestItem,
    CreateMetricRequestItem,
    CreatePointsLevelRequestItem,
    CreatePointsSystemRequestItem,
    CreatePointsTriggerRequestItem,
    PatchPointsLevelsRequestItem,
    PatchPointsTriggersRequestItem,
    UpdateAchievementRequestItem,
    UpdateAttributeRequestItem,
    UpdateMetricRequestItem,
    UpdatePointsSystemRequestItem,
    UpdateStreakSettingsFreezes,
    UpsertedUser,
)
from trophy.admin.streaks.freezes import CreateStreakFreezesRequestFreezesItem

from expect import assert_fields, extra, refused, sent

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def world(start):
    return start("2026-03-02T10:00:00Z")


def issue(index=None, id=None, message=None):
    """What an error issue must say; `index` is on every issue of an array request."""
    return {"index": index, "id": id, "severity": "error", "message": message}


def issues(answer):
    return [
        {"index": i.index, "id": i.id, "severity": i.severity, "message": i.message}
        for i in answer.issues
    ]


def assert_gone(resource, record_id, thing, *path):
    """Deleting works once, then the record is neither readable nor deletable again."""
    # C-GEN-31, C-GEN-32, C-ADM-17, C-ADM-19
    first = resource.delete(*path, ids=[record_id, "nonsense", UNKNOWN])
    assert [item.id for item in first.deleted] == [record_id]
    assert issues(first) == [
        issue(1, "nonsense", "id must be a valid UUID"),
        issue(2, UNKNOWN, f"{thing} not found by ID"),
    ]
    with refused(404):
        resource.get(*path, record_id)
    again = resource.delete(*path, ids=[record_id])
    assert again.deleted == []
    assert issues(again) == [issue(0, record_id, f"{thing} not found by ID")]


def assert_get_refuses(resource, *path):
    # C-GEN-31, C-ADM-18
    with refused(404):
        resource.get(*path, UNKNOWN)
    with refused(422):
        resource.get(*path, "nonsense")


class TestAttributes:
    def test_lifecycle(self, world):
        # C-ATTR-01, C-ADM-27
        attributes = world.admin.attributes
        answer = attributes.with_raw_response.create(
            request=[
                CreateAttributeRequestItem(name="Plan", key="plan", type="user"),
                CreateAttributeRequestItem(name="Plan again", key="plan", type="user"),
                CreateAttributeRequestItem(name="Plan", key="plan", type="event"),
            ]
        )
        # C-GEN-27, C-ADM-06: the second item sees the first.
        assert answer.status_code == 201
        user, event = answer.data.created
        assert_fields(user, name="Plan", key="plan", type="user")
        assert_fields(event, name="Plan", key="plan", type="event")
        assert str(uuid.UUID(user.id)) == user.id
        taken = "Key already in use by another attribute of this type"
        assert issues(answer.data) == [issue(1, None, taken)]
        assert attributes.get(user.id) == user
        renamed = attributes.update(request=[UpdateAttributeRequestItem(id=user.id, name="Tier")])
        assert_fields(renamed.updated[0], id=user.id, name="Tier", key="plan", type="user")
        assert attributes.get(user.id).name == "Tier"
        assert {a.id for a in attributes.list()} == {user.id, event.id}
        assert_get_refuses(attributes)
        assert_gone(attributes, user.id, "Attribute")
        assert [a.id for a in attributes.list()] == [event.id]

    def test_update_issues(self, world):
        # C-ATTR-14, C-ADM-13, C-ADM-16
        plan = world.catalog.attribute("plan", "user")
        answer = world.admin.attributes.update(
            request=[
                UpdateAttributeRequestItem(id=plan.id),
                UpdateAttributeRequestItem(id=UNKNOWN, name="x"),
                UpdateAttributeRequestItem(id=plan.id, name="Tier"),
            ]
        )
        assert [a.name for a in answer.updated] == ["Plan", "Tier"]
        assert issues(answer) == [issue(1, UNKNOWN, "Attribute not found by ID")]

    def test_an_attribute_in_use_stays(self, world):
        # C-ATTR-12, C-ADM-24
        plan = world.catalog.attribute("plan", "user")
        world.catalog.achievement(
            "Pro",
            trigger="api",
            key="pro",
            user_attributes=[{"attribute_id": plan.id, "attribute_value": "pro"}],
        )
        answer = world.admin.attributes.delete(ids=[plan.id])
        assert answer.deleted == []
        assert issues(answer) == [issue(0, plan.id, "Attribute is in use")]
        assert world.admin.attributes.get(plan.id) == plan

    def test_a_key_created_again_starts_empty(self, world):
        # C-ADM-29, C-GEN-32
        plan = world.catalog.attribute("plan", "user")
        world.client.users.create(id="u", attributes={"plan": "pro"})
        world.admin.attributes.delete(ids=[plan.id])
        assert world.client.users.get("u").attributes == {}
        world.catalog.attribute("plan", "user")
        assert world.client.users.get("u").attributes == {}


class TestMetrics:
    def test_lifecycle(self, world):
        # C-METRIC-02, C-METRIC-04, C-ADM-30
        metrics = world.admin.metrics
        answer = metrics.with_raw_response.create(
            request=[
                CreateMetricRequestItem(name="Words", key="words"),
                CreateMetricRequestItem(name="Words", key="words"),
                CreateMetricRequestItem(
                    name="Spent", key="spent", unit_type="currency", units="EUR"
                ),
            ]
        )
        assert answer.status_code == 201
        words, spent = answer.data.created
        assert_fields(words, name="Words", key="words", unit_type="number", units="")
        assert_fields(spent, unit_type="currency", units="EUR")
        assert issues(answer.data) == [issue(1, None, "Key already in use by another metric")]
        assert metrics.get(words.id) == words
        item = UpdateMetricRequestItem(id=words.id, name="Terms", units="terms")
        (updated,) = metrics.update(request=[item]).updated
        assert_fields(updated, name="Terms", key="words", unit_type="number", units="terms")
        assert {m.id for m in metrics.list()} == {words.id, spent.id}
        assert_get_refuses(metrics)
        assert_gone(metrics, words.id, "Metric")

    def test_nothing_created_is_200(self, world):
        # C-GEN-27, C-ADM-05
        world.catalog.metric("words")
        answer = world.admin.metrics.with_raw_response.create(
            request=[CreateMetricRequestItem(name="Words", key="words")]
        )
        assert answer.status_code == 200
        assert answer.data.created == [] and len(answer.data.issues) == 1

    def test_units_are_checked_on_the_merged_result(self, world):
        # C-METRIC-03, C-ADM-31, C-ADM-16
        words = world.catalog.metric("words", units="words")
        update = world.admin.metrics.update
        refusal = update(request=[UpdateMetricRequestItem(id=words.id, unit_type="currency")])
        assert refusal.updated == [] and refusal.issues[0].id == words.id
        money = UpdateMetricRequestItem(id=words.id, unit_type="currency", units="GBP")
        assert_fields(update(request=[money]).updated[0], unit_type="currency", units="GBP")
        number = UpdateMetricRequestItem(id=words.id, unit_type="number")
        assert_fields(update(request=[number]).updated[0], unit_type="number", units="GBP")

    def test_deletion_takes_dependents_along(self, world):
        # C-METRIC-05, C-ADM-32, C-GEN-32
        words = world.catalog.metric("words")
        first = world.catalog.achievement(
            "First", trigger="metric", metric_id=words.id, metric_value=1
        )
        xp = world.catalog.system("xp")
        trigger = world.catalog.trigger(
            xp.id, type="metric", metric_id=words.id, metric_threshold=1, points=5
        )
        world.catalog.streaks(metrics=[{"key": "words", "threshold": 1}])
        world.event("words", "u", 3)
        world.admin.metrics.delete(ids=[words.id])
        with refused(404, "Metric not found"):
            world.event("words", "u", 1)
        assert world.client.users.all_metrics("u") == []
        with refused(404):
            world.admin.achievements.get(first.id)
        with refused(404):
            world.admin.points.triggers.get(xp.id, trigger.id)
        assert world.admin.streaks.settings.get().metrics == []
        # What was earned stays.
        assert world.client.users.points("u", "xp").total == 15
        assert world.client.users.streak("u").length == 1
        # The key is free again, and the new metric starts from nothing.
        again = world.catalog.metric("words")
        assert again.id != words.id
        assert world.client.users.single_metric("u", "words").current == 0


class TestLists:
    def test_paging_in_creation_order(self, world):
        # C-GEN-25, C-GEN-26, C-ADM-01, C-ADM-02
        made = []
        for n in range(12):
            world.clock.by(1)
            made.append(world.catalog.metric(f"m{n}").id)

        def ids(**page):
            return [metric.id for metric in world.admin.metrics.list(**page)]

        assert ids() == made[:10]
        assert ids(limit=100) == made
        assert ids(limit=3, skip=5) == made[5:8]
        assert ids(skip=11) == made[11:]
        assert ids(skip=12) == []
        for page in [{"limit": 0}, {"limit": 101}, {"skip": -1}]:
            with refused(422):
                ids(**page)

    def test_one_instant_orders_by_id(self, world):
        # C-GEN-26: the clock stands still, so all of a batch have one creation time.
        items = [CreateMetricRequestItem(name="m", key=f"m{n}") for n in range(20)]
        made = [m.id for m in world.admin.metrics.create(request=items).created]
        assert len(made) == 20
        assert [m.id for m in world.admin.metrics.list(limit=100)] == sorted(made)

    def test_hundred_items_are_accepted(self, world):
        # C-GEN-27, C-ADM-03
        items = [CreateMetricRequestItem(name="m", key=f"m{n}") for n in range(101)]
        with refused(422):
            world.admin.metrics.create(request=items)
        assert world.admin.metrics.list() == []
        assert len(world.admin.metrics.create(request=items[:100]).created) == 100

    def test_ids_by_comma_and_by_repetition(self, world):
        # C-GEN-31, C-API-18
        made = [world.catalog.metric(f"m{n}").id for n in range(5)]
        joined = ",".join(made[:2])
        answer = world.wire.send(
            "DELETE", f"/admin/v1/metrics?ids={joined}&ids={made[2]}&ids={made[3]},{made[2]}"
        )
        assert answer.status == 200
        assert [item["id"] for item in answer.body["deleted"]] == made[:4]
        assert answer.body["issues"] == []
        assert [m.id for m in world.admin.metrics.list()] == made[4:]


class TestAchievements:
    def test_lifecycle_of_each_trigger(self, world):
        # C-ACH-01, C-ACH-14, C-ADM-38, C-ADM-39
        achievements = world.admin.achievements
        words = world.catalog.metric("words")
        plan = world.catalog.attribute("plan", "user")
        deck = world.catalog.attribute("deck", "event")
        answer = achievements.with_raw_response.create(
            request=[
                CreateAchievementRequestItem(
                    name="Ten",
                    trigger="metric",
                    metric_id=words.id,
                    metric_value=10.5,
                    description="Ten words",
                    badge={"url": "https://img.example/ten.png"},
                    user_attributes=[{"attribute_id": plan.id, "attribute_value": "pro"}],
                    event_attributes=[{"attribute_id": deck.id, "attribute_value": "latin"}],
                ),
                CreateAchievementRequestItem(
                    name="Week", trigger="streak", status="active", streak_length=7
                ),
                CreateAchievementRequestItem(name="Tour", trigger="api", key="tour"),
            ]
        )
        assert answer.status_code == 201 and answer.data.issues == []
        metric, streak, api = answer.data.created
        assert_fields(
            metric,
            name="Ten",
            trigger="metric",
            status="inactive",
            description="Ten words",
            metric_id=words.id,
            metric_value=10.5,
        )
        assert metric.badge.url == "https://img.example/ten.png"
        filters = [(f.attribute_id, f.attribute_value) for f in metric.user_attributes]
        assert filters == [(plan.id, "pro")]
        filters = [(f.attribute_id, f.attribute_value) for f in metric.event_attributes]
        assert filters == [(deck.id, "latin")]
        assert_fields(streak, status="active", streak_length=7, description=None, badge=None)
        assert streak.user_attributes == []
        assert_fields(api, status="inactive", key="tour")
        # Only the fields of its own trigger are there.
        assert not sent(api, "metric_id") and not sent(api, "streak_length")
        assert not sent(metric, "key") and not sent(streak, "event_attributes")
        composite = world.catalog.achievement(
            "All", trigger="achievement", achievement_ids=[metric.id, api.id]
        )
        assert composite.achievement_ids == [metric.id, api.id]
        assert achievements.get(metric.id) == metric
        listed = achievements.list()
        assert {a.id for a in listed} == {metric.id, streak.id, api.id, composite.id}
        assert_get_refuses(achievements)
        # C-ACH-09: a prerequisite cannot go before what needs it.
        kept = achievements.delete(ids=[api.id])
        message = "Achievement is a prerequisite of another achievement"
        assert issues(kept) == [issue(0, api.id, message)]
        assert_gone(achievements, composite.id, "Achievement")
        assert_gone(achievements, api.id, "Achievement")

    def test_update(self, world):
        # C-ACH-14, C-ADM-14, C-ADM-42
        made = world.catalog.achievement(
            "Tour", trigger="api", key="tour", description="x", badge={"url": "https://a.example/b"}
        )
        update = world.admin.achievements.update
        changed = UpdateAchievementRequestItem(id=made.id, name="Grand tour", key="grand")
        assert_fields(
            update(request=[changed]).updated[0], name="Grand tour", key="grand", description="x"
        )
        cleared = UpdateAchievementRequestItem(id=made.id, description=None, badge=None)
        assert_fields(update(request=[cleared]).updated[0], description=None, badge=None)
        incomplete = update(request=[UpdateAchievementRequestItem(id=made.id, trigger="streak")])
        assert incomplete.updated == [] and len(incomplete.issues) == 1
        other = UpdateAchievementRequestItem(id=made.id, trigger="streak", streak_length=3)
        (streak,) = update(request=[other]).updated
        assert_fields(streak, trigger="streak", streak_length=3)
        assert not sent(streak, "key")

    @pytest.mark.parametrize(
        ("before", "after", "allowed"),
        [
            ("inactive", "active", True),
            ("active", "locked", True),
            ("locked", "active", True),
            ("active", "active", True),
            ("active", "inactive", False),
            ("inactive", "locked", False),
            ("locked", "inactive", False),
        ],
    )
    def test_status_moves(self, world, before, after, allowed):
        # C-ACH-13, C-ADM-41
        made = world.catalog.achievement("Tour", trigger="api", key="tour", status=before)
        move = UpdateAchievementRequestItem(id=made.id, status=after)
        answer = world.admin.achievements.update(request=[move])
        if allowed:
            assert [a.status for a in answer.updated] == [after]
        else:
            message = f"Cannot change status from {before} to {after}"
            assert issues(answer) == [issue(0, made.id, message)]
            assert world.admin.achievements.get(made.id).status == before

    def test_cycles_are_refused(self, world):
        # C-ACH-09, C-ADM-44
        base = world.catalog.achievement("Base", trigger="api", key="base")
        middle = world.catalog.achievement(
            "Middle", trigger="achievement", achievement_ids=[base.id]
        )
        top = world.catalog.achievement("Top", trigger="achievement", achievement_ids=[middle.id])
        for ids in ([top.id], [middle.id]):
            item = UpdateAchievementRequestItem(id=middle.id, achievement_ids=ids)
            answer = world.admin.achievements.update(request=[item])
            assert answer.updated == [] and answer.issues[0].id == middle.id
        assert world.admin.achievements.get(middle.id).achievement_ids == [base.id]


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
        assert_fields(
            updated, name="Points", key="xp", description="", badge=None, max_points=None
        )
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
                CreatePointsSystemRequestItem(
                    name="XP", key="xp", levels=good, triggers=[trigger]
                ),
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
