"""Groups of jobs that the scheduler keeps for its own."""

from __future__ import annotations

from typing import Final

RESERVED_PREFIX: Final = "punctual."
"""No client may put a job into a group of such a name. Its jobs carry news about other jobs (notifications, events), so
they are no news themselves: they cause neither alerts nor events, and nothing goes round in circles."""

NOTIFICATIONS: Final = f"{RESERVED_PREFIX}notifications"
EVENTS: Final = f"{RESERVED_PREFIX}events"


def is_reserved(group: str | None) -> bool:
    return group is not None and group.startswith(RESERVED_PREFIX)
