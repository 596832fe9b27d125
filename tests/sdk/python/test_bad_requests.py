"""Wrong paths, methods, keys and query parameters, and which of several faults is named.

Nothing here depends on the meaning of a body. Every refusal is a JSON error and leaves the
configured server exactly as it was.
"""

from __future__ import annotations

import pytest

from process import ADMIN_KEY
from untouched import GHOST, RESOURCES

EVENT = "/v1/metrics/words/event"
GOOD_EVENT = {"user": {"id": GHOST}, "value": 1}


def refuses(untouched, statuses, method, path, value=None, **sent):
    """Sends (no body unless one is given), then checks status, error and absence of traces."""
    if value is None:
        sent.setdefault("body", None)
    with untouched.unchanged():
        answer = untouched.send(method, path, value, **sent)
        assert answer.status in statuses, (answer.status, answer.raw)
        return answer.error()


@pytest.mark.parametrize("key", [ADMIN_KEY, None], ids=["with key", "without key"])
@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/users/known/nothing",
        "/v1/users/known/metrics/words/nothing",
        "/v1/users/a/b",
        "/v1/users//streak",
        "/v1/metrics",
        "/v1/metrics/words",
        "/v1/points",
        "/v1/attributes",
        "/v2/users/known",
        "/api/nothing",
        "/admin",
        "/admin/v1",
        "/admin/v1/nothing",
        "/admin/v1/users",
        "/admin/v1/users/known/nothing",
        "/admin/v1/metrics/$words/nothing",
    ],
)
def test_unknown_route(untouched, path, key):
    # C-API-09: before the key is looked at.
    refuses(untouched, {404}, "GET", path, key=key)


@pytest.mark.parametrize("key", [ADMIN_KEY, None], ids=["with key", "without key"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/users"),
        ("DELETE", "/v1/users"),
        ("POST", "/v1/users/known"),
        ("DELETE", "/v1/users/known"),
        ("POST", "/v1/users/known/metrics"),
        ("PUT", "/v1/users/known/metrics/words"),
        ("POST", "/v1/users/known/metrics/words/event-summary"),
        ("POST", "/v1/users/known/achievements"),
        ("DELETE", "/v1/users/known/streak"),
        ("PUT", "/v1/users/known/preferences"),
        ("POST", "/v1/users/known/points/xp"),
        ("POST", "/v1/users/known/points/xp/event-summary"),
        ("GET", EVENT),
        ("PUT", EVENT),
        ("POST", "/v1/achievements"),
        ("GET", "/v1/achievements/tour/complete"),
        ("DELETE", "/v1/streaks"),
        ("POST", "/v1/streaks/rankings"),
        ("POST", "/v1/points/xp"),
        ("PATCH", "/v1/points/xp/levels"),
        ("POST", "/v1/points/xp/level-summary"),
        *[("PUT", f"{resource}") for resource in RESOURCES],
        *[("POST", f"{resource}/$unknown") for resource in RESOURCES],
        *[("DELETE", f"{resource}/$unknown") for resource in RESOURCES],
        ("POST", "/admin/v1/streaks/settings"),
        ("DELETE", "/admin/v1/streaks/settings"),
        ("GET", "/admin/v1/streaks/freezes"),
        ("GET", "/admin/v1/streaks/pauses"),
        ("PATCH", "/admin/v1/streaks/pauses"),
        ("GET", "/admin/v1/streaks/restore"),
        ("DELETE", "/admin/v1/streaks/reset"),
        ("GET", "/admin/v1/users/known"),
        ("DELETE", "/admin/v1/users/known/export"),
        ("POST", "/admin/v1/clock"),
        ("GET", "/admin/v1/clock/advance"),
    ],
)
def test_wrong_method(untouched, method, path, key):
    # C-API-06, C-API-09
    refuses(untouched, {405}, method, path, key=key)


BAD_KEYS = {
    "missing": None,
    "empty": "",
    "only the separator": ".",
    "prefix alone": ADMIN_KEY[:8],
    "prefix and separator": ADMIN_KEY[:9],
    "body alone": ADMIN_KEY[9:],
    "body cut short": ADMIN_KEY[:-1],
    "body too long": ADMIN_KEY + "x",
    "other body": ADMIN_KEY[:9] + "x" * 32,
    "other prefix": "testkey2" + ADMIN_KEY[8:],
    "other case": ADMIN_KEY.upper(),
    "other separator": ADMIN_KEY.replace(".", "-"),
    "very long": "testkey1." + "x" * 4000,
}


