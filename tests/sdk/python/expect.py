"""Comparisons of typed SDK answers with what the contract writes down.

The SDK turns an absent key and a null into the same `None`, which the contract does not, so
presence is asked of the parsed model itself. Instants are compared as instants.
"""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from trophy.core.api_error import ApiError


def assert_fields(thing: Any, **expected: Any) -> None:
    """The named fields have exactly these values; others are not looked at."""
    actual = {name: getattr(thing, name) for name in expected}
    assert actual == expected


def sent(thing: Any, field: str) -> bool:
    """True when the answer carried the field at all, null included."""
    return field in thing.model_fields_set


def extra(thing: Any, key: str) -> Any:
    """The value of a key that the SDK's type does not know; it must be there."""
    assert key in thing.model_extra, (key, thing.model_extra)
    return thing.model_extra[key]


def instant(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def lengths(streak: Any) -> list[int]:
    return [item.length for item in streak.streak_history]


def history(streak: Any, field: str) -> dict[str, Any]:
    """One field of each history item by the first date of its period."""
    return {item.period_start: getattr(item, field) for item in streak.streak_history}


def assert_no_streak(streak: Any) -> None:
    """Length 0 nulls every date, and says so with present keys."""
    # C-STREAK-16
    nulls = ["started", "period_start", "period_end", "expires"]
    assert_fields(streak, length=0, **dict.fromkeys(nulls))
    assert all(sent(streak, name) for name in nulls), streak


def assert_inactive(streak: Any) -> None:
    """The same for the streak read, which also has an extension instant and a rank."""
    assert_no_streak(streak)
    assert streak.extended is None and sent(streak, "extended")
    assert extra(streak, "rank") is None


class refused:
    """`with refused(422, "message")`: the SDK call inside raises exactly that failure."""

    def __init__(self, status: int, message: str | None = None) -> None:
        self._status = status
        self._message = message
        self._raises = pytest.raises(ApiError)

    def __enter__(self) -> pytest.ExceptionInfo[ApiError]:
        self._info = self._raises.__enter__()
        return self._info

    def __exit__(self, *details: Any) -> bool:
        handled = self._raises.__exit__(*details)
        failure = self._info.value
        assert failure.status_code == self._status, failure
        assert list(failure.body) == ["error"] and failure.body["error"], failure
        if self._message is not None:
            assert failure.body["error"] == self._message
        return handled
