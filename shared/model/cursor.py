"""Where a sweep over one shard of the due index stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class SweepCursor:
    """A sweep goes over a shard in passes, each from the oldest entry to those due when the pass began.

    `pass_at`: when this pass began; `previous_pass_at`: the one before. `position` (wake_at, tenant, job id) is the
    last entry handled in this pass, None when the pass is complete.
    """

    pass_at: datetime
    previous_pass_at: datetime
    position: tuple[datetime, str, str] | None
