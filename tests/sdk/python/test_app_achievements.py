"""Achievement operations of the Application API through the Python SDK.

Listing with statistics and attribute filters, completing by key, and who may see what.
"""

from __future__ import annotations

import uuid

from trophy import UpdateAchievementRequestItem, UpsertedUser

from expect import assert_fields, instant, refused


class TestAchievements:
    def test_all(self, study):
        # C-ACH-24, C-ACH-25, C-ACH-26, C-ACH-28
        world, made = study
        world.catalog.achievement("Draft", trigger="api", key="draft", status="inactive")
        world.event("cards", "u1", 12)
        world.client.users.create(id="u2")
        world.client.users.create(id="u3")
        world.clock.by(120)
        listed = world.client.achievements.all_()
        order = ["ten", "latin", "two-days", "tour", "pro", "both"]
        assert [a.id for a in listed] == [made[name].id for name in order]
        assert [(a.completions, a.rarity) for a in listed] == [(1, 33.33)] + [(0, 0)] * 5
        by_name = dict(zip(order, listed))
        assert_fields(by_name["two-days"], trigger="streak", streak_length=2, badge_url=None)
        assert_fields(by_name["tour"], trigger="api", key="tour", description=None)
        assert_fields(
            by_name["both"],
            trigger="achievement",
            achievement_ids=[made["ten"].id, made["tour"].id],
        )
        pairs = [(f.key, f.value) for f in by_name["pro"].user_attributes]
        assert pairs == [("plan", "pro")]

    def test_all_for_given_user_attributes(self, study):
        # C-ACH-27, C-ACH-28, C-ATTR-10, C-ATTR-11
        world, made = study

        def ids(pairs):
            return [a.id for a in world.client.achievements.all_(user_attributes=pairs)]

        assert made["pro"].id in ids("plan:pro")
        assert made["pro"].id not in ids("plan:free")
        assert made["ten"].id in ids("plan:free")
        # An empty parameter counts as absent, which is no filtering at all.
        assert made["pro"].id in ids("")
        with refused(422):
            ids("nothing:pro")

    def test_complete(self, study):
        # C-ACH-20, C-ACH-22
        world, made = study
        now = instant(world.clock.now())
        complete = world.client.achievements.with_raw_response.complete
        first = complete("tour", user=UpsertedUser(id="u", name="Ann"))
        assert first.status_code == 201
        assert uuid.UUID(first.data.completion_id)
        assert_fields(
            first.data.achievement, id=made["tour"].id, trigger="api", key="tour", achieved_at=now
        )
        assert_fields(first.data.points["xp"], added=7, total=7)
        world.clock.by(60)
        again = complete("tour", user=UpsertedUser(id="u", name="Anna"))
        assert again.status_code == 200
        assert again.data.completion_id == first.data.completion_id
        assert again.data.achievement.achieved_at == now
        assert again.data.points == {}
        assert world.client.users.get("u").name == "Anna"

    def test_complete_pays_for_composites_too(self, study):
        # C-ACH-08, C-ACH-23
        world, _ = study
        world.event("cards", "u", 10)
        answer = world.client.achievements.complete("tour", user=UpsertedUser(id="u"))
        assert_fields(answer.points["xp"], added=16)
        assert [award.awarded for award in answer.points["xp"].awards] == [7, 9]

    def test_complete_refusals(self, study):
        # C-ACH-21, C-GEN-21
        world, made = study
        world.catalog.achievement("Draft", trigger="api", key="draft", status="inactive")
        complete = world.client.achievements.complete
        for key in ["nothing", "draft"]:
            with refused(404, "Achievement not found"):
                complete(key, user=UpsertedUser(id="ghost"))
        message = "User does not meet the achievement's attribute filters"
        with refused(422, message):
            complete("pro-tour", user=UpsertedUser(id="ghost", attributes={"plan": "free"}))
        locked = UpdateAchievementRequestItem(id=made["tour"].id, status="locked")
        world.admin.achievements.update(request=[locked])
        with refused(422, "Achievement is locked"):
            complete("tour", user=UpsertedUser(id="ghost"))
        with refused(404, "User not found"):
            world.client.users.get("ghost")

    def test_locked_stays_visible_to_its_holders(self, study):
        # C-ACH-12, C-ACH-26, C-ACH-30
        world, made = study
        world.client.achievements.complete("tour", user=UpsertedUser(id="u"))
        world.client.users.create(id="other")
        locked = UpdateAchievementRequestItem(id=made["tour"].id, status="locked")
        world.admin.achievements.update(request=[locked])
        assert made["tour"].id not in [a.id for a in world.client.achievements.all_()]
        assert [a.id for a in world.client.users.achievements("u")] == [made["tour"].id]
        others = world.client.users.achievements("other", include_incomplete="true")
        assert made["tour"].id not in [a.id for a in others]

    def test_completion_by_filtered_user(self, study):
        # C-ACH-11, C-GEN-34: attribute values of this very request count.
        world, made = study
        user = UpsertedUser(id="u", attributes={"plan": "pro"})
        answer = world.client.achievements.complete("pro-tour", user=user)
        assert answer.achievement.id == made["pro"].id
        pairs = [(f.key, f.value) for f in answer.achievement.user_attributes]
        assert pairs == [("plan", "pro")]
