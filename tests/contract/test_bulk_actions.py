"""`ports.bulk_actions`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.bulk_actions import DynamoBulkActions
from shared.adapters.memory.bulk_actions import MemoryBulkActions
from shared.model.bulk_action import BulkKind, BulkStatus, DeadLetterFilter, Refusal, ended
from shared.model.errors import ItemChanged, ItemNotFound, StoreUnavailable
from shared.ports.bulk_actions import BulkStep
from tests.aws import CONTROL_TABLE, aws, client, create_tables
from tests.bulk_actions import a_bulk_action
from tests.jobs import TENANT, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.bulk_action import BulkAction
    from shared.ports.bulk_actions import BulkActionStore

DETAILED = replace(
    a_bulk_action(
        kind=BulkKind.REDRIVE,
        wanted=DeadLetterFilter(
            fingerprint="0123456789",
            template_id="t1",
            target="http:example.com:443",
            error_type="http_503",
            tags={"team": "é"},
            failed_from=at(1.125),
            job_ids=("a", "b"),
        ),
        rate_per_second=0.5,
        has_canary=True,
        payload_patch={"a": {"b": None}},
        may_begin_again=True,
        reason="the upstream is back",
    ),
    page=("a",),
    position="1772366400000#0123456789#b8d1f4h7",
    is_complete=True,
    matched=4,
    done=1,
    refused=1,
    failed=1,
    refusals=(Refusal(job_id="c", why="scheduled"),),
    canary_job_id="a",
    next_slot_at=at(1_000.25),
    note="é",
    fingerprint="f",
)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[BulkActionStore]:
    if request.param == "memory":
        yield MemoryBulkActions()
        return
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        yield DynamoBulkActions(dynamodb, CONTROL_TABLE)


def next_version(action: BulkAction, **changes: object) -> BulkAction:
    return replace(action, version=action.version + 1, **changes)


@pytest.mark.parametrize(
    "action",
    [
        a_bulk_action(),
        DETAILED,
        ended(DETAILED, BulkStatus.ABORTED, now=at(1_001), retention=timedelta(days=30), note="by a client"),
    ],
    ids=["plain", "detailed", "ended"],
)
def test_what_was_put_is_read_as_it_was(store: BulkActionStore, action: BulkAction) -> None:
    assert store.create_bulk_action(action) == action

    assert store.get_bulk_action(TENANT, action.id) == action
    assert list(store.list_bulk_actions(TENANT, before=None, limit=9)) == [action]


def test_only_the_first_of_an_id_is_created(store: BulkActionStore) -> None:
    store.create_bulk_action(a_bulk_action())

    assert store.create_bulk_action(a_bulk_action(reason="another")) == a_bulk_action()
    assert store.get_bulk_action(TENANT, "bulk1") == a_bulk_action()


def test_nobody_reads_another_tenants(store: BulkActionStore) -> None:
    store.create_bulk_action(a_bulk_action())

    assert list(store.list_bulk_actions("acme-2", before=None, limit=9)) == []
    with pytest.raises(ItemNotFound):
        store.get_bulk_action("acme-2", "bulk1")


def test_only_the_next_version_takes_the_place_of_one(store: BulkActionStore) -> None:
    first = store.create_bulk_action(a_bulk_action())
    second = next_version(first, done=1)

    store.replace_bulk_action(second)

    assert store.get_bulk_action(TENANT, first.id) == second
    with pytest.raises(ItemChanged):
        store.replace_bulk_action(next_version(first, done=2))
    assert store.get_bulk_action(TENANT, first.id) == second


def test_the_very_same_write_counts_as_done_when_it_comes_twice(store: BulkActionStore) -> None:
    second = next_version(store.create_bulk_action(a_bulk_action()), done=1)

    store.replace_bulk_action(second)
    store.replace_bulk_action(second)

    assert store.get_bulk_action(TENANT, second.id) == second


def test_one_that_is_not_there_is_not_replaced(store: BulkActionStore) -> None:
    with pytest.raises(ItemChanged):
        store.replace_bulk_action(next_version(a_bulk_action()))


def test_they_are_listed_a_page_at_a_time(store: BulkActionStore) -> None:
    for name in ("b2", "b1", "b3"):
        store.create_bulk_action(a_bulk_action(action_id=name))

    first = store.list_bulk_actions(TENANT, before=None, limit=2)
    rest = store.list_bulk_actions(TENANT, before=first[-1].id, limit=2)

    assert [one.id for one in first] == ["b3", "b2"]
    assert [one.id for one in rest] == ["b1"]


def test_a_page_is_whole_though_its_actions_are_large(store: BulkActionStore) -> None:
    """DynamoDB ends the answer to a query at a megabyte."""
    names = [f"b{number}" for number in range(6)]
    for name in names:
        store.create_bulk_action(a_bulk_action(action_id=name, payload_patch={"text": "x" * 200_000}))

    found = store.list_bulk_actions(TENANT, before=None, limit=5)

    assert [one.id for one in found] == sorted(names, reverse=True)[:5]


def test_those_that_are_to_go_on_are_found_by_their_time(store: BulkActionStore) -> None:
    for name, seconds in (("late", 60.001), ("first", 30), ("second", 60)):
        store.create_bulk_action(replace(a_bulk_action(action_id=name), step_at=at(seconds)))

    steps = list(store.steps(until=at(60), limit=9))

    assert steps == [BulkStep(at(30), TENANT, "first"), BulkStep(at(60), TENANT, "second")]
    assert list(store.steps(until=at(60), limit=1)) == steps[:1]
    assert list(store.steps(until=at(60), limit=9, after=steps[0])) == steps[1:]
    assert list(store.steps(until=at(60), limit=9, after=steps[-1])) == []


def test_the_steps_of_a_tenant_are_its_own_due_or_not(store: BulkActionStore) -> None:
    mine = [store.create_bulk_action(a_bulk_action(action_id=name)) for name in ("one", "two")]
    store.create_bulk_action(a_bulk_action(tenant="other"))

    steps = store.steps_of(TENANT)

    assert [(step.step_at, step.tenant, step.action_id) for step in steps] == [
        (one.step_at, TENANT, one.id) for one in mine
    ]


def test_a_step_is_found_until_it_is_forgotten(store: BulkActionStore) -> None:
    action = store.create_bulk_action(a_bulk_action())
    store.replace_bulk_action(next_version(action, step_at=None))
    (step,) = store.steps(until=at(9_999), limit=9)

    store.forget_step(step)
    store.forget_step(step)

    assert list(store.steps(until=at(9_999), limit=9)) == []


def test_an_action_that_is_over_goes_by_itself() -> None:
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        store = DynamoBulkActions(dynamodb, CONTROL_TABLE)
        over = ended(a_bulk_action(), BulkStatus.DONE, now=at(1_000.5), retention=timedelta(days=1))

        store.create_bulk_action(over)

        items = dynamodb.scan(TableName=CONTROL_TABLE)["Items"]
        assert [item[schema.TTL]["N"] for item in items] == [str(int(at(1_000 + 86_400).timestamp()))]


def test_a_store_that_does_not_answer_is_unavailable() -> None:
    with aws():
        store = DynamoBulkActions(client("dynamodb"), "no-such-table")
        for call in (
            lambda: store.get_bulk_action(TENANT, "x"),
            lambda: store.create_bulk_action(a_bulk_action()),
            lambda: store.steps(until=at(0), limit=1),
        ):
            with pytest.raises(StoreUnavailable):
                call()
