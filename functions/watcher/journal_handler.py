"""The journal: the jobs table's stream, read for what follows from a change of a job."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.watcher.journal.pause_failing_templates import PauseFailingTemplates
from functions.watcher.journal.read_journal import Reader, ReadJournal
from functions.watcher.wiring import alerting, deliver_events, publish_events, telemetry
from shared.adapters import aws
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import decode_job, job_key
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.adapters.system import SystemClock
from shared.model.errors import StoreUnavailable, UnreadableJob
from shared.model.job_change import JobChange
from shared.settings import from_environment

if TYPE_CHECKING:
    from shared.model.job import Job


@dataclass(frozen=True, slots=True)
class Settings:
    jobs_table: str
    templates_table: str


@cache
def read_journal() -> ReadJournal:
    settings = from_environment(Settings)
    dynamodb = aws.client("dynamodb")
    pause_failing_templates = PauseFailingTemplates(
        templates=DynamoTemplateStore(dynamodb, settings.templates_table),
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        clock=SystemClock(),
        telemetry=telemetry(),
    )
    readers: dict[str, Reader] = {
        "publish_events": publish_events(),
        "deliver_events": deliver_events(),
        "judge_failures": alerting().judge_failures,
        "pause_failing_templates": pause_failing_templates,
    }
    return ReadJournal(readers, telemetry())


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
        return JobChange(_job(record.get("OldImage")), _job(record.get("NewImage")))
    except UnreadableJob as error:
        tenant, job_id = job_key(record["Keys"][schema.PK]["S"])
        telemetry().warn("journal_unreadable", error=str(error), tenant=tenant, job_id=job_id)
        return None


def _job(image: dict[str, Any] | None) -> Job | None:
    return decode_job(image) if image else None
