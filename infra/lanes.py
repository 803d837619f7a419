"""Lanes as the template sees them: which executor serves a lane, and what follows from that for its queue."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

# Two functions run the same code. What the short one takes on ends within a minute; a minute more is for the batch's
# waiting and finishing. The long one has all that Lambda gives.
SHORT_TIMEOUT_SECONDS: Final = 120
LONG_TIMEOUT_SECONDS: Final = 900
# A message must not come back while an invocation may still hold it, and a poller may sit on a batch for a while.
_VISIBILITY_MARGIN_SECONDS: Final = 60
_SHORT_BATCH: Final = 10


class Lane(StrEnum):
    """One queue each; the names are those of `shared.model.lanes.Lane` (a test compares them)."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"
    LONG = "long"

    @property
    def function_timeout_seconds(self) -> int:
        return LONG_TIMEOUT_SECONDS if self is Lane.LONG else SHORT_TIMEOUT_SECONDS

    @property
    def visibility_timeout_seconds(self) -> int:
        return self.function_timeout_seconds + _VISIBILITY_MARGIN_SECONDS

    @property
    def batch_size(self) -> int:
        """A long job takes an invocation to itself: nine finished ones would wait for it."""
        return 1 if self is Lane.LONG else _SHORT_BATCH

    @property
    def variable(self) -> str:
        """The environment variable that holds the queue's URL."""
        return f"QUEUE_URL_{self.name}"
