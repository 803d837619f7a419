"""When a schedule is due, found by asking every ten seconds whether it says so: the oracle of I2.

It knows the few forms that the simulation uses, all of which are due at whole tens of seconds, and nothing of the code
that it judges. Zones are those of the standard library.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STEP: Final = timedelta(seconds=10)
_INSTANT: Final = timedelta(milliseconds=1)

EACH_TEN_SECONDS: Final = "*/10 * * * * ?"
EACH_MINUTE: Final = "* * * * *"
EACH_TENTH_MINUTE: Final = "*/10 * * * *"
AROUND_THE_NIGHT: Final = "*/20 1-3 * * *"
# Cron by what a local time must be; and whether its hour is a wildcard, so that it means elapsed time.
_CRON: Final[Mapping[str, tuple[Callable[[datetime], bool], bool]]] = {
    EACH_TEN_SECONDS: (lambda local: local.second % 10 == 0, True),
    EACH_MINUTE: (lambda local: local.second == 0, True),
    EACH_TENTH_MINUTE: (lambda local: local.second == 0 and local.minute % 10 == 0, True),
    AROUND_THE_NIGHT: (lambda local: local.second == 0 and local.minute % 20 == 0 and 1 <= local.hour <= 3, False),
}
_EVERY: Final = {"1m30s": 90, "90s": 90, "7m": 420}
_SPREAD: Final = {"40s": 40, "10m": 600}


def spread_of(schedule: Mapping[str, Any]) -> timedelta:
    """By how much an occurrence may run later than the rule says."""
    return timedelta(seconds=_SPREAD[schedule["spread"]]) if "spread" in schedule else timedelta()


def due_between(schedule: Mapping[str, Any], since: datetime, until: datetime) -> set[datetime]:
    """The nominal instants after `since` and up to `until`."""
    start = _time(schedule, "start_at")
    first = since if start is None else min(start - _INSTANT, since)
    words = tuple(
        sorted((name, str(value)) for name, value in schedule.items() if name in ("cron", "every", "timezone"))
    )
    policies = (schedule.get("dst_gap", "shift_forward"), schedule.get("dst_overlap", "first"))
    found = [one for one in _due(words, policies, start, first, until) if start is None or one >= start]
    end = _time(schedule, "end_at")
    found = [one for one in found if end is None or one <= end][: schedule.get("max_occurrences")]
    return {one for one in found if one > since}


@lru_cache(maxsize=256)
def _due(
    words: tuple[tuple[str, str], ...],
    policies: tuple[str, str],
    anchor: datetime | None,
    since: datetime,
    until: datetime,
) -> tuple[datetime, ...]:
    schedule = dict(words)
    found = []
    instant = datetime.fromtimestamp(-(-int(since.timestamp() * 1000 + 1) // 10_000) * 10, UTC)
    while instant <= until:
        if _is_due(schedule, policies, anchor, instant):
            found.append(instant)
        instant += STEP
    return tuple(found)


def _is_due(schedule: Mapping[str, str], policies: tuple[str, str], anchor: datetime | None, instant: datetime) -> bool:
    if "every" in schedule:
        since = 0.0 if anchor is None else anchor.timestamp()
        return (instant.timestamp() - since) % _EVERY[schedule["every"]] == 0
    says_so, is_elapsed = _CRON[schedule["cron"]]
    zone = ZoneInfo(schedule.get("timezone", "UTC"))
    local = instant.astimezone(zone)
    if is_elapsed:
        return says_so(local)
    if says_so(local) and _is_the_pass(local, policies[1]):
        return True
    return policies[0] == "shift_forward" and any(map(says_so, _left_out(instant, zone)))


def _is_the_pass(local: datetime, overlap: str) -> bool:
    """Whether of a local time that exists twice this is the one to run at."""
    exists_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return not exists_twice or overlap == "both" or (local.fold == 1) == (overlap == "last")


def _left_out(instant: datetime, zone: ZoneInfo) -> list[datetime]:
    """The local times that the clocks jump over right before `instant`."""
    after, before = instant.astimezone(zone), (instant - _INSTANT).astimezone(zone)
    jump = (after.utcoffset() or timedelta()) - (before.utcoffset() or timedelta())
    wall = after.replace(tzinfo=None)
    return [wall - jump + STEP * step for step in range(max(0, jump // STEP))]


def _time(schedule: Mapping[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(schedule[name]) if name in schedule else None
