"""Attributes, metrics and the list conventions of the Admin API through the Python SDK.

Each resource goes through create, list, get, update and delete. Paging, order and id lists
are the same for every resource and are shown on metrics.
"""

from __future__ import annotations

import uuid

from trophy import (
    CreateAttributeRequestItem,
    CreateMetricRequestItem,
    UpdateAttributeRequestItem,
    UpdateMetricRequestItem,
)

from batch import assert_get_refuses, assert_gone, issue, issues
from expect import assert_fields, refused
from untouched import UNKNOWN


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
