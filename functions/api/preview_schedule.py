"""What a schedule means: its next occurrences, why some are moved or left out, and what would change for a template
that got it. Nothing is stored."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from functions.api.check_template import present_timetable
from shared.model.errors import InvalidField
from shared.model.schedule.bounds import SearchTooLong
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.schedule import Cron
from shared.model.schedule.timetable import Timetable
from shared.model.schedule.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shared.model.schedule.occurrences import Occurrence
    from shared.model.schedule.schedule import Dialect, Schedule
    from shared.model.template import Template
    from shared.ports.calendars import Calendars

_POINTER: Final = "/schedule"
# `H` and `spread` go by a template's id; what has none yet is shown as one of this name would be.
_SEED: Final = "preview"
# Of the former occurrences: a schedule that ran each second is not followed to the end of one that runs yearly.
_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Difference:
    """What would change for a template, of the nominal instants up to `until`: runs that appear, that disappear, and
    that stay but are effective at another time (as it was, as it becomes)."""

    until: datetime
    added: Sequence[Occurrence]
    removed: Sequence[Occurrence]
    moved: Sequence[tuple[Occurrence, Occurrence]]


@dataclass(frozen=True, slots=True)
class Preview:
    schedule: Schedule
    occurrences: tuple[Occurrence, ...]
    difference: Difference | None = None

    @property
    def dialect(self) -> Dialect | None:
        """Whose cron it is; None when there is none, or several differ."""
        dialects = {trigger.dialect for trigger in self.schedule.triggers if isinstance(trigger, Cron)}
        return dialects.pop() if len(dialects) == 1 else None

    @property
    def description(self) -> str:
        """What the triggers say, in words."""
        return words(self.schedule)


@dataclass(frozen=True, slots=True)
class PreviewSchedule:
    calendars: Calendars

    def __call__(
        self, tenant: str, document: Mapping[str, Any], *, after: datetime, count: int, template: Template | None
    ) -> Preview:
        """The first `count` occurrences after `after`, those that do not run among them; as they would be of
        `template`, with what would change for it.

        Raises:
            InvalidField: which part of the document is wrong, and what would be right; or it never fires.
        """
        schedule = read_schedule(document, _POINTER)
        calendars = self.calendars.calendars(tenant, schedule.calendars) if schedule.calendars else {}
        for number, name in enumerate(schedule.calendars):
            if name not in calendars:
                raise InvalidField(f"{_POINTER}/calendars/{number}", f"there is no calendar {name}")
        timetable = Timetable(schedule, calendars, _SEED if template is None else template.id)
        try:
            shown = tuple(islice(timetable.occurrences(after=after, with_excluded=True), count))
        except SearchTooLong as error:
            raise InvalidField(_POINTER, error.detail) from None
        if template is None:
            return Preview(schedule, shown)
        was = present_timetable(template, self.calendars)
        return Preview(schedule, shown, _difference(was, shown, after, is_whole=len(shown) < count))


def _difference(was: Timetable, shown: Sequence[Occurrence], after: datetime, *, is_whole: bool) -> Difference:
    """Over the span of what is shown, or without end when that `is_whole`; but of `_MOST` former ones at the most."""
    until = shown[-1].nominal_at if shown else after
    before: dict[datetime, Occurrence] = {}
    # Where the step budget ends, there are no more.
    with suppress(SearchTooLong):
        for one in was.occurrences(after=after):
            if one.nominal_at > until and not is_whole:
                break
            before[one.nominal_at] = one
            if len(before) == _MOST:
                break
    if len(before) == _MOST:
        until = max(before)
    elif is_whole:
        until = max([until, *before])
    becomes = {one.nominal_at: one for one in shown if one.excluded is None and one.nominal_at <= until}
    both = [(before[at], becomes[at]) for at in becomes if at in before]
    return Difference(
        until=until,
        added=[one for at, one in becomes.items() if at not in before],
        removed=[one for at, one in before.items() if at not in becomes],
        moved=[(one, other) for one, other in both if one.effective_at != other.effective_at],
    )