@pytest.mark.parametrize("name", BAD_KEYS)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/users/known"), ("GET", "/admin/v1/metrics"), ("PUT", f"/v1/users/{GHOST}")],
)
def test_bad_key(untouched, method, path, name):
    # C-AUTH-01, C-AUTH-15, C-API-09: the body of the PUT is missing, the key is named first.
    message = refuses(untouched, {401}, method, path, key=BAD_KEYS[name])
    assert message == "Invalid or missing API key"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/users/known", {"Authorization": f"Bearer {ADMIN_KEY}"}),
        ("/v1/users/known", {"Cookie": f"X-API-KEY={ADMIN_KEY}"}),
        (f"/v1/users/known?X-API-KEY={ADMIN_KEY}", {}),
        (f"/admin/v1/metrics?api_key={ADMIN_KEY}", {}),
    ],
    ids=["bearer", "cookie", "query", "admin query"],
)
def test_key_in_the_wrong_place(untouched, path, headers):
    # C-AUTH-01
    refuses(untouched, {401}, "GET", path, key=None, headers=headers)


TOO_LARGE = b"{" + b" " * (1 << 20)
UNKNOWN_METRIC = "/v1/metrics/nothing/event"
NO_SYSTEM = "/admin/v1/points/$unknown/levels"
LEVELS = [{"name": "Gold", "key": "gold", "points": 100}]


@pytest.mark.parametrize(
    ("status", "method", "path", "sent"),
    [
        (404, "POST", "/v1/nothing", {"key": None, "body": b"{"}),
        (405, "PATCH", EVENT, {"key": None, "body": TOO_LARGE}),
        (401, "POST", EVENT, {"key": None, "body": TOO_LARGE}),
        (401, "POST", EVENT, {"key": "x.y", "body": b"{"}),
        (401, "GET", "/v1/users/ghost", {"key": None}),
        (401, "GET", "/v1/users/known/streak?historyPeriods=x", {"key": None}),
        (413, "POST", UNKNOWN_METRIC, {"body": TOO_LARGE}),
        (413, "POST", EVENT, {"body": TOO_LARGE, "headers": {"Idempotency-Key": "k" * 256}}),
        (400, "POST", UNKNOWN_METRIC, {"body": b"{"}),
        (400, "POST", EVENT, {"body": b"{", "headers": {"Idempotency-Key": "k" * 256}}),
        (400, "PATCH", "/v1/users/ghost", {"body": b"{"}),
        (400, "POST", "/admin/v1/points/nonsense/levels", {"body": b"["}),
        (400, "POST", NO_SYSTEM, {"body": b"["}),
        (422, "POST", UNKNOWN_METRIC, {"value": {"user": {"id": GHOST}, "value": "1"}}),
        (404, "POST", UNKNOWN_METRIC, {"value": {**GOOD_EVENT, "attributes": {"nothing": "x"}}}),
        (404, "POST", UNKNOWN_METRIC, {"value": GOOD_EVENT}),
        (422, "POST", "/v1/achievements/nothing/complete", {"value": {"user": {}}}),
        (404, "POST", "/v1/achievements/nothing/complete", {"value": {"user": {"id": GHOST}}}),
        (422, "PATCH", "/v1/users/ghost", {"value": {"tz": "Mars/Base"}}),
        (404, "PATCH", "/v1/users/ghost", {"value": {}}),
        (422, "GET", "/v1/users/ghost/streak?historyPeriods=x", {}),
        (422, "GET", "/v1/users/ghost/points/nothing?awards=0", {}),
        (422, "POST", NO_SYSTEM, {"value": {}}),
        (404, "POST", NO_SYSTEM, {"value": LEVELS}),
        (422, "GET", "/admin/v1/points/$unknown/triggers?limit=0", {}),
        (422, "GET", "/admin/v1/points/$unknown/triggers/nonsense", {}),
    ],
)
def test_the_first_fault_is_named(untouched, status, method, path, sent):
    # C-API-09, C-EVENT-05
    refuses(untouched, {status}, method, path, **sent)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/users/ghost",
        "/v1/users/ghost/metrics",
        "/v1/users/ghost/metrics/words",
        "/v1/users/ghost/achievements",
        "/v1/users/ghost/streak",
        "/v1/users/ghost/points/xp",
        "/v1/users/known/metrics/nothing",
        "/v1/users/known/metrics/Words",
        "/v1/users/known/metrics/has%20space",
        "/v1/users/known/points/nothing",
        "/v1/users/Known",
        "/v1/users/%20known",
        "/v1/points/nothing",
        "/v1/points/nothing/levels",
        "/v1/points/nothing/boosts",
        "/v1/users/known/points/nothing/boosts",
        "/v1/users/ghost/points/xp/boosts",
        "/v1/points/nothing/level-summary",
        *[f"{resource}/$unknown" for resource in RESOURCES],
        "/admin/v1/points/$unknown/triggers",
        "/admin/v1/points/$unknown/levels",
        "/admin/v1/points/$unknown/boosts",
    ],
)
def test_absent_resource(untouched, path):
    # C-GEN-04, C-GEN-07, C-USER-25, C-ADM-18
    refuses(untouched, {404}, "GET", path)


