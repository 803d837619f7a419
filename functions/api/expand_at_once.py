"""What a client's change means for a template's jobs, without waiting for the next tick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.model.errors import SchedulerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.expansion.expand_template import ExpandTemplate
    from shared.model.template import Template
    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry

# What is not done by then waits for the recurrence function, which looks each minute.
_SECONDS: Final = 10
# What the answer itself may still take.
_MARGIN_SECONDS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandAtOnce:
    expand: ExpandTemplate
    clock: Clock
    telemetry: Telemetry

    def __call__(self, template: Template, seconds_left: Callable[[], float]) -> Template:
        """`template` as its expansion leaves it, if it is due to be expanded; as it is when that fails, since it stays
        due."""
        began = self.clock.now()
        if template.expand_at is None or template.expand_at > began:
            return template

        def left() -> float:
            return min(_SECONDS - (self.clock.now() - began).total_seconds(), seconds_left() - _MARGIN_SECONDS)

        try:
            return self.expand(template, left).template
        except SchedulerError as error:
            # Another expands it at this moment, or the table is away for a while: the change itself is stored.
            self.telemetry.warn("expansion_left_to_the_tick", error=str(error), **template.identity())
            return template
