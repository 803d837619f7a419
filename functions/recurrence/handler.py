"""The tick, each minute from EventBridge."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import Any

from functions.recurrence.advance_backfill import AdvanceBackfill
from functions.recurrence.expand_due_templates import ExpandDueTemplates
from functions.recurrence.extend_windows import ExtendWindows
from functions.recurrence.plant_canary import PlantCanary
from shared.adapters import aws
from shared.adapters.dynamodb.backfills import DynamoBackfillStore
from shared.adapters.dynamodb.beats import DynamoBeats
from shared.adapters.dynamodb.calendars import DynamoCalendars
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.maintenance_windows import DynamoMaintenanceWindows
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.adapters.system import SystemClock
from shared.adapters.tenant_retentions import known_retentions
from shared.expansion.choose_occurrences import ChooseOccurrences
from shared.expansion.expand_template import ExpandTemplate
from shared.expansion.plan_calendar_users import PlanCalendarUsers
from shared.expansion.plan_jobs import PlanJobs
from shared.expansion.stop_backfill_jobs import StopBackfillJobs
from shared.expansion.withdraw_jobs import WithdrawJobs
from shared.model.errors import StoreUnavailable
from shared.model.job import Sharding
from shared.model.template import EXPAND_SHARDS
from shared.ports.beats import RECURRENCE
from shared.ports.templates import Planned
from shared.settings import from_environment
from shared.telemetry import PowertoolsTelemetry


@dataclass(frozen=True, slots=True)
class Settings:
    jobs_table: str
    templates_table: str
    control_table: str
    data_bucket: str
    due_shards: int
    group_shards: int


@cache
def telemetry() -> PowertoolsTelemetry:
    return PowertoolsTelemetry()


@cache
def tick() -> ExpandDueTemplates:
    settings = from_environment(Settings)
    dynamodb, clock = aws.client("dynamodb"), SystemClock()
    templates = DynamoTemplateStore(dynamodb, settings.templates_table)
    jobs = DynamoJobStore(dynamodb, settings.jobs_table, partial(aws.client, "s3"), settings.data_bucket)
    retention = known_retentions(settings.control_table, clock, telemetry())
    calendars = DynamoCalendars(dynamodb, settings.templates_table)
    sharding = Sharding(settings.due_shards, settings.group_shards)
    choose = ChooseOccurrences(jobs=jobs)
    backfills = AdvanceBackfill(
        backfills=DynamoBackfillStore(dynamodb, settings.templates_table),
        templates=templates,
        calendars=calendars,
        jobs=jobs,
        choose=choose,
        stop_jobs=StopBackfillJobs(
            jobs=jobs, templates=templates, calendars=calendars, choose=choose, retention=retention
        ),
        clock=clock,
        sharding=sharding,
        retention=retention,
    )
    expand = ExpandTemplate(
        templates=templates,
        calendars=calendars,
        plan_jobs=PlanJobs(jobs=jobs, templates=templates, sharding=sharding),
        withdraw_jobs=WithdrawJobs(jobs=jobs, retention=retention),
        clock=clock,
        retention=retention,
    )
    calendar_users = PlanCalendarUsers(
        calendars=calendars, templates=templates, expand=expand, clock=clock, telemetry=telemetry()
    )
    return ExpandDueTemplates(
        templates=templates,
        expand=expand,
        clock=clock,
        telemetry=telemetry(),
        others={Planned.BACKFILL: backfills, Planned.CALENDAR: calendar_users},
    )


@cache
def extend_windows() -> ExtendWindows:
    windows = DynamoMaintenanceWindows(aws.client("dynamodb"), from_environment(Settings).control_table)
    return ExtendWindows(windows=windows, clock=SystemClock(), telemetry=telemetry())


@cache
def is_planted() -> bool:
    """Asked once in the life of a process."""
    settings = from_environment(Settings)
    templates = DynamoTemplateStore(aws.client("dynamodb"), settings.templates_table)
    return PlantCanary(templates=templates, clock=SystemClock(), telemetry=telemetry())()


@cache
def beats() -> DynamoBeats:
    return DynamoBeats(aws.client("dynamodb"), from_environment(Settings).control_table)


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Returns the tick's report. With several expanders, the event says which `part` (from 0) `of` how many this one
    is; otherwise it does not matter: late, doubled or by hand, a tick is a tick. The first part extends maintenance
    windows, before all else: that is little, and templates may take all the time there is."""
    part, of = int(event.get("part", 0)), int(event.get("of", 1))
    shards = [shard for shard in range(EXPAND_SHARDS) if shard % of == part]

    def seconds_left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    begun_at = SystemClock().now()
    windows = extend_windows()(seconds_left) if part == 0 else 0
    report = {**asdict(tick()(shards, seconds_left=seconds_left)), "windows": windows}
    if part == 0:
        is_planted()
    try:
        beats().note(RECURRENCE, [f"{shard:02d}" for shard in shards], begun_at)
    except StoreUnavailable as error:
        # The templates are expanded: that nobody is told of it is what the alarm on the age of this sign is for.
        telemetry().warn("beat_not_noted", error=str(error))
    telemetry().note("expanded_templates", part=part, **report)
    telemetry().flush()
    return report
