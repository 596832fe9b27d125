"""One bad item in a batch: an issue for that item, a success for the request.

The tables spoil one thing at a time in an item that would otherwise be accepted, for every
resource, on create and on update. Every case also proves that nothing was stored.
"""

from __future__ import annotations

import pytest

from untouched import RESOURCES, short

# What is wrong with one item of a batch, by path and method; the message where it is fixed.
BAD_NAMES = [
    ({"name": 5}, "Name not a string"),
    ({"name": None}, None),
    ({"name": ""}, None),
    ({"name": "   "}, None),
    ({"name": "n" * 256}, None),
    ({"name": "a\0b"}, None),
]
BAD_KEYS = [
    ({"key": 5}, None),
    ({"key": None}, None),
    ({"key": ""}, None),
    ({"key": "has space"}, "Key contains invalid characters"),
    ({"key": "slash/ed"}, "Key contains invalid characters"),
    ({"key": "k" * 256}, None),
]
BAD_BADGES = [
    ({"badge": "https://img.example/a.png"}, None),
    ({"badge": {}}, None),
    ({"badge": {"url": 5}}, None),
    ({"badge": {"url": "a.png"}}, None),
    ({"badge": {"url": "ftp://img.example/a.png"}}, None),
    ({"badge": {"url": "https://img.example/" + "a" * 2048}}, None),
]
BAD_DESCRIPTIONS = [({"description": 5}, None), ({"description": "d" * 2001}, None)]
BAD_USER_FILTERS = [
    ({"userAttributes": {}}, None),
    ({"userAttributes": [5]}, None),
    ({"userAttributes": [{"attributeId": "$plan"}]}, None),
    ({"userAttributes": [{"attributeId": "nonsense", "attributeValue": "x"}]}, None),
    ({"userAttributes": [{"attributeId": "$unknown", "attributeValue": "x"}]}, None),
    ({"userAttributes": [{"attributeId": "$deck", "attributeValue": "x"}]}, None),
    ({"userAttributes": [{"attributeId": "$plan", "attributeValue": 5}]}, None),
    ({"userAttributes": [{"attributeId": "$plan", "attributeValue": "x"}] * 2}, None),
]
BAD_EVENT_FILTERS = [
    ({"eventAttributes": {}}, None),
    ({"eventAttributes": [{"attributeId": "$unknown", "attributeValue": "x"}]}, None),
    ({"eventAttributes": [{"attributeId": "$plan", "attributeValue": "x"}]}, None),
    ({"eventAttributes": [{"attributeId": "$deck", "attributeValue": "x"}] * 2}, None),
]
BAD_METRIC_CONDITIONS = [
    ({"metricId": None}, None),
    ({"metricId": 5}, None),
    ({"metricId": "nonsense"}, None),
    ({"metricId": "$unknown"}, None),
]
BAD_WINDOWS = [
    *[({"start": value}, None) for value in ("2026-02-30", "2026-1-5", "", 5, None)],
    *[({"end": value}, None) for value in ("2026-02-30", "tomorrow", 5)],
    ({"start": "2099-02-01", "end": "2099-01-31"}, "end must not be before start"),
    *[({"multiplier": value}, None) for value in (0, -2, 1, 100, 1e-12, "2", None, True)],
    *[({"rounding": value}, None) for value in ("half", 5, None)],
]

ATTRIBUTE = {"name": "Team", "key": "team", "type": "user"}
METRIC = {"name": "Lessons", "key": "lessons"}
API = {"name": "Done", "trigger": "api", "key": "done"}
ON_METRIC = {"name": "Done", "trigger": "metric", "metricId": "$words", "metricValue": 1}
ON_STREAK = {"name": "Done", "trigger": "streak", "streakLength": 1}
COMPOSITE = {"name": "Done", "trigger": "achievement", "achievementIds": ["$ten"]}
SYSTEM = {"name": "Energy", "key": "energy"}
PAYS_METRIC = {"type": "metric", "points": 1, "metricId": "$words", "metricThreshold": 1}
PAYS_STREAK = {"type": "streak", "points": 1, "streakLength": 1}
PAYS_ACHIEVEMENT = {"type": "achievement", "points": 1, "achievementId": "$ten"}
PAYS_TIME = {"type": "time", "points": 1, "timeUnit": "hours", "timeInterval": 1}
PAYS_CREATION = {"type": "user_creation", "points": 1}
BOOST = {"name": "Double", "start": "2026-01-05", "multiplier": 2}
LEVEL = {"name": "Gold", "key": "gold", "points": 100}
BOARD = {"name": "Board", "key": "board", "rankBy": "metric", "metricId": "$words"}

