"""The populator: the tick each minute, and the function on the jobs table's stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.function import Package, PunctualFunction
from infra.minutely import every_minute
from infra.settings import Function
from shared.adapters.dynamodb import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.settings import Settings

_TIMEOUT_SECONDS: Final = 60
_BATCH: Final = 100
# Batches of one stream shard at work at once; what concerns one job stays in order.
_PARALLEL: Final = 4
_TRIES: Final = 3
# What could not be sent in this time is left to the tick and to the sweep; the records behind it are not held back.
_MAX_AGE: Final = Duration.seconds(120)
# A job that waits for its time is what may have to be sent at once.
_SCHEDULED: Final = "scheduled"


class Populator(Construct):
    """Puts due jobs on the queues: `tick` from the due index, `stream` at once what is due before the next tick."""

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        package: Package,
        stream_arn: str,
        environment: Mapping[str, str],
        stream_environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, "dispatch")
        self.tick = PunctualFunction(
            self,
            Function.POPULATOR,
            settings=settings,
            package=package,
            handler="functions.populator.handler.lambda_handler",
            timeout_seconds=_TIMEOUT_SECONDS,
            environment=environment,
            description="Each minute: puts the jobs that are due soon on the queues",
        )
        every_minute(self.tick, "The populator's tick")
        self.stream = PunctualFunction(
            self,
            Function.POPULATOR_STREAM,
            settings=settings,
            package=package,
            handler="functions.populator.stream_handler.lambda_handler",
            timeout_seconds=_TIMEOUT_SECONDS,
            environment=stream_environment,
            description="At every change: puts jobs that are due before the next tick on the queues",
        )
        self.mapping = lambda_.EventSourceMapping(
            self,
            "stream-mapping",
            target=self.stream.function,
            event_source_arn=stream_arn,
            # LATEST would skip what is written until polling begins, minutes after the deployment. What is older than
            # the maximum age is dropped unread, so beginning at the oldest record repeats nothing.
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=_BATCH,
            parallelization_factor=_PARALLEL,
            retry_attempts=_TRIES,
            max_record_age=_MAX_AGE,
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            filters=[
                lambda_.FilterCriteria.filter(
                    {
                        "dynamodb": {
                            "Keys": {schema.SK: {"S": lambda_.FilterRule.is_equal(schema.JOB_SK)}},
                            "NewImage": {schema.STATUS: {"S": lambda_.FilterRule.is_equal(_SCHEDULED)}},
                        }
                    }
                )
            ],
        )
        # The mapping is refused if the function's role cannot read the stream when it is made.
        self.mapping.node.add_dependency(self.stream.role)
