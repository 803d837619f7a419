"""Take single occurrences out of a template, and put them back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from functions.api.check_template import present_timetable
from functions.api.refusals import invalid_field
from shared.model import limits
from shared.model.schedule.bounds import SearchTooLong
from shared.model.template_changes import planned_anew
from shared.model.times import format_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.api.change_template import Change, ChangeTemplate
    from shared.model.schedule.timetable import Timetable
    from shared.model.template import Template, TemplateKey
    from shared.ports.calendars import Calendars

_POINTER: Final = "/nominal_at"
# What is skipped is remembered for a while beyond its time: its job may be withdrawn late.
_REMEMBERED: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipOccurrence:
    change_template: ChangeTemplate
    calendars: Calendars

    def skip(self, key: TemplateKey, nominal_at: datetime, change: Change) -> Template:
        """The template without the occurrence of that nominal instant.

        Raises:
            ValidationFailed: it has no such occurrence ahead, or as many are taken out as may be.
        """
        return self._change(key, change, "skip", nominal_at, lambda skipped: skipped | {nominal_at})

    def unskip(self, key: TemplateKey, nominal_at: datetime, change: Change) -> Template:
        """The template with the occurrence of that nominal instant again; as it is when nobody took it out."""
        return self._change(key, change, "unskip", nominal_at, lambda skipped: skipped - {nominal_at})

    def _change(
        self,
        key: TemplateKey,
        change: Change,
        word: str,
        nominal_at: datetime,
        wanted: Callable[[frozenset[datetime]], frozenset[datetime]],
    ) -> Template:
        def decide(template: Template) -> Template | None:
            timetable = present_timetable(template, self.calendars)
            _check(timetable, nominal_at, change.now)
            before = frozenset(template.skipped)
            skipped = wanted(before)
            if skipped == before:
                return None
            kept = tuple(sorted(time for time in skipped if time >= _oldest(template, change.now)))
            if len(kept) > limits.MAX_SKIPPED:
                detail = f"at most {limits.MAX_SKIPPED} occurrences are skipped at a time"
                raise invalid_field(_POINTER, "out-of-range", detail)
            return planned_anew(template, timetable, timetable, by=change.by, change=word, now=change.now, skipped=kept)

        return self.change_template(key, change, decide)


def _oldest(template: Template, now: datetime) -> datetime:
    """What was skipped before this time matters to nobody any more."""
    progress = template.progress
    return min(now, progress.expanded_until) - timedelta(seconds=progress.lag_seconds) - _REMEMBERED


def _check(timetable: Timetable, nominal_at: datetime, now: datetime) -> None:
    if nominal_at > now and timetable.has(nominal_at):
        return
    around = (timetable.previous(nominal_at), _following(timetable, max(nominal_at, now)))
    near = [format_time(time) for time in around if time is not None and time > now]
    detail = f"; the nearest: {' and '.join(near)}" if near else ""
    raise invalid_field(_POINTER, "no-such-occurrence", f"the schedule has no run ahead at this instant{detail}")


def _following(timetable: Timetable, nominal_at: datetime) -> datetime | None:
    with suppress(SearchTooLong):
        found = next(timetable.occurrences(after=nominal_at), None)
        return None if found is None else found.nominal_at
    return None
