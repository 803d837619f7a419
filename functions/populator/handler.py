"""The tick, each minute from EventBridge."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from functions.populator.queue_due_jobs import QueueDueJobs
from shared.adapters import aws
from shared.adapters.dynamodb.beats import DynamoBeats
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.sqs.work_queue import QueueUrls, SqsWorkQueue
from shared.adapters.system import SystemClock
from shared.dispatch import Dispatch
from shared.model.errors import StoreUnavailable
from shared.ports.beats import POPULATOR
from shared.settings import from_environment
from shared.telemetry import PowertoolsTelemetry


@dataclass(frozen=True, slots=True)
class Settings:
    jobs_table: str
    control_table: str
    due_shards: int


@cache
def telemetry() -> PowertoolsTelemetry:
    return PowertoolsTelemetry()


@cache
def tick() -> QueueDueJobs:
    settings = from_environment(Settings)
    dynamodb, clock = aws.client("dynamodb"), SystemClock()
    queue = SqsWorkQueue(aws.client("sqs"), from_environment(QueueUrls).by_lane())
    return QueueDueJobs(
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        cursors=DynamoControlStore(dynamodb, settings.control_table),
        dispatch=Dispatch(queue, clock, telemetry()),
        clock=clock,
        telemetry=telemetry(),
        shards=settings.due_shards,
    )


@cache
def beats() -> DynamoBeats:
    return DynamoBeats(aws.client("dynamodb"), from_environment(Settings).control_table)


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Returns the tick's report. The event's content does not matter: late, doubled or by hand, a tick is a tick."""
    del event
    now = SystemClock().now()
    report = tick()(seconds_left=lambda: context.get_remaining_time_in_millis() / 1000)
    try:
        beats().note(POPULATOR, report.complete, now)
    except StoreUnavailable as error:
        # The jobs are sent: that nobody is told of it is what the alarm on the age of this sign is for.
        telemetry().warn("beat_not_noted", error=str(error))
    counts = {name: value for name, value in asdict(report).items() if name != "complete"}
    telemetry().note("ticked", **counts)
    telemetry().flush()
    return counts
