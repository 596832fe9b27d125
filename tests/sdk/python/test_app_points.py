"""Points operations of the Application API through the Python SDK.

Systems, levels and level counts as an application sees them, and filters on triggers.
"""

from __future__ import annotations

import datetime

from trophy import PatchPointsTriggersRequestItem

from expect import assert_fields, extra, refused


class TestPoints:
    def test_system(self, study):
        # C-POINTS-07, C-POINTS-11
        world, made = study
        world.catalog.trigger(made["xp"].id, type="user_creation", points=1, status="inactive")
        system = world.client.points.system("xp")
        assert_fields(
            system,
            id=made["xp"].id,
            name="Xp",
            description="Experience",
            badge_url=None,
            max_points=None,
        )
        assert extra(system, "key") == "xp"
        order = ["per-card", "for-tour", "for-both"]
        assert [t.id for t in system.triggers] == [made[name].id for name in order]
        assert_fields(
            system.triggers[1],
            type="achievement",
            points=7,
            status="active",
            achievement_id=made["tour"].id,
            achievement_name="Tour",
            user_attributes=[],
        )
        assert isinstance(system.triggers[0].created, datetime.datetime)
        assert isinstance(system.triggers[0].updated, datetime.datetime)
        with refused(404, "Points system not found"):
            world.client.points.system("nothing")

    def test_description_of_a_system_without_one(self, study):
        # C-POINTS-07: null here, an empty string in the Admin API.
        world, _ = study
        assert world.catalog.system("energy", max_points=10).description == ""
        assert_fields(world.client.points.system("energy"), description=None, max_points=10)

    def test_levels(self, study):
        # C-POINTS-52, C-POINTS-53
        world, made = study
        world.catalog.level(made["xp"].id, "middle", 50)
        levels = world.client.points.levels("xp")
        assert [(lv.key, lv.points) for lv in levels] == [
            ("novice", 0),
            ("middle", 50),
            ("expert", 100),
        ]
        assert_fields(levels[2], id=made["expert"].id, description="Knows it", badge_url=None)
        with refused(404, "Points system not found"):
            world.client.points.levels("nothing")

    def test_level_summary(self, study):
        # C-POINTS-52, C-POINTS-53, C-POINTS-60
        world, _ = study
        world.event("cards", "u1", 25)
        world.event("cards", "u2", 5)
        world.client.users.create(id="u3")
        world.clock.by(120)
        summary = world.client.points.level_summary("xp")
        assert [(item.level.key, item.users) for item in summary] == [("novice", 2), ("expert", 1)]
        world.catalog.system("flat")
        with refused(422):
            world.client.points.level_summary("flat")
        with refused(404, "Points system not found"):
            world.client.points.level_summary("nothing")

    def test_levels_re_map_at_once(self, study):
        # C-POINTS-46, C-POINTS-51
        world, made = study
        world.event("cards", "u", 25)
        world.catalog.level(made["xp"].id, "master", 80)
        assert world.client.users.points("u", "xp").level.key == "expert"
        world.admin.points.levels.delete(made["xp"].id, ids=[made["expert"].id])
        assert world.client.users.points("u", "xp").level.key == "master"

    def test_user_filters_on_triggers(self, study):
        # C-GEN-34, C-POINTS-18
        world, made = study
        only_pro = PatchPointsTriggersRequestItem(
            id=made["per-card"].id,
            user_attributes=[{"attribute_id": made["plan"].id, "attribute_value": "pro"}],
        )
        updated = world.admin.points.triggers.update(made["xp"].id, request=[only_pro])
        assert updated.issues == []
        assert world.event("cards", "u", 5).points == {}
        world.client.users.update("u", attributes={"plan": "pro"})
        # The first multiple was forfeited while the filter failed.
        points = world.event("cards", "u", 5).points["xp"]
        assert [award.awarded for award in points.awards] == [20]
