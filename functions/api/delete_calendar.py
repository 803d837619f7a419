"""Delete a calendar that no template uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.api.refusals import Refused, WrongState
from shared.model.errors import CalendarChanged, TemplateNotFound
from shared.model.template import TemplateKey, TemplateStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.api.change_template import Change
    from shared.model.template import Template
    from shared.ports.calendars import CalendarStore
    from shared.ports.templates import TemplateStore

_PAGE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCalendar:
    calendars: CalendarStore
    templates: TemplateStore

    def __call__(self, tenant: str, calendar_id: str, change: Change) -> None:
        """
        Raises:
            CalendarNotFound: there is none.
            VersionMismatch: the precondition does not hold.
            WrongState: a template uses it.
            Refused: another changed it at the same time.
        """
        calendar = self.calendars.get_calendar(tenant, calendar_id)
        change.precondition.check(calendar)
        user = next(templates_using(self.calendars, self.templates, tenant, calendar_id), None)
        if user is not None:
            detail = f"the template {user.id} ({user.name}) uses it: take the calendar out of its schedule first"
            raise WrongState("in_use", detail)
        try:
            self.calendars.delete_calendar(tenant, calendar_id, revision=calendar.revision)
        except CalendarChanged:
            raise Refused("conflict", "the calendar was changed by others at the same time: read it again") from None


def templates_using(
    calendars: CalendarStore, templates: TemplateStore, tenant: str, calendar_id: str
) -> Iterator[Template]:
    """The templates, none of them deleted, whose schedules name a calendar, in the order of their ids."""
    position = None
    while True:
        users = calendars.users(tenant, calendar_id, after=position, limit=_PAGE)
        for template_id in users:
            try:
                template = templates.get_template(TemplateKey(tenant, template_id))
            except TemplateNotFound:
                continue
            if template.status is not TemplateStatus.DELETED and calendar_id in template.calendars:
                yield template
        if len(users) < _PAGE:
            return
        position = users[-1]
