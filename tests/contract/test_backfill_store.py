"""`ports.backfills`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.backfills import DynamoBackfillStore
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.adapters.memory.backfills import MemoryBackfillStore
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.model.backfill import Backfill, BackfillOnly, BackfillOrder, BackfillSpec, BackfillStatus
from shared.model.errors import BackfillChanged, BackfillNotFound
from shared.model.lanes import Priority
from shared.ports.templates import ExpandEntry, Planned
from tests.aws import TEMPLATES_TABLE, aws, client, create_tables
from tests.templates import TENANT, minutes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.backfills import BackfillStore
    from shared.ports.templates import TemplateStore

SPEC = BackfillSpec(template_id="t1", template_version=3, since=minutes(0), until=minutes(9))


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Iterator[tuple[BackfillStore, TemplateStore]]:
    if request.param == "memory":
        templates = MemoryTemplateStore()
        yield MemoryBackfillStore(templates), templates
        return
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        yield DynamoBackfillStore(dynamodb, TEMPLATES_TABLE), DynamoTemplateStore(dynamodb, TEMPLATES_TABLE)


@pytest.fixture
def store(stores: tuple[BackfillStore, TemplateStore]) -> BackfillStore:
    return stores[0]


def a_backfill(number: int = 1, **facts: Any) -> Backfill:
    facts = {"tenant": TENANT, "spec": SPEC, "created_at": minutes(60), "created_by": "key", "total": 10, **facts}
    return Backfill(id=f"{number:024d}", **facts)


FULL = a_backfill(
    spec=replace(
        SPEC,
        only=BackfillOnly.FAILED,
        order=BackfillOrder.NEWEST_FIRST,
        per_minute=7,
        at_once=3,
        priority=Priority.HIGH,
    ),
    status=BackfillStatus.ABORTED,
    revision=4,
    position=minutes(3),
    is_complete=True,
    made=5,
    passed_over=2,
    succeeded=1,
    failed=1,
    open=("a", "b", "c"),
    ended_at=minutes(70),
    note="é 🕰",
    fingerprint="f" * 32,
    step_at=minutes(61),
    step_shard=5,
    expire_item_at=minutes(99),
)


@pytest.mark.parametrize("backfill", [a_backfill(), FULL], ids=["plain", "full"])
def test_a_backfill_is_read_as_it_was_put(store: BackfillStore, backfill: Backfill) -> None:
    assert store.create_backfill(backfill) == backfill
    assert store.get_backfill(TENANT, backfill.id) == backfill


def test_a_backfill_is_never_put_over_another(store: BackfillStore) -> None:
    first = store.create_backfill(a_backfill())

    assert store.create_backfill(a_backfill(total=99)) == first


def test_there_is_no_backfill_of_another_tenant(store: BackfillStore) -> None:
    store.create_backfill(a_backfill())

    with pytest.raises(BackfillNotFound):
        store.get_backfill("other", a_backfill().id)


def test_a_backfill_is_replaced_at_the_revision_that_was_seen(store: BackfillStore) -> None:
    first = store.create_backfill(a_backfill())
    step = replace(first, revision=2, made=3)

    store.replace_backfill(step)
    store.replace_backfill(step)  # its own, sent twice
    with pytest.raises(BackfillChanged):
        store.replace_backfill(replace(first, revision=2, made=4))
    with pytest.raises(BackfillChanged):
        store.replace_backfill(a_backfill(9, revision=2))

    assert store.get_backfill(TENANT, first.id) == step


@pytest.mark.parametrize("limit", [1, 2, 3, 9])
def test_lists_are_newest_first_and_pages_hold_each_once(store: BackfillStore, limit: int) -> None:
    for number in range(1, 7):
        store.create_backfill(a_backfill(number))
    store.create_backfill(a_backfill(8, tenant="other"))
    found: list[str] = []
    before = None

    while page := store.list_backfills(TENANT, before=before, limit=limit):
        assert len(page) <= limit
        found += [one.id for one in page]
        before = page[-1].id

    assert found == [f"{number:024d}" for number in range(6, 0, -1)]


def test_a_backfill_is_due_in_the_expand_index_as_long_as_it_has_a_next_step(
    stores: tuple[BackfillStore, TemplateStore],
) -> None:
    store, templates = stores
    first = store.create_backfill(a_backfill(step_at=minutes(61), step_shard=5))

    before = templates.to_expand(5, until=minutes(60), after=None, limit=9).entries
    due = templates.to_expand(5, until=minutes(61), after=None, limit=9).entries
    store.replace_backfill(replace(first, revision=2, step_at=None))
    done = templates.to_expand(5, until=minutes(99), after=None, limit=9).entries

    assert (list(before), list(done)) == ([], [])
    assert list(due) == [ExpandEntry(minutes(61), TENANT, Planned.BACKFILL, first.id)]
