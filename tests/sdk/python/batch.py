"""What every batch operation of the Admin API has in common.

Issues as plain values, and the two conventions that each resource is put through: reading by
id refuses what is unknown, and deleting archives exactly once.
"""

from __future__ import annotations

from expect import refused
from untouched import UNKNOWN


def issue(index=None, id=None, message=None):
    """What an error issue must say; `index` is on every issue of an array request."""
    return {"index": index, "id": id, "severity": "error", "message": message}


def issues(answer):
    return [
        {"index": i.index, "id": i.id, "severity": i.severity, "message": i.message}
        for i in answer.issues
    ]


def assert_gone(resource, record_id, thing, *path):
    """Deleting works once, then the record is neither readable nor deletable again."""
    # C-GEN-31, C-GEN-32, C-ADM-17, C-ADM-19
    first = resource.delete(*path, ids=[record_id, "nonsense", UNKNOWN])
    assert [item.id for item in first.deleted] == [record_id]
    assert issues(first) == [
        issue(1, "nonsense", "id must be a valid UUID"),
        issue(2, UNKNOWN, f"{thing} not found by ID"),
    ]
    with refused(404):
        resource.get(*path, record_id)
    again = resource.delete(*path, ids=[record_id])
    assert again.deleted == []
    assert issues(again) == [issue(0, record_id, f"{thing} not found by ID")]


def assert_get_refuses(resource, *path):
    # C-GEN-31, C-ADM-18
    with refused(404):
        resource.get(*path, UNKNOWN)
    with refused(422):
        resource.get(*path, "nonsense")
