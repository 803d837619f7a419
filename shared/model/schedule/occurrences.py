"""The occurrences of a schedule: strictly increasing nominal instants, each with when it really runs, and why."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from shared.model.schedule.bounds import MAX_EXCLUDED_DAYS, MAX_MERGED, SearchTooLong
from shared.model.schedule.calendar import business_days
from shared.model.schedule.local_time import DAY, date_of, day_number, instant_ms, naive_time, utc_time
from shared.model.schedule.placement import Effect, Placed, locals_placed_at, passes
from shared.model.schedule.schedule import DstOverlap, OnExcluded
from shared.model.schedule.stable_hash import stable_number
from shared.model.schedule.triggers import by_instant, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from shared.model.schedule.calendar import BusinessDays, Calendar
    from shared.model.schedule.schedule import Schedule

_DAY_MS: Final = DAY * 1000


class Moved(StrEnum):
    """What changed an occurrence on its way from the rule to the clock."""

    DST_GAP = "dst_gap"  # its local time does not exist; it runs after the gap
    DST_OVERLAP = "dst_overlap"  # its local time exists twice; the policy chose
    ROLLED = "rolled"  # its day is excluded; it runs on another
    SPREAD = "spread"  # it is not at the nominal second, so that not all are at once


class Excluded(StrEnum):
    """Why there is no run."""

    DST_GAP = "dst_gap"  # its local time does not exist, and the policy is to skip it
    CALENDAR = "calendar"  # a calendar excludes its day
    MERGED = "merged"  # another occurrence runs at that very instant
    NO_BUSINESS_DAY = "no_business_day"  # there is no day near to which it could be rolled


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time of a schedule.

    `nominal` is the naive local time that the rule says, `nominal_at` its instant and the occurrence's identity,
    `effective_at` when it runs: after roll and spread. Where `excluded` is set it does not run, `effective_at` equals
    `nominal_at`, and of a local time that does not exist `nominal_at` is the instant after the gap. `day_excluded` says
    why its day is excluded, where that moved or removed it.
    """

    nominal: datetime
    nominal_at: datetime
    effective_at: datetime
    moved: tuple[Moved, ...] = ()
    excluded: Excluded | None = None
    day_excluded: str | None = None


def occurrences(
    schedule: Schedule,
    *,
    seed: str,
    calendars: Mapping[str, Calendar],
    after: datetime | None = None,
    ran: int | None = None,
    with_excluded: bool = False,
) -> Iterator[Occurrence]:
    """The occurrences after the nominal instant `after`, else from `start_at` on; lazily, and maybe without end.

    Starting anywhere gives the same tail. `seed` (the template's id) fixes `H` and the spread. `ran` is how many ran up
    to `after`, for a caller who keeps count; otherwise `max_occurrences` counts them again. `with_excluded` reports
    those too that do not run; they may share their `nominal_at` with one that does.

    Raises:
        InvalidField: a calendar is missing, or public holidays are not known.
        ValueError: a trigger cannot be read; `read_schedule` would have refused it.
        SearchTooLong: there is no run for a very long time.
    """
    expansion = _Expansion(schedule, seed, business_days(schedule.calendars, calendars), with_excluded=with_excluded)
    start = expansion.first if after is None else max(expansion.first, instant_ms(after) + 1)
    if schedule.max_occurrences is None:
        return expansion.run(start)
    if ran is None and after is not None:
        ran = count_runs(schedule, seed=seed, calendars=calendars, until=after)
    return _limited(expansion.run(start), schedule.max_occurrences - (ran or 0))


def count_runs(schedule: Schedule, *, seed: str, calendars: Mapping[str, Calendar], until: datetime) -> int:
    """How many runs a schedule has up to the nominal instant `until`, where it limits them; no more than its limit.

    Raises:
        as `occurrences`.
    """
    expansion = _Expansion(schedule, seed, business_days(schedule.calendars, calendars), with_excluded=False)
    found, most = expansion.run(expansion.first), schedule.max_occurrences or 0
    count = 0
    # What is not found within the step budget is not before `until` either.
    with suppress(SearchTooLong):
        while count < most and (occurrence := next(found, None)) is not None and occurrence.nominal_at <= until:
            count += 1
    return count


def _limited(found: Iterator[Occurrence], most: int) -> Iterator[Occurrence]:
    while most > 0 and (occurrence := next(found, None)) is not None:
        yield occurrence
        most -= occurrence.excluded is None


