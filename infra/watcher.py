"""The watcher: the sweep, each minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.function import Package, PunctualFunction
from infra.minutely import every_minute
from infra.settings import Function

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from infra.settings import Settings

_TIMEOUT_SECONDS: Final = 60


class Watcher(PunctualFunction):
    """Finds what stopped moving: lost messages are sent again, dead leases are reaped."""

    def __init__(
        self, scope: Construct, *, settings: Settings, package: Package, environment: Mapping[str, str]
    ) -> None:
        super().__init__(
            scope,
            Function.WATCHER,
            settings=settings,
            package=package,
            handler="functions.watcher.handler.lambda_handler",
            timeout_seconds=_TIMEOUT_SECONDS,
            environment=environment,
            description="Each minute: finds jobs that stopped moving",
        )
        every_minute(self, "The watcher's sweep")
