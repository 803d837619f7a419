"""The watcher's parts put together, on the first event."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from functions.watcher.advance_bulk_actions import AdvanceBulkActions
from functions.watcher.alerts.alerting import Alerting, AlertPorts, alerting_on
from functions.watcher.each_minute import EachMinute
from functions.watcher.journal.deliver_events import DeliverEvents
from functions.watcher.journal.publish_events import PublishEvents
from functions.watcher.measure_progress import MeasureProgress
from functions.watcher.measure_queues import measure_queues
from functions.watcher.sweep import Sweep
from functions.watcher.tell_breaker_changes import TellBreakerChanges
from shared.adapters import aws
from shared.adapters.dynamodb.alert_rules import ALERT_RULES, ESCALATION_POLICIES
from shared.adapters.dynamodb.alerts import DynamoAlertStore
from shared.adapters.dynamodb.beats import DynamoBeats
from shared.adapters.dynamodb.breakers import DynamoBreakers
from shared.adapters.dynamodb.bulk_actions import DynamoBulkActions
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.maintenance_windows import DynamoMaintenanceWindows
from shared.adapters.dynamodb.subscriptions import SUBSCRIPTIONS
from shared.adapters.dynamodb.versioned import DynamoVersionedStore
from shared.adapters.event_bus import EventBridgeBus
from shared.adapters.sqs.work_queue import QueueUrls, SqsWorkQueue
from shared.adapters.system import SystemClock, SystemIds
from shared.adapters.tenant_retentions import known_retentions
from shared.dead_letters.advance_bulk_action import AdvanceBulkAction
from shared.dead_letters.deal_with_dead_letter import DealWithDeadLetter
from shared.dead_letters.find_dead_letters import FindDeadLetters
from shared.dispatch import Dispatch
from shared.model.allowed_targets import Place
from shared.model.job import Sharding
from shared.settings import from_environment
from shared.telemetry import PowertoolsTelemetry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from functions.watcher.each_minute import SecondsLeft
    from shared.model.lifecycle_event import LifecycleEvent
    from shared.ports.retentions import Retentions


@dataclass(frozen=True, slots=True)
class Settings:
    jobs_table: str
    control_table: str
    due_shards: int
    group_shards: int


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What it takes to raise alerts, in the watcher's minute and in the journal alike."""

    jobs_table: str
    control_table: str
    due_shards: int
    group_shards: int
    account_id: str
    aws_region: str


@cache
def telemetry() -> PowertoolsTelemetry:
    return PowertoolsTelemetry()


@dataclass(frozen=True, slots=True)
class EventSettings:
    """What it takes to tell events, in the watcher's minute and in the journal alike."""

    jobs_table: str
    control_table: str
    due_shards: int
    group_shards: int
    event_bus: str
    event_types: frozenset[str]


@cache
def publish_events() -> PublishEvents:
    settings = from_environment(EventSettings)
    return PublishEvents(EventBridgeBus(aws.client("events"), settings.event_bus), telemetry(), settings.event_types)


@cache
def deliver_events() -> DeliverEvents:
    settings = from_environment(EventSettings)
    dynamodb = aws.client("dynamodb")
    return DeliverEvents(
        subscriptions=DynamoVersionedStore(dynamodb, settings.control_table, SUBSCRIPTIONS, telemetry()),
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        clock=SystemClock(),
        telemetry=telemetry(),
        sharding=Sharding(settings.due_shards, settings.group_shards),
    )


def tell_events(events: Sequence[LifecycleEvent]) -> None:
    """What happened, but not to a job: on the bus, and to whoever has subscribed to it."""
    # Subscribers first: told again since the bus was away, they are told nothing twice.
    deliver_events().tell(events)
    publish_events().tell(events)


@cache
def alerting() -> Alerting:
    settings = from_environment(AlertSettings)
    dynamodb, control = aws.client("dynamodb"), settings.control_table
    ports = AlertPorts(
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        alerts=DynamoAlertStore(dynamodb, control),
        rules=DynamoVersionedStore(dynamodb, control, ALERT_RULES, telemetry()),
        policies=DynamoVersionedStore(dynamodb, control, ESCALATION_POLICIES, telemetry()),
        breakers=DynamoBreakers(dynamodb, control),
        windows=DynamoMaintenanceWindows(dynamodb, control),
        clock=SystemClock(),
        ids=SystemIds(),
        telemetry=telemetry(),
        tell=tell_events,
    )
    return alerting_on(
        ports,
        sharding=Sharding(settings.due_shards, settings.group_shards),
        place=Place(settings.account_id, settings.aws_region),
    )


@dataclass(frozen=True, slots=True)
class BulkSettings:
    """What it takes to go on with bulk actions: payloads may be edited."""

    jobs_table: str
    control_table: str
    data_bucket: str
    due_shards: int
    group_shards: int


@cache
def retention() -> Retentions:
    return known_retentions(from_environment(Settings).control_table, SystemClock(), telemetry())


@cache
def advance_bulk_actions() -> AdvanceBulkActions:
    settings = from_environment(BulkSettings)
    dynamodb, clock = aws.client("dynamodb"), SystemClock()
    jobs = DynamoJobStore(dynamodb, settings.jobs_table, partial(aws.client, "s3"), settings.data_bucket)
    actions = DynamoBulkActions(dynamodb, settings.control_table)
    advance = AdvanceBulkAction(
        actions=actions,
        jobs=jobs,
        find=FindDeadLetters(jobs, settings.group_shards),
        deal_with=DealWithDeadLetter(jobs=jobs, sharding=Sharding(settings.due_shards, settings.group_shards)),
        clock=clock,
        telemetry=telemetry(),
        retention=retention(),
    )
    return AdvanceBulkActions(actions=actions, advance=advance, clock=clock, telemetry=telemetry())


@cache
def each_minute() -> EachMinute:
    settings = from_environment(Settings)
    dynamodb, clock = aws.client("dynamodb"), SystemClock()
    queue = SqsWorkQueue(aws.client("sqs"), from_environment(QueueUrls).by_lane())
    sweep = Sweep(
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        cursors=DynamoControlStore(dynamodb, settings.control_table),
        dispatch=Dispatch(queue, clock, telemetry()),
        clock=clock,
        ids=SystemIds(),
        telemetry=telemetry(),
        sharding=Sharding(settings.due_shards, settings.group_shards),
        retention=retention(),
        tell_overdue=alerting().judge_overdue,
    )

    progress = MeasureProgress(
        beats=DynamoBeats(dynamodb, settings.control_table),
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        clock=clock,
        telemetry=telemetry(),
    )

    tell_breaker_changes = TellBreakerChanges(
        breakers=DynamoBreakers(dynamodb, settings.control_table),
        beats=DynamoBeats(dynamodb, settings.control_table),
        clock=clock,
        tell=tell_events,
    )

    def measured(seconds_left: SecondsLeft) -> Mapping[str, Any]:
        del seconds_left
        return measure_queues(queue, telemetry())

    return EachMinute(
        {
            "sweep": lambda seconds_left: asdict(sweep(seconds_left=seconds_left)),
            "alerts": alerting().look_after,
            "bulk_actions": advance_bulk_actions(),
            "tell_breaker_changes": tell_breaker_changes,
            "measure_queues": measured,
            "measure_progress": lambda _: progress(),
        },
        telemetry(),
    )
