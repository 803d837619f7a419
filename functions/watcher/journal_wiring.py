"""The journal's readers put together, on the first event."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

from functions.watcher.journal.archive_jobs import ArchiveJobs
from functions.watcher.journal.pause_failing_templates import PauseFailingTemplates
from functions.watcher.journal.read_journal import Reader, ReadJournal
from functions.watcher.journal.remove_leftovers import RemoveLeftovers
from functions.watcher.wiring import alerting, deliver_events, publish_events, telemetry
from shared.adapters import aws
from shared.adapters.archive import BucketArchive
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.adapters.leftovers import StoredLeftovers
from shared.adapters.system import SystemClock
from shared.settings import from_environment


@dataclass(frozen=True, slots=True)
class Settings:
    jobs_table: str
    templates_table: str
    data_bucket: str


@cache
def read_journal() -> ReadJournal:
    return ReadJournal(readers(), telemetry(), SystemClock())


def readers() -> dict[str, Reader]:
    """Those of the journal in the order of their turns.

    People are told of failures first. Deliveries may be too much for a minute, so only the bus waits for them: what it
    is told twice is billed twice, and its listeners see it.
    """
    settings = from_environment(Settings)
    dynamodb, bucket_client = aws.client("dynamodb"), partial(aws.client, "s3")
    pause_failing_templates = PauseFailingTemplates(
        templates=DynamoTemplateStore(dynamodb, settings.templates_table),
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        clock=SystemClock(),
        telemetry=telemetry(),
    )
    leftovers = StoredLeftovers(dynamodb, settings.jobs_table, bucket_client, settings.data_bucket)
    return {
        "judge_failures": alerting().judge_failures,
        "pause_failing_templates": pause_failing_templates,
        "archive_jobs": ArchiveJobs(BucketArchive(bucket_client, settings.data_bucket), telemetry()),
        "remove_leftovers": RemoveLeftovers(leftovers, telemetry()),
        "deliver_events": deliver_events(),
        "publish_events": publish_events(),
    }
