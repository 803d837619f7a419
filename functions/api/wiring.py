"""The API's parts put together on AWS, on the first event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

from functions.api.services import Services, TemplatePorts, services_on
from shared.adapters import aws
from shared.adapters.dynamodb.beats import DynamoBeats
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.outputs import BucketOutputs
from shared.adapters.system import SystemClock, SystemIds
from shared.adapters.tenant_retentions import KnownRetentions, known_retentions
from shared.model.breaker import BreakerSettings
from shared.model.job import Sharding
from shared.model.target_rules import TargetRules, check_target
from shared.settings import from_environment
from shared.telemetry import PowertoolsTelemetry

if TYPE_CHECKING:
    from functions.api.alert_services import AlertPorts
    from functions.api.change_retention import RetentionPorts
    from shared.model.channel import Channel
    from shared.model.subscription import Subscription
    from shared.ports.archive import Archive
    from shared.ports.breakers import Breakers
    from shared.ports.bulk_actions import BulkActionStore
    from shared.ports.checkpoints import CheckpointStore
    from shared.ports.maintenance_windows import MaintenanceWindows
    from shared.ports.versioned import VersionedStore


@dataclass(frozen=True, slots=True)
class Settings:
    jobs_table: str
    control_table: str
    templates_table: str
    data_bucket: str
    due_shards: int
    group_shards: int
    archive_days: int


@cache
def telemetry() -> PowertoolsTelemetry:
    return PowertoolsTelemetry()


def services(rules: TargetRules) -> Services:
    """Raises `InvalidEnvironment` when a setting is missing. S3 is asked for a client only by a large payload."""
    settings = from_environment(Settings)
    dynamodb, bucket_client = aws.client("dynamodb"), partial(aws.client, "s3")
    clock = SystemClock()
    retention = known_retentions(settings.control_table, clock, telemetry())

    def template_ports() -> TemplatePorts:
        # Imported by the first who asks: they read calendars and schedules.
        from shared.adapters.dynamodb.backfills import DynamoBackfillStore  # noqa: PLC0415
        from shared.adapters.dynamodb.calendars import DynamoCalendars  # noqa: PLC0415
        from shared.adapters.dynamodb.templates import DynamoTemplateStore  # noqa: PLC0415

        table = settings.templates_table
        return TemplatePorts(
            DynamoTemplateStore(dynamodb, table),
            DynamoCalendars(dynamodb, table),
            DynamoBackfillStore(dynamodb, table),
        )

    def breaker_port() -> Breakers:
        from shared.adapters.dynamodb.breakers import DynamoBreakers  # noqa: PLC0415

        return DynamoBreakers(dynamodb, settings.control_table)

    def window_port() -> MaintenanceWindows:
        from shared.adapters.dynamodb.maintenance_windows import DynamoMaintenanceWindows  # noqa: PLC0415

        return DynamoMaintenanceWindows(dynamodb, settings.control_table)

    def checkpoint_port() -> CheckpointStore:
        from shared.adapters.dynamodb.checkpoints import DynamoCheckpoints  # noqa: PLC0415

        return DynamoCheckpoints(dynamodb, settings.jobs_table, bucket_client, settings.data_bucket)

    def channel_port() -> VersionedStore[Channel]:
        from shared.adapters.dynamodb.channels import CHANNELS  # noqa: PLC0415
        from shared.adapters.dynamodb.versioned import DynamoVersionedStore  # noqa: PLC0415

        return DynamoVersionedStore(dynamodb, settings.control_table, CHANNELS)

    def subscription_port() -> VersionedStore[Subscription]:
        from shared.adapters.dynamodb.subscriptions import SUBSCRIPTIONS  # noqa: PLC0415
        from shared.adapters.dynamodb.versioned import DynamoVersionedStore  # noqa: PLC0415

        return DynamoVersionedStore(dynamodb, settings.control_table, SUBSCRIPTIONS)

    def alert_ports() -> AlertPorts:
        from functions.api.alert_services import AlertPorts  # noqa: PLC0415
        from shared.adapters.dynamodb.alert_rules import ALERT_RULES, ESCALATION_POLICIES  # noqa: PLC0415
        from shared.adapters.dynamodb.alerts import DynamoAlertStore  # noqa: PLC0415
        from shared.adapters.dynamodb.versioned import DynamoVersionedStore  # noqa: PLC0415

        table = settings.control_table
        return AlertPorts(
            DynamoAlertStore(dynamodb, table),
            DynamoVersionedStore(dynamodb, table, ALERT_RULES),
            DynamoVersionedStore(dynamodb, table, ESCALATION_POLICIES),
        )

    def bulk_action_port() -> BulkActionStore:
        from shared.adapters.dynamodb.bulk_actions import DynamoBulkActions  # noqa: PLC0415

        return DynamoBulkActions(dynamodb, settings.control_table)

    def archive_port() -> Archive:
        from shared.adapters.archive import BucketArchive  # noqa: PLC0415

        return BucketArchive(bucket_client, settings.data_bucket)

    return services_on(
        jobs=DynamoJobStore(dynamodb, settings.jobs_table, bucket_client, settings.data_bucket),
        keys=DynamoControlStore(dynamodb, settings.control_table),
        beats=DynamoBeats(dynamodb, settings.control_table),
        outputs=BucketOutputs(bucket_client, settings.data_bucket),
        clock=clock,
        ids=SystemIds(),
        telemetry=telemetry(),
        sharding=Sharding(settings.due_shards, settings.group_shards),
        retention=retention,
        check_target=lambda target: check_target(target, rules),
        place=rules.place,
        breaker_settings=from_environment(BreakerSettings, prefix="BREAKER_"),
        template_ports=template_ports,
        window_port=window_port,
        breaker_port=breaker_port,
        channel_port=channel_port,
        subscription_port=subscription_port,
        alert_ports=alert_ports,
        checkpoint_port=checkpoint_port,
        bulk_action_port=bulk_action_port,
        archive_port=archive_port,
        retention_ports=lambda: _retention_ports(retention),
        archived_for=timedelta(days=settings.archive_days),
    )


def _retention_ports(known: KnownRetentions) -> RetentionPorts:
    """What is put is kept where all functions look for it."""
    from functions.api.change_retention import RetentionPorts  # noqa: PLC0415

    return RetentionPorts(known.store(), known.default, known.bounds)
