"""`ports.checkpoints.CheckpointStore`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.checkpoints import DynamoCheckpoints
from shared.adapters.memory.checkpoints import MemoryCheckpoints
from shared.model import limits
from shared.model.checkpoint import Checkpoint
from shared.model.job import JobKey
from tests.aws import BUCKET, JOBS_TABLE, aws, client, create_bucket, create_tables
from tests.jobs import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.checkpoints import CheckpointStore

KEY = JobKey("acme", "job-1")
FIRST = Checkpoint(b'{"page":1}', number=3, attempt=1, saved_at=at(1), expire_item_at=at(90_000))
SMALLEST_LARGE = b'"' + b"x" * (limits.INLINE_CHECKPOINT_BYTES - 1) + b'"'


@pytest.fixture(params=["memory", "dynamodb"])
def checkpoints(request: pytest.FixtureRequest) -> Iterator[CheckpointStore]:
    if request.param == "memory":
        yield MemoryCheckpoints()
        return
    with aws():
        create_tables(client("dynamodb"))
        create_bucket(client("s3"))
        yield on_aws()


def on_aws() -> DynamoCheckpoints:
    return DynamoCheckpoints(client("dynamodb"), JOBS_TABLE, lambda: client("s3"), BUCKET)


def later(checkpoint: Checkpoint, **changes: Any) -> Checkpoint:
    return replace(checkpoint, **{"data": b'{"page":2}', "number": checkpoint.number + 1, **changes})


def test_a_job_without_a_checkpoint_has_none(checkpoints: CheckpointStore) -> None:
    assert checkpoints.load(KEY) is None


@pytest.mark.parametrize(
    "data",
    [b"null", '"grün"'.encode(), SMALLEST_LARGE[:-2] + b'"', SMALLEST_LARGE, b'"' + b"x" * 190_000 + b'"'],
    ids=lambda data: f"{len(data)} bytes",
)
def test_a_checkpoint_is_read_as_it_was_saved(checkpoints: CheckpointStore, data: bytes) -> None:
    saved = replace(FIRST, data=data)

    assert checkpoints.save(KEY, saved)
    assert checkpoints.load(KEY) == saved


def test_every_job_of_every_tenant_has_its_own(checkpoints: CheckpointStore) -> None:
    checkpoints.save(KEY, FIRST)

    assert checkpoints.load(JobKey("acme", "job-2")) is None
    assert checkpoints.load(JobKey("initech", "job-1")) is None


@pytest.mark.parametrize(
    "second",
    [
        later(FIRST),
        # By a clock that is behind.
        later(FIRST, saved_at=at(0)),
        later(FIRST, number=9, attempt=2),
        later(FIRST, data=b"x" * 9_000),
    ],
)
def test_a_later_checkpoint_takes_its_place(checkpoints: CheckpointStore, second: Checkpoint) -> None:
    checkpoints.save(KEY, FIRST)

    assert checkpoints.save(KEY, second)
    assert checkpoints.load(KEY) == second


@pytest.mark.parametrize("second", [later(FIRST, number=2), later(FIRST, number=1, saved_at=at(9))])
def test_one_that_comes_late_changes_nothing(checkpoints: CheckpointStore, second: Checkpoint) -> None:
    checkpoints.save(KEY, FIRST)

    assert not checkpoints.save(KEY, second)
    assert checkpoints.load(KEY) == FIRST


def test_a_large_one_of_an_attempt_that_was_overtaken_changes_nothing(checkpoints: CheckpointStore) -> None:
    newest = replace(FIRST, data=SMALLEST_LARGE, number=4)
    checkpoints.save(KEY, newest)

    assert not checkpoints.save(KEY, replace(newest, data=b'"late' + b"y" * 9_000 + b'"', number=3))
    assert checkpoints.load(KEY) == newest


def test_saving_the_same_again_changes_nothing(checkpoints: CheckpointStore) -> None:
    assert checkpoints.save(KEY, FIRST)
    assert checkpoints.save(KEY, FIRST)
    assert checkpoints.load(KEY) == FIRST


def test_one_whose_object_has_gone_with_its_time_is_none() -> None:
    with aws():
        create_tables(client("dynamodb"))
        create_bucket(client("s3"))
        on_aws().save(KEY, replace(FIRST, data=SMALLEST_LARGE))
        client("s3").delete_object(Bucket=BUCKET, Key="checkpoints/acme/job-1/3")

        assert on_aws().load(KEY) is None


def test_its_item_lies_beside_the_job_and_goes_by_itself() -> None:
    with aws():
        create_tables(client("dynamodb"))
        on_aws().save(KEY, FIRST)

        (item,) = client("dynamodb").scan(TableName=JOBS_TABLE)["Items"]
        assert (item["pk"], item["sk"]) == ({"S": "acme#job-1"}, {"S": "checkpoint"})
        assert item["ttl"] == {"N": str(int(at(90_000).timestamp()))}
        assert "status" not in item
