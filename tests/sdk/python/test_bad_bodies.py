"""Malformed and meaningless bodies for every operation that takes one.

400 is for what is not JSON at all, 413 for what is too long to look at, 422 for everything
else wrong with a whole request. Every case also proves that nothing was stored.
"""

from __future__ import annotations

import pytest

from untouched import GHOST, RESOURCES, short

EVENT = ("POST", "/v1/metrics/words/event")
COMPLETE = ("POST", "/v1/achievements/tour/complete")
CREATE_USER = ("POST", "/v1/users")
IDENTIFY = ("PUT", f"/v1/users/{GHOST}")
UPDATE_USER = ("PATCH", "/v1/users/known")
PREFERENCES = ("PATCH", "/v1/users/known/preferences")
SETTINGS = ("PATCH", "/admin/v1/streaks/settings")
FREEZES = ("POST", "/admin/v1/streaks/freezes")
PAUSES = ("POST", "/admin/v1/streaks/pauses")
RESTORE = ("POST", "/admin/v1/streaks/restore")
RESET = ("POST", "/admin/v1/streaks/reset")
ADVANCE = ("POST", "/admin/v1/clock/advance")

OBJECTS = [
    EVENT,
    COMPLETE,
    CREATE_USER,
    IDENTIFY,
    UPDATE_USER,
    PREFERENCES,
    SETTINGS,
    FREEZES,
    PAUSES,
    RESTORE,
    RESET,
    ADVANCE,
]

ARRAYS = [(method, path) for path in RESOURCES for method in ("POST", "PATCH")]

NOT_JSON = {
    "empty": b"",
    "blank": b"  \n",
    "open brace": b"{",
    "open string": b'{"user": "u',
    "no value": b'{"user":}',
    "trailing comma": b'{"user": {"id": "ghost"}, "value": 1,}',
    "trailing text": b'{"user": {"id": "ghost"}, "value": 1} x',
    "single quotes": b"{'user': {'id': 'ghost'}}",
    "bare word": b"hello",
    "form": b"user=ghost&value=1",
    "NaN": b'{"user": {"id": "ghost"}, "value": NaN}',
    "Infinity": b'{"user": {"id": "ghost"}, "value": Infinity}',
    "leading plus": b'{"user": {"id": "ghost"}, "value": +1}',
    "control character": b'{"user": {"id": "gho\x01st"}, "value": 1}',
    "bytes that are no text": b"\xff\xfe\x00",
    "bytes that are no text in a string": b'{"user": {"id": "gh\xffost"}, "value": 1}',
}

SCALARS = ['"x"', "1", "true", "null"]


def labelled(cases):
    return [pytest.param(*case, id=f"{case[0][0]} {case[0][1]} {case[1]}") for case in cases]


def refuses(untouched, endpoint, statuses, **sent):
    """Sends, then checks status, error body and the absence of any trace."""
    with untouched.unchanged():
        answer = untouched.send(*endpoint, **sent)
        assert answer.status in statuses, (answer.status, answer.raw)
        return answer.error()


@pytest.mark.parametrize(
    ("endpoint", "name"),
    labelled((endpoint, name) for endpoint in OBJECTS + ARRAYS for name in NOT_JSON),
)
def test_not_json(untouched, endpoint, name):
    # C-GEN-06, C-API-10
    refuses(untouched, endpoint, {400}, body=NOT_JSON[name])


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_content_type_decides_nothing(untouched, kind):
    # C-API-11
    headers = {"Content-Type": kind}
    refuses(untouched, EVENT, {400}, body=b"{", headers=headers)
    refuses(untouched, EVENT, {422}, body=b"{}", headers=headers)


@pytest.mark.parametrize(
    ("endpoint", "text"),
    labelled((endpoint, text) for endpoint in OBJECTS for text in ["[]", *SCALARS]),
)
def test_not_an_object(untouched, endpoint, text):
    # C-GEN-06
    refuses(untouched, endpoint, {422}, body=text.encode())


@pytest.mark.parametrize(
    ("endpoint", "text"),
    labelled((endpoint, text) for endpoint in ARRAYS for text in ["{}", "[]", *SCALARS]),
)
def test_not_an_array_of_items(untouched, endpoint, text):
    # C-GEN-30, C-ADM-03
    refuses(untouched, endpoint, {422}, body=text.encode())


