"""Delete a calendar that no template uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.api.calendar_users import users_of
from functions.api.refusals import Refused, WrongState
from shared.model.errors import CalendarChanged
from shared.side_by_side import one_after_another

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.api.change_template import Change
    from shared.ports.calendars import CalendarStore
    from shared.ports.templates import TemplateStore
    from shared.side_by_side import Together

# What the delete itself takes, and the answer.
_MARGIN_SECONDS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCalendar:
    calendars: CalendarStore
    templates: TemplateStore
    together: Together = one_after_another

    def __call__(self, tenant: str, calendar_id: str, change: Change) -> None:
        """
        Raises:
            CalendarNotFound: there is none.
            VersionMismatch: the precondition does not hold.
            WrongState: a template uses it.
            Refused: another changed it at the same time, or so many templates have used it once that there was no time
                to look whether one of them still does.
        """
        calendar = self.calendars.get_calendar(tenant, calendar_id)
        change.precondition.check(calendar)
        self._check_unused(tenant, calendar_id, change.seconds_left)
        try:
            self.calendars.delete_calendar(tenant, calendar_id, revision=calendar.revision)
        except CalendarChanged:
            raise Refused("conflict", "the calendar was changed by others at the same time: read it again") from None

    def _check_unused(self, tenant: str, calendar_id: str, seconds_left: Callable[[], float]) -> None:
        for one in users_of(self.calendars, self.templates, self.together, tenant, calendar_id):
            if one.template is not None:
                detail = f"the template {one.template.id} ({one.template.name}) uses it"
                raise WrongState("in_use", f"{detail}: take the calendar out of its schedule first")
            if seconds_left() < _MARGIN_SECONDS:
                detail = "many templates have used it, and there was no time to look at each: it may still be in use"
                raise Refused("conflict", detail)
