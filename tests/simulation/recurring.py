"""A run with templates: the recurrence function each minute, their owners, and the judge of I2."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tests.simulation.template_scenario import TemplateScenario

from functions.recurrence.expand_due_templates import ExpandDueTemplates
from shared.adapters.memory.calendars import MemoryCalendars
from shared.expansion.expand_template import ExpandTemplate
from shared.expansion.plan_jobs import PlanJobs
from shared.expansion.withdraw_jobs import WithdrawJobs
from tests.simulation.cloud import Cloud
from tests.simulation.faults import MINUTE, Weather
from tests.simulation.functions import RETENTION, SHARDING
from tests.simulation.occurrences import Occurrences
from tests.simulation.run import Run
from tests.simulation.template_clients import TemplateClient
from tests.simulation.template_store import SimulatedTemplateStore

if TYPE_CHECKING:
    from collections.abc import Collection

    from shared.model.template import Template
    from tests.simulation.functions import World
    from tests.simulation.kernel import Process

# After the last fault: a tick that is late, and as many turns as a long outage takes.
_CATCH_UP_MS: Final = 13 * MINUTE
_TIMEOUT_MS: Final = MINUTE


class RecurringCloud(Cloud):
    """With the templates table, and the recurrence function."""

    templates: SimulatedTemplateStore

    def start(self) -> None:
        super().start()
        expand = partial(_expand, self.templates)
        self.kernel.later("schedule", lambda: self._each_minute("recurrence", Weather.NO_EXPANSIONS, expand))


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
    def __init__(self, seed: int, scenario: TemplateScenario, *, only: Collection[str] | None = None) -> None:
        super().__init__(seed, scenario.rest, only=only)
        self.wishes = scenario.templates
        self.kernel.now = scenario.begins_at
        old = self.cloud
        self.cloud = RecurringCloud(self.kernel, self.faults, old.on_write, old.target, old.skew_of, old.ids)
        self.cloud.templates = SimulatedTemplateStore(self.kernel, self.faults, self._judge_template)
        self.occurrences = Occurrences()
        self.client = TemplateClient(self.cloud, self.cloud.templates, self.observed)

    def begin(self) -> None:
        super().begin()
        for number, wish in enumerate(self.wishes):
            owner = partial(self.client.wish, number, wish)
            self.kernel.later(f"owner {number}", owner, delay_ms=wish.at)

    def settle(self, bound_ms: int = 6 * 60 * MINUTE) -> None:
        """Let all be caught up, judge it, and delete the templates so that there is an end."""
        self.go_on(self.kernel.now + _CATCH_UP_MS)
        self.kernel.later("owners", self.client.delete_all)
        super().settle(bound_ms)

    def _judge_template(self, before: Template | None, after: Template) -> None:
        self.kernel.note("template", after.id, after.status, f"version {after.version}.{after.revision}", after.change)
        for what in self.occurrences.histories[after.key].write(before, after, self.kernel.now):
            self.observed.broken.append(f"I2: template {after.id}: {what}")