@pytest.mark.parametrize("endpoint", ARRAYS, ids="{0[0]} {0[1]}".format)
def test_too_many_items(untouched, endpoint):
    # C-GEN-27, C-ADM-03
    items = [{"id": "$unknown", "name": "x", "key": f"k{n}", "points": n} for n in range(101)]
    refuses(untouched, endpoint, {422}, value=items)


@pytest.mark.parametrize("endpoint", OBJECTS + ARRAYS, ids="{0[0]} {0[1]}".format)
def test_too_large(untouched, endpoint):
    # C-GEN-14, C-API-12; checked before the JSON is even looked at (C-API-09).
    refuses(untouched, endpoint, {413}, body=b"{" + b" " * (1 << 20))


def test_too_large_in_chunks(untouched):
    # C-GEN-14: no Content-Length to give it away.
    refuses(untouched, EVENT, {413}, body=iter([b" " * 65536] * 17))


def test_nested_too_deep(untouched):
    # C-GEN-14: bounded work; whether this still counts as JSON is the parser's business.
    deep = b'{"user": ' + b"[" * 100_000 + b"]" * 100_000 + b', "value": 1}'
    refuses(untouched, EVENT, {400, 422}, body=deep)


def test_lone_surrogate(untouched):
    # C-GEN-14: strings are UTF-8, which has no half of a pair.
    body = b'{"user": {"id": "ghost", "name": "\\ud800"}, "value": 1}'
    refuses(untouched, EVENT, {400, 422}, body=body)


BAD_IDS = [5, None, True, [], {}, "", "x" * 256, "a\0b"]

BAD_USER_FIELDS = [
    {"email": 5},
    {"email": "no-at"},
    {"email": "@b.c"},
    {"email": "a@"},
    {"email": "a@b@c.d"},
    {"email": "a b@c.d"},
    {"email": "a@" + "b" * 319},
    {"name": 5},
    {"name": ["Ann"]},
    {"name": "n" * 256},
    {"name": "a\0b"},
    {"tz": 5},
    {"tz": ""},
    {"tz": "Nowhere/City"},
    {"tz": "+02:00"},
    {"tz": "Europe/Paris "},
    {"signUpDate": 5},
    {"signUpDate": "soon"},
    {"signUpDate": "2025-02-30"},
    {"signUpDate": "2999-01-01"},
    {"deviceTokens": "token"},
    {"deviceTokens": [5]},
    {"deviceTokens": [""]},
    {"deviceTokens": ["t" * 4097]},
    {"deviceTokens": [f"t{n}" for n in range(101)]},
    {"subscribeToEmails": "true"},
    {"subscribeToEmails": 1},
    {"subscribeToEmails": True},
    {"attributes": []},
    {"attributes": "plan:pro"},
    {"attributes": {"plan": 5}},
    {"attributes": {"plan": True}},
    {"attributes": {"plan": ["pro"]}},
    {"attributes": {"plan": "v" * 256}},
    {"attributes": {"plan": "a\0b"}},
    {"attributes": {"nothing": "x"}},
    {"attributes": {"deck": "x"}},
    {"attributes": {f"a{n}": "x" for n in range(51)}},
]

# How each operation wraps the user it identifies.
WRAPPED = {
    EVENT: lambda user: {"user": {"id": GHOST, **user}, "value": 1},
    COMPLETE: lambda user: {"user": {"id": GHOST, **user}},
    CREATE_USER: lambda user: {"id": GHOST, **user},
    IDENTIFY: lambda user: user,
    UPDATE_USER: lambda user: user,
}


@pytest.mark.parametrize("user", BAD_USER_FIELDS, ids=short)
@pytest.mark.parametrize("endpoint", WRAPPED, ids="{0[0]} {0[1]}".format)
def test_user_fields(untouched, endpoint, user):
    # C-USER-08, C-USER-09, C-USER-11, C-USER-15, C-USER-17, C-USER-18, C-ATTR-03, C-ATTR-06
    refuses(untouched, endpoint, {422}, value=WRAPPED[endpoint](user))


@pytest.mark.parametrize("user_id", BAD_IDS, ids=short)
@pytest.mark.parametrize("endpoint", [EVENT, COMPLETE, CREATE_USER], ids="{0[0]} {0[1]}".format)
def test_user_ids(untouched, endpoint, user_id):
    # C-USER-01, C-USER-02, C-GEN-10
    refuses(untouched, endpoint, {422}, value=WRAPPED[endpoint]({"id": user_id}))


