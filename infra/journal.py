"""The journal: the watcher's function on the jobs table's stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs

from infra import nag
from infra.function import Package, PunctualFunction
from infra.settings import Function, Transport
from shared.adapters.dynamodb import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from infra.settings import Settings

_TIMEOUT_SECONDS: Final = 60
# Together they make one call of each reader worth its while; alone a change waits for so long at the most.
_BATCH: Final = 500
_WINDOW: Final = Duration.seconds(2)
_PARALLEL: Final = 4
# As long as the stream keeps a record. What waits makes an alarm long before.
_MAX_AGE: Final = Duration.hours(24)
_LOST_KEPT: Final = Duration.days(14)
# What a job waits for is no news; all that ends it, and its start, is.
_NEWS: Final = ("running", "succeeded", "failed", "cancelled", "skipped")


class Journal(PunctualFunction):
    """Told of every start and end of a job, and of every job whose item goes.

    A batch that cannot be dealt with is tried for as long as the stream has it, and those behind it of the same shard
    wait: `lost` is told where in the stream those lie that were given up.
    """

    def __init__(
        self, scope: Construct, *, settings: Settings, package: Package, stream_arn: str, environment: Mapping[str, str]
    ) -> None:
        super().__init__(
            scope,
            Function.JOURNAL,
            settings=settings,
            package=package,
            handler="functions.watcher.journal_handler.lambda_handler",
            timeout_seconds=_TIMEOUT_SECONDS,
            environment=environment,
            description="At every start and end of a job: what follows from it",
        )
        tls_only = settings.transport is Transport.TLS_ONLY
        self.lost = sqs.Queue(
            self,
            "lost",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=tls_only,
            retention_period=_LOST_KEPT,
        )
        nag.acknowledge(self.lost, "SQS3", nag.END_OF_THE_LINE)
        if not tls_only:
            nag.acknowledge(self.lost, "SQS4", nag.PLAIN_HTTP)
        self.mapping = lambda_.EventSourceMapping(
            self,
            "stream-mapping",
            target=self.function,
            event_source_arn=stream_arn,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=_BATCH,
            max_batching_window=_WINDOW,
            parallelization_factor=_PARALLEL,
            max_record_age=_MAX_AGE,
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            on_failure=sources.SqsDlq(self.lost),
            filters=[_filter(NewImage={schema.STATUS: {"S": lambda_.FilterRule.or_(*_NEWS)}}), _filter("REMOVE")],
        )
        # The mapping is refused if the function's role cannot read the stream when it is made.
        self.mapping.node.add_dependency(self.role)


def _filter(event: str | None = None, **image: object) -> Mapping[str, object]:
    """Records about jobs, and not about what else the table holds."""
    about = {"Keys": {schema.SK: {"S": lambda_.FilterRule.is_equal(schema.JOB_SK)}}, **image}
    named = {} if event is None else {"eventName": lambda_.FilterRule.is_equal(event)}
    return lambda_.FilterCriteria.filter({**named, "dynamodb": about})
