"""What the watcher does each minute, one step after the other, none of which can keep another from its turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.ports.telemetry import Telemetry

SecondsLeft = Callable[[], float]
Step = Callable[[SecondsLeft], Mapping[str, Any]]
"""Goes on for as long as it is given, does the rest in the next minute, and returns what it did, in numbers."""

# What a step leaves to each of those behind it, however much it has to do itself.
_LEFT_TO_EACH_SECONDS = 5


@dataclass(frozen=True, slots=True)
class EachMinute:
    """`steps` by name, the most important first."""

    steps: Mapping[str, Step]
    telemetry: Telemetry

    def __call__(self, seconds_left: SecondsLeft) -> dict[str, Mapping[str, Any]]:
        """What each step did, by its name.

        Raises:
            Exception: what the first step that failed raised, after all have had their turn: the run counts as failed.
        """
        reports: dict[str, Mapping[str, Any]] = {}
        failure: Exception | None = None
        for position, (name, step) in enumerate(self.steps.items()):
            kept = (len(self.steps) - position - 1) * _LEFT_TO_EACH_SECONDS
            try:
                reports[name] = step(lambda kept=kept: seconds_left() - kept)  # type: ignore[misc]
            except Exception as error:
                self.telemetry.defect("step_failed", error, step=name)
                failure = failure or error
        if failure is not None:
            raise failure
        return reports
