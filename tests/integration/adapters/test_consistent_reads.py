"""What a decision rests on is read consistently. Simulated tables have no copies that lag: the calls are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.checkpoints import DynamoCheckpoints
from shared.model.api_key import Scope, mint_api_key
from shared.model.lanes import DueShard, Lane
from shared.ports.jobs import DueEntry
from tests.aws import JOBS_TABLE
from tests.jobs import START, a_job, at

if TYPE_CHECKING:
    from shared.adapters.dynamodb.control import DynamoControlStore
    from shared.adapters.dynamodb.jobs import DynamoJobStore

SHARD = DueShard(Lane.NORMAL, 1)
PAYLOAD = b'"' + b"x" * 2_000 + b'"'


@pytest.fixture
def reads(dynamodb: Any) -> list[tuple[str, bool]]:
    """Each read from now on: the operation, and whether it is a consistent one."""
    reads: list[tuple[str, bool]] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        parts = (params, *params.get("RequestItems", {}).values())
        asked = [part["ConsistentRead"] for part in parts if "ConsistentRead" in part]
        reads.append((model.name, asked == [True]))

    for operation in ("GetItem", "BatchGetItem", "Query"):
        dynamodb.meta.events.register(f"provide-client-params.dynamodb.{operation}", note)
    return reads


def test_a_job_and_its_payload_are_read_consistently(store: DynamoJobStore, reads: list[tuple[str, bool]]) -> None:
    job = store.create(store.place_payload(a_job(payload=PAYLOAD))).job

    store.get(job.key)
    store.load_payload(job)

    assert reads == [("GetItem", True), ("GetItem", True)]


def test_a_checkpoint_is_read_consistently(dynamodb: Any, reads: list[tuple[str, bool]]) -> None:
    DynamoCheckpoints(dynamodb, JOBS_TABLE, lambda: None, "").load(a_job().key)

    assert reads == [("GetItem", True)]


@pytest.mark.parametrize("consistent", [True, False])
def test_many_jobs_are_read_as_they_are_asked_for(
    store: DynamoJobStore, reads: list[tuple[str, bool]], consistent: bool
) -> None:
    store.get_many([a_job().key], consistent=consistent)

    assert reads == [("BatchGetItem", consistent)]


def test_cursors_are_read_consistently_and_so_is_whose_the_stored_one_is(
    control: DynamoControlStore, reads: list[tuple[str, bool]]
) -> None:
    entry = DueEntry(at(1), "acme", "job-1")
    control.advance_tick(SHARD, seen=None, to=entry)

    control.tick_cursors()
    control.sweep_cursors()
    control.advance_tick(SHARD, seen=None, to=entry)

    assert reads == [("Query", True), ("Query", True), ("GetItem", True)]


def test_a_key_is_read_consistently(control: DynamoControlStore, reads: list[tuple[str, bool]]) -> None:
    key, _ = mint_api_key(
        tenant="acme", scopes=frozenset({Scope.READ}), random_id="k3y000000001", secret="secret", now=START
    )
    control.put_api_key(key)

    control.get_api_key(key.id)

    assert reads == [("GetItem", True)]


def test_cursors_that_come_in_pages_are_all_read(control: DynamoControlStore, dynamodb: Any) -> None:
    cursors = {DueShard(Lane.NORMAL, number): DueEntry(at(number), "acme", "job-1") for number in range(3)}
    for shard, entry in cursors.items():
        control.advance_tick(shard, seen=None, to=entry)

    def one_by_one(params: dict[str, Any], **_: Any) -> None:
        params["Limit"] = 1

    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", one_by_one)

    assert control.tick_cursors() == cursors


def test_a_page_that_would_begin_behind_its_end_is_not_asked_for(store: DynamoJobStore, dynamodb: Any) -> None:
    # AWS refuses a start key outside of the key condition; simulated tables do not mind.
    def never(**_: Any) -> None:
        raise AssertionError("a query was sent")

    dynamodb.meta.events.register("before-call.dynamodb.Query", never)

    page = store.due(SHARD, until=at(1), after=DueEntry(at(2), "acme", "job-1"), limit=10)

    assert (list(page.entries), page.next) == ([], None)
