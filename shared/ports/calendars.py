"""The calendars in the templates table, and which templates use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.model.schedule.calendar import Calendar
    from shared.model.stored_calendar import StoredCalendar


class Calendars(Protocol):
    """What an expansion needs of the calendars: their days."""

    def calendars(self, tenant: str, ids: Sequence[str]) -> Mapping[str, Calendar]:
        """Those of the tenant's calendars that exist, by id; read consistently."""
        ...


class CalendarStore(Calendars, Protocol):
    """One item `calendar#<id>` per calendar in its tenant's partition; every write is conditional on the revision.

    A changed calendar is due at once in the expand index (`Planned.CALENDAR`), in the same write: so its templates are
    planned anew whatever happens to who changed it. The turn goes through `users` page by page, gives each template a
    new version (`template_changes.planned_anew`, change `calendar`), and then takes the calendar out of the index.
    """

    def create_calendar(self, calendar: StoredCalendar) -> StoredCalendar:
        """Put `calendar` unless one of its id exists; the one that is stored then."""
        ...

    def get_calendar(self, tenant: str, calendar_id: str) -> StoredCalendar:
        """The calendar, read consistently.

        Raises:
            CalendarNotFound: there is none.
        """
        ...

    def replace_calendar(self, calendar: StoredCalendar) -> None:
        """Put `calendar` in the place of the one whose revision is one less. Its very own earlier write counts as done.

        Raises:
            CalendarChanged: another has written since, or it is gone.
        """
        ...

    def delete_calendar(self, tenant: str, calendar_id: str, *, revision: int) -> None:
        """Delete the calendar of that revision. Deleting what is gone changes nothing.

        Raises:
            CalendarChanged: it is at another revision.
        """
        ...

    def list_calendars(self, tenant: str, *, after: str | None, limit: int) -> list[StoredCalendar]:
        """At most `limit` of a tenant's calendars with ids greater than `after`, in the order of their ids."""
        ...

    def note_use(self, tenant: str, template_id: str, calendars: Iterable[str]) -> None:
        """Remember that a template may use these calendars: an item `use#<calendar>#<template>` for each. To be called
        before the template is written, so that no use goes unnoticed; one that has ended is found out by reading the
        template."""
        ...

    def users(self, tenant: str, calendar_id: str, *, after: str | None, limit: int) -> list[str]:
        """At most `limit` ids, greater than `after`, of the templates that may use a calendar."""
        ...
