"""Occurrences that have no job of their own to say why they did not run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The `count` occurrences of a template from the nominal instant `first` to `last`, both included, and why they did
    not run: a lower-case word such as `missed` or `paused`. `recorded_at` is when that was decided."""

    first: datetime
    last: datetime
    count: int
    reason: str
    recorded_at: datetime
