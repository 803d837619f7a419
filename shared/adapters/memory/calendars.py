"""`ports.templates.Calendars` in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.model.schedule.calendar import Calendar


class MemoryCalendars:
    """`kept` holds the calendars by tenant and id."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Calendar] = {}

    def calendars(self, tenant: str, ids: Sequence[str]) -> Mapping[str, Calendar]:
        return {name: self.kept[(tenant, name)] for name in ids if (tenant, name) in self.kept}
