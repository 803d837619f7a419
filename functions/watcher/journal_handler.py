"""The journal: the jobs table's stream, read for what follows from a change of a job."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from functions.watcher.journal_wiring import read_journal
from functions.watcher.wiring import telemetry
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import decode_job, job_key
from shared.model.errors import StoreUnavailable, UnreadableJob
from shared.model.job_change import JobChange

if TYPE_CHECKING:
    from shared.model.job import Job


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Returns the batch's first record when any of it is to be delivered again: readers know what they have done."""
    del context
    records = [record["dynamodb"] for record in event["Records"]]
    changes = [change for change in map(_change, records) if change is not None]
    failures = []
    try:
        read_journal()(changes)
    except StoreUnavailable:
        failures = [{"itemIdentifier": records[0]["SequenceNumber"]}]
    telemetry().flush()
    return {"batchItemFailures": failures}


def _change(record: dict[str, Any]) -> JobChange | None:
    """None for what is no job, and for a job that a newer version wrote: its own journal knows what to do about it."""
    if record["Keys"][schema.SK]["S"] != schema.JOB_SK:
        return None
    try:
        return JobChange(_job(record.get("OldImage")), _job(record.get("NewImage")), _time(record))
    except UnreadableJob as error:
        tenant, job_id = job_key(record["Keys"][schema.PK]["S"])
        telemetry().warn("journal_unreadable", error=str(error), tenant=tenant, job_id=job_id)
        return None


def _job(image: dict[str, Any] | None) -> Job | None:
    return decode_job(image) if image else None


def _time(record: dict[str, Any]) -> datetime | None:
    seconds = record.get("ApproximateCreationDateTime")
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