def test_user_without_an_id(untouched):
    # C-USER-01
    refuses(untouched, CREATE_USER, {422}, value={"name": "Ann"})


def test_invalid_zone_message(untouched):
    # C-USER-09
    body = WRAPPED[EVENT]({"tz": "Mars/Base"})
    assert refuses(untouched, EVENT, {422}, value=body) == "Invalid time zone: Mars/Base"


USER = {"id": GHOST}

BAD_EVENTS = [
    {},
    {"user": USER},
    {"value": 1},
    {"user": None, "value": 1},
    {"user": GHOST, "value": 1},
    {"user": [], "value": 1},
    {"user": {}, "value": 1},
    {"user": USER, "value": None},
    {"user": USER, "value": "5"},
    {"user": USER, "value": True},
    {"user": USER, "value": [1]},
    {"user": USER, "value": 1_000_000_000_001},
    {"user": USER, "value": -1_000_000_000_001},
    {"user": USER, "value": 1e300},
    {"user": USER, "value": 1, "attributes": []},
    {"user": USER, "value": 1, "attributes": "deck:latin"},
    {"user": USER, "value": 1, "attributes": {"deck": 5}},
    {"user": USER, "value": 1, "attributes": {"deck": None}},
    {"user": USER, "value": 1, "attributes": {"deck": "v" * 256}},
    {"user": USER, "value": 1, "attributes": {"deck": "a\0b"}},
    {"user": USER, "value": 1, "attributes": {"nothing": "x"}},
    {"user": USER, "value": 1, "attributes": {"plan": "pro"}},
    {"user": USER, "value": 1, "idempotencyKey": 5},
    {"user": USER, "value": 1, "idempotencyKey": "k" * 256},
    {"user": {"id": "known"}, "value": "5"},
    {"user": {"id": "known", "name": "Changed"}, "value": 1, "attributes": {"nothing": "x"}},
]


@pytest.mark.parametrize("body", BAD_EVENTS, ids=short)
def test_event_fields(untouched, body):
    # C-EVENT-01, C-EVENT-03, C-GEN-10, C-GEN-33, C-ATTR-07, C-IDEM-11
    refuses(untouched, EVENT, {422}, value=body)


@pytest.mark.parametrize("literal", ["1e400", "-1e400", "1e999999999", "9" * 400])
def test_numbers_beyond_every_float(untouched, literal):
    # C-EVENT-03: legal JSON, so not 400.
    body = f'{{"user": {{"id": "ghost"}}, "value": {literal}}}'.encode()
    refuses(untouched, EVENT, {422}, body=body)


@pytest.mark.parametrize("length", [256, 5000])
def test_overlong_idempotency_key(untouched, length):
    # C-IDEM-11
    body = {"user": USER, "value": 1}
    headers = {"Idempotency-Key": "k" * length}
    refuses(untouched, EVENT, {422}, value=body, headers=headers)


@pytest.mark.parametrize(
    "body", [{}, {"user": None}, {"user": GHOST}, {"user": []}, {"user": {}}], ids=short
)
def test_completion_fields(untouched, body):
    # C-ACH-20, C-GEN-06
    refuses(untouched, COMPLETE, {422}, value=body)


