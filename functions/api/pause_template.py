"""Pause a template: none of its occurrences runs until it is resumed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from functions.api.check_template import present_timetable
from functions.api.refusals import invalid_field
from shared.model import limits
from shared.model.template import Missed, Pause, TemplateStatus
from shared.model.template_changes import paused, planned_anew

if TYPE_CHECKING:
    from datetime import datetime

    from functions.api.change_template import Change, ChangeTemplate
    from functions.api.models.templates import PauseTemplate as Asked
    from shared.model.template import Template, TemplateKey
    from shared.ports.calendars import Calendars


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseTemplate:
    change_template: ChangeTemplate
    calendars: Calendars

    def __call__(self, key: TemplateKey, asked: Asked, change: Change) -> Template:
        """The paused template. One that is paused already goes on being so, with what is `asked` from now on.

        Raises:
            ValidationFailed: `until` is not ahead.
        """
        check_end(asked.until, change.now)

        def decide(template: Template) -> Template | None:
            since = change.now if template.pause is None else template.pause.at
            pause = Pause(at=since, note=asked.note, until=asked.until, missed=Missed(asked.missed))
            if pause == template.pause:
                return None
            timetable = present_timetable(template, self.calendars)
            if template.status is TemplateStatus.ACTIVE:
                return paused(template, pause, timetable, by=change.by)
            return planned_anew(
                template, timetable, timetable, by=change.by, change="pause", now=change.now, pause=pause
            )

        return self.change_template(key, change, decide)


def check_end(until: datetime | None, now: datetime) -> None:
    """
    Raises:
        ValidationFailed: a pause cannot end then.
    """
    latest = now + timedelta(seconds=limits.MAX_AHEAD_SECONDS)
    if until is not None and not now < until <= latest:
        raise invalid_field("/until", "out-of-range", "a time ahead is expected, at most 5 years")
