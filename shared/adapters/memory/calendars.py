"""`ports.calendars.CalendarStore` in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shared.adapters.memory.templates import MemoryTemplateStore
from shared.model.errors import CalendarChanged, CalendarNotFound
from shared.model.schedule.calendar_documents import read_calendar
from shared.ports.templates import Planned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.model.schedule.calendar import Calendar
    from shared.model.stored_calendar import StoredCalendar


class MemoryCalendars:
    """Every call is atomic. The expand index is that of `templates`, as they share a table. `kept` holds days by tenant
    and id, for tests to which calendars are merely there; those in it are not listed."""

    def __init__(self, templates: MemoryTemplateStore | None = None) -> None:
        self.kept: dict[tuple[str, str], Calendar] = {}
        self._stored: dict[tuple[str, str], StoredCalendar] = {}
        self._uses: set[tuple[str, str, str]] = set()
        self._planned = (templates or MemoryTemplateStore()).planned
        self._lock = threading.RLock()

    def calendars(self, tenant: str, ids: Sequence[str]) -> Mapping[str, Calendar]:
        with self._lock:
            return {name: self.kept[(tenant, name)] for name in ids if (tenant, name) in self.kept}

    def create_calendar(self, calendar: StoredCalendar) -> StoredCalendar:
        with self._lock:
            existing = self._stored.get((calendar.tenant, calendar.id))
            if existing is None:
                self._write(calendar)
            return existing or calendar

    def get_calendar(self, tenant: str, calendar_id: str) -> StoredCalendar:
        with self._lock:
            found = self._stored.get((tenant, calendar_id))
        if found is None:
            raise CalendarNotFound(calendar_id)
        return found

    def replace_calendar(self, calendar: StoredCalendar) -> None:
        with self._lock:
            current = self._stored.get((calendar.tenant, calendar.id))
            if current != calendar and (current is None or current.revision != calendar.revision - 1):
                raise CalendarChanged(calendar.id)
            self._write(calendar)

    def delete_calendar(self, tenant: str, calendar_id: str, *, revision: int) -> None:
        with self._lock:
            current = self._stored.get((tenant, calendar_id))
            if current is None:
                return
            if current.revision != revision:
                raise CalendarChanged(calendar_id)
            del self._stored[(tenant, calendar_id)], self.kept[(tenant, calendar_id)]
            self._planned.pop((Planned.CALENDAR, tenant, calendar_id), None)

    def list_calendars(self, tenant: str, *, after: str | None, limit: int) -> list[StoredCalendar]:
        with self._lock:
            found = [one for (owner, _), one in self._stored.items() if owner == tenant]
        found = [one for one in found if after is None or one.id > after]
        return sorted(found, key=lambda one: one.id)[:limit]

    def note_use(self, tenant: str, template_id: str, calendars: Iterable[str]) -> None:
        with self._lock:
            self._uses.update((tenant, name, template_id) for name in calendars)

    def users(self, tenant: str, calendar_id: str, *, after: str | None, limit: int) -> list[str]:
        with self._lock:
            found = [user for owner, name, user in self._uses if (owner, name) == (tenant, calendar_id)]
        return sorted(user for user in found if after is None or user > after)[:limit]

    def _write(self, calendar: StoredCalendar) -> None:
        key = (calendar.tenant, calendar.id)
        self._stored[key] = calendar
        self.kept[key] = read_calendar(calendar.document)
        entry = (Planned.CALENDAR, *key)
        self._planned.pop(entry, None)
        if calendar.expand_at is not None and calendar.expand_shard is not None:
            self._planned[entry] = (calendar.expand_shard, calendar.expand_at)
