"""The catalog of a flashcard study app, one of each feature.

It is built through the admin client at a fixed virtual instant and is what the Application
API tests read. Numbers are small, so that a test can say what one event must cause.
"""

from __future__ import annotations

from typing import Any

from trophy import (
    CreateAchievementRequestItemEventAttributesItem as EventFilter,
    CreateAchievementRequestItemUserAttributesItem as UserFilter,
)

from world import World


def build_study(world: World) -> dict[str, Any]:
    """A study app's catalog, each record created one second after the other.

    Everything the tests refer to is kept by name: creation order is visible in lists.
    """
    made = {}

    def make(known_as, create, *args, **fields):
        world.clock.by(1)
        made[known_as] = create(*args, **fields)
        return made[known_as]

    catalog = world.catalog
    plan = make("plan", catalog.attribute, "plan", "user")
    deck = make("deck", catalog.attribute, "deck", "event")
    cards = make("cards", catalog.metric, "cards", name="Cards flipped", units="cards")
    make("minutes", catalog.metric, "minutes")
    make(
        "ten",
        catalog.achievement,
        "Ten cards",
        trigger="metric",
        metric_id=cards.id,
        metric_value=10,
        description="Flip ten",
        badge={"url": "https://img.example/ten.png"},
    )
    make(
        "latin",
        catalog.achievement,
        "Latin",
        trigger="metric",
        metric_id=cards.id,
        metric_value=2.5,
        event_attributes=[EventFilter(attribute_id=deck.id, attribute_value="latin")],
    )
    make("two-days", catalog.achievement, "Two days", trigger="streak", streak_length=2)
    make("tour", catalog.achievement, "Tour", trigger="api", key="tour")
    make(
        "pro",
        catalog.achievement,
        "Pro tour",
        trigger="api",
        key="pro-tour",
        user_attributes=[UserFilter(attribute_id=plan.id, attribute_value="pro")],
    )
    make(
        "both",
        catalog.achievement,
        "Both",
        trigger="achievement",
        achievement_ids=[made["ten"].id, made["tour"].id],
    )
    xp = make("xp", catalog.system, "xp", description="Experience")
    make("novice", catalog.level, xp.id, "novice", 0)
    make("expert", catalog.level, xp.id, "expert", 100, description="Knows it")
    make(
        "per-card",
        catalog.trigger,
        xp.id,
        type="metric",
        metric_id=cards.id,
        metric_threshold=5,
        points=20,
    )
    make(
        "for-tour",
        catalog.trigger,
        xp.id,
        type="achievement",
        points=7,
        achievement_id=made["tour"].id,
    )
    make(
        "for-both",
        catalog.trigger,
        xp.id,
        type="achievement",
        points=9,
        achievement_id=made["both"].id,
    )
    return made
