"""The one Lambda function construct: what every function has, and the only way in which any is given a right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import nag
from infra.removal import log_retention, removal_policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.settings import Function, Settings

METRICS_NAMESPACE: Final = "Punctual"


@dataclass(frozen=True, slots=True)
class Package:
    """What functions are deployed from: a code asset, and the layer with their dependencies."""

    code: lambda_.Code
    layer: lambda_.ILayerVersion


class PunctualFunction(Construct):
    """A function called `punctual-<stage>-<name>`, with a role of its own that at first may only write its log.

    Everything else comes by `allow`. Its level of logging is part of its configuration (`LoggingConfig`), so it can be
    set without deploying code. `tracing` is off only for the runner: sending traces takes a right.
    """

    def __init__(
        self,
        scope: Construct,
        name: Function,
        *,
        settings: Settings,
        package: Package,
        handler: str,
        timeout_seconds: int,
        environment: Mapping[str, str],
        description: str,
        tracing: lambda_.Tracing = lambda_.Tracing.ACTIVE,
    ) -> None:
        super().__init__(scope, name)
        full_name = settings.name_of(name)
        log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{full_name}",
            retention=log_retention(settings),
            removal_policy=removal_policy(settings),
        )
        # A role made by CDK would carry a managed policy with rights on every log group of the account.
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What {full_name} may do",
        )
        log_group.grant(self.role, "logs:CreateLogStream", "logs:PutLogEvents")
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=full_name,
            description=description,
            code=package.code,
            layers=[package.layer],
            handler=handler,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=settings.memory_mb[name],
            timeout=Duration.seconds(timeout_seconds),
            role=self.role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel(settings.log_level),
            system_log_level_v2=lambda_.SystemLogLevel.INFO,
            tracing=tracing,
            environment={
                "STAGE": settings.stage.value,
                "POWERTOOLS_SERVICE_NAME": name.value,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                **environment,
            },
        )
        nag.acknowledge(self, "L1", nag.PYTHON_VERSION)
        if tracing is lambda_.Tracing.ACTIVE:
            nag.acknowledge(self, "IAM5[Resource::*]", nag.TRACES)

    def allow(
        self,
        *actions: str,
        on: Sequence[str],
        partitions: Sequence[str] = (),
        prefixes: Sequence[str] = (),
        wildcard_because: str | None = None,
    ) -> None:
        """Let the function do `actions` on the ARNs `on`; of a table only on those `partitions`, patterns of its
        partition key, if there are any. That does not hold for a Scan, which names no key: never allow one so.
        Of a bucket only names that match `prefixes` are listed, if there are any.

        `wildcard_because` is asked for exactly when one of them stands for more than one resource: cdk-nag refuses a
        wildcard that has no reason beside it.
        """
        conditions = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(partitions)}} if partitions else None
        if prefixes:
            conditions = {"StringLike": {"s3:prefix": list(prefixes)}}
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(on), conditions=conditions),
        )
        if wildcard_because is not None:
            nag.acknowledge_wildcards(self, on, wildcard_because)

    def deny(self, *actions: str, on: Sequence[str]) -> None:
        """Refuse `actions` on the ARNs `on`, whatever `allow` says."""
        self.role.add_to_policy(
            iam.PolicyStatement(effect=iam.Effect.DENY, actions=list(actions), resources=list(on)),
        )
