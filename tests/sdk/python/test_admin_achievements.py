"""Achievement configuration through the Python SDK.

Every trigger's own fields, the allowed status moves, and prerequisites.
"""

from __future__ import annotations

import pytest
from trophy import CreateAchievementRequestItem, UpdateAchievementRequestItem

from batch import assert_get_refuses, assert_gone, issue, issues
from expect import assert_fields, sent


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
