"""The sweep, each minute from EventBridge."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from functions.watcher.measure_queues import measure_queues
from functions.watcher.sweep import Sweep
from shared.adapters import aws
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.sqs.work_queue import QueueUrls, SqsWorkQueue
from shared.adapters.system import SystemClock, SystemIds
from shared.dispatch import Dispatch
from shared.model.job import Sharding
from shared.settings import from_environment
from shared.telemetry import PowertoolsTelemetry


@dataclass(frozen=True, slots=True)
class Settings:
    jobs_table: str
    control_table: str
    due_shards: int
    group_shards: int
    retention_days: int


@cache
def telemetry() -> PowertoolsTelemetry:
    return PowertoolsTelemetry()


@cache
def queue() -> SqsWorkQueue:
    return SqsWorkQueue(aws.client("sqs"), from_environment(QueueUrls).by_lane())


@cache
def sweep() -> Sweep:
    settings = from_environment(Settings)
    dynamodb, clock = aws.client("dynamodb"), SystemClock()
    return Sweep(
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        cursors=DynamoControlStore(dynamodb, settings.control_table),
        dispatch=Dispatch(queue(), clock, telemetry()),
        clock=clock,
        ids=SystemIds(),
        telemetry=telemetry(),
        sharding=Sharding(settings.due_shards, settings.group_shards),
        retention=timedelta(days=settings.retention_days),
    )


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Returns the sweep's report. Late, doubled or by hand, a sweep is a sweep."""
    del event
    report = asdict(sweep()(seconds_left=lambda: context.get_remaining_time_in_millis() / 1000))
    measure_queues(queue(), telemetry())
    telemetry().note("swept", **report)
    telemetry().flush()
    return report
