"""The templates that use a calendar."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.model.errors import TemplateNotFound
from shared.model.template import TemplateKey, TemplateStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.template import Template
    from shared.ports.calendars import CalendarStore
    from shared.ports.templates import TemplateStore
    from shared.side_by_side import Together

_PAGE: Final = 100


class CalendarUser(NamedTuple):
    """A template that may use a calendar; `template` is None when it does not, or not any more."""

    template_id: str
    template: Template | None


def users_of(
    calendars: CalendarStore,
    templates: TemplateStore,
    together: Together,
    tenant: str,
    calendar_id: str,
    *,
    after: str | None = None,
) -> Iterator[CalendarUser]:
    """Those with ids greater than `after`, in the order of their ids. They are read as far as the caller goes, a page
    of templates at a time: there may be any number of them, of which the caller takes as many as it has time for."""
    position = after
    while True:
        ids = calendars.users(tenant, calendar_id, after=position, limit=_PAGE)
        yield from together(partial(_user, templates, tenant, calendar_id), ids)
        if len(ids) < _PAGE:
            return
        position = ids[-1]


def _user(templates: TemplateStore, tenant: str, calendar_id: str, template_id: str) -> CalendarUser:
    try:
        template = templates.get_template(TemplateKey(tenant, template_id))
    except TemplateNotFound:
        return CalendarUser(template_id, None)
    is_user = template.status is not TemplateStatus.DELETED and calendar_id in template.calendars
    return CalendarUser(template_id, template if is_user else None)
