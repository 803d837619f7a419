"""A run with templates: the recurrence function each minute, their owners, and the judge of I2."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from functions.recurrence.expand_due_templates import ExpandDueTemplates
from shared.adapters.memory.calendars import MemoryCalendars
from shared.expansion.expand_template import ExpandTemplate
from shared.expansion.plan_jobs import PlanJobs
from shared.expansion.withdraw_jobs import WithdrawJobs
from shared.model.template import TemplateStatus
from tests.simulation.cloud import Cloud
from tests.simulation.faults import MINUTE, Fault, Weather
from tests.simulation.functions import RETENTION, SHARDING
from tests.simulation.occurrences import Occurrences
from tests.simulation.ports import START
from tests.simulation.run import BOUND_MS, Result, Run
from tests.simulation.template_clients import TemplateClient
from tests.simulation.template_scenario import TemplateScenario, template_scenario_of
from tests.simulation.template_store import SimulatedTemplateStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from shared.model.job import Job
    from shared.model.template import Template
    from tests.simulation.functions import World
    from tests.simulation.kernel import Process
    from tests.simulation.observed import Effect

# After the last fault: a tick that is late, and as many turns as a long outage takes.
CATCH_UP_MS: Final = 13 * MINUTE
_TIMEOUT_MS: Final = MINUTE


class RecurringCloud(Cloud):
    """With the templates table, and the recurrence function."""

    templates: SimulatedTemplateStore

    def start(self) -> None:
        super().start()
        expand = partial(_expand, self.templates)
        self.kernel.later("schedule", lambda: self.each_minute("recurrence", Weather.NO_EXPANSIONS, expand))

    def retire(self, function: str) -> None:
        """Whoever calls the function from now on is served by a new process."""
        self._idle.pop(function, None)


def _expand(store: SimulatedTemplateStore, world: World, process: Process, ends_at: int) -> None:
    templates, clock = world.store_port(process, store), world.clock(process)
    jobs, calendars = world.store_port(process, world.jobs), MemoryCalendars(store)
    # The other shards are empty, and each would be read all the same.
    shards = sorted({one.expand_shard for one in store.all_templates() if one.expand_shard is not None})
    ExpandDueTemplates(
        templates=templates,
        expand=ExpandTemplate(
            templates=templates,
            calendars=calendars,
            plan_jobs=PlanJobs(jobs=jobs, templates=templates, sharding=SHARDING),
            withdraw_jobs=WithdrawJobs(jobs=jobs, retention=RETENTION),
            clock=clock,
            retention=RETENTION,
        ),
        clock=clock,
        telemetry=world.telemetry(process),
        on_every_shard=world.on_every_shard,
    )(shards, lambda: world.seconds_until(ends_at))


class RecurringRun(Run):
    kind_of_cloud = RecurringCloud
    cloud: RecurringCloud

    def __init__(self, seed: int, scenario: TemplateScenario, *, only: Collection[str] | None = None) -> None:
        super().__init__(seed, scenario.rest, only=only)
        self.wishes = scenario.templates
        self.kernel.now = scenario.begins_at
        self.cloud.templates = SimulatedTemplateStore(self.kernel, self.faults, self._judge_template)
        self.catch_up_ms = CATCH_UP_MS
        self.occurrences = Occurrences()
        self.client = TemplateClient(self.cloud, self.cloud.templates, self.observed)

    def begin(self) -> None:
        super().begin()
        for number, wish in enumerate(self.wishes):
            owner = partial(self.client.wish, number, wish)
            self.kernel.later(f"owner {number}", owner, delay_ms=wish.at)

    def settle(self, bound_ms: int = BOUND_MS) -> None:
        """Let all be caught up, delete the templates, so that there is an end, and judge it."""
        self.go_on(self.kernel.now + self.catch_up_ms)
        self.kernel.later("owners", self.client.delete_all)
        super().settle(bound_ms)

    def _of_the_end(self) -> Iterator[tuple[str, str]]:
        yield from super()._of_the_end()
        end = START + timedelta(milliseconds=self.kernel.now)
        gaps = {key: self.cloud.templates.gaps(key, since=START, until=end) for key in self.occurrences.histories}
        nobody_is_late = not any(fault.endswith(Fault.APPLIED_LATE) for fault in self.faults.struck)
        jobs = self.cloud.jobs.all_jobs()
        yield from (("I2", one) for one in self.occurrences.broken(jobs, gaps, end, nobody_is_late=nobody_is_late))

    def _is_quiet(self) -> bool:
        """Deleted, and settled; and every job has ended."""
        templates = self.cloud.templates.all_templates()
        is_over = all(one.status is TemplateStatus.DELETED and one.expand_at is None for one in templates)
        return is_over and super()._is_quiet()

    def _judge_write(self, before: Job | None, after: Job) -> None:
        if before is None and after.nominal_at is not None:
            self.observed.accepted.setdefault(after.key, self.kernel.now)
        super()._judge_write(before, after)

    def _judge_template(self, before: Template | None, after: Template) -> None:
        self.kernel.note("template", after.id, after.status, f"version {after.version}.{after.revision}", after.change)
        for what in self.occurrences.histories[after.key].write(before, after, self.kernel.now):
            self.observed.broken.append(f"I2: template {after.id}: {what}")

    def _held_back(self, effect: Effect, stored: Job) -> Iterator[str]:
        return iter(())  # there are no maintenance windows


def simulate_recurring(seed: int, *, only: Collection[str] | None = None) -> Result:
    """The run with templates of a seed. `only`: names of faults, as a result lists them; then no others strike."""
    run = RecurringRun(seed, template_scenario_of(seed), only=only)
    run.begin()
    run.go_on(run.scenario.faults_end)
    run.faults.stop()
    run.settle()
    return run.result()