class _Expansion:
    """One walk over a schedule's triggers; instants and local times in milliseconds."""

    def __init__(self, schedule: Schedule, seed: str, business: BusinessDays, *, with_excluded: bool) -> None:
        self._schedule = schedule
        self._seed = seed
        self._business = business
        self._with_excluded = with_excluded
        self._looks_at_days = bool(schedule.calendars) and schedule.on_excluded is not OnExcluded.RUN
        self.first = 0 if schedule.start_at is None else instant_ms(schedule.start_at)
        self._last = None if schedule.end_at is None else instant_ms(schedule.end_at)

    def run(self, start: int) -> Iterator[Occurrence]:
        """The occurrences from the instant `start` on."""
        position: int | None = start
        excluded_days = merged = 0
        while position is not None:
            start, position = position, None
            for placed, *others in by_instant(stream(self._schedule, self._seed, start)):
                if self._last is not None and placed.instant > self._last:
                    return
                if self._with_excluded:
                    yield from (_without_run(other) for other in others if other.effect >= Effect.SHIFTED)
                occurrence = self._decide(placed)
                if occurrence.excluded is None:
                    excluded_days = merged = 0
                    yield occurrence
                elif self._with_excluded:
                    yield occurrence
                elif occurrence.excluded is Excluded.MERGED:
                    merged += 1
                    if merged > MAX_MERGED:
                        raise SearchTooLong(
                            f"{MAX_MERGED} times in a row roll to others; such dense ones are to be skipped"
                        )
                elif occurrence.excluded in (Excluded.CALENDAR, Excluded.NO_BUSINESS_DAY):
                    excluded_days += 1
                    position = self._after_excluded_days(placed, excluded_days)
                    break

    def _decide(self, placed: Placed) -> Occurrence:
        if placed.effect is Effect.DROPPED:
            return _without_run(placed)
        if self._looks_at_days:
            day = date_of(placed.local // _DAY_MS)
            reason = self._business.reason(day)
            if reason is not None:
                return self._on_excluded_day(placed, day, reason)
        return self._at(placed, placed.instant)

    def _at(self, placed: Placed, landing: int, *, rolled_because: str | None = None) -> Occurrence:
        """The occurrence that runs at the instant `landing`, or within the spread's window from there."""
        moved = [_BY_EFFECT[placed.effect]] if placed.effect else []
        if rolled_because is not None:
            moved.append(Moved.ROLLED)
        effective = landing
        if window := self._schedule.spread_seconds * 1000:
            effective += stable_number(self._seed, str(placed.instant), window)
            moved.append(Moved.SPREAD)
        nominal_at = utc_time(placed.instant)
        return Occurrence(
            nominal=naive_time(placed.local),
            nominal_at=nominal_at,
            effective_at=nominal_at if effective == placed.instant else utc_time(effective),
            moved=tuple(moved),
            day_excluded=rolled_because,
        )

    def _on_excluded_day(self, placed: Placed, day: date, reason: str) -> Occurrence:
        if self._schedule.on_excluded is OnExcluded.SKIP:
            return _without_run(placed, Excluded.CALENDAR, reason)
        step = 1 if self._schedule.on_excluded is OnExcluded.NEXT_BUSINESS_DAY else -1
        landing_day = self._business.nearest(day, step)
        if landing_day is None:
            return _without_run(placed, Excluded.NO_BUSINESS_DAY, reason)
        days = (landing_day - day).days
        landing = self._instant(placed.local + days * _DAY_MS)
        if self._is_second_pass(placed) or self._is_landed_on(landing, placed.local, days):
            return _without_run(placed, Excluded.MERGED, reason)
        return self._at(placed, landing, rolled_because=reason)

    def _is_second_pass(self, placed: Placed) -> bool:
        """Whether the same local time ran, or was rolled, in the first pass of an overlap."""
        first = passes(self._schedule.timezone, placed.local)[0]
        return first < placed.instant and self._has_run(first, first, placed.local, placed.local)

    def _is_landed_on(self, landing: int, local: int, days: int) -> bool:
        """Whether another run is at the instant `landing`, to which `local` is rolled by so many days: its own, or one
        that is rolled there from nearer by. Into a gap several are rolled from each day: the one runs that is exactly
        after it, else the first, as where a gap shifts them."""
        first, last = (found - days * _DAY_MS for found in locals_placed_at(self._schedule.timezone, landing))
        nearer = (step * _DAY_MS for step in (range(1, days + 1) if days > 0 else range(days, 0)))
        return (
            any(self._has_run_at(first + shift, last + shift) for shift in nearer)
            or (local > first and local != last and self._has_run_at(first, local - 1))
            or (local != last and self._has_run_at(last, last))
        )

    def _has_run_at(self, first: int, last: int) -> bool:
        """Whether a run of the schedule, be it rolled itself, has a local time from `first` to `last`."""
        return self._has_run(self._instant(first), self._instant(last), first, last)

    def _has_run(self, since: int, until: int, first: int, last: int) -> bool:
        until = until if self._last is None else min(until, self._last)
        found = by_instant(stream(self._schedule, self._seed, max(since, self.first), until + 1))
        return any(one.effect is not Effect.DROPPED and first <= one.local <= last for one, *_ in found)

    def _instant(self, local: int) -> int:
        """Where a local time is placed that no trigger says; one in a gap runs after it, whatever the policy."""
        found = passes(self._schedule.timezone, local)
        return found[-1] if self._schedule.dst_overlap is DstOverlap.LAST else found[0]

    def _after_excluded_days(self, placed: Placed, excluded_days: int) -> int:
        """The first instant of the next day that is not excluded, so that an excluded day costs one step."""
        if excluded_days >= MAX_EXCLUDED_DAYS:
            raise SearchTooLong(f"its calendars exclude {excluded_days} days on which it fires, one after another")
        first = date_of(placed.local // _DAY_MS)
        allowed = self._business.nearest(first, 1)
        if allowed is None:
            raise SearchTooLong(f"its calendars exclude every day for a year after {first}")
        return max(placed.instant + 1, passes(self._schedule.timezone, _local_ms(allowed, 0))[0])


_BY_EFFECT: Final = {Effect.REPEATED: Moved.DST_OVERLAP, Effect.SHIFTED: Moved.DST_GAP}


def _without_run(placed: Placed, why: Excluded | None = None, day_excluded: str | None = None) -> Occurrence:
    if why is None:
        why = Excluded.DST_GAP if placed.effect is Effect.DROPPED else Excluded.MERGED
    at = utc_time(placed.instant)
    return Occurrence(
        nominal=naive_time(placed.local), nominal_at=at, effective_at=at, excluded=why, day_excluded=day_excluded
    )


def _local_ms(day: date, time: int) -> int:
    return day_number(day.year, day.month, day.day) * _DAY_MS + time
