"""`ports.telemetry` in memory: what was told, for tests to look at."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.ports.telemetry import Metric


@dataclass
class RecordedTelemetry:
    """`notes` in order, each with its action and facts; `values` by metric."""

    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    values: dict[Metric, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, action: str, **facts: Any) -> None:
        self.notes.append((action, facts))

    debug = note
    warn = note

    def defect(self, action: str, error: BaseException, **facts: Any) -> None:
        self.notes.append((action, {**facts, "error": error}))

    def measure(self, metric: Metric, value: float = 1) -> None:
        self.values[metric].append(value)

    def actions(self) -> list[str]:
        return [action for action, _ in self.notes]
