"""Short ways for tests to expand a schedule."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from shared.model.schedule.documents import read_schedule
from shared.model.schedule.occurrences import Occurrence, occurrences

if TYPE_CHECKING:
    from shared.model.schedule.calendar import Calendar


def expand(
    document: dict[str, Any],
    after: str | None,
    count: int,
    *,
    calendar: Calendar | None = None,
    seed: str = "t",
    **options: Any,
) -> list[Occurrence]:
    """The next `count` occurrences; `calendar` is the one that the document calls `c`."""
    calendars = {} if calendar is None else {"c": calendar}
    start = None if after is None else datetime.fromisoformat(after)
    return list(
        islice(occurrences(read_schedule(document), seed=seed, calendars=calendars, after=start, **options), count)
    )


def nominals(document: dict[str, Any], after: str | None, count: int) -> list[str]:
    """Their local times."""
    return [f"{one.nominal:%Y-%m-%dT%H:%M:%S}" for one in expand(document, after, count)]


def instants(document: dict[str, Any], after: str | None, count: int) -> list[str]:
    """Their instants."""
    return [f"{one.nominal_at:%Y-%m-%dT%H:%MZ}" for one in expand(document, after, count)]
