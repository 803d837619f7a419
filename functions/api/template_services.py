"""The use cases about templates. Whoever imports this has the time zones and the rules of schedules loaded as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.api.change_template import ChangeTemplate
from functions.api.check_template import CheckTemplate
from functions.api.create_template import CreateTemplate
from functions.api.delete_template import DeleteTemplate
from functions.api.edit_template import EditTemplate
from functions.api.expand_at_once import ExpandAtOnce
from functions.api.last_run import FindLastRun
from functions.api.pause_template import PauseTemplate
from functions.api.put_template import PutTemplate
from functions.api.resume_template import ResumeTemplate
from shared.expansion.expand_template import ExpandTemplate
from shared.expansion.plan_jobs import PlanJobs
from shared.expansion.withdraw_jobs import WithdrawJobs

if TYPE_CHECKING:
    from datetime import timedelta

    from functions.api.models.spec import SpecReader
    from shared.model.job import Sharding
    from shared.ports.clock import Clock, Ids
    from shared.ports.jobs import JobStore
    from shared.ports.telemetry import Telemetry
    from shared.ports.templates import Calendars, TemplateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateServices:
    templates: TemplateStore
    calendars: Calendars
    create_template: CreateTemplate
    put_template: PutTemplate
    edit_template: EditTemplate
    pause_template: PauseTemplate
    resume_template: ResumeTemplate
    delete_template: DeleteTemplate
    find_last_run: FindLastRun


def template_services_on(
    *,
    jobs: JobStore,
    templates: TemplateStore,
    calendars: Calendars,
    clock: Clock,
    ids: Ids,
    telemetry: Telemetry,
    sharding: Sharding,
    retention: timedelta,
    specs: SpecReader,
) -> TemplateServices:
    """The use cases on these ports."""
    expand = ExpandTemplate(
        templates=templates,
        calendars=calendars,
        plan_jobs=PlanJobs(jobs=jobs, templates=templates, sharding=sharding),
        withdraw_jobs=WithdrawJobs(jobs=jobs, retention=retention),
        clock=clock,
        retention=retention,
    )
    at_once = ExpandAtOnce(expand=expand, clock=clock, telemetry=telemetry)
    change = ChangeTemplate(templates=templates, expand=at_once, telemetry=telemetry)
    check = CheckTemplate(calendars=calendars, specs=specs, sharding=sharding)
    create = CreateTemplate(templates=templates, ids=ids, check=check, expand=at_once, telemetry=telemetry)
    edit = EditTemplate(change_template=change, templates=templates, check=check)
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
        find_last_run=FindLastRun(jobs),
    )
