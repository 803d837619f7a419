"""From a template to its timetable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.model.schedule.documents import read_schedule
from shared.model.schedule.timetable import Timetable

if TYPE_CHECKING:
    from shared.model.template import Template
    from shared.ports.calendars import Calendars


def timetable_of(template: Template, calendars: Calendars) -> Timetable:
    """The timetable of a template as it is stored.

    Raises:
        InvalidField: its schedule cannot be read by this version.
    """
    named = calendars.calendars(template.tenant, template.calendars) if template.calendars else {}
    return Timetable(read_schedule(template.schedule), named, template.id)
