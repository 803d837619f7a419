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
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from shared.model.job import Job


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Returns the batch's first record when any of it is to be delivered again: readers know what they have done.

    An event may be made by hand to tell a change again: a record needs its `Keys` and `NewImage`, which is the job's
    item as it is (`docs/operations.md`, journal-left-out).
    """
    del context
    records = event["Records"]
    try:
        read_journal()([change for change in map(_change, records) if change is not None])
    except StoreUnavailable:
        return {"batchItemFailures": [{"itemIdentifier": records[0]["dynamodb"].get("SequenceNumber")}]}
    finally:
        telemetry().flush()
    return {"batchItemFailures": []}


def _change(record: dict[str, Any]) -> JobChange | None:
    """None for what is no job, and for one that this version cannot read: that is told, to be made up for by hand once
    a version is there that can. Holding it would hold all that is behind it, for who knows how long."""
    written = record["dynamodb"]
    keys = written["Keys"]
    if keys[schema.SK]["S"] != schema.JOB_SK:
        return None
    try:
        old, new = _job(written.get("OldImage")), _job(written.get("NewImage"))
        return JobChange(old, new, _time(written), record.get("eventID"))
    except UnreadableJob as error:
        tenant, job_id = job_key(keys[schema.PK]["S"])
        telemetry().warn("journal_unreadable", error=str(error), tenant=tenant, job_id=job_id)
        telemetry().measure(Metric.JOURNAL_LEFT_OUT)
        return None


def _job(image: dict[str, Any] | None) -> Job | None:
    return decode_job(image) if image else None


def _time(written: dict[str, Any]) -> datetime | None:
    seconds = written.get("ApproximateCreationDateTime")
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
