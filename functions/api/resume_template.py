"""Let a paused template go on, and tell how many of the occurrences of the pause run because of that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from functions.api.check_template import present_timetable
from shared.model.expansion import expand
from shared.model.template import MisfirePolicy, Missed, TemplateStatus
from shared.model.template_changes import resumed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.api.change_template import Change, ChangeTemplate
    from shared.model.schedule.timetable import Timetable
    from shared.model.template import Template, TemplateKey
    from shared.ports.calendars import Calendars
    from shared.ports.templates import TemplateStore

MAX_COUNTED: Final = 10_000
"""Who is told so many runs is told: so many at least."""
# Looking at so many of a long pause takes a second or two.
_MAX_MISSED: Final = 100_000
_STEP: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Resumed:
    """`count_runs` looks how many of the pause's occurrences run now, at most `MAX_COUNTED` of them; None when there
    were too many of them to look at. That may take seconds, so who resumes many templates does not ask."""

    template: Template
    count_runs: Callable[[], int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeTemplate:
    change_template: ChangeTemplate
    templates: TemplateStore
    calendars: Calendars

    def __call__(self, key: TemplateKey, missed: Missed, change: Change) -> Resumed:
        """The active template. One that is active already stays as it is, and nothing runs because of that."""
        count_runs: Callable[[], int | None] = _no_runs

        def decide(template: Template) -> Template | None:
            nonlocal count_runs
            count_runs = _no_runs
            if template.status is TemplateStatus.ACTIVE:
                return None
            timetable = present_timetable(template, self.calendars)
            active = resumed(template, missed, timetable, by=change.by, now=change.now)
            count_runs = partial(_runs, active, timetable, change.now)
            return active

        return Resumed(self.change_template(key, change, decide), count_runs)

    def would_run(self, key: TemplateKey, now: datetime) -> dict[Missed, int | None]:
        """How many runs each choice would make; none of a template that is not paused."""
        template = self.templates.get_template(key)
        if template.status is not TemplateStatus.PAUSED:
            return dict.fromkeys(Missed, 0)
        timetable = present_timetable(template, self.calendars)
        return {
            choice: _runs(resumed(template, choice, timetable, by="", now=now), timetable, now) for choice in Missed
        }


def _no_runs() -> int:
    return 0


def _runs(template: Template, timetable: Timetable, now: datetime) -> int | None:
    """How many occurrences up to `now` the next expansions of an active template plan."""
    start = _all_missed_until(template, timetable, now)
    if start is not None and start > template.progress.expanded_until:
        progress = replace(template.progress, expanded_until=start, ran=timetable.ran(start))
        template = replace(template, progress=progress)
    runs = missed = 0
    while missed < _MAX_MISSED:
        expansion = expand(template, timetable, now=now)
        runs += sum(one.nominal_at <= now for one in expansion.planned)
        missed += sum(gap.count for gap in expansion.gaps)
        if expansion.expand_at != now or expansion.progress.expanded_until > now or runs >= MAX_COUNTED:
            return min(runs, MAX_COUNTED)
        template = replace(template, progress=expansion.progress)
    return None


def _all_missed_until(template: Template, timetable: Timetable, now: datetime) -> datetime | None:
    """A nominal instant up to which no occurrence runs any more, so that nobody has to look at each; None: unknown."""
    schedule, misfire = timetable.schedule, template.misfire
    if schedule.calendars:
        return None  # a roll may take any of them to after `now`
    spread = timedelta(seconds=schedule.spread_seconds)
    late = now - spread - timedelta(seconds=misfire.after_seconds)
    match misfire.policy:
        case MisfirePolicy.SKIP:
            return late
        case MisfirePolicy.FIRE_LATEST:
            # The one before the last of them: the last takes its place.
            last = _last_run(template, timetable, late)
            return None if last is None else _last_run(template, timetable, last - _STEP)
        case MisfirePolicy.FIRE_ALL:
            within = misfire.within_seconds
            return None if within is None else min(late, now - spread - timedelta(seconds=within))


def _last_run(template: Template, timetable: Timetable, until: datetime) -> datetime | None:
    found = timetable.previous(until)
    while found is not None and found in template.skipped:
        found = timetable.previous(found - _STEP)
    return found
