"""The executor's parts put together, on the first message."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from functions.executor.commit_outcome import CommitOutcome
from functions.executor.execute_job import ExecuteJob
from functions.executor.gates.breaker import BreakerGate
from functions.executor.gates.known_breakers import KnownBreakers
from functions.executor.gates.known_windows import KnownWindows
from functions.executor.gates.maintenance_window import MaintenanceWindowGate
from functions.executor.hand_over import HandOver
from functions.executor.heartbeat import Heartbeats
from functions.executor.targets.registry import TargetSettings, targets
from shared.adapters import aws
from shared.adapters.dynamodb.breakers import DynamoBreakers
from shared.adapters.dynamodb.checkpoints import DynamoCheckpoints
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.maintenance_windows import DynamoMaintenanceWindows
from shared.adapters.outputs import BucketOutputs
from shared.adapters.sqs.work_queue import QueueUrls, SqsWorkQueue
from shared.adapters.system import SystemClock, SystemIds
from shared.adapters.tenant_retentions import known_retentions
from shared.model.breaker import BreakerSettings
from shared.model.job import Sharding
from shared.settings import from_environment
from shared.telemetry import PowertoolsTelemetry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.model.channel import Channel
    from shared.model.lanes import Lane
    from shared.ports.versioned import VersionedStore


@dataclass(frozen=True, slots=True)
class Settings:
    jobs_table: str
    control_table: str
    data_bucket: str
    group_shards: int
    api_url: str


@cache
def telemetry() -> PowertoolsTelemetry:
    return PowertoolsTelemetry()


@cache
def queue_urls() -> Mapping[Lane, str]:
    return from_environment(QueueUrls).by_lane()


@cache
def settings() -> Settings:
    return from_environment(Settings)


s3 = partial(aws.client, "s3")


@cache
def jobs() -> DynamoJobStore:
    return DynamoJobStore(aws.client("dynamodb"), settings().jobs_table, s3, settings().data_bucket)


def checkpoints() -> DynamoCheckpoints:
    return DynamoCheckpoints(aws.client("dynamodb"), settings().jobs_table, s3, settings().data_bucket)


@cache
def heartbeats() -> Heartbeats:
    return Heartbeats(jobs=jobs(), clock=SystemClock(), telemetry=telemetry())


def channels() -> VersionedStore[Channel]:
    # Imported by the first job that has news for one.
    from shared.adapters.dynamodb.channels import CHANNELS  # noqa: PLC0415
    from shared.adapters.dynamodb.versioned import DynamoVersionedStore  # noqa: PLC0415

    return DynamoVersionedStore(aws.client("dynamodb"), settings().control_table, CHANNELS)


def breaker_gate() -> BreakerGate:
    store, clock = DynamoBreakers(aws.client("dynamodb"), settings().control_table), SystemClock()
    return BreakerGate(
        store=store,
        known=KnownBreakers(store, clock, telemetry()),
        settings=from_environment(BreakerSettings, prefix="BREAKER_"),
        clock=clock,
        telemetry=telemetry(),
    )


@cache
def execute_job() -> ExecuteJob:
    clock, ids = SystemClock(), SystemIds()
    target_settings = from_environment(TargetSettings)
    windows = DynamoMaintenanceWindows(aws.client("dynamodb"), settings().control_table)
    known_windows = KnownWindows(windows, clock, telemetry())
    breakers = breaker_gate()
    return ExecuteJob(
        jobs=jobs(),
        queue=SqsWorkQueue(aws.client("sqs"), queue_urls()),
        clock=clock,
        ids=ids,
        lease=heartbeats(),
        target_of=targets(target_settings, channels),
        gates=(MaintenanceWindowGate(known_windows, clock, target_settings.rules().place), breakers),
        observers=(breakers,),
        commit=CommitOutcome(
            jobs=jobs(),
            outputs=BucketOutputs(s3, settings().data_bucket),
            clock=clock,
            ids=ids,
            telemetry=telemetry(),
            # The executor writes no entry of the due index anew: a retry stays in the shard that the job has.
            sharding=Sharding(due=1, group=settings().group_shards),
            retention=known_retentions(settings().control_table, clock, telemetry()),
        ),
        telemetry=telemetry(),
        hand_over=HandOver(checkpoints(), settings().api_url),
    )