ATTRIBUTES, METRICS, ACHIEVEMENTS, SYSTEMS, TRIGGERS, LEVELS, BOOSTS, BOARDS = RESOURCES


def without(item, field):
    return {key: value for key, value in item.items() if key != field}


def variants(path, good, *tables):
    """The good item with one thing spoilt at a time."""
    return [(path, {**good, **spoilt}, message) for table in tables for spoilt, message in table]


def lacking(path, good, *fields):
    return [(path, without(good, field), None) for field in fields]


BAD_DATES = ("2026-02-30", "2026-1-5", "", 5)
BAD_TIMES = ("24:00", "9:00", "09:60", "", 5)
BAD_BOARDS = [
    *[({"start": value}, None) for value in (*BAD_DATES, None)],
    *[({"end": value}, None) for value in BAD_DATES],
    ({"end": "1999-01-01"}, "end must not be before start"),
    *[({"startTime": value}, None) for value in BAD_TIMES],
    *[({"endTime": value}, None) for value in BAD_TIMES],
    ({"startTime": "12:00", "endTime": "12:00"}, "startTime must be earlier than endTime"),
    *[({"maxParticipants": value}, None) for value in (0, -1, 1001, 1.5, "5", True)],
    *[({"runUnit": value, "runInterval": 1}, None) for value in ("week", "days", 5)],
    *[({"runUnit": "day", "runInterval": value}, None) for value in (0, -1, 1.5, "1", None)],
    *[({"rankBy": value}, None) for value in ("level", 5, None)],
    *[({"status": value}, None) for value in ("archived", 5, None)],
    ({"metricId": "$unknown"}, "Metric not found by ID"),
    ({"metricId": "nonsense"}, None),
    ({"pointsSystemId": "$xp"}, None),
    ({"rankBy": "points"}, None),
    ({"breakdownAttributes": ["$plan", "$plan"]}, None),
    ({"breakdownAttributes": ["$deck"]}, "breakdownAttributes must name user attributes"),
    *[({"breakdownAttributes": value}, None) for value in ("$plan", [5], ["$unknown"], None)],
]


