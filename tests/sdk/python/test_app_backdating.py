"""Anniversaries and backdating as the Application API shows them, through the Python SDK.

What opens later is given to users who already qualify, silently and with the instant at which it
opened; an import of old sign-up dates is silent as well.
"""

from __future__ import annotations

import time

from trophy import UpdateAchievementRequestItem

from expect import assert_fields, instant, refused

PATIENCE_SECONDS = 60


def finished(world, achievement_id: str) -> dict:
    """How backdating ended; it runs beside the requests."""
    until = time.monotonic() + PATIENCE_SECONDS
    path = f"/admin/v1/achievements/{achievement_id}/backdating"
    while (progress := world.wire.read(path))["status"] == "running":
        assert time.monotonic() < until, progress
        time.sleep(0.02)
    return progress


class TestBackdating:
    def test_activation_backdates_existing_users_silently(self, study):
        # C-ACH-16, C-ACH-18, C-ACH-19, C-ACH-24
        world, made = study
        late = world.catalog.achievement(
            "Late",
            trigger="metric",
            metric_id=made["cards"].id,
            metric_value=5,
            status="inactive",
        )
        world.catalog.trigger(
            made["xp"].id, type="achievement", achievement_id=late.id, points=1000
        )
        assert finished(world, late.id)["status"] == "none"
        for number in range(3):
            world.event("cards", f"u{number}", 5)
        world.event("cards", "beginner", 4)
        points = world.client.users.points("u0", "xp").total
        opened = world.clock.by(3600)
        item = UpdateAchievementRequestItem(id=late.id, status="active")
        assert world.admin.achievements.update(request=[item]).issues == []
        progress = finished(world, late.id)
        assert (progress["status"], progress["usersChecked"]) == ("finished", 4)
        assert progress["started"] == opened == progress["finished"]
        world.clock.by(3600)
        own = {a.id: a for a in world.client.users.achievements("u0")}
        assert own[late.id].achieved_at == instant(opened)
        assert (own[late.id].completions, own[late.id].rarity) == (3, 75)
        listed = {a.id: a for a in world.client.achievements.all_()}
        assert listed[late.id].completions == 3
        assert late.id not in {a.id for a in world.client.users.achievements("beginner")}
        # Paid is nobody, and nobody completes it again.
        assert world.client.users.points("u0", "xp").total == points
        answer = world.event("cards", "u1", 1)
        assert late.id not in {a.id for a in answer.achievements}

    def test_a_request_right_after_the_change_sees_the_same(self, study):
        # C-ACH-17, C-GEN-22
        world, made = study
        for number in range(20):
            world.event("cards", f"u{number}", 5)
        late = world.catalog.achievement(
            "Late", trigger="metric", metric_id=made["cards"].id, metric_value=5
        )
        opened = instant(world.clock.now())
        own = {a.id: a for a in world.client.users.achievements("u7")}
        assert own[late.id].achieved_at == opened

    def test_anniversaries(self, world):
        # C-ACH-03, C-ACH-10
        year = world.catalog.achievement("Year", trigger="anniversary", anniversary_years=1)
        two = world.catalog.achievement("Two", trigger="anniversary", anniversary_years=2)
        assert_fields(year, trigger="anniversary", anniversary_years=1)
        shown = world.client.achievements.all_()
        assert [(a.trigger, a.anniversary_years) for a in shown] == [
            ("anniversary", 1),
            ("anniversary", 2),
        ]
        world.client.users.create(id="u", sign_up_date="2024-03-04", tz="America/New_York")
        now = instant(world.clock.now())
        own = world.client.users.achievements("u")
        assert [(a.id, a.achieved_at) for a in own] == [(year.id, now)]
        world.clock.to("2026-03-05T12:00:00Z")
        own = world.client.users.achievements("u")
        assert [a.id for a in own] == [year.id, two.id]
        assert own[1].achieved_at == instant("2026-03-04T05:00:00.000Z")

    def test_progress_of_what_does_not_exist(self, world):
        absent = "00000000-0000-4000-8000-000000000000"
        answer = world.wire.get(f"/admin/v1/achievements/{absent}/backdating")
        assert (answer.status, answer.error()) == (404, "Achievement not found")
        answer = world.wire.get("/admin/v1/achievements/x/backdating")
        assert (answer.status, answer.error()) == (422, "id must be a valid UUID")
        with refused(404):
            world.admin.achievements.get(absent)
