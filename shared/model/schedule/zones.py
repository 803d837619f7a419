"""Time zones as stretches of constant offset."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.model.schedule.local_time import DAY, day_number
from shared.model.time_zones import zone

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# Two changes of one zone are never closer than this since 1970: Brazil in 2000 and Gaza in 2040 come to 6.9 days.
_STEP: Final = 3 * DAY


class Stretch(NamedTuple):
    """From `start` until before `end` (UTC seconds) the zone's offset is `offset` seconds; around it, the neighbours'.

    A stretch ends at a change of the clocks, or at the end of a UTC year, where nothing changes.
    """

    start: int
    end: int
    before: int
    offset: int
    after: int


def stretch_at(name: str, instant: int) -> Stretch:
    """The stretch in which an instant (UTC seconds) lies."""
    stretches = _stretches(name, datetime.fromtimestamp(instant, UTC).year)
    return stretches[bisect_right(stretches, instant, key=lambda stretch: stretch.start) - 1]


@lru_cache(maxsize=4096)
def _stretches(name: str, year: int) -> tuple[Stretch, ...]:
    rules = zone(name)
    start, end = (day_number(y, 1, 1) * DAY for y in (year, year + 1))
    bounds = [start, *_changes(rules, start, end), end]
    offsets = [_offset(rules, start - 1), *(_offset(rules, bound) for bound in bounds)]
    return tuple(
        Stretch(bounds[i], bounds[i + 1], offsets[i], offsets[i + 1], offsets[i + 2]) for i in range(len(bounds) - 1)
    )


def _changes(rules: ZoneInfo, start: int, end: int) -> list[int]:
    """The instants in (start, end) from which on the offset is another."""
    changes = []
    for low in range(start, end, _STEP):
        before, high = low, min(low + _STEP, end)
        old = _offset(rules, before)
        # The last second before the end: a change exactly at the end belongs to what follows.
        if old == _offset(rules, high - 1) and (high == end or old == _offset(rules, high)):
            continue
        while high - before > 1:
            middle = (before + high) // 2
            before, high = (middle, high) if _offset(rules, middle) == old else (before, middle)
        if high < end:
            changes.append(high)
    return changes


def _offset(rules: ZoneInfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, rules).utcoffset()
    assert offset is not None
    return offset.days * DAY + offset.seconds