BAD_CREATIONS = [
    *[(path, item, None) for path in RESOURCES for item in (5, None, "x", [], {})],
    # C-ATTR-13, C-ATTR-14
    *lacking(ATTRIBUTES, ATTRIBUTE, "name", "key", "type"),
    *variants(
        ATTRIBUTES,
        ATTRIBUTE,
        BAD_NAMES,
        BAD_KEYS,
        [
            ({"type": "metric"}, "Type must be user or event"),
            ({"type": 5}, "Type must be user or event"),
            ({"key": "plan"}, "Key already in use by another attribute of this type"),
        ],
    ),
    # C-METRIC-02, C-METRIC-03, C-METRIC-04
    *lacking(METRICS, METRIC, "name", "key"),
    *variants(
        METRICS,
        METRIC,
        BAD_NAMES,
        BAD_KEYS,
        [
            ({"unitType": "weight"}, None),
            ({"unitType": 5}, None),
            ({"units": 5}, None),
            ({"unitType": "currency"}, None),
            ({"unitType": "currency", "units": "usd"}, None),
            ({"unitType": "currency", "units": "ZZZ"}, None),
            ({"key": "words"}, "Key already in use by another metric"),
        ],
    ),
    # C-ACH-06, C-ACH-09, C-ACH-14, C-ADM-39, C-ADM-40
    *lacking(ACHIEVEMENTS, API, "name", "trigger", "key"),
    *variants(
        ACHIEVEMENTS,
        API,
        BAD_NAMES,
        BAD_KEYS,
        BAD_BADGES,
        BAD_DESCRIPTIONS,
        BAD_USER_FILTERS,
        [
            ({"trigger": "level"}, None),
            ({"trigger": 5}, None),
            ({"status": "archived"}, None),
            ({"status": True}, None),
            ({"key": "tour"}, "Key already in use by another achievement"),
            ({"streakLength": 1}, None),
            ({"metricId": "$words"}, None),
            ({"eventAttributes": [{"attributeId": "$deck", "attributeValue": "x"}]}, None),
        ],
    ),
    *lacking(ACHIEVEMENTS, ON_METRIC, "metricId", "metricValue"),
    *variants(
        ACHIEVEMENTS,
        ON_METRIC,
        BAD_METRIC_CONDITIONS,
        BAD_EVENT_FILTERS,
        [({"metricValue": value}, None) for value in (0, 0.5, -1, "1", None, True)],
        [({"key": "done"}, None)],
    ),
    *lacking(ACHIEVEMENTS, ON_STREAK, "streakLength"),
    *variants(
        ACHIEVEMENTS,
        ON_STREAK,
        [({"streakLength": value}, None) for value in (0, -1, 1.5, "1", None)],
    ),
    *lacking(ACHIEVEMENTS, COMPOSITE, "achievementIds"),
    *variants(
        ACHIEVEMENTS,
        COMPOSITE,
        [
            ({"achievementIds": ids}, None)
            for ids in ([], "$ten", [5], ["nonsense"], ["$unknown"], ["$ten", "$ten"])
        ],
    ),
    # C-POINTS-04, C-POINTS-05
    *lacking(SYSTEMS, SYSTEM, "name", "key"),
    *variants(
        SYSTEMS,
        SYSTEM,
        BAD_NAMES,
        BAD_KEYS,
        BAD_BADGES,
        BAD_DESCRIPTIONS,
        [({"maxPoints": value}, None) for value in (0, -1, 1.5, "10", True)],
        [
            ({"key": "xp"}, "Key already in use by another points system"),
            ({"levels": {}}, None),
            ({"levels": [{**LEVEL, "points": -1}]}, None),
            ({"levels": [LEVEL, LEVEL]}, None),
            ({"boosts": {}}, None),
            ({"boosts": [{**BOOST, "multiplier": 1}]}, None),
            ({"boosts": [{**BOOST, "userId": "ghost"}]}, "boosts[0]: User does not exist"),
            ({"triggers": [{**PAYS_CREATION, "points": 0}]}, None),
            ({"triggers": [{**PAYS_METRIC, "metricId": "$unknown"}]}, None),
        ],
    ),
    # C-POINTS-10, C-POINTS-13, C-GEN-33, C-ADM-54
    *lacking(TRIGGERS, PAYS_CREATION, "type", "points"),
    *variants(
        TRIGGERS,
        PAYS_CREATION,
        BAD_USER_FILTERS,
        [
            ({"points": value}, None)
            for value in (0, 1.5, "1", None, True, 1_000_000_001, -1_000_000_001)
        ],
        [
            ({"type": "level"}, None),
            ({"type": 5}, None),
            ({"status": "locked"}, None),
            ({"blockIfOutOfPoints": "yes"}, None),
            ({"streakLength": 1}, None),
            ({"eventAttributes": [{"attributeId": "$deck", "attributeValue": "x"}]}, None),
        ],
    ),
    *lacking(TRIGGERS, PAYS_METRIC, "metricId", "metricThreshold"),
    *variants(
        TRIGGERS,
        PAYS_METRIC,
        BAD_METRIC_CONDITIONS,
        BAD_EVENT_FILTERS,
        [({"metricThreshold": value}, None) for value in (0, -1, 1.5, "1", None)],
        [({"achievementId": "$ten"}, None)],
    ),
    *lacking(TRIGGERS, PAYS_STREAK, "streakLength"),
    *variants(TRIGGERS, PAYS_STREAK, [({"streakLength": value}, None) for value in (0, 1.5, "1")]),
    *lacking(TRIGGERS, PAYS_ACHIEVEMENT, "achievementId"),
    *variants(
        TRIGGERS,
        PAYS_ACHIEVEMENT,
        [({"achievementId": value}, None) for value in ("nonsense", "$unknown", 5)],
    ),
    *lacking(TRIGGERS, PAYS_TIME, "timeUnit", "timeInterval"),
    *variants(
        TRIGGERS,
        PAYS_TIME,
        [({"timeInterval": value}, None) for value in (0, -1, 1.5, "1", None)],
        [({"timeUnit": value}, None) for value in ("hour", "weeks", 5, None)],
        [({"streakLength": 1}, None)],
    ),
    # C-POINTS-45, C-POINTS-46
    *lacking(LEVELS, LEVEL, "name", "key", "points"),
    *variants(
        LEVELS,
        LEVEL,
        BAD_NAMES,
        BAD_KEYS,
        BAD_BADGES,
        BAD_DESCRIPTIONS,
        [({"points": value}, None) for value in (-1, 1.5, "1", None, True)],
        [
            ({"key": "silver"}, "Key already in use by another level"),
            ({"points": 50}, "Points already in use by another level"),
        ],
    ),
    # C-POINTS-33, C-POINTS-34, C-ADM-58, C-ADM-59, C-ADM-60
    *lacking(BOOSTS, BOOST, "name", "start", "multiplier"),
    *variants(BOOSTS, BOOST, BAD_NAMES, BAD_USER_FILTERS, BAD_WINDOWS),
    *variants(
        BOOSTS,
        BOOST,
        [
            ({"userId": "ghost"}, "User does not exist"),
            ({"userId": ""}, None),
            ({"userId": 5}, None),
            (
                {
                    "userId": "known",
                    "userAttributes": [{"attributeId": "$plan", "attributeValue": "x"}],
                },
                "userId and userAttributes exclude each other",
            ),
        ],
    ),
    # C-LB-02, C-LB-07, C-LB-15, C-LB-57, C-ADM-64, C-ADM-65, C-ADM-66, C-ADM-67, C-ADM-68
    *lacking(BOARDS, BOARD, "name", "key", "rankBy", "metricId"),
    *variants(
        BOARDS, BOARD, BAD_NAMES, BAD_KEYS, BAD_DESCRIPTIONS, BAD_USER_FILTERS, BAD_BOARDS
    ),
    *variants(
        BOARDS,
        BOARD,
        [
            ({"key": "weekly"}, "Key already in use by another leaderboard"),
            ({"runUnit": "day"}, "runInterval is required"),
            ({"runInterval": 1}, "runUnit is required"),
            ({"status": "scheduled"}, None),
            ({"status": "finished"}, None),
            ({"status": "active", "start": "2099-01-01"}, None),
            ({"rankBy": "streak"}, None),
        ],
    ),
]


