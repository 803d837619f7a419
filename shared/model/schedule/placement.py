"""Naive local times placed in a zone by the DST policies: no library's own idea of DST gets in."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shared.model.schedule.local_time import DAY
from shared.model.schedule.schedule import DstGap, DstOverlap
from shared.model.schedule.zones import stretch_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.schedule.zones import Stretch


class Effect(IntEnum):
    """What a change of the clocks did to a local time. Of several at one instant the smallest is the one that runs."""

    NONE = 0
    REPEATED = 1  # the time exists twice, and the policy chose
    SHIFTED = 2  # it does not exist, and runs after the gap
    MERGED = 3  # it does not exist either, and another one runs after the gap
    DROPPED = 4  # it does not exist, and does not run


class Placed(NamedTuple):
    """A local time with its instant, both in milliseconds; of a dropped one, the instant after the gap."""

    instant: int
    effect: Effect
    local: int


class LocalTimes(Protocol):
    """What a wall-clock trigger is to the placement."""

    @property
    def elapsed(self) -> bool:
        """Whether the hour is a wildcard: then the trigger means elapsed time, and each hour that passes counts."""
        ...

    def local_times(self, start: int, end: int) -> Iterator[int]:
        """The local seconds in [start, end) at which it fires, ascending."""
        ...


def placed(times: LocalTimes, zone: str, start: int, end: int, *, gap: DstGap, overlap: DstOverlap) -> Iterator[Placed]:
    """The instants in [start, end) (UTC seconds), ascending; those of one gap share the instant after it."""
    position = start
    while position < end:
        stretch = stretch_at(zone, position)
        # No gap and no overlap reaches further than a day, nor does an offset.
        ahead = next(times.local_times(position + stretch.offset - DAY, end + 2 * DAY), None)
        if ahead is None:
            return
        if ahead < stretch.end + stretch.offset + DAY:
            if position == stretch.start and stretch.offset > stretch.before and not times.elapsed:
                yield from _in_gap(times, stretch, gap)
            yield from _in_stretch(times, stretch, position, min(stretch.end, end), overlap)
            position = stretch.end
        else:
            position = max(stretch.end, ahead - 2 * DAY)


def _in_stretch(times: LocalTimes, stretch: Stretch, start: int, end: int, overlap: DstOverlap) -> Iterator[Placed]:
    offset = stretch.offset
    local_times = times.local_times(start + offset, end + offset)
    if times.elapsed or stretch.before == offset == stretch.after:
        for local in local_times:
            yield Placed((local - offset) * 1000, Effect.NONE, local * 1000)
        return
    second_pass_until, first_pass_from = stretch.start + stretch.before, stretch.end + stretch.after
    for local in local_times:
        effect = Effect.NONE
        if local < second_pass_until:
            if overlap is DstOverlap.FIRST:
                continue
            effect = Effect.REPEATED
        elif local >= first_pass_from:
            if overlap is DstOverlap.LAST:
                continue
            effect = Effect.REPEATED
        yield Placed((local - offset) * 1000, effect, local * 1000)


def _in_gap(times: LocalTimes, stretch: Stretch, gap: DstGap) -> Iterator[Placed]:
    after_gap = stretch.start + stretch.offset
    missing = times.local_times(stretch.start + stretch.before, after_gap)
    effect = Effect.DROPPED
    if gap is DstGap.SHIFT_FORWARD:
        fires_after_gap = next(times.local_times(after_gap, after_gap + 1), None) is not None
        effect = Effect.MERGED if fires_after_gap else Effect.SHIFTED
    for local in missing:
        yield Placed(stretch.start * 1000, effect, local * 1000)
        if effect is Effect.SHIFTED:
            effect = Effect.MERGED


def passes(zone: str, local: int) -> tuple[int, ...]:
    """The instants at which a zone's clocks show `local` (both in milliseconds); of a gap, the one after it."""
    seconds, fraction = divmod(local, 1000)
    around = [stretch_at(zone, seconds + shift) for shift in (-DAY, 0, DAY)]
    around += [stretch_at(zone, around[0].end), stretch_at(zone, around[1].end)]
    shown = {seconds - stretch.offset for stretch in around if stretch.start <= seconds - stretch.offset < stretch.end}
    if shown:
        return tuple(instant * 1000 + fraction for instant in sorted(shown))
    gap = next(s for s in around if s.start + s.before <= seconds < s.start + s.offset)
    return (gap.start * 1000,)


def locals_placed_at(zone: str, instant: int) -> tuple[int, int]:
    """The first and last local time that `passes` places at an instant (all in milliseconds): two after a gap only."""
    stretch = stretch_at(zone, instant // 1000)
    is_after_gap = instant == stretch.start * 1000 and stretch.offset > stretch.before
    return instant + (stretch.before if is_after_gap else stretch.offset) * 1000, instant + stretch.offset * 1000
