"""What becomes of jobs that have ended, on the running system."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.codec import item_key, partition_key
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.system import SystemClock, SystemIds
from shared.model import limits, moves
from shared.model.change import applied
from shared.model.job import Job, JobKey, JobSpec, Sharding, new_job
from shared.model.retention import Retention

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.receiver import Receiver
    from local.system import LocalSystem
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e

TENANT = "demo"


def wait_for(found: Callable[[], Any], seconds: float = 60) -> Any:
    """What `found` returns, as soon as that is something."""
    give_up = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < give_up, f"nothing after {seconds} s"
        time.sleep(0.5)
    return result


def archived_lines(system: LocalSystem, job_id: str) -> list[dict[str, Any]]:
    """Every line of the archive about a job."""
    s3, bucket = system.client("s3"), system.outputs["DataBucket"]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"archive/tenant={TENANT}/").get("Contents", [])
    bodies = [s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed]
    lines = [json.loads(line) for body in bodies for line in gzip.decompress(body).decode().splitlines()]
    return [line for line in lines if line["id"] == job_id]


def remove_item(system: LocalSystem, key: JobKey) -> None:
    """What the table does by itself when a job's time is over."""
    system.client("dynamodb").delete_item(TableName=system.outputs["JobsTable"], Key=item_key(key))


def left_of(system: LocalSystem, key: JobKey) -> list[str]:
    """What lies beside a job: sort keys of items and names of objects."""
    answer = system.client("dynamodb").query(
        TableName=system.outputs["JobsTable"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition_key(key)}},
        ConsistentRead=True,
    )
    objects = system.client("s3").list_objects_v2(Bucket=system.outputs["DataBucket"], Prefix="payloads/")
    names = [one["Key"] for one in objects.get("Contents", []) if f"/{key.job_id}/" in one["Key"]]
    return [item["sk"]["S"] for item in answer["Items"]] + names


def test_a_job_that_ended_is_archived_and_fetched_when_its_item_is_gone(
    api: Client, system: LocalSystem, receiver: Receiver
) -> None:
    headers = {"Authorization": "Bearer nobody-sees-this"}
    target = {"type": "http", "url": f"{receiver.url}/status/200", "headers": headers}
    job_id = api.create({"target": target, "payload": {"order": 7}, "tags": {"team": "ops"}})["id"]
    ended = api.wait_until(job_id, "succeeded")

    (line, *_) = wait_for(lambda: archived_lines(system, job_id))
    remove_item(system, JobKey(TENANT, job_id))
    answer = api.call("GET", f"/v1/jobs/{job_id}")
    executions = api.call("GET", f"/v1/jobs/{job_id}/executions")

    assert (line["status"], line["version"], line["tenant"]) == ("succeeded", ended["version"], TENANT)
    assert "nobody-sees-this" not in json.dumps(line)
    assert answer.status == 200
    assert answer.json == {**ended, "archived": True}
    assert executions.json == {"items": ended["executions"], "archived": True}
    assert api.call("GET", f"/v1/archive/jobs/{job_id}").json == answer.json


@pytest.mark.parametrize("size", [2_000, limits.TABLE_PAYLOAD_BYTES])
def test_what_lay_beside_a_job_goes_with_its_item(system: LocalSystem, api: Client, size: int) -> None:
    job = ended_an_hour_ago(system, b'"' + b"x" * size + b'"')
    wait_for(lambda: archived_lines(system, job.id))
    assert len(left_of(system, job.key)) == 2

    remove_item(system, job.key)

    wait_for(lambda: not left_of(system, job.key))
    assert api.call("GET", f"/v1/jobs/{job.id}").json["archived"] is True


def ended_an_hour_ago(system: LocalSystem, payload: bytes) -> Job:
    """A cancelled job, put into the table as the API would have put it then."""
    bucket = system.outputs["DataBucket"]
    store = DynamoJobStore(system.client("dynamodb"), system.outputs["JobsTable"], lambda: system.client("s3"), bucket)
    then = SystemClock().now() - timedelta(hours=1)
    spec = JobSpec(target={"type": "http", "url": "https://example.com/"}, run_at=then, payload=payload)
    key = JobKey(TENANT, SystemIds().job_id(then))
    job = store.place_payload(new_job(spec, key=key, now=then, sharding=Sharding(due=4, group=4)))
    cancelled = applied(moves.cancel(job, now=then, retention=Retention.alike(30)), job)
    return store.create(replace(cancelled, updated_at=then)).job