def item_id(value):
    return value if isinstance(value, str) else short(value)


@pytest.mark.parametrize(("path", "item", "message"), BAD_CREATIONS, ids=item_id)
def test_created_items(untouched, path, item, message):
    # C-GEN-28, C-GEN-30, C-ADM-05, C-ADM-07, C-ADM-08
    with untouched.unchanged():
        answer = untouched.send("POST", path, value=[item])
        assert answer.status == 200, (answer.status, answer.raw)
        assert answer.body["created"] == []
        (found,) = answer.body["issues"]
        assert (found["index"], found["severity"]) == (0, "error")
        assert isinstance(found["message"], str) and found["message"]
        assert "boostId" not in found
        if message is not None:
            assert found["message"] == message


BAD_UPDATES = [
    *[(path, item, None) for path in RESOURCES for item in (5, None, "x", [], {}, {"name": "x"})],
    *[(path, {"id": bad}, None) for path in RESOURCES for bad in (5, None, "nonsense")],
    *[(path, {"id": "$unknown"}, f"{thing} not found by ID") for path, thing in RESOURCES.items()],
    *variants(ATTRIBUTES, {"id": "$plan"}, BAD_NAMES),
    *variants(METRICS, {"id": "$words"}, BAD_NAMES),
    *variants(
        METRICS,
        {"id": "$words"},
        [
            ({"unitType": "weight"}, None),
            ({"unitType": None}, None),
            ({"unitType": "currency"}, None),
            ({"unitType": "currency", "units": "ZZZ"}, None),
            ({"units": 5}, None),
        ],
    ),
    *variants(
        ACHIEVEMENTS,
        {"id": "$tour"},
        BAD_NAMES,
        BAD_KEYS,
        BAD_BADGES,
        BAD_DESCRIPTIONS,
        BAD_USER_FILTERS,
        [
            ({"status": "inactive"}, "Cannot change status from active to inactive"),
            ({"status": "archived"}, None),
            ({"status": None}, None),
            ({"trigger": "streak"}, None),
            ({"trigger": "metric", "metricId": "$words"}, None),
            ({"streakLength": 1}, None),
        ],
    ),
    *variants(
        ACHIEVEMENTS,
        {"id": "$ten"},
        BAD_METRIC_CONDITIONS,
        BAD_EVENT_FILTERS,
        [({"metricValue": value}, None) for value in (0, 0.5, "1", None)],
        [({"key": "ten"}, None)],
    ),
    *variants(
        SYSTEMS,
        {"id": "$xp"},
        BAD_NAMES,
        BAD_BADGES,
        BAD_DESCRIPTIONS,
        [({"maxPoints": value}, None) for value in (0, -1, 1.5, "10")],
    ),
    *variants(
        TRIGGERS,
        {"id": "$per_word"},
        BAD_USER_FILTERS,
        BAD_EVENT_FILTERS,
        BAD_METRIC_CONDITIONS,
        [({"points": value}, None) for value in (0, 1.5, "1", None, 1_000_000_001)],
        [({"metricThreshold": value}, None) for value in (0, 1.5, "1", None)],
        [
            ({"type": "streak", "streakLength": 1}, None),
            ({"streakLength": 1}, None),
            ({"status": "locked"}, None),
            ({"status": None}, None),
            ({"blockIfOutOfPoints": None}, None),
        ],
    ),
    *variants(
        BOARDS,
        {"id": "$weekly"},
        BAD_NAMES,
        BAD_KEYS,
        BAD_DESCRIPTIONS,
        BAD_USER_FILTERS,
        BAD_BOARDS,
        [
            ({"status": "scheduled"}, None),
            ({"status": "finished"}, "status cannot change from inactive to finished"),
            ({"runUnit": None, "runInterval": 2}, "runUnit is required"),
        ],
    ),
    *variants(BOOSTS, {"id": "$later"}, BAD_NAMES, BAD_USER_FILTERS, BAD_WINDOWS),
    *variants(
        LEVELS,
        {"id": "$silver"},
        BAD_NAMES,
        BAD_BADGES,
        BAD_DESCRIPTIONS,
        [({"points": value}, None) for value in (-1, 1.5, "1", None)],
        [({"points": 0}, "Points already in use by another level")],
    ),
]