SUMMARY = "aggregation=daily&startDate=2026-01-01&endDate=2026-01-02"


@pytest.mark.parametrize("path", ["metrics/words", "points/xp"])
def test_absent_resource_of_a_summary(untouched, path):
    # C-USER-25, C-METRIC-06
    refuses(untouched, {404}, "GET", f"/v1/users/ghost/{path}/event-summary?{SUMMARY}")
    thing = path.split("/")[0]
    refuses(untouched, {404}, "GET", f"/v1/users/known/{thing}/nothing/event-summary?{SUMMARY}")


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("bad", ["nonsense", "1", "$unknown0", "%00"])
def test_bad_uuid_in_the_path(untouched, resource, bad):
    # C-GEN-31, C-ADM-18
    refuses(untouched, {422}, "GET", f"{resource}/{bad}")


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("part", ["triggers", "levels", "boosts"])
def test_bad_system_id_in_the_path(untouched, method, part):
    # C-ADM table of 6.1: unknown system 404, no UUID 422.
    query = "?ids=$unknown" if method == "DELETE" else ""
    path = f"/admin/v1/points/nonsense/{part}{query}"
    value = {"POST": LEVELS, "PATCH": [{"id": "$unknown"}]}.get(method)
    refuses(untouched, {422}, method, path, value)


LONG = "x" * 256


@pytest.mark.parametrize(
    ("statuses", "method", "path", "value"),
    [
        ({422}, "PUT", f"/v1/users/{LONG}", {}),
        ({422}, "PUT", "/v1/users/%00", {}),
        ({422}, "PUT", "/v1/users/a%00b", {}),
        ({404, 422}, "GET", f"/v1/users/{LONG}", None),
        ({404, 422}, "GET", "/v1/users/a%00b", None),
        ({404, 422}, "PATCH", f"/v1/users/{LONG}", {}),
        ({404, 422}, "GET", f"/v1/users/known/metrics/{LONG}", None),
        ({404, 422}, "GET", f"/v1/users/known/points/{LONG}", None),
        ({404, 422}, "POST", f"/v1/metrics/{LONG}/event", GOOD_EVENT),
        ({404, 422}, "POST", f"/v1/achievements/{LONG}/complete", {"user": {"id": GHOST}}),
        ({404, 422}, "PUT", "/v1/users/%FF", {}),
        ({404, 422}, "GET", "/v1/users/%", None),
    ],
)
def test_impossible_path_segments(untouched, statuses, method, path, value):
    # C-USER-02, C-GEN-13, C-GEN-14
    refuses(untouched, statuses, method, path, value)


NOT_INTEGERS = ["", "x", "1.5", "1e2", "+5", "0x10", "5%20"]
TOO_MANY = "99999999999999999999"


@pytest.mark.parametrize("value", ["-1", "401", TOO_MANY, *NOT_INTEGERS])
def test_history_periods(untouched, value):
    # C-STREAK-24, C-API-19
    message = refuses(untouched, {422}, "GET", f"/v1/users/known/streak?historyPeriods={value}")
    assert "historyPeriods" in message


@pytest.mark.parametrize("value", ["0", "-1", "9999", TOO_MANY, *NOT_INTEGERS])
def test_year(untouched, value):
    # C-WRAP-12, C-API-19
    message = refuses(untouched, {422}, "GET", f"/v1/users/known/wrapped?year={value}")
    assert "year" in message


@pytest.mark.parametrize("value", ["0", "-1", "101", TOO_MANY, *NOT_INTEGERS])
def test_awards(untouched, value):
    # C-POINTS-55, C-API-19
    message = refuses(untouched, {422}, "GET", f"/v1/users/known/points/xp?awards={value}")
    assert "awards" in message


@pytest.mark.parametrize("value", ["0", "-1", "101", *NOT_INTEGERS])
def test_streak_ranking_limit(untouched, value):
    # C-STREAK-67, C-API-19
    message = refuses(untouched, {422}, "GET", f"/v1/streaks/rankings?limit={value}")
    assert "limit" in message


