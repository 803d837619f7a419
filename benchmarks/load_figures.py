"""What a run under load has shown."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.load_table import Phase
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from functions.populator.queue_due_jobs import TickReport


@dataclass
class Figures:
    """What a run has shown. Lateness is in ms, of every start."""

    claims: Counter[int] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    lateness: array[int] = field(default_factory=lambda: array("l"))
    metrics: Counter[Metric] = field(default_factory=Counter)
    calls: int = 0
    messages: int = 0
    throttled_creations: int = 0
    creation: Phase = field(default_factory=Phase)
    running: Phase = field(default_factory=Phase)
    units: Counter[str] = field(default_factory=Counter)
    most_executors: int = 0
    first_due_ms: int = 0
    ticks: list[tuple[int, int, TickReport]] = field(default_factory=list)
    failed_invocations: int = 0
    seconds_after_the_last: float = 0.0

    def sort(self) -> None:
        """Put the lateness in order, once all is there."""
        self.lateness = array("l", sorted(self.lateness))

    def late_ms(self, share: float) -> int:
        """The lateness that a `share` of all starts does not exceed."""
        return self.lateness[min(int(len(self.lateness) * share), len(self.lateness) - 1)]

    @property
    def early(self) -> int:
        return sum(1 for one in self.lateness if one < 0)


class CountingTelemetry:
    """`ports.telemetry` that keeps numbers only."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def note(self, action: str, **facts: Any) -> None:
        del action, facts

    debug = warn = note

    def defect(self, action: str, error: BaseException, **facts: Any) -> None:
        raise RuntimeError(action, facts) from error

    def measure(self, metric: Metric, value: float = 1) -> None:
        if metric is Metric.LATENESS_MS:
            self._figures.lateness.append(int(value))
        else:
            self._figures.metrics[metric] += int(value)
