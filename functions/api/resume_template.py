"""Let a paused template go on, and tell how many of the occurrences of the pause run because of that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from functions.api.check_template import present_timetable
from shared.model.expansion import expand
from shared.model.template import Missed, TemplateStatus
from shared.model.template_changes import resumed

if TYPE_CHECKING:
    from datetime import datetime

    from functions.api.change_template import Change, ChangeTemplate
    from shared.model.schedule.timetable import Timetable
    from shared.model.template import Template, TemplateKey
    from shared.ports.templates import Calendars, TemplateStore

MAX_COUNTED: Final = 10_000
"""Who is told so many runs is told: so many at least."""
# Of expansions, each of which looks at some thousand occurrences of a long pause.
_MAX_ROUNDS: Final = 100


@dataclass(frozen=True, slots=True)
class Resumed:
    """`runs`: how many of the pause's occurrences run now, at most `MAX_COUNTED` of them counted."""

    template: Template
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeTemplate:
    change_template: ChangeTemplate
    templates: TemplateStore
    calendars: Calendars

    def __call__(self, key: TemplateKey, missed: Missed, change: Change) -> Resumed:
        """The active template. One that is active already stays as it is, and nothing runs because of that."""
        runs = 0

        def decide(template: Template) -> Template | None:
            nonlocal runs
            runs = 0
            if template.status is TemplateStatus.ACTIVE:
                return None
            timetable = present_timetable(template, self.calendars)
            active = resumed(template, missed, timetable, by=change.by, now=change.now)
            runs = _runs(active, timetable, change.now)
            return active

        return Resumed(self.change_template(key, change, decide), runs)

    def would_run(self, key: TemplateKey, now: datetime) -> dict[Missed, int]:
        """How many runs each choice would make; none of a template that is not paused."""
        template = self.templates.get_template(key)
        if template.status is not TemplateStatus.PAUSED:
            return dict.fromkeys(Missed, 0)
        timetable = present_timetable(template, self.calendars)
        return {
            choice: _runs(resumed(template, choice, timetable, by="", now=now), timetable, now) for choice in Missed
        }


def _runs(template: Template, timetable: Timetable, now: datetime) -> int:
    """How many occurrences up to `now` the next expansions of an active template plan."""
    runs = 0
    for _ in range(_MAX_ROUNDS):
        expansion = expand(template, timetable, now=now)
        runs += sum(one.nominal_at <= now for one in expansion.planned)
        if expansion.expand_at != now or expansion.progress.expanded_until > now or runs >= MAX_COUNTED:
            break
        template = replace(template, progress=expansion.progress)
    return min(runs, MAX_COUNTED)
