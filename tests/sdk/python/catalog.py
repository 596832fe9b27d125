"""Builds configuration through the SDK's own admin client.

Every method creates one thing, insists that nothing was complained about and returns the
typed record. Achievements and triggers are made active, because a test that wants another
status says so.
"""

from __future__ import annotations

from typing import Any

from trophy import (
    AdminAchievement,
    AdminAttribute,
    AdminLeaderboard,
    AdminPointsBoost,
    AdminPointsLevel,
    AdminPointsTrigger,
    CreateAchievementRequestItem,
    CreateAttributeRequestItem,
    CreatedAdminPointsSystem,
    CreatedMetric,
    CreateLeaderboardRequestItem,
    CreateMetricRequestItem,
    CreatePointsBoostRequestItem,
    CreatePointsLevelRequestItem,
    CreatePointsSystemRequestItem,
    CreatePointsTriggerRequestItem,
    StreakSettings,
    TrophyApi,
)


def only(answer: Any) -> Any:
    """The single record of a batch answer that had one item and no issue."""
    assert answer.issues == [], answer.issues
    assert len(answer.created) == 1, answer.created
    return answer.created[0]


class Catalog:
    def __init__(self, client: TrophyApi) -> None:
        self._admin = client.admin

    def attribute(self, key: str, type: str) -> AdminAttribute:
        item = CreateAttributeRequestItem(name=key.title(), key=key, type=type)
        return only(self._admin.attributes.create(request=[item]))

    def metric(self, key: str, **fields: Any) -> CreatedMetric:
        item = CreateMetricRequestItem(**{"name": key.title(), "key": key, **fields})
        return only(self._admin.metrics.create(request=[item]))

    def achievement(self, name: str, **fields: Any) -> AdminAchievement:
        item = CreateAchievementRequestItem(**{"name": name, "status": "active", **fields})
        return only(self._admin.achievements.create(request=[item]))

    def system(self, key: str, **fields: Any) -> CreatedAdminPointsSystem:
        item = CreatePointsSystemRequestItem(**{"name": key.title(), "key": key, **fields})
        return only(self._admin.points.systems.create(request=[item]))

    def trigger(self, system_id: str, **fields: Any) -> AdminPointsTrigger:
        item = CreatePointsTriggerRequestItem(**{"status": "active", **fields})
        return only(self._admin.points.triggers.create(system_id, request=[item]))

    def boost(self, system_id: str, name: str, **fields: Any) -> AdminPointsBoost:
        item = CreatePointsBoostRequestItem(**{"name": name, **fields})
        return only(self._admin.points.boosts.create(system_id, request=[item]))

    def level(self, system_id: str, key: str, points: int, **fields: Any) -> AdminPointsLevel:
        item = CreatePointsLevelRequestItem(
            **{"name": key.title(), "key": key, "points": points, **fields}
        )
        return only(self._admin.points.levels.create(system_id, request=[item]))

    def leaderboard(self, key: str, **fields: Any) -> AdminLeaderboard:
        item = CreateLeaderboardRequestItem(
            **{"name": key.title(), "key": key, "status": "active", **fields}
        )
        return only(self._admin.leaderboards.create(request=[item]))

    def streaks(self, **settings: Any) -> StreakSettings:
        return self._admin.streaks.settings.update(**settings)
