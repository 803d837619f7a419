"""What one attempt leaves for the next one of the same job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`data` is JSON text; `attempt` and `fence` say which attempt left it, at `saved_at`. It may go at
    `expire_item_at`."""

    data: bytes
    attempt: int
    fence: int
    saved_at: datetime
    expire_item_at: datetime
