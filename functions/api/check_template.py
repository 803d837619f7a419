"""Whether a template, as it is about to be stored, can be expanded: its calendars are there, it has a next run, and
what its parameters come to may be called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from functions.api.models.faults import validated
from functions.api.models.jobs import Work
from shared.expansion.plan_jobs import job_of
from shared.expansion.timetables import timetable_of
from shared.model.errors import InvalidField
from shared.model.occurrence_job import PlannedOccurrence
from shared.model.parameters import has_parameters
from shared.model.schedule.bounds import SearchTooLong
from shared.model.time_zones import zone

if TYPE_CHECKING:
    from datetime import datetime

    from functions.api.models.spec import SpecReader
    from shared.model.job import Sharding
    from shared.model.schedule.occurrences import Occurrence
    from shared.model.schedule.timetable import Timetable
    from shared.model.template import Template
    from shared.ports.calendars import Calendars

_POINTER: Final = "/schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTemplate:
    calendars: Calendars
    specs: SpecReader
    sharding: Sharding

    def __call__(self, template: Template, now: datetime, *, was: Template | None = None) -> Timetable:
        """The timetable of `template`, whose payload is still inline. What is as it `was` is not judged again: it stays
        valid, whatever the rules have become since.

        Raises:
            InvalidField: there is no such calendar, the schedule has no run from now on, a parameter cannot be
                rendered, or the target may not be called.
            Refused: what the target's parameters come to is not of its shape.
        """
        timetable = timetable_of(template, self.calendars)
        for number, name in enumerate(template.calendars):
            if name not in timetable.calendars:
                raise InvalidField(f"{_POINTER}/calendars/{number}", f"there is no calendar {name}")
        upcoming = _next_run(timetable, now)
        if upcoming is None and (was is None or was.schedule != template.schedule):
            raise InvalidField(_POINTER, "it has no run from now on: its times, or its end_at, have passed")
        # Parameters may name the template.
        if was is None or (was.job, was.name) != (template.job, template.name):
            self._render(template, example_of(template, upcoming, now), now, was)
        return timetable

    def _render(self, template: Template, example: PlannedOccurrence, now: datetime, was: Template | None) -> None:
        job = job_of(template, template.job.payload.data, example, now=now, sharding=self.sharding)
        is_renamed = was is not None and was.name != template.name and has_parameters(template.job.target)
        if was is None or is_renamed or was.job.target != template.job.target:
            validated(Work, {"target": job.target}, "/job")
            self.specs.permit(job.target, "/job")


def present_timetable(template: Template, calendars: Calendars) -> Timetable:
    """The timetable of a template as it is stored. A calendar that is gone counts as empty: what is broken must still
    be such that it can be repaired, paused and deleted."""
    timetable = timetable_of(template, calendars)
    there = tuple(name for name in template.calendars if name in timetable.calendars)
    return replace(timetable, schedule=replace(timetable.schedule, calendars=there))


def example_of(template: Template, upcoming: Occurrence | None, now: datetime) -> PlannedOccurrence:
    """An occurrence to render parameters for: `upcoming`, or else one beside the schedule, which has the number 0."""
    if upcoming is None:
        local = now.astimezone(zone(template.schedule["timezone"])).replace(tzinfo=None)
        return PlannedOccurrence(nominal=local, nominal_at=now, effective_at=now, number=0, misfire_at=None)
    return PlannedOccurrence(
        nominal=upcoming.nominal,
        nominal_at=upcoming.nominal_at,
        effective_at=upcoming.effective_at,
        number=template.progress.number + 1,
        misfire_at=None,
    )


def _next_run(timetable: Timetable, now: datetime) -> Occurrence | None:
    try:
        return next(timetable.occurrences(after=now), None)
    except SearchTooLong as error:
        raise InvalidField(_POINTER, error.detail) from None