@pytest.mark.parametrize("value", ["", "ACTIVE", "best", "active,longest"])
def test_streak_ranking_type(untouched, value):
    # C-STREAK-67
    message = refuses(untouched, {422}, "GET", f"/v1/streaks/rankings?type={value}")
    assert "type" in message


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("value", ["0", "-1", "101", TOO_MANY, *NOT_INTEGERS])
def test_limit(untouched, resource, value):
    # C-GEN-25, C-ADM-01, C-API-19
    message = refuses(untouched, {422}, "GET", f"{resource}?limit={value}")
    assert "limit" in message


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("value", ["-1", *NOT_INTEGERS])
def test_skip(untouched, resource, value):
    # C-GEN-25, C-ADM-01, C-API-19
    message = refuses(untouched, {422}, "GET", f"{resource}?skip={value}")
    assert "skip" in message


@pytest.mark.parametrize("path", ["metrics/words", "points/xp"])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "startDate=2026-01-01&endDate=2026-01-02",
        "aggregation=daily&endDate=2026-01-02",
        "aggregation=daily&startDate=2026-01-01",
        "aggregation=&startDate=2026-01-01&endDate=2026-01-02",
        "aggregation=hourly&startDate=2026-01-01&endDate=2026-01-02",
        "aggregation=Daily&startDate=2026-01-01&endDate=2026-01-02",
        "aggregation=daily&startDate=2026-1-1&endDate=2026-01-02",
        "aggregation=daily&startDate=2026-01-01&endDate=2026-02-30",
        "aggregation=daily&startDate=2026-01-01T00:00:00Z&endDate=2026-01-02",
        "aggregation=daily&startDate=yesterday&endDate=today",
        "aggregation=daily&startDate=2026-01-02&endDate=2026-01-02",
        "aggregation=daily&startDate=2026-01-03&endDate=2026-01-02",
        "aggregation=monthly&startDate=2025-01-01&endDate=2026-02-06",
    ],
)
def test_event_summary(untouched, path, query):
    # C-METRIC-11, C-POINTS-57
    refuses(untouched, {422}, "GET", f"/v1/users/known/{path}/event-summary?{query}")


@pytest.mark.parametrize("pairs", ["plan", "nothing:x", "deck:x", "plan:a,plan:b", "plan:a,,", ","])
def test_user_attributes(untouched, pairs):
    # C-ATTR-11
    refuses(untouched, {422}, "GET", f"/v1/achievements?userAttributes={pairs}")


@pytest.mark.parametrize(
    "query", ["", "?userIds=", "?userIds=,", "?userIds=" + ",".join(f"u{n}" for n in range(101))]
)
def test_user_ids(untouched, query):
    # C-STREAK-65, C-STREAK-66, C-API-18
    refuses(untouched, {422}, "GET", f"/v1/streaks{query}")


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize(
    "query", ["", "?ids=", "?ids=,", "?ids=" + ",".join(f"x{n}" for n in range(101))]
)
def test_delete_without_usable_ids(untouched, resource, query):
    # C-GEN-31, C-ADM-17
    refuses(untouched, {422}, "DELETE", f"{resource}{query}")


@pytest.mark.parametrize("resource", RESOURCES)
def test_delete_of_nothing(untouched, resource):
    # C-GEN-31, C-ADM-17: issues, not a failure.
    with untouched.unchanged():
        answer = untouched.send("DELETE", f"{resource}?ids=nonsense&ids=$unknown", body=None)
        assert answer.status == 200 and answer.body["deleted"] == []
        found = [(item["id"], item["severity"]) for item in answer.body["issues"]]
        assert found == [("nonsense", "error"), (untouched.fill("$unknown"), "error")]
        assert answer.body["issues"][0]["message"] == "id must be a valid UUID"
        assert answer.body["issues"][1]["message"].endswith(" not found by ID")


def test_reads_that_look_wrong_but_are_not(untouched):
    # C-GEN-09, C-METRIC-11, C-ACH-29, C-ATTR-11, C-STREAK-66
    hundred = ",".join(f"u{n}" for n in range(100))
    for path in [
        "/v1/users/known?unknown=1",
        "/v1/users/known/metrics/words/event-summary"
        "?aggregation=daily&startDate=2025-01-01&endDate=2026-02-05",
        "/v1/users/known/achievements?includeIncomplete=perhaps",
        "/v1/achievements?userAttributes=",
        "/v1/achievements?userAttributes=plan%3Apro",
        f"/v1/streaks?userIds={hundred}",
        "/v1/users/known/streak?historyPeriods=007",
        "/admin/v1/metrics?limit=100&skip=0",
    ]:
        with untouched.unchanged():
            answer = untouched.send("GET", path, body=None)
            assert answer.status == 200, (path, answer.status, answer.raw)


def test_idempotency_key_is_only_for_events(untouched):
    # C-IDEM-13
    headers = {"Idempotency-Key": "k" * 5000}
    assert untouched.send("GET", "/v1/users/known", body=None, headers=headers).status == 200