BAD_SETTINGS = [
    {"enabled": "yes"},
    {"enabled": None},
    {"frequency": "yearly"},
    {"frequency": None},
    {"frequency": 1},
    {"evaluationMode": "XOR"},
    {"evaluationMode": "or"},
    {"customizationEnabled": 1},
    {"daysOff": 0},
    {"daysOff": [7]},
    {"daysOff": [-1]},
    {"daysOff": [1.5]},
    {"daysOff": ["0"]},
    {"daysOff": [0, 0]},
    {"frequency": "weekly", "daysOff": [0]},
    {"metrics": {}},
    {"metrics": [5]},
    {"metrics": [{"key": "words"}]},
    {"metrics": [{"threshold": 1}]},
    {"metrics": [{"key": "nothing", "threshold": 1}]},
    {"metrics": [{"key": "words", "threshold": -1}]},
    {"metrics": [{"key": "words", "threshold": 1.5}]},
    {"metrics": [{"key": "words", "threshold": "1"}]},
    {"metrics": [{"key": "words", "threshold": 1}, {"key": "words", "threshold": 2}]},
    {"freezes": []},
    {"freezes": {}},
    {"freezes": {"startCount": 1}},
    {"freezes": {"maxCount": 1}},
    {"freezes": {"startCount": 2, "maxCount": 1}},
    {"freezes": {"startCount": -1, "maxCount": 1}},
    {"freezes": {"startCount": 0, "maxCount": 0}},
    {"freezes": {"startCount": 0, "maxCount": 101}},
    {"freezes": {"startCount": 0.5, "maxCount": 1}},
    {"freezes": {"startCount": "0", "maxCount": 1}},
    {"freezes": {"startCount": 0, "maxCount": 1, "autoEarnInterval": 7}},
    {"freezes": {"startCount": 0, "maxCount": 1, "autoEarnAmount": 1}},
    {"freezes": {"startCount": 0, "maxCount": 1, "autoEarnInterval": 0, "autoEarnAmount": 1}},
    {"freezes": {"startCount": 0, "maxCount": 1, "autoEarnInterval": 3651, "autoEarnAmount": 1}},
    {"freezes": {"startCount": 0, "maxCount": 1, "autoEarnInterval": 7, "autoEarnAmount": 0}},
    {"freezes": {"startCount": 0, "maxCount": 1, "autoEarnInterval": 7, "autoEarnAmount": 101}},
    {"evaluationMode": "AND", "frequency": "yearly"},
]


@pytest.mark.parametrize("body", BAD_SETTINGS, ids=short)
def test_streak_settings(untouched, body):
    # C-STREAK-34, C-STREAK-35, C-STREAK-52, C-STREAK-53, C-STREAK-70, C-STREAK-71, C-ADM-85
    refuses(untouched, SETTINGS, {422}, value=body)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"freezes": None},
        {"freezes": {}},
        {"freezes": "known"},
        {"freezes": []},
        {"freezes": [{"userId": "known"}] * 101},
        [{"userId": "known"}],
    ],
    ids=short,
)
def test_streak_freezes(untouched, body):
    # C-GEN-30, C-ADM-03
    refuses(untouched, FREEZES, {422}, value=body)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"pauses": None},
        {"pauses": {}},
        {"pauses": []},
        {"pauses": [{"userId": "known", "start": "2030-01-01", "end": "2030-01-02"}] * 101},
        [{"userId": "known", "start": "2030-01-01", "end": "2030-01-02"}],
    ],
    ids=short,
)
def test_streak_pauses(untouched, body):
    # C-GEN-30, C-ADM-03
    refuses(untouched, PAUSES, {422}, value=body)


@pytest.mark.parametrize(
    "entry",
    [
        {},
        5,
        {"userId": "known"},
        {"userId": "known", "start": "2030-01-01"},
        {"userId": "known", "start": 5, "end": "2030-01-02"},
        {"userId": "known", "start": "2030-02-30", "end": "2030-03-02"},
        {"userId": "known", "start": "2030-01-01T00:00:00Z", "end": "2030-01-02"},
        {"userId": "known", "start": "2030-01-03", "end": "2030-01-02"},
        {"userId": "known", "start": "2000-01-03", "end": "2030-01-02"},
        {"userId": GHOST, "start": "2030-01-01", "end": "2030-01-02"},
    ],
    ids=short,
)
def test_streak_pause_entries(untouched, entry):
    # C-STREAK-46, C-ADM-76
    with untouched.unchanged():
        answer = untouched.send(*PAUSES, value={"pauses": [entry]})
        assert answer.status == 200, answer.raw
        assert answer.body["created"] == []
        assert [item["severity"] for item in answer.body["issues"]] == ["error"]


@pytest.mark.parametrize(
    "body",
    [
        {"notifications": []},
        {"notifications": {"sms": []}},
        {"notifications": {"recap": ["sms"]}},
        {"notifications": {"recap": "email"}},
        {"notifications": {"recap": [1]}},
        {"streak": []},
        {"streak": {"enabled": "yes"}},
    ],
    ids=short,
)
def test_preferences(untouched, body):
    # C-PREF-02
    refuses(untouched, PREFERENCES, {422}, value=body)


@pytest.mark.parametrize(
    "own",
    [
        {"evaluationMode": "XOR"},
        {"metrics": []},
        {"metrics": [{"key": "words", "threshold": 0}]},
        {"daysOff": [7]},
        {"daysOff": []},
        {"enabled": False, "daysOff": [0]},
    ],
    ids=short,
)
def test_customization_is_off(untouched, own):
    # C-PREF-06
    refuses(untouched, PREFERENCES, {403}, value={"streak": own})


