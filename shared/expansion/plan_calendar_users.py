"""A calendar was changed: the templates that use it are planned anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from shared.expansion.timetables import timetable_of
from shared.model.errors import (
    CalendarChanged,
    CalendarNotFound,
    SchedulerError,
    StoreUnavailable,
    TemplateChanged,
    TemplateNotFound,
)
from shared.model.schedule.calendar_documents import read_calendar
from shared.model.template import Template, TemplateKey, TemplateStatus
from shared.model.template_changes import planned_anew

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.expansion.expand_template import ExpandTemplate
    from shared.model.stored_calendar import StoredCalendar
    from shared.ports.calendars import CalendarStore
    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry
    from shared.ports.templates import ExpandEntry, TemplateStore

_PAGE: Final = 100
# One template's expansion takes a second or two at the most.
_LAST_TEMPLATE_SECONDS: Final = 5
# A race is lost to an expansion or a client.
_TRIES: Final = 5

CHANGE: Final = "calendar"
"""What a template's version says that a calendar's change made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCalendarUsers:
    """The templates first, one after another, then the calendar, if nobody has changed it. Dying in between repeats
    some: they get one more version, and the same jobs."""

    calendars: CalendarStore
    templates: TemplateStore
    expand: ExpandTemplate
    clock: Clock
    telemetry: Telemetry

    def __call__(self, entry: ExpandEntry, seconds_left: Callable[[], float]) -> int:
        """Take the calendar's turn as far as the time allows; how many jobs were made. What is left stays due."""
        try:
            calendar = self.calendars.get_calendar(entry.tenant, entry.id)
        except CalendarNotFound:
            return 0
        if calendar.expand_at is None:
            return 0  # the index lags: it has had its turn
        planned, position = 0, calendar.planned_user
        while True:
            users = self.calendars.users(calendar.tenant, calendar.id, after=position, limit=_PAGE)
            for template_id in users:
                if seconds_left() < _LAST_TEMPLATE_SECONDS:
                    self._write(replace(calendar, planned_user=position))
                    return planned
                planned += self._take_turn(TemplateKey(calendar.tenant, template_id), calendar, seconds_left)
                position = template_id
            if len(users) < _PAGE:
                self._write(replace(calendar, planned_user=None, expand_at=None, was=None))
                return planned

    def _write(self, calendar: StoredCalendar) -> None:
        try:
            self.calendars.replace_calendar(replace(calendar, revision=calendar.revision + 1))
        except CalendarChanged:
            # By a client, and then it begins again; or another took this very turn.
            self.telemetry.debug("calendar_left_to_another", tenant=calendar.tenant, calendar_id=calendar.id)

    def _take_turn(self, key: TemplateKey, calendar: StoredCalendar, seconds_left: Callable[[], float]) -> int:
        """How many jobs the template got. What is wrong with one must not stop, or repeat, the others; when the table
        is away, or others are faster each time, all stays due."""
        facts = {"tenant": key.tenant, "template_id": key.template_id, "calendar_id": calendar.id}
        try:
            return self._plan_anew(key, calendar, seconds_left)
        except TemplateNotFound:
            return 0  # created in vain, or gone with its retention
        except (StoreUnavailable, TemplateChanged):
            raise
        except SchedulerError as error:
            # It cannot be expanded either, and says so; the repair of what it lacks plans it anew.
            self.telemetry.warn("calendar_user_not_planned", error=str(error), **facts)
        except Exception as error:  # one template's defect must not stop the others
            self.telemetry.defect("calendar_user_defect", error, **facts)
        return 0

    def _plan_anew(self, key: TemplateKey, calendar: StoredCalendar, seconds_left: Callable[[], float]) -> int:
        for _ in range(_TRIES):
            template = self.templates.get_template(key)
            if template.status is not TemplateStatus.ACTIVE or calendar.id not in template.calendars:
                return 0
            try:
                if template.expand_at is not None and template.expand_at <= self.clock.now():
                    # What is late is dealt with first: a new version gives up what came before it.
                    template = self.expand(template, seconds_left).template
                changed = self._changed(template, calendar)
                self.templates.archive_version(template)
                self.templates.replace_template(changed)
            except TemplateChanged:
                continue
            try:
                return self.expand(changed, seconds_left).planned
            except TemplateChanged:
                return 0  # another expands it
        raise TemplateChanged(template)

    def _changed(self, template: Template, calendar: StoredCalendar) -> Template:
        becomes = timetable_of(template, self.calendars)
        was = becomes
        if calendar.was is not None:
            was = replace(becomes, calendars={**becomes.calendars, calendar.id: read_calendar(calendar.was)})
        now, by = self.clock.now(), calendar.changed_by
        return planned_anew(template, was, becomes, by=by, change=CHANGE, now=now)
