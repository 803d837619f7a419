"""Each kind of trigger as a stream of instants with their local times; several merged into one."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from shared.model.schedule.bounds import SearchTooLong
from shared.model.schedule.cron import check_cron, cron_times, rate_seconds
from shared.model.schedule.local_time import DAY, HORIZON, instant_ms
from shared.model.schedule.placement import Effect, Placed, placed
from shared.model.schedule.recurrence_rule import read_rule
from shared.model.schedule.rule_times import RuleTimes
from shared.model.schedule.schedule import Cron, Every, RecurrenceRule, Times
from shared.model.schedule.zones import stretch_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from shared.model.schedule.placement import LocalTimes
    from shared.model.schedule.recurrence_rule import Rule
    from shared.model.schedule.schedule import Schedule, Trigger


def stream(schedule: Schedule, seed: str, start: int, end: int = HORIZON * 1000) -> Iterator[Placed]:
    """What all triggers say from the instant `start` until before `end` (milliseconds), ascending.

    One instant may come several times: the smallest of them by effect is the one that runs.

    Raises:
        ValueError: a trigger cannot be read, or never fires.
        SearchTooLong: a recurrence rule does not fire for a very long time.
    """
    streams = [_stream(trigger, schedule, seed, start, end) for trigger in schedule.triggers]
    return streams[0] if len(streams) == 1 else _merged(streams)


def by_instant(stream: Iterator[Placed]) -> Iterator[list[Placed]]:
    """Groups of one instant each, the one that runs first in each; what two triggers share is there once."""
    for _, group in groupby(stream, key=lambda entry: entry.instant):
        found = list(group)
        yield found if len(found) == 1 else sorted(set(found))


def check_trigger(trigger: Trigger, schedule: Schedule) -> None:
    """Whether `trigger` can be read and ever fires.

    Raises:
        ValueError: what is wrong, and what would be right.
        SearchTooLong: a recurrence rule does not fire for a very long time.
    """
    if isinstance(trigger, RecurrenceRule):
        times = _rule_times(trigger, schedule.start_at, schedule.timezone)
        if next(times.local_times(0, HORIZON), None) is None:
            raise ValueError("it never fires")
    elif isinstance(trigger, Cron) and rate_seconds(trigger) is None:
        check_cron(trigger)


def _merged(streams: list[Iterator[Placed]]) -> Iterator[Placed]:
    """A rule that does not fire for a very long time does not keep the other triggers from what comes before."""
    too_long: list[SearchTooLong] = []

    def until_it_takes_too_long(stream: Iterator[Placed]) -> Iterator[Placed]:
        try:
            yield from stream
        except SearchTooLong as error:
            too_long.append(error)

    for one in heapq.merge(*map(until_it_takes_too_long, streams)):
        # A day, since the clocks may go back over midnight.
        if any(one.local // 1000 + DAY > error.looked_through for error in too_long):
            break
        yield one
    if too_long:
        raise too_long[0]


def _stream(trigger: Trigger, schedule: Schedule, seed: str, start: int, end: int) -> Iterator[Placed]:
    if isinstance(trigger, Times):
        first, last = (bisect_left(trigger.instants, limit, key=instant_ms) for limit in (start, end))
        return _placed_instants(schedule.timezone, map(instant_ms, trigger.instants[first:last]))
    seconds = trigger.seconds if isinstance(trigger, Every) else None
    if isinstance(trigger, Cron):
        seconds = rate_seconds(trigger)
    if seconds is not None:
        anchor = 0 if schedule.start_at is None else instant_ms(schedule.start_at)
        first = anchor + max(0, -(-(start - anchor) // (seconds * 1000))) * seconds * 1000
        return _placed_instants(schedule.timezone, iter(range(first, end, seconds * 1000)))
    times: LocalTimes
    if isinstance(trigger, Cron):
        times = cron_times(trigger, seed)
    else:
        assert isinstance(trigger, RecurrenceRule)
        times = _rule_times(trigger, schedule.start_at, schedule.timezone)
    first, last = -(-start // 1000), -(-end // 1000)
    return placed(times, schedule.timezone, first, last, gap=schedule.dst_gap, overlap=schedule.dst_overlap)


def _placed_instants(zone_name: str, instants: Iterator[int]) -> Iterator[Placed]:
    """Instants that no zone moves, with the local time that its clocks show."""
    end = offset = 0
    for instant in instants:
        if instant >= end:
            stretch = stretch_at(zone_name, instant // 1000)
            end, offset = stretch.end * 1000, stretch.offset * 1000
        yield Placed(instant, Effect.NONE, instant + offset)


@lru_cache(maxsize=1024)
def _rule_times(trigger: RecurrenceRule, start_at: datetime | None, zone_name: str) -> RuleTimes:
    return RuleTimes(*started_rule(trigger, start_at, zone_name))


def started_rule(trigger: RecurrenceRule, start_at: datetime | None, zone_name: str) -> tuple[Rule, int]:
    """The rule, and where it starts (local seconds): at its own DTSTART, else at `start_at`.

    Raises:
        ValueError: it cannot be read, or has no start.
    """
    rule = read_rule(trigger.text, zone_name)
    if rule.start is not None:
        return rule, rule.start
    if start_at is None:
        raise ValueError("it says no start: give `start_at`, or a line DTSTART:20261120T090000 before it")
    # Rounded up: nothing runs before it.
    seconds = -(-instant_ms(start_at) // 1000)
    return rule, seconds + stretch_at(zone_name, seconds).offset
