"""A schedule with all that it depends on: the questions that a template's use cases ask."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from shared.model.schedule.bounds import SearchTooLong
from shared.model.schedule.horizon import nominal_horizon
from shared.model.schedule.occurrences import count_runs, occurrences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from shared.model.schedule.calendar import Calendar
    from shared.model.schedule.occurrences import Occurrence
    from shared.model.schedule.schedule import Schedule

# How far back the occurrence before a time is looked for: little for those that run often.
_WINDOWS: Final = tuple(timedelta(seconds=seconds) for seconds in (60, 3_600, 86_400, 40 * 86_400, 400 * 86_400))
_STEP: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Timetable:
    """`calendars` are those that the schedule names; `seed`, a template's id, fixes `H` and the spread.

    Every method raises `InvalidField` when a calendar is missing.
    """

    schedule: Schedule
    calendars: Mapping[str, Calendar]
    seed: str

    def occurrences(
        self, *, after: datetime, ran: int | None = None, with_excluded: bool = False
    ) -> Iterator[Occurrence]:
        """Those after a nominal instant; `ran` of them are up to there, if the caller keeps count.

        Raises:
            SearchTooLong: while iterating: there is no further one within the step budget.
        """
        return occurrences(
            self.schedule,
            seed=self.seed,
            calendars=self.calendars,
            after=after,
            ran=ran,
            with_excluded=with_excluded,
        )

    def between(self, since: datetime, until: datetime) -> Iterator[Occurrence]:
        """Those that run with nominal instants from `since` to `until`, both included."""
        # What is not found within the step budget is not before `until` either.
        with suppress(SearchTooLong):
            for occurrence in self.occurrences(after=since - _STEP):
                if occurrence.nominal_at > until:
                    return
                yield occurrence

    def instants(self, *, after: datetime, until: datetime) -> list[datetime]:
        """The nominal instants after the first and up to the second time, of those that run."""
        return [occurrence.nominal_at for occurrence in self.between(after + _STEP, until)]

    def gap(self, now: datetime) -> timedelta | None:
        """How far apart the next two runs after `now` are; None when there are no two."""
        with suppress(SearchTooLong):
            runs = [one.nominal_at for one in islice(self.occurrences(after=now), 2)]
            return runs[1] - runs[0] if len(runs) > 1 else None
        return None

    def has(self, nominal_at: datetime) -> bool:
        """Whether there is a run of this nominal instant."""
        return self.effective_at(nominal_at) is not None

    def effective_at(self, nominal_at: datetime) -> datetime | None:
        """When the run of this nominal instant is effective; None when there is none."""
        with suppress(SearchTooLong):
            found = next(self.occurrences(after=nominal_at - _STEP), None)
            if found is not None and found.nominal_at == nominal_at:
                return found.effective_at
        return None

    def previous(self, until: datetime) -> datetime | None:
        """The last nominal instant up to `until`; None when there is none within 400 days."""
        first = self.schedule.start_at
        if self.schedule.max_occurrences is not None and first is not None:
            # They are counted from the first anyway, and bounded.
            found = self.instants(after=first - _STEP, until=until)
            return found[-1] if found and found[-1] > until - _WINDOWS[-1] else None
        for window in _WINDOWS:
            if self._has_any(until - window, until):
                return self._last(until - window, until)
        return None

    def _last(self, low: datetime, until: datetime) -> datetime:
        """The last nominal instant after `low`, after which there is one, and up to `until`: by halving, since there
        may be very many in between."""
        high = until
        while high - low > _STEP:
            middle = low + (high - low) // _STEP // 2 * _STEP
            if self._has_any(middle, until):
                low = middle
            else:
                high = middle
        return next(self.occurrences(after=low)).nominal_at

    def _has_any(self, after: datetime, until: datetime) -> bool:
        with suppress(SearchTooLong):
            found = next(self.occurrences(after=after), None)
            return found is not None and found.nominal_at <= until
        return False

    def ran(self, until: datetime) -> int | None:
        """How many runs there are up to a nominal instant; None where the schedule does not limit them."""
        if self.schedule.max_occurrences is None:
            return None
        return count_runs(self.schedule, seed=self.seed, calendars=self.calendars, until=until)

    def horizon(self, until: datetime) -> datetime:
        """The latest nominal instant of which an occurrence may be effective at or before `until`."""
        return nominal_horizon(self.schedule, self.calendars, until)
