"""What tenants say about retention, in both stores. What all that is stored so has in common: test_versioned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.adapters.dynamodb.tenant_retentions import TENANT_RETENTIONS
from shared.adapters.dynamodb.versioned import DynamoVersionedStore
from shared.adapters.memory.versioned import MemoryVersionedStore
from shared.model.errors import ItemChanged, ItemNotFound
from shared.model.lifecycle import Status
from shared.model.tenant_retention import ENDS, TenantRetention
from tests.aws import CONTROL_TABLE, aws, client, create_tables
from tests.jobs import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.versioned import VersionedStore

SAID = TenantRetention.unsaid("acme").saying(dict.fromkeys(ENDS, 7), by="key-1", now=at(1.125))


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[VersionedStore[TenantRetention]]:
    if request.param == "memory":
        yield MemoryVersionedStore[TenantRetention]("retention")
        return
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        yield DynamoVersionedStore(dynamodb, CONTROL_TABLE, TENANT_RETENTIONS)


def test_it_is_read_as_it_was_put_with_all_its_changes(store: VersionedStore[TenantRetention]) -> None:
    changed = SAID.saying({Status.FAILED: 90}, by="key-2", now=at(2)).saying({}, by="key-3", now=at(3))
    between = SAID.saying({Status.FAILED: 90}, by="key-2", now=at(2))

    assert store.create(SAID).item == SAID
    store.replace(between)
    store.replace(changed)

    assert store.get("acme", SAID.id) == changed
    assert list(store.all_of("acme")) == [changed]


def test_of_two_who_are_the_first_to_say_something_one_is(store: VersionedStore[TenantRetention]) -> None:
    other = (
        TenantRetention.unsaid("acme")
        .saying({}, by="key-2", now=at(1))
        .saying({Status.FAILED: 1}, by="key-2", now=at(1))
    )
    store.create(SAID)

    creation = store.create(other)

    assert (creation.item, creation.created) == (SAID, False)


def test_a_change_of_what_another_has_changed_is_refused(store: VersionedStore[TenantRetention]) -> None:
    store.create(SAID)
    store.replace(SAID.saying({}, by="key-2", now=at(2)))

    with pytest.raises(ItemChanged):
        store.replace(SAID.saying({Status.FAILED: 1}, by="key-3", now=at(2)))


def test_who_says_nothing_has_none(store: VersionedStore[TenantRetention]) -> None:
    store.create(SAID)

    with pytest.raises(ItemNotFound):
        store.get("other", SAID.id)
