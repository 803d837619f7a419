"""The use cases about templates. Whoever imports this has the time zones and the rules of schedules loaded as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.api.abort_backfill import AbortBackfill
from functions.api.change_template import ChangeTemplate
from functions.api.change_templates import ChangeTemplates
from functions.api.check_template import CheckTemplate
from functions.api.create_backfill import CreateBackfill
from functions.api.create_template import CreateTemplate
from functions.api.delete_calendar import DeleteCalendar
from functions.api.delete_template import DeleteTemplate
from functions.api.edit_template import EditTemplate
from functions.api.expand_at_once import ExpandAtOnce
from functions.api.explain_occurrences import ExplainOccurrences
from functions.api.find_version import FindVersion
from functions.api.forecast_occurrences import ForecastOccurrences
from functions.api.judge_calendar import JudgeCalendar
from functions.api.last_run import FindLastRun
from functions.api.list_templates import ListTemplates
from functions.api.pause_template import PauseTemplate
from functions.api.preview_schedule import PreviewSchedule
from functions.api.put_calendar import PutCalendar
from functions.api.put_template import PutTemplate
from functions.api.resume_template import ResumeTemplate
from functions.api.skip_occurrence import SkipOccurrence
from functions.api.trigger_template import TriggerTemplate
from functions.api.wire.json_text import compact
from functions.api.wire.template_answers import listed_template
from shared.expansion.choose_occurrences import ChooseOccurrences
from shared.expansion.expand_template import ExpandTemplate
from shared.expansion.plan_calendar_users import PlanCalendarUsers
from shared.expansion.plan_jobs import PlanJobs
from shared.expansion.stop_backfill_jobs import StopBackfillJobs
from shared.expansion.withdraw_jobs import WithdrawJobs
from shared.side_by_side import one_after_another

if TYPE_CHECKING:
    from functions.api.create_job import CreateJob
    from functions.api.models.spec import SpecReader
    from shared.model.job import Sharding
    from shared.ports.backfills import BackfillStore
    from shared.ports.calendars import CalendarStore
    from shared.ports.clock import Clock, Ids
    from shared.ports.jobs import JobStore
    from shared.ports.retentions import Retentions
    from shared.ports.telemetry import Telemetry
    from shared.ports.templates import TemplateStore
    from shared.side_by_side import Together


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateServices:
    templates: TemplateStore
    calendars: CalendarStore
    create_template: CreateTemplate
    put_template: PutTemplate
    edit_template: EditTemplate
    pause_template: PauseTemplate
    resume_template: ResumeTemplate
    delete_template: DeleteTemplate
    trigger_template: TriggerTemplate
    skip_occurrence: SkipOccurrence
    change_templates: ChangeTemplates
    list_templates: ListTemplates
    find_version: FindVersion
    find_last_run: FindLastRun
    preview_schedule: PreviewSchedule
    explain_occurrences: ExplainOccurrences
    forecast_occurrences: ForecastOccurrences
    backfills: BackfillStore
    create_backfill: CreateBackfill
    abort_backfill: AbortBackfill
    put_calendar: PutCalendar
    judge_calendar: JudgeCalendar
    delete_calendar: DeleteCalendar


def template_services_on(
    *,
    jobs: JobStore,
    templates: TemplateStore,
    calendars: CalendarStore,
    backfills: BackfillStore,
    clock: Clock,
    ids: Ids,
    telemetry: Telemetry,
    sharding: Sharding,
    retention: Retentions,
    specs: SpecReader,
    create_job: CreateJob,
    together: Together = one_after_another,
) -> TemplateServices:
    """The use cases on these ports; `together` is how several calls are made."""
    expand = ExpandTemplate(
        templates=templates,
        calendars=calendars,
        plan_jobs=PlanJobs(jobs=jobs, templates=templates, sharding=sharding, together=together),
        withdraw_jobs=WithdrawJobs(jobs=jobs, retention=retention, together=together),
        clock=clock,
        retention=retention,
    )
    plan_users = PlanCalendarUsers(
        calendars=calendars, templates=templates, expand=expand, clock=clock, telemetry=telemetry
    )
    at_once = ExpandAtOnce(expand=expand, clock=clock, telemetry=telemetry)
    change = ChangeTemplate(templates=templates, expand=at_once, telemetry=telemetry)
    check = CheckTemplate(calendars=calendars, specs=specs, sharding=sharding)
    create = CreateTemplate(
        templates=templates, calendars=calendars, ids=ids, check=check, expand=at_once, telemetry=telemetry
    )
    edit = EditTemplate(change_template=change, templates=templates, calendars=calendars, check=check)
    choose = ChooseOccurrences(jobs=jobs)
    stop_jobs = StopBackfillJobs(
        jobs=jobs, templates=templates, calendars=calendars, choose=choose, retention=retention
    )
    list_templates = ListTemplates(
        templates=templates,
        calendars=calendars,
        find_last_run=FindLastRun(jobs),
        answer_bytes=lambda listed: len(compact(listed_template(listed.template, listed.next_run_at))),
    )
    return TemplateServices(
        templates=templates,
        calendars=calendars,
        create_template=create,
        put_template=PutTemplate(templates=templates, create_template=create, edit_template=edit),
        edit_template=edit,
        pause_template=PauseTemplate(change_template=change, calendars=calendars),
        resume_template=ResumeTemplate(change_template=change, templates=templates, calendars=calendars),
        delete_template=DeleteTemplate(
            change_template=change, templates=templates, calendars=calendars, retention=retention
        ),
        trigger_template=TriggerTemplate(templates=templates, create_job=create_job, ids=ids),
        skip_occurrence=SkipOccurrence(change_template=change, calendars=calendars),
        change_templates=ChangeTemplates(list_templates=list_templates),
        list_templates=list_templates,
        find_version=FindVersion(templates),
        find_last_run=list_templates.find_last_run,
        preview_schedule=PreviewSchedule(calendars),
        explain_occurrences=ExplainOccurrences(
            templates=templates, calendars=calendars, jobs=jobs, clock=clock, retention=retention
        ),
        forecast_occurrences=ForecastOccurrences(templates=templates, calendars=calendars),
        backfills=backfills,
        create_backfill=CreateBackfill(
            backfills=backfills, templates=templates, calendars=calendars, choose=choose, ids=ids, telemetry=telemetry
        ),
        abort_backfill=AbortBackfill(backfills=backfills, stop_jobs=stop_jobs, telemetry=telemetry),
        put_calendar=PutCalendar(calendars=calendars, plan_users=plan_users, clock=clock, telemetry=telemetry),
        judge_calendar=JudgeCalendar(calendars=calendars, templates=templates, together=together),
        delete_calendar=DeleteCalendar(calendars=calendars, templates=templates, together=together),
    )
