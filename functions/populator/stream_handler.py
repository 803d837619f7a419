"""The jobs table's stream: what is due soon is sent at once."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.populator.queue_changed_jobs import Image, JobWritten, QueueChangedJobs
from shared.adapters import aws
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import job_key
from shared.adapters.sqs.work_queue import QueueUrls, SqsWorkQueue
from shared.adapters.system import SystemClock
from shared.dispatch import Dispatch
from shared.model.job import from_epoch_ms
from shared.model.lanes import DueShard
from shared.model.lifecycle import Status
from shared.settings import from_environment
from shared.telemetry import PowertoolsTelemetry


@cache
def telemetry() -> PowertoolsTelemetry:
    return PowertoolsTelemetry()


@cache
def queue_changed_jobs() -> QueueChangedJobs:
    queue = SqsWorkQueue(aws.client("sqs"), from_environment(QueueUrls).by_lane())
    clock = SystemClock()
    return QueueChangedJobs(dispatch=Dispatch(queue, clock, telemetry()), clock=clock)


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Returns the first record that could not be sent: the stream delivers it and all after it again."""
    del context
    # The mapping's filter lets nothing but jobs through; should it be changed, the rest is none of our business.
    records = [record["dynamodb"] for record in event["Records"] if schema.STATUS in _new(record["dynamodb"])]
    failed = queue_changed_jobs()([_job_written(record) for record in records])
    telemetry().flush()
    return {"batchItemFailures": [{"itemIdentifier": records[position]["SequenceNumber"]} for position in failed[:1]]}


def _new(record: dict[str, Any]) -> dict[str, Any]:
    """The item after the write: empty when it was removed."""
    return record.get("NewImage") or {}


def _job_written(record: dict[str, Any]) -> JobWritten:
    key = job_key(record["Keys"][schema.PK]["S"])
    old = record.get("OldImage")
    return JobWritten(key.tenant, key.job_id, _image(old) if old else None, _image(record["NewImage"]))


def _image(item: dict[str, Any]) -> Image:
    wake_at, shard = item.get(schema.WAKE_AT), item.get(schema.DUE_SHARD)
    return Image(
        Status(item[schema.STATUS]["S"]),
        from_epoch_ms(int(wake_at["N"])) if wake_at else None,
        DueShard.parse(shard["S"]).lane if shard else None,
    )
