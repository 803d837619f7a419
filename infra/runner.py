"""The runner: the one function that executes foreign code, and the one that may do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_lambda as lambda_

from infra.function import Package, PunctualFunction
from infra.lanes import LONG_TIMEOUT_SECONDS
from infra.settings import Function

if TYPE_CHECKING:
    from constructs import Construct

    from infra.settings import Settings


class Runner(PunctualFunction):
    """Runs registered tasks and commands. Its role is the construct's bare one: it writes its own log.

    Foreign code can read the function's credentials, so whatever they allowed, any task could do. Therefore no traces
    either, no variables of ours but the log's, and nobody but the executor gives it events.
    """

    def __init__(self, scope: Construct, *, settings: Settings, package: Package) -> None:
        super().__init__(
            scope,
            Function.RUNNER,
            settings=settings,
            package=package,
            handler="functions.runner.handler.lambda_handler",
            timeout_seconds=LONG_TIMEOUT_SECONDS,
            environment={},
            description="Runs tasks and commands, with no right but to log",
            tracing=lambda_.Tracing.DISABLED,
        )
