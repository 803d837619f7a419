"""Escalation policies: who is told when, for as long as nobody has acknowledged an alert."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Step(NamedTuple):
    """`channels` are told when an alert has gone on for `after_seconds` without being acknowledged."""

    after_seconds: int
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPolicy:
    """A policy as it is stored: its steps come at rising times, and begin anew `repeats` times, each round
    `repeat_seconds` after the one before it, which is longer than all steps take."""

    tenant: str
    id: str
    name: str
    steps: tuple[Step, ...]
    created_at: datetime
    changed_at: datetime
    changed_by: str
    repeats: int = 0
    repeat_seconds: int = 3_600
    version: int = 1
    fingerprint: str | None = None

    def step(self, number: int) -> Step | None:
        """The step that follows `number` others, rounds counted through; None after the last."""
        turn, place = divmod(number, len(self.steps))
        return self.steps[place] if turn <= self.repeats else None

    def is_first_of_a_round(self, number: int) -> bool:
        return number % len(self.steps) == 0

    def step_at(self, number: int, begun_at: datetime) -> datetime | None:
        """When that step is due for an alert whose escalation began at `begun_at`."""
        step = self.step(number)
        if step is None:
            return None
        turn = number // len(self.steps)
        return begun_at + timedelta(seconds=turn * self.repeat_seconds + step.after_seconds)
