"""Application keys through the SDK, admin keys over HTTP: who is let in, and who is not any more."""

from __future__ import annotations

import pytest
from trophy import CreateApplicationKeyRequestItem, UpsertedUser
from trophy.errors import ForbiddenError, UnauthorizedError

from batch import issues
from process import ADMIN_KEY
from untouched import UNKNOWN

WRONG = "nobody01.0123456789abcdef"


@pytest.fixture
def keyed(study):
    """A world where `ann` and `bob` have done something, and a client with a key of `ann`."""
    world, _ = study
    for user in ["ann", "bob"]:
        world.event("cards", user, 10)
    made = world.admin.application_api_keys.create(
        request=[CreateApplicationKeyRequestItem(user_id="ann")]
    )
    return world, made.created[0], world.client_with(made.created[0].key)


def test_a_key_acts_for_its_user(keyed):
    # C-AUTH-17, C-AUTH-18, C-AUTH-21, C-ADM-98
    _, made, ann = keyed
    assert made.user_id == "ann"
    assert made.key.startswith(made.prefix + ".") and made.prefix.startswith("app_")
    event = ann.metrics.event("cards", user=UpsertedUser(id="ann", name="Ann"), value=1)
    assert event.total == 11
    assert ann.users.get("ann").name == "Ann"
    assert ann.users.streak("ann").length == 1
    assert ann.achievements.complete("tour", user=UpsertedUser(id="ann")).completion_id
    assert [streak.user_id for streak in ann.streaks.list(user_ids=["ann"])] == ["ann"]
    assert len(ann.achievements.all_()) > 0
    assert ann.points.system("xp").key == "xp"


def test_a_key_is_nobody_elses(keyed):
    # C-AUTH-20
    world, _, ann = keyed
    for other in ["bob", "nobody"]:
        for forbidden in [
            lambda: ann.users.get(other),
            lambda: ann.users.identify(other, name="Mallory"),
            lambda: ann.users.points(other, "xp"),
            lambda: ann.users.create(id=other),
            lambda: ann.metrics.event("cards", user=UpsertedUser(id=other), value=1),
            lambda: ann.achievements.complete("tour", user=UpsertedUser(id=other)),
            lambda: ann.streaks.list(user_ids=["ann", other]),
        ]:
            with pytest.raises(Exception) as refused:
                forbidden()
            assert refused.value.status_code == 403
    assert world.client.users.get("bob").name is None
    assert world.client.users.single_metric("bob", "cards").current == 10


def test_the_admin_api_refuses_it(keyed):
    # C-AUTH-19
    _, made, ann = keyed
    with pytest.raises(UnauthorizedError):
        ann.admin.metrics.list()
    with pytest.raises(ForbiddenError):
        ann.admin.application_api_keys.create(
            request=[CreateApplicationKeyRequestItem(user_id="ann")]
        )
    with pytest.raises(ForbiddenError):
        ann.admin.application_api_keys.delete(ids=[made.id])


def test_keys_are_deleted_at_once_and_for_good(keyed):
    # C-AUTH-12, C-AUTH-22, C-ADM-99, C-ADM-100
    world, made, ann = keyed
    keys = world.admin.application_api_keys
    deleted = keys.delete(ids=[made.id, "nonsense", UNKNOWN])
    assert [item.id for item in deleted.deleted] == [made.id]
    assert [issue["message"] for issue in issues(deleted)] == [
        "id must be a valid UUID",
        "Application API key not found by ID",
    ]
    with pytest.raises(UnauthorizedError):
        ann.users.get("ann")
    refused = keys.create(request=[CreateApplicationKeyRequestItem(user_id="nobody")])
    assert refused.created == []
    assert refused.issues[0].message == "User does not exist"
    assert refused.issues[0].user_id == "nobody"


def test_keys_survive_a_kill(keyed):
    # C-AUTH-22
    world, made, _ = keyed
    world.server.kill()
    world.server.start()
    again = type(world)(world.server)
    ann = again.client_with(made.key)
    assert ann.users.get("ann").id == "ann"
    again.admin.application_api_keys.delete(ids=[made.id])
    again.server.kill()
    again.server.start()
    with pytest.raises(UnauthorizedError):
        type(world)(world.server).client_with(made.key).users.get("ann")


def test_admin_keys_live_and_die(world):
    # C-AUTH-05, C-AUTH-09, C-AUTH-10, C-AUTH-11, C-AUTH-12
    def call(method, path="", value=None):
        return world.wire.send(method, f"/admin/v1/api-keys{path}", value).body

    def works(key):
        try:
            client = world.client_with(key)
            return client.admin.metrics.list() == [] and client.achievements.all_() == []
        except UnauthorizedError:
            return False

    made = call("POST", value=[{"name": "CI"}])["created"][0]
    assert works(made["key"])
    assert call("POST", f"/{made['id']}/revoke")["status"] == "inactive"
    assert not works(made["key"])
    assert call("POST", f"/{made['id']}/activate")["status"] == "active"
    assert works(made["key"])
    rotated = call("POST", f"/{made['id']}/rotate")
    assert not works(made["key"]) and works(rotated["key"])
    call("DELETE", f"/{made['id']}")
    assert not works(rotated["key"])
    assert works(ADMIN_KEY)


def test_guessing_is_limited(world):
    # C-AUTH-27
    guesses = [world.wire.get("/v1/achievements", key=WRONG) for _ in range(101)]
    assert [guess.status for guess in guesses] == [401] * 100 + [429]
    assert guesses[-1].headers["retry-after"] == "1"
    assert world.client.achievements.all_() == []
    world.clock.by(1)
    assert world.wire.get("/v1/achievements", key=WRONG).status == 401
