"""What an expanded occurrence costs: CPU of each part of its way, and of ticks with very many templates."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from benchmarks.cpu import execute, populate, telemetry
from benchmarks.imports import ENVIRONMENT
from benchmarks.stub import TEMPLATES_DUE_AT, reference_template, stub_server
from benchmarks.table import print_table
from functions.recurrence.expand_due_templates import ExpandDueTemplates
from shared.adapters import aws
from shared.adapters.dynamodb.calendars import DynamoCalendars
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.adapters.memory.clock import VirtualClock
from shared.expansion.expand_template import ExpandTemplate
from shared.expansion.plan_jobs import PlanJobs, job_of
from shared.expansion.timetables import timetable_of
from shared.expansion.withdraw_jobs import WithdrawJobs
from shared.model.expansion import expand
from shared.model.job import Sharding
from shared.model.retention import Retention
from shared.model.template import EXPAND_SHARDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.ports.calendars import Calendars
    from shared.ports.clock import Clock
    from shared.ports.templates import TemplateStore

SHARDING: Final = Sharding(due=1, group=1)
_RETENTION: Final = Retention.alike(30)
_REFILLS: Final = 60
_DUE: Final = 10_000
ASKED: Final = {"expansion_share": 0.15}


def expander(templates: TemplateStore, calendars: Calendars, jobs: DynamoJobStore, clock: Clock) -> ExpandTemplate:
    """The use case as the recurrence function has it."""
    return ExpandTemplate(
        templates=templates,
        calendars=calendars,
        plan_jobs=PlanJobs(jobs=jobs, templates=templates, sharding=SHARDING),
        withdraw_jobs=WithdrawJobs(jobs=jobs, retention=_RETENTION),
        clock=clock,
        retention=_RETENTION,
    )


def measure() -> dict[str, float]:
    """The share that computing an occurrence has in all the CPU that it costs, and the CPU of ticks."""
    start = TEMPLATES_DUE_AT
    with stub_server(3, due_templates=_DUE) as endpoint:
        os.environ.update(ENVIRONMENT, AWS_ENDPOINT_URL=endpoint)
        aws.client.cache_clear()
        clock = VirtualClock(start)
        steps = {
            "its schedule is computed": _cpu_of(lambda: _compute(start)),
            "and its job made of it": _cpu_of(lambda: _compute(start, with_jobs=True)),
            "recurrence, all in all": _cpu_of(lambda: _refill(clock)),
            "populator": _cpu_of(populate),
            "executor": _cpu_of(execute),
        }
        in_all = steps["recurrence, all in all"] + steps["populator"] + steps["executor"]
        share = steps["its schedule is computed"] / in_all
        rows = [(name, cpu * 1e6, f"{cpu / in_all:.1%}") for name, cpu in steps.items()]
        print_table("CPU of an occurrence of a template that fires each minute", ("step", "us", "of all"), rows)
        print(f"  computing: {share:.1%} of all (asked < {ASKED['expansion_share']:.0%})")
        due = _tick(VirtualClock(start))
    with stub_server(3) as endpoint:
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        aws.client.cache_clear()
        none = _tick(VirtualClock(start))
    print_table(
        "A tick of one process",
        ("templates", "due", "CPU, s"),
        [("100,000", 0, none), ("100,000", _DUE, due)],
    )
    return {
        "expansion_share": round(share, 3),
        "tick_cpu_s_none_due": round(none, 3),
        "tick_cpu_s_10k_due": round(due, 1),
    }


def _cpu_of(program: Callable[[], int]) -> float:
    """CPU seconds per occurrence, once it is warm."""
    program()
    before = time.process_time()
    count = program()
    return (time.process_time() - before) / count


def _compute(start: datetime, *, with_jobs: bool = False) -> int:
    """Refill upon refill of a template, in memory alone."""
    template, now, count = reference_template(start), start, 0
    for _ in range(_REFILLS):
        timetable = timetable_of(template, _NoCalendars())
        expansion = expand(template, timetable, now=now)
        count += len(expansion.planned)
        if with_jobs:
            for occurrence in expansion.planned:
                job_of(template, None, occurrence, now=now, sharding=SHARDING)
        template = replace(template, progress=expansion.progress)
        now = expansion.expand_at or now
    return count


def _refill(clock: VirtualClock) -> int:
    """The same by the use case on the DynamoDB adapters."""
    expand_template = _on_aws(clock)
    template, count = reference_template(clock.now()), 0
    for _ in range(_REFILLS):
        expanded = expand_template(template, lambda: 60)
        template, count = expanded.template, count + expanded.planned
        if template.expand_at is not None:
            clock.advance((template.expand_at - clock.now()).total_seconds())
    return count


def _tick(clock: VirtualClock) -> float:
    """CPU seconds of a tick, once it is warm, of what the stub says is due."""
    expand_template = _on_aws(clock)
    tick = ExpandDueTemplates(
        templates=expand_template.templates, expand=expand_template, clock=clock, telemetry=telemetry()
    )
    tick([EXPAND_SHARDS], lambda: 60)  # no shard of anybody's: only what is imported and connected at first
    before = time.process_time()
    tick(range(EXPAND_SHARDS), lambda: 60)
    return time.process_time() - before


def _on_aws(clock: Clock) -> ExpandTemplate:
    dynamodb = aws.client("dynamodb")
    templates = DynamoTemplateStore(dynamodb, "templates")
    return expander(templates, DynamoCalendars(dynamodb, "templates"), DynamoJobStore(dynamodb, "jobs"), clock)


class _NoCalendars:
    def calendars(self, tenant: str, ids: Any) -> dict[str, Any]:
        del tenant, ids
        return {}


if __name__ == "__main__":
    measure()
