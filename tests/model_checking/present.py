"""The model's time. The present never moves: when a step passes, everything else is told as one step earlier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from shared.model import limits
from shared.model.retention import Retention

NOW: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
# A lease lasts two steps: it can be extended while it is live, and be over before anybody may take it (three steps).
STEP: Final = timedelta(seconds=limits.LEASE_SECONDS / 2)
RETENTION: Final = Retention.alike(30)
