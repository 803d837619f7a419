from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cli.api_keys import expiry_of, run, scopes_of
from cli.stage import CommandFailed
from shared.adapters.memory.control import MemoryControlStore
from shared.model.api_key import Scope, split_api_key
from shared.model.canary import SYSTEM_TENANT

if TYPE_CHECKING:
    from shared.ports.control import ApiKeyStore

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


@pytest.fixture
def store() -> ApiKeyStore:
    return MemoryControlStore()


def asked(action: str, **given: Any) -> Namespace:
    return Namespace(action=action, **{"tenant": "", "scopes": "read,write", "expires": "", "key_id": "", **given})


def test_a_created_key_opens_the_door_until_it_expires(store: ApiKeyStore) -> None:
    said = run(asked("create", tenant="acme", expires="90d"), store, NOW)

    (key,) = store.list_api_keys("acme")
    parts = split_api_key(said.split("\n\n")[1])
    assert parts is not None
    assert parts[0] == key.id
    assert key.scopes == {Scope.READ, Scope.WRITE}
    assert key.accepts(parts[1], NOW + timedelta(days=89))
    assert not key.accepts(parts[1], NOW + timedelta(days=90))


def test_no_key_is_made_for_what_the_scheduler_does_for_itself(store: ApiKeyStore) -> None:
    with pytest.raises(CommandFailed, match="does for itself"):
        run(asked("create", tenant=SYSTEM_TENANT), store, NOW)

    assert store.list_api_keys(SYSTEM_TENANT) == []


def test_a_list_shows_ids_and_no_secrets(store: ApiKeyStore) -> None:
    secret = run(asked("create", tenant="acme"), store, NOW).split("\n\n")[1].partition(".")[2]

    said = run(asked("list", tenant="acme"), store, NOW)

    assert store.list_api_keys("acme")[0].id in said
    assert "active" in said
    assert secret not in said


def test_a_revoked_key_is_shown_as_revoked(store: ApiKeyStore) -> None:
    run(asked("create", tenant="acme"), store, NOW)
    (key,) = store.list_api_keys("acme")

    run(asked("revoke", key_id=key.id), store, NOW)

    assert "revoked 2026-11-21" in run(asked("list", tenant="acme"), store, NOW)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (asked("create"), "TENANT"),
        (asked("create", tenant="Acme!"), "TENANT"),
        (asked("create", tenant="acme", scopes="read,root"), "SCOPES"),
        (asked("create", tenant="acme", scopes=""), "SCOPES"),
        (asked("create", tenant="acme", expires="soon"), "EXPIRES"),
        (asked("list"), "TENANT"),
        (asked("revoke"), "KEY_ID"),
        (asked("revoke", key_id="acme_00000000"), "acme_00000000"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(store: ApiKeyStore, arguments: Namespace, named: str) -> None:
    with pytest.raises(CommandFailed, match=named):
        run(arguments, store, NOW)

    assert store.list_api_keys("acme") == []


def test_scopes_may_have_blanks_between_them() -> None:
    assert scopes_of(" read , admin ") == {Scope.READ, Scope.ADMIN}


def test_no_expiry_is_never() -> None:
    assert expiry_of("", NOW) is None
    assert expiry_of("12h", NOW) == NOW + timedelta(hours=12)