@pytest.mark.parametrize(("path", "item", "message"), BAD_UPDATES, ids=item_id)
def test_updated_items(untouched, path, item, message):
    # C-GEN-28, C-GEN-30, C-ADM-05, C-ADM-07, C-ADM-08, C-ADM-13, C-ADM-14
    with untouched.unchanged():
        answer = untouched.send("PATCH", path, value=[item])
        assert answer.status == 200, (answer.status, answer.raw)
        assert answer.body["updated"] == []
        (found,) = answer.body["issues"]
        assert (found["index"], found["severity"]) == (0, "error")
        assert isinstance(found["message"], str) and found["message"]
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            assert found["id"] == untouched.fill(item["id"])
        if message is not None:
            assert found["message"] == message


def test_a_bad_item_stops_no_other(start):
    # C-ADM-04, C-ADM-06, C-GEN-30
    world = start("2026-03-02T10:00:00Z")
    items = [{"name": "A", "key": "a"}, {"name": 5, "key": "b"}, 7, {"name": "C", "key": "c"}]
    answer = world.wire.send("POST", "/admin/v1/metrics", items)
    assert answer.status == 201
    assert [metric["key"] for metric in answer.body["created"]] == ["a", "c"]
    assert [found["index"] for found in answer.body["issues"]] == [1, 2]
    assert {metric.key for metric in world.admin.metrics.list()} == {"a", "c"}
