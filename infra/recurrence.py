"""Recurrence: templates become jobs, each minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.function import Package, PunctualFunction
from infra.minutely import every_minute
from infra.settings import Function

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from infra.settings import Settings

# A template that changes settles in two minutes: that rests on no expansion going on for longer than this.
_TIMEOUT_SECONDS: Final = 60


class Recurrence(PunctualFunction):
    """Expands the templates whose time has come, in as many invocations at once as the settings say."""

    def __init__(
        self, scope: Construct, *, settings: Settings, package: Package, environment: Mapping[str, str]
    ) -> None:
        super().__init__(
            scope,
            Function.RECURRENCE,
            settings=settings,
            package=package,
            handler="functions.recurrence.handler.lambda_handler",
            timeout_seconds=_TIMEOUT_SECONDS,
            environment=environment,
            description="Each minute: templates whose turn it is become jobs",
        )
        every_minute(self, "The expansion of templates", parts=settings.expanders)
