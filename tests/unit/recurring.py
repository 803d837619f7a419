"""Recurring work in memory: templates that are changed and expanded, jobs that end as a test wants."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from functions.recurrence.advance_backfill import AdvanceBackfill
from functions.recurrence.expand_due_templates import ExpandDueTemplates, TickReport
from shared.adapters.memory.backfills import MemoryBackfillStore
from shared.adapters.memory.calendars import MemoryCalendars
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.jobs import MemoryJobStore
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.expansion.choose_occurrences import ChooseOccurrences
from shared.expansion.expand_template import ExpandTemplate
from shared.expansion.plan_calendar_users import PlanCalendarUsers
from shared.expansion.plan_jobs import PlanJobs
from shared.expansion.stop_backfill_jobs import StopBackfillJobs
from shared.expansion.timetables import timetable_of
from shared.expansion.withdraw_jobs import WithdrawJobs
from shared.model import moves
from shared.model.execution import NO_OUTPUT, Failure
from shared.model.job import JobKey, Sharding
from shared.model.occurrence_job import occurrence_job_id
from shared.model.retention import Retention
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.timetable import Timetable
from shared.model.template import EXPAND_SHARDS, Missed, Pause, Template, TemplateKey, expand_shard_of
from shared.model.template_changes import first_progress, paused, planned_anew, resumed
from shared.ports.templates import Planned
from tests.jobs import claim_of
from tests.templates import a_template

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.model.job import Job

START = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
SHARDING = Sharding(due=4, group=2)
RETENTION = Retention.alike(30)
TENANT = "acme"
EACH_MINUTE = {"cron": "* * * * *", "timezone": "UTC"}
BOOM = Failure("http_404", "no such page", retryable=False)


def plenty() -> float:
    """Seconds left, always enough."""
    return 60.0


class Recurring:
    def __init__(self, start: datetime = START) -> None:
        self.clock = VirtualClock(start)
        self.templates = MemoryTemplateStore()
        self.calendars = MemoryCalendars(self.templates)
        self.backfills = MemoryBackfillStore(self.templates)
        self.jobs = MemoryJobStore()
        self.telemetry = RecordedTelemetry()
        self.choose = ChooseOccurrences(jobs=self.jobs)
        self.expand = ExpandTemplate(
            templates=self.templates,
            calendars=self.calendars,
            plan_jobs=PlanJobs(jobs=self.jobs, templates=self.templates, sharding=SHARDING),
            withdraw_jobs=WithdrawJobs(jobs=self.jobs, retention=RETENTION),
            clock=self.clock,
            retention=RETENTION,
        )
        self.plan_calendar_users = PlanCalendarUsers(
            calendars=self.calendars,
            templates=self.templates,
            expand=self.expand,
            clock=self.clock,
            telemetry=self.telemetry,
        )
        self.stop_jobs = StopBackfillJobs(
            jobs=self.jobs,
            templates=self.templates,
            calendars=self.calendars,
            choose=self.choose,
            retention=RETENTION,
        )
        self.advance_backfill = AdvanceBackfill(
            backfills=self.backfills,
            templates=self.templates,
            calendars=self.calendars,
            jobs=self.jobs,
            choose=self.choose,
            stop_jobs=self.stop_jobs,
            clock=self.clock,
            sharding=SHARDING,
            retention=RETENTION,
        )

    def tick(self, *, expand: Callable[..., Any] | None = None, left: Callable[[], float] = plenty) -> TickReport:
        """One tick of the recurrence function, which expands as it does and has time enough unless told otherwise."""
        ticks = ExpandDueTemplates(
            templates=self.templates,
            expand=expand or self.expand,  # type: ignore[arg-type]
            clock=self.clock,
            telemetry=self.telemetry,
            on_every_shard=_one_after_another,
            others={Planned.BACKFILL: self.advance_backfill, Planned.CALENDAR: self.plan_calendar_users},
        )
        return ticks(range(EXPAND_SHARDS), left)

    def pass_minutes(self, minutes: int) -> None:
        """So many minutes, each with its tick."""
        for _ in range(minutes):
            self.clock.advance(60)
            self.tick()

    def create(self, schedule: dict[str, Any] | None = None, *, template_id: str = "t1", **fields: Any) -> Template:
        """A stored template that was created now and is due to be expanded."""
        now = self.clock.now()
        document = schedule or EACH_MINUTE
        calendars = self.calendars.calendars(TENANT, document.get("calendars", ()))
        template = a_template(
            document,
            now=now,
            id=template_id,
            progress=first_progress(Timetable(read_schedule(document), calendars, template_id), now),
            expand_shard=expand_shard_of(TENANT, template_id),
        )
        self.calendars.note_use(TENANT, template_id, template.calendars)
        return self.templates.create_template(replace(template, **fields)).template

    def template(self, template_id: str = "t1") -> Template:
        return self.templates.get_template(TemplateKey(TENANT, template_id))

    def edit(self, template_id: str = "t1", **fields: Any) -> Template:
        """The template with other fields, expanded at once, as the API does it."""
        template = self.template(template_id)
        was = timetable_of(template, self.calendars)
        becomes = timetable_of(replace(template, **fields), self.calendars)
        now = self.clock.now()
        return self._write(template, planned_anew(template, was, becomes, by="key", change="edit", now=now, **fields))

    def pause(self, template_id: str = "t1", **pause: Any) -> Template:
        template = self.template(template_id)
        stop = Pause(at=self.clock.now(), **pause)
        return self._write(template, paused(template, stop, timetable_of(template, self.calendars), by="key"))

    def resume(self, missed: Missed = Missed.SKIP, template_id: str = "t1") -> Template:
        template = self.template(template_id)
        timetable = timetable_of(template, self.calendars)
        return self._write(template, resumed(template, missed, timetable, by="key", now=self.clock.now()))

    def job_at(self, nominal_at: datetime, template_id: str = "t1") -> Job:
        """The job of an occurrence."""
        return self.jobs.get(JobKey(TENANT, occurrence_job_id(TemplateKey(TENANT, template_id), nominal_at)))

    def end(self, job: Job, failure: Failure | None = None) -> None:
        """Let a job run now and end, well or badly."""
        now = self.clock.now()
        held = self.jobs.change_and_get(job.key, claim_of(job, now=now))
        if failure is None:
            self.jobs.change(job.key, moves.succeed(held, output=NO_OUTPUT, now=now, retention=RETENTION))
        else:
            change = moves.fail(held, failure, now=now, chance=0, retention=RETENTION, sharding=SHARDING)
            self.jobs.change(job.key, change)

    def _write(self, old: Template, new: Template) -> Template:
        self.templates.archive_version(old)
        self.templates.replace_template(new)
        return self.expand(new, plenty).template


def _one_after_another(work: Callable[[int], TickReport], shards: Sequence[int]) -> list[TickReport]:
    return [work(shard) for shard in shards]
