"""What one attempt leaves for the next one of the same job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`data` is JSON text; `number` counts the checkpoints of a job. `attempt` left it, at `saved_at`; it may go at
    `expire_item_at`."""

    data: bytes
    number: int
    attempt: int
    saved_at: datetime
    expire_item_at: datetime
