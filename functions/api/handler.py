"""The HTTP API's function."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Any

from functions.api.application import Application
from functions.api.services import services_on
from shared.adapters import aws
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.outputs import BucketOutputs
from shared.adapters.system import SystemClock, SystemIds
from shared.model.job import Sharding
from shared.model.target_rules import TargetRules, check_target
from shared.settings import from_environment
from shared.telemetry import PowertoolsTelemetry


@dataclass(frozen=True, slots=True)
class Settings:
    jobs_table: str
    control_table: str
    data_bucket: str
    due_shards: int
    group_shards: int
    retention_days: int
    aws_region: str
    command_target: bool
    allowed_target_hosts: frozenset[str]
    allowed_target_arns: tuple[str, ...]
    aws_endpoint_url: str = ""


@cache
def application(account: str) -> Application:
    settings = from_environment(Settings)
    dynamodb, bucket_client = aws.client("dynamodb"), partial(aws.client, "s3")
    rules = TargetRules(
        allowed_hosts=settings.allowed_target_hosts,
        allowed_arns=settings.allowed_target_arns,
        account=account,
        region=settings.aws_region,
        command_enabled=settings.command_target,
        endpoint=settings.aws_endpoint_url,
    )
    services = services_on(
        jobs=DynamoJobStore(dynamodb, settings.jobs_table, bucket_client, settings.data_bucket),
        keys=DynamoControlStore(dynamodb, settings.control_table),
        outputs=BucketOutputs(bucket_client, settings.data_bucket),
        clock=SystemClock(),
        ids=SystemIds(),
        telemetry=PowertoolsTelemetry(),
        sharding=Sharding(settings.due_shards, settings.group_shards),
        retention=timedelta(days=settings.retention_days),
        check_target=lambda target: check_target(target, rules),
    )
    return Application(services)


def warm_up() -> None:
    """What the first event of a process would otherwise wait for."""
    application("000000000000")


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers an event of an HTTP API, payload 2.0."""
    # arn:aws:lambda:region:account:function:name
    return application(context.invoked_function_arn.split(":")[4])(event, context)
