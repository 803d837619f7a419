"""What a calendar's change would mean for the templates that use it, before it is saved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple

from functions.api.calendar_users import users_of
from functions.api.check_template import present_timetable
from shared.model.errors import InvalidField
from shared.model.schedule.calendar_difference import differing_spans
from shared.side_by_side import one_after_another

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from shared.model.schedule.calendar import Calendar
    from shared.model.schedule.occurrences import Occurrence
    from shared.model.schedule.timetable import Timetable
    from shared.model.template import Template
    from shared.ports.calendars import CalendarStore
    from shared.ports.templates import TemplateStore
    from shared.side_by_side import Together

SPAN: Final = timedelta(days=90)
"""How far ahead changes are counted."""
# Occurrences of one template that are looked at, around the days that change.
_MOST: Final = 9_000
# How many of a template's changes are shown, and how many templates.
_SHOWN_CHANGES: Final = 3
_SHOWN_TEMPLATES: Final = 50
# Templates that are looked at in one call, be it that they use the calendar or did so once.
_MOST_USERS: Final = 1_000
# One template takes a second or two at the most.
_LAST_TEMPLATE_SECONDS: Final = 5


class ChangedOccurrence(NamedTuple):
    """An occurrence that runs at another time than before; not at all where that is None. `reason`: why the calendar
    excludes its day."""

    nominal_at: datetime
    was: datetime | None
    becomes: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class ChangedTemplate:
    """`occurrences` of those up to the nominal instant `until` would change; `first` are the first of them."""

    template: Template
    occurrences: int
    until: datetime
    first: Sequence[ChangedOccurrence]


@dataclass(frozen=True, slots=True)
class Impact:
    """`templates` use the calendar; of them `changed` have occurrences that change, and `shown` are the first of these.
    With `is_complete`, all of them were looked at, and all of their occurrences up to `until`; else `next`, when it is
    not None, is the id after which the others come."""

    until: datetime
    templates: int
    changed: int
    occurrences: int
    shown: Sequence[ChangedTemplate]
    is_complete: bool
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCalendar:
    """Nothing is stored: both schedules are computed and compared."""

    calendars: CalendarStore
    templates: TemplateStore
    together: Together = one_after_another

    def __call__(
        self,
        tenant: str,
        calendar_id: str,
        would_be: Calendar,
        *,
        after: str | None = None,
        now: datetime,
        seconds_left: Callable[[], float],
    ) -> Impact:
        """What would change from `now` on if the calendar were as it `would_be`: of the templates with ids greater than
        `after`, as many as there is time for."""
        impact = Impact(now + SPAN, 0, 0, 0, (), is_complete=True)
        users = users_of(self.calendars, self.templates, self.together, tenant, calendar_id, after=after)
        for number, (template_id, template) in enumerate(users):
            if number == _MOST_USERS or (template is not None and seconds_left() < _LAST_TEMPLATE_SECONDS):
                return replace(impact, is_complete=False, next=after)
            after = template_id
            if template is not None:
                judged = self._judge(template, calendar_id, would_be, now=now, until=impact.until)
                impact = _with(impact, judged)
        return impact

    def _judge(
        self, template: Template, calendar_id: str, would_be: Calendar, *, now: datetime, until: datetime
    ) -> ChangedTemplate:
        try:
            was = present_timetable(template, self.calendars)
            becomes = replace(was, calendars={**was.calendars, calendar_id: would_be})
            return _judged(template, was, becomes, would_be, now=now, until=until)
        except InvalidField:
            # One that this version cannot read is reported by its expansion.
            return ChangedTemplate(template, 0, until, ())


def _with(impact: Impact, judged: ChangedTemplate) -> Impact:
    is_complete = impact.is_complete and judged.until == impact.until
    impact = replace(impact, templates=impact.templates + 1, is_complete=is_complete)
    if not judged.occurrences:
        return impact
    return replace(
        impact,
        changed=impact.changed + 1,
        occurrences=impact.occurrences + judged.occurrences,
        shown=(*impact.shown, judged)[:_SHOWN_TEMPLATES],
    )


def _judged(
    template: Template, was: Timetable, becomes: Timetable, would_be: Calendar, *, now: datetime, until: datetime
) -> ChangedTemplate:
    spans = differing_spans(was.schedule, was.calendars, becomes.calendars, since=now, until=until)
    runs = [list(islice(_runs(one, spans), _MOST)) for one in (was, becomes)]
    # What one of them was not followed to, the other cannot be compared with.
    reached = min([until, *(found[-1].nominal_at for found in runs if len(found) == _MOST)])
    before, after = (
        {one.nominal_at: one for one in found if one.nominal_at <= reached and one.nominal_at not in template.skipped}
        for found in runs
    )
    changes = [
        _changed(at, before.get(at), after.get(at), would_be)
        for at in sorted(before.keys() | after.keys())
        if _effective(before.get(at)) != _effective(after.get(at))
    ]
    return ChangedTemplate(template, len(changes), reached, changes[:_SHOWN_CHANGES])


def _runs(timetable: Timetable, spans: Sequence[tuple[datetime, datetime]]) -> Iterator[Occurrence]:
    return chain.from_iterable(timetable.between(*span) for span in spans)


def _changed(
    at: datetime, before: Occurrence | None, after: Occurrence | None, would_be: Calendar
) -> ChangedOccurrence:
    one = before or after
    reason = None if one is None else would_be.reason(one.nominal.date())
    return ChangedOccurrence(at, _effective(before), _effective(after), reason)


def _effective(occurrence: Occurrence | None) -> datetime | None:
    return None if occurrence is None else occurrence.effective_at
