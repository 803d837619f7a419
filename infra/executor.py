"""The executor, deployed twice: for jobs of up to a minute from three queues, and for long ones from the fourth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.function import Package, PunctualFunction
from infra.lanes import LONG_TIMEOUT_SECONDS, SHORT_TIMEOUT_SECONDS, Lane
from infra.settings import Function

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.queues import Queues
    from infra.settings import Settings


class Executor(Construct):
    """Takes jobs from the queues when their time has come. `short` and `long` run the same code in the same
    environment; they differ in their timeout and in whose messages they are given."""

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        package: Package,
        queues: Queues,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, "execution")

        def executor(name: Function, timeout_seconds: int, description: str) -> PunctualFunction:
            return PunctualFunction(
                self,
                name,
                settings=settings,
                package=package,
                handler="functions.executor.handler.lambda_handler",
                timeout_seconds=timeout_seconds,
                environment=environment,
                description=description,
            )

        self.short = executor(Function.EXECUTOR, SHORT_TIMEOUT_SECONDS, "Runs jobs of up to a minute")
        self.long = executor(Function.EXECUTOR_LONG, LONG_TIMEOUT_SECONDS, "Runs jobs of up to 14 minutes")
        self.lanes: Mapping[Lane, PunctualFunction] = {
            lane: self.long if lane is Lane.LONG else self.short for lane in Lane
        }
        for lane, function in self.lanes.items():
            mapping = lambda_.EventSourceMapping(
                self,
                f"{lane}-mapping",
                target=function.function,
                event_source_arn=queues.by_lane[lane].queue_arn,
                batch_size=lane.batch_size,
                max_concurrency=settings.maximum_concurrency[lane],
                report_batch_item_failures=True,
                # No batching window: to wait for more messages is to start these late.
            )
            # The mapping is refused if the function's role cannot receive from the queue when it is made.
            mapping.node.add_dependency(function.role)
