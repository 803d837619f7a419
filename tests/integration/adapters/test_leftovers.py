"""What lies beside a job's item, in the table and in the bucket, and what of it is removed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.checkpoints import DynamoCheckpoints
from shared.adapters.dynamodb.codec import item_key
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.leftovers import StoredLeftovers
from shared.adapters.outputs import BucketOutputs
from shared.model import limits, moves
from shared.model.checkpoint import Checkpoint
from shared.model.errors import StoreUnavailable
from tests.aws import BUCKET, JOBS_TABLE, aws, client, create_bucket, create_tables
from tests.jobs import RETENTION, SHARDING, a_job, after, at, claimed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from shared.model.job import Job

MEDIUM = b'"' + b"x" * 2_000 + b'"'
LARGE = b'"' + b"x" * limits.TABLE_PAYLOAD_BYTES + b'"'
GONE = at(1_000)


@dataclass
class Data:
    """The table and the bucket, and what is in them."""

    dynamodb: Any
    s3: Any

    @property
    def jobs(self) -> DynamoJobStore:
        return DynamoJobStore(self.dynamodb, JOBS_TABLE, lambda: self.s3, BUCKET)

    @property
    def checkpoints(self) -> DynamoCheckpoints:
        return DynamoCheckpoints(self.dynamodb, JOBS_TABLE, lambda: self.s3, BUCKET)

    @property
    def outputs(self) -> BucketOutputs:
        return BucketOutputs(lambda: self.s3, BUCKET)

    def create(self, job: Job) -> Job:
        return self.jobs.create(self.jobs.place_payload(job)).job

    def remove_item(self, job: Job) -> None:
        self.dynamodb.delete_item(TableName=JOBS_TABLE, Key=item_key(job.key))

    def remove(self, job: Job, *, put_before: datetime = GONE) -> int:
        leftovers = StoredLeftovers(self.dynamodb, JOBS_TABLE, lambda: self.s3, BUCKET)
        return leftovers.remove(job, put_before=put_before)

    def left(self) -> list[str]:
        """Sort keys of items and names of objects, their kinds alone."""
        items = self.dynamodb.scan(TableName=JOBS_TABLE)["Items"]
        objects = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        names = [item["sk"]["S"] for item in items] + [one["Key"].partition("/")[0] for one in objects]
        return sorted(name.partition("#")[0] for name in names)


@pytest.fixture
def data() -> Iterator[Data]:
    with aws():
        dynamodb, s3 = client("dynamodb"), client("s3")
        create_tables(dynamodb)
        create_bucket(s3)
        yield Data(dynamodb, s3)


def with_checkpoint(data: Data, job: Job, size: int) -> Job:
    saved = Checkpoint(b'"' + b"x" * size + b'"', number=1, attempt=1, saved_at=at(5), expire_item_at=at(9_000))
    assert data.checkpoints.save(job.key, saved)
    return replace(job, checkpoint_at=at(5))


@pytest.mark.parametrize(("payload", "kind"), [(MEDIUM, "payload"), (LARGE, "payloads")])
def test_the_payload_of_a_job_goes_with_its_item(data: Data, payload: bytes, kind: str) -> None:
    job = data.create(a_job(payload=payload))
    data.remove_item(job)
    assert data.left() == [kind]

    assert data.remove(job) == 1

    assert data.left() == []


def test_removing_twice_removes_nothing_more(data: Data) -> None:
    job = data.create(a_job(payload=MEDIUM))
    data.remove_item(job)

    assert (data.remove(job), data.remove(job)) == (1, 0)


@pytest.mark.parametrize("payload", [MEDIUM, LARGE])
def test_a_payload_that_an_edit_replaced_goes_as_well(data: Data, payload: bytes) -> None:
    job = data.create(a_job(payload=payload))
    placed = data.jobs.place_payload(a_job(payload=payload.replace(b"x", b"y"))).payload
    data.jobs.change(job.key, moves.edit(job, {"payload": placed}, now=at(1), sharding=SHARDING))
    edited = data.jobs.get(job.key)
    data.remove_item(job)

    assert data.remove(edited) == 2

    assert data.left() == []


@pytest.mark.parametrize("size", [10, limits.INLINE_CHECKPOINT_BYTES])
def test_the_checkpoint_goes(data: Data, size: int) -> None:
    job = with_checkpoint(data, claimed(), size)

    data.remove(job)

    assert data.left() == []


def test_the_outputs_go(data: Data) -> None:
    running = claimed()
    output = data.outputs.keep(running, b"x" * 5_000)
    job = after(running, moves.succeed(running, output=output, now=at(1), retention=RETENTION))

    assert data.remove(job) == 1

    assert data.left() == []


@pytest.mark.parametrize("payload", [MEDIUM, LARGE])
def test_nothing_is_taken_from_a_job_that_has_the_id_again(data: Data, payload: bytes) -> None:
    old = data.create(a_job(payload=payload))
    data.remove_item(old)
    again = data.create(a_job(payload=payload, now=at(2_000)))

    assert data.remove(old) == 0

    assert data.jobs.load_payload(again) == payload


@pytest.mark.parametrize("payload", [MEDIUM, LARGE])
def test_the_payload_of_a_job_that_is_about_to_be_created_under_the_id_stays(data: Data, payload: bytes) -> None:
    old = data.create(a_job(payload=payload))
    data.remove_item(old)
    next_one = data.jobs.place_payload(a_job(payload=payload, now=at(2_000)))

    data.remove(old)

    assert data.jobs.load_payload(data.jobs.create(next_one).job) == payload


def test_what_belongs_to_others_stays(data: Data) -> None:
    mine = data.create(a_job(payload=MEDIUM))
    for other in (a_job(tenant="other", payload=MEDIUM), a_job(job_id="another", payload=LARGE)):
        data.create(other)
    data.remove_item(mine)

    data.remove(mine)

    assert data.left() == ["job", "job", "payload", "payloads"]


def test_an_object_that_an_execution_names_outside_of_its_job_s_folder_stays(data: Data) -> None:
    running = claimed()
    theirs = data.outputs.keep(claimed(a_job(tenant="other")), b"x" * 5_000)
    job = after(running, moves.succeed(running, output=theirs, now=at(1), retention=RETENTION))

    assert data.remove(job) == 0

    assert data.left() == ["outputs"]


def test_more_objects_go_than_one_call_lists_or_may_name(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    running = claimed()
    output = data.outputs.keep(running, b"x" * 5_000)
    job = after(running, moves.succeed(running, output=output, now=at(1), retention=RETENTION))
    often_edited = replace(job, version=job.version + 1_001)
    for number in range(1_001):
        data.s3.put_object(Bucket=BUCKET, Key=f"payloads/{job.tenant}/{job.id}/0-{number}", Body=b"1")
    delete_objects = data.s3.delete_objects

    def delete_as_many_as_s3_takes(**wanted: Any) -> Any:
        # moto takes any number; S3 refuses more than a thousand as malformed XML.
        assert len(wanted["Delete"]["Objects"]) <= 1_000
        return delete_objects(**wanted)

    monkeypatch.setattr(data.s3, "delete_objects", delete_as_many_as_s3_takes)

    assert data.remove(often_edited) == 1_002

    assert data.left() == []


def test_an_object_that_could_not_be_removed_is_no_object_removed(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    job = data.create(a_job(payload=LARGE))
    data.remove_item(job)
    refused = {"Errors": [{"Key": job.payload.ref, "Code": "SlowDown", "Message": "Please reduce your request rate."}]}
    monkeypatch.setattr(data.s3, "delete_objects", lambda **_: refused)

    with pytest.raises(StoreUnavailable, match="SlowDown"):
        data.remove(job)