@pytest.mark.parametrize("endpoint", [RESTORE, RESET], ids=["restore", "reset"])
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"users": None},
        {"users": {}},
        {"users": "known"},
        {"users": []},
        {"users": [{"id": "known"}] * 101},
        [{"id": "known"}],
    ],
    ids=short,
)
def test_streak_users(untouched, endpoint, body):
    # C-GEN-30, C-ADM-03
    refuses(untouched, endpoint, {422}, value=body)


@pytest.mark.parametrize("mode", ["", "MAX", "longest", 1, []], ids=short)
def test_restore_modes(untouched, mode):
    # C-STREAK-56
    refuses(untouched, RESTORE, {422}, value={"users": [{"id": "known"}], "mode": mode})


@pytest.mark.parametrize("endpoint", [RESTORE, RESET], ids=["restore", "reset"])
@pytest.mark.parametrize("entry", [{}, {"id": 5}, {"id": None}, {"id": GHOST}, 5], ids=short)
def test_streak_user_entries(untouched, endpoint, entry):
    # C-ADM-04
    with untouched.unchanged():
        answer = untouched.send(*endpoint, value={"users": [entry]})
        assert answer.status == 200, answer.raw
        assert [item["severity"] for item in answer.body["issues"]] == ["error"]


@pytest.mark.parametrize("entry", [{}, {"userId": 5}, {"userId": None}, 5, None], ids=short)
def test_streak_freeze_entries(untouched, entry):
    # C-GEN-30: without a user to name, both an issue and a refusal are fair; storing is not.
    with untouched.unchanged():
        answer = untouched.send(*FREEZES, value={"freezes": [entry]})
        assert answer.status in {200, 422}, answer.raw
        if answer.status == 422:
            answer.error()
        else:
            assert [item["severity"] for item in answer.body["issues"]] == ["error"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"to": 5},
        {"to": None},
        {"to": "soon"},
        {"to": "2026-03-02"},
        {"to": "2026-03-01T00:00:00Z"},
        {"seconds": "5"},
        {"seconds": -1},
        {"seconds": None},
    ],
    ids=short,
)
def test_clock(untouched, body):
    # The clock never goes back and never guesses.
    refuses(untouched, ADVANCE, {422}, value=body)


def test_the_largest_body_is_accepted(start):
    # C-API-11, C-API-12: unknown fields are ignored, one mebibyte is not yet too much.
    world = start("2026-03-02T10:00:00Z")
    world.catalog.metric("words")
    head, tail = b'{"user": {"id": "u"}, "value": 1, "padding": "', b'"}'
    body = head + b"x" * ((1 << 20) - len(head) - len(tail)) + tail
    assert world.wire.send("POST", "/v1/metrics/words/event", body=body).status == 201
    assert world.wire.send("POST", "/v1/metrics/words/event", body=body + b" ").status == 413
    assert world.client.users.single_metric("u", "words").current == 1


def test_extremes_that_are_allowed(start):
    # C-USER-02, C-USER-17, C-IDEM-11, C-GEN-09, C-GEN-33, C-ATTR-06
    world = start("2026-03-02T10:00:00Z")
    world.catalog.metric("words")
    world.catalog.attribute("plan", "user")

    def event(user, value, **headers):
        body = {"user": user, "value": value}
        return world.wire.send("POST", "/v1/metrics/words/event", body, headers=headers).status

    assert event({"id": "x" * 255}, 1_000_000_000_000) == 201
    assert event({"id": "\U0001f98a" * 255}, -1_000_000_000_000) == 201
    assert event({"id": " padded "}, 0.0000000001) == 201
    assert event({"id": "u", "attributes": {"plan": ""}}, 1) == 201
    assert event({"id": "u", "deviceTokens": ["t" * 4096] + [str(n) for n in range(99)]}, 1) == 201
    assert event({"id": "u"}, 1, **{"Idempotency-Key": "k" * 255}) == 201
    twice = b'{"user": {"id": "u"}, "value": 7, "value": 1, "unknown": null}'
    answer = world.wire.send("POST", "/v1/metrics/words/event?unknown=1", body=twice)
    assert (answer.status, answer.body["total"]) == (201, 4)
    assert world.client.users.single_metric(" padded ", "words").current == 0
