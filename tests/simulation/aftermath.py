"""A run with what follows from jobs: the journal and its readers, the watcher's whole minute, items that go, and the
judge of all that (I16 and up)."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, ClassVar, Final

from functions.api.models.spec import SpecReader
from shared.model import moves
from shared.model.breaker import closed_by_hand
from shared.model.groups import EVENTS, is_reserved
from shared.model.job import JobKey, idempotent_job_id, new_job
from shared.ports.alerts import DueKind, DueLook
from tests.jobs import after, claimed
from tests.simulation import invariants_of_dead_letters as of_dead_letters
from tests.simulation import invariants_of_the_journal as of_the_journal
from tests.simulation import watching
from tests.simulation.aftermath_facts import Facts, Gone
from tests.simulation.aftermath_scenario import GROUPS, AftermathScenario, Old, aftermath_scenario_of
from tests.simulation.alert_judge import AlertJudge
from tests.simulation.clients import Client
from tests.simulation.cloud import Cloud
from tests.simulation.faults import MINUTE, SECOND
from tests.simulation.functions import RETENTION, SHARDING
from tests.simulation.invariants import is_redrive
from tests.simulation.journal import Journal
from tests.simulation.people import BY, Person
from tests.simulation.ports import START
from tests.simulation.run import BOUND_MS, Result, Run
from tests.simulation.scenario import TENANTS, Wish

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from shared.model.alerts.alert import Alert
    from shared.model.bulk_action import BulkAction
    from shared.model.job import Job
    from shared.model.job_change import JobChange
    from shared.ports.alerts import Mark
    from tests.simulation.functions import World
    from tests.simulation.kernel import Process
    from tests.simulation.observed import Effect

_JOURNAL_TIMEOUT_MS: Final = MINUTE
_LONG_AGO: Final = START - timedelta(days=40)


class AftermathCloud(Cloud):
    """With the journal, and with all that the watcher does each minute."""

    watch: ClassVar[Callable[[World, Process, int], None]] = staticmethod(watching.watch)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.journal = Journal(self.kernel, self.faults, self._read_journal)

    def written(self, old: Job | None, new: Job) -> None:
        super().written(old, new)
        self.journal.written(old, new)

    def let_go(self, key: JobKey) -> Job | None:
        """The item of a job goes, as by its time to live; None when there is none."""
        job = self.jobs.let_go(key)
        if job is not None:
            self.kernel.note("gone", key.job_id)
            self.journal.written(job, None)
        return job

    def _read_journal(self, changes: Sequence[JobChange]) -> bool:
        def read(world: World, process: Process, _: int) -> bool:
            return watching.read_journal(world, process, changes)

        return bool(self.call_in_vain("journal", read, timeout_ms=_JOURNAL_TIMEOUT_MS))


class AftermathRun(Run):
    """With people, items that go, and in the end a calm in which whatever alerts are about is over."""

    kind_of_cloud = AftermathCloud
    cloud: AftermathCloud

    def __init__(self, seed: int, scenario: AftermathScenario, *, only: Collection[str] | None = None) -> None:
        super().__init__(seed, scenario.rest, only=only)
        self.aftermath = scenario
        self.facts = Facts()
        self.beside = self.cloud.world.beside
        self.beside.leftovers.on_removed = self._judge_removal
        self.beside.actions.on_write = self._judge_action
        self.person = Person(self.cloud, self.observed)
        self._created: dict[str, int] = {}
        self.alerts = AlertJudge(scenario.rules, self.beside.alerts)
        self.beside.alerts.on_write = self._judge_alert

    def begin(self) -> None:
        super().begin()
        for subscription in self.aftermath.subscriptions:
            self.beside.subscriptions.create(subscription)
        for policy in self.aftermath.policies:
            self.beside.policies.create(policy)
        for rule in self.aftermath.rules:
            self.beside.rules.create(rule)
            if rule.kind.is_looked_at_each_minute:
                self.beside.alerts.plan_look(DueLook(START, rule.tenant, DueKind.RULE, rule.id))
        for intent in self.aftermath.intents:
            self.kernel.later(f"person {intent.what}", partial(self.person.act, intent), delay_ms=intent.at)
        for old in self.aftermath.old:
            key = self._keep_old(old)
            self.kernel.later(f"old {key.job_id}", partial(self._let_go, key), delay_ms=old.goes_at)

    def _judge_end(self) -> None:
        """And once more when all items have gone."""
        for key in self.facts.gone:
            # Whoever was answered with it may have been so when it was gone already.
            self.observed.accepted.pop(key, None)
        self._go_on_while(lambda: not self._is_quiet())
        super()._judge_end()
        self._calm_down()
        self._judge(lambda: self.alerts.end(self.facts, self.cloud.jobs))
        self._judge(self._of_the_journal)
        self._judge(self._of_dead_letters)
        # What was put within a minute before is left to the next job of that id.
        self._go_on_while(lambda: not self._is_quiet())
        for job in self.cloud.jobs.all_jobs():
            self._let_go(job.key)
        self._go_on_while(lambda: not self.cloud.journal.is_drained)
        self._judge(self._of_what_is_gone)

    def _calm_down(self) -> None:
        """Take away what alerts are about: no dead letter is left, no breaker open, and all groups have successes."""
        client = Client(self.cloud, self.observed)
        body = {"target": {"type": "http", "url": "https://example.com/50/ok"}}
        self.kernel.later("people", self.person.discard_all)
        for _, breaker in sorted(self.cloud.world.breakers.open_ones().items()):
            now = START + timedelta(milliseconds=self.kernel.now)
            self.cloud.world.breakers.put_breaker(closed_by_hand(breaker, by=BY, note=None, now=now), is_news=True)
        for tenant, group in product(TENANTS, GROUPS):
            wish = Wish(tenant, 0, {**body, "group": group}, f"calm {group}", 1, ())
            self.kernel.later("client", partial(client.wish, wish), delay_ms=10 * SECOND)
        self._go_on_while(lambda: not (self._is_quiet() and self.alerts.is_over()))

    def _judge_alert(self, before: Alert | None, after: Alert, marks: Sequence[Mark]) -> None:
        told = [f"{one.number} {one.kind}" for one in after.pending]
        self.kernel.note("alert", after.id, after.state, f"revision {after.revision} count {after.count}", *told)
        for number, what in self.alerts.write(before, after, marks):
            self.observed.broken.append(f"{number}: alert {after.id}: {what}")

    def _go_on_while(self, is_not_over: Callable[[], bool]) -> None:
        """For two minutes at the least, since the watcher finds news each minute."""
        self.go_on(self.kernel.now + 2 * MINUTE)
        ends_at = self.kernel.now + BOUND_MS
        while is_not_over() and not self.is_broken() and self.kernel.now < ends_at:
            self.go_on(self.kernel.now + MINUTE)

    def _is_quiet(self) -> bool:
        is_done = all(action.has_ended for action in self.beside.actions.all_actions())
        return self.cloud.journal.is_drained and is_done and self.alerts.is_quiet() and super()._is_quiet()

    def _judge_write(self, before: Job | None, after: Job) -> None:
        if before is None and is_reserved(after.group):
            self.observed.accepted.setdefault(after.key, self.kernel.now)
        if before is None:
            self.facts.gone.pop(after.key, None)
        self.facts.write(before, after, self.kernel.now)
        for number, what in self._of_a_dead_letter(before, after):
            self.observed.breaks(number, after, what)
        super()._judge_write(before, after)

    def _of_a_dead_letter(self, before: Job | None, after: Job) -> Iterator[tuple[str, str]]:
        yield from (
            ("I20", one) for one in of_dead_letters.i20_a_redrive_begins_anew_and_forgets_nothing(before, after)
        )
        yield from (("I21", one) for one in of_dead_letters.i21_who_is_discarded_stays_so(before, after))
        action = self.facts.actions.get((after.tenant, after.redriven_by or ""))
        if is_redrive(before, after) and action is not None:
            for one in of_dead_letters.i21_no_bulk_action_redrives_a_discarded_one(before, after):
                yield "I21", one
            for one in of_dead_letters.i22_the_rest_waits_for_the_canary(after, action, self.facts):
                yield "I22", one

    def _judge_action(self, before: BulkAction | None, after: BulkAction) -> None:
        self.kernel.note("bulk action", after.id, after.status, f"version {after.version} done {after.done}")
        self.facts.actions[after.tenant, after.id] = after
        created_ms = self._created.setdefault(after.id, self.kernel.now)
        stored = self.cloud.jobs.all_jobs()
        for what in (
            *of_dead_letters.i22_a_bulk_action_counts_each_job_once(before, after, self.facts),
            *of_dead_letters.i22_none_that_was_meant_is_left_out(after, stored, self.facts, created_ms),
        ):
            self.observed.broken.append(f"I22: bulk action {after.id}: {what}")

    def _judge_removal(self, key: JobKey, what: str) -> None:
        stored = next(iter(self.cloud.jobs.get_many([key], consistent=True)), None)
        for broken in of_the_journal.i19_nothing_of_a_job_is_removed_while_it_is_there(key, what, stored):
            self.observed.broken.append(f"I19: {broken}")

    def _held_back(self, effect: Effect, stored: Job) -> Iterator[str]:
        return iter(())  # there are no maintenance windows

    def _keep_old(self, old: Old) -> JobKey:
        wish = old.wish
        key = JobKey(wish.tenant, idempotent_job_id(wish.tenant, wish.key or ""))
        spec = SpecReader(lambda target: None).new(dict(wish.body), now=_LONG_AGO, correlation_id=None)
        job = new_job(spec, key=key, now=_LONG_AGO, sharding=SHARDING, fingerprint=str(wish.body))
        running = claimed(self.cloud.jobs.place_payload(job))
        self.facts.named.add((key, running.payload.ref or ""))
        output = self.cloud.world.outputs.keep(running, b"x" * 2_000)
        ended = after(running, moves.succeed(running, output=output, now=_LONG_AGO, retention=RETENTION))
        self.cloud.jobs.keep_old(ended)
        return key

    def _let_go(self, key: JobKey) -> None:
        job = self.cloud.let_go(key)
        if job is not None:
            self.facts.gone[key] = Gone(job, START + timedelta(milliseconds=self.kernel.now))

    def _of_the_journal(self) -> Iterator[tuple[str, str]]:
        told = self.beside.bus.told
        deliveries = {job.key: self._told_by(job) for job in self.cloud.jobs.all_jobs() if job.group == EVENTS}
        subscriptions = self.aftermath.subscriptions
        yield from (
            ("I16", one)
            for one in of_the_journal.i16_the_archive_holds_each_end_as_it_was(self.facts, self.beside.bucket.objects)
        )
        yield from (("I17", one) for one in of_the_journal.i17_each_start_and_end_is_told(self.facts, told))
        alerts = self.beside.alerts.all_alerts()
        yield from (("I17", one) for one in of_the_journal.i17_each_move_of_an_alert_is_told(alerts, told))
        for one in of_the_journal.i18_each_subscription_is_told_what_it_wants(told, subscriptions, deliveries):
            yield "I18", one

    def _of_dead_letters(self) -> Iterator[tuple[str, str]]:
        yield from (("I20", one) for one in of_dead_letters.i20_each_redrive_ran(self.facts))
        for one in of_dead_letters.i20_nobody_redrives_more_than_was_asked(self.facts, self.person.asked):
            yield "I20", one

    def _told_by(self, job: Job) -> tuple[str, str]:
        document = json.loads(self.cloud.jobs.load_payload(job) or b"")
        return job.target["channel_id"], document["id"]

    def _of_what_is_gone(self) -> Iterator[tuple[str, str]]:
        put_at, outputs = self.cloud.jobs.payloads_put_at, self.cloud.world.outputs.objects
        payloads = {one: put_at[one] for one in put_at if one in self.facts.named}
        checkpoints = self.cloud.world.checkpoints.all_keys()
        for one in of_the_journal.i19_nothing_stays_of_what_is_gone(self.facts.gone, payloads, checkpoints, outputs):
            yield "I19", one


def simulate_aftermath(seed: int, *, only: Collection[str] | None = None) -> Result:
    """The run of what follows from jobs of a seed. `only`: names of faults; then no others strike."""
    run = AftermathRun(seed, aftermath_scenario_of(seed), only=only)
    run.begin()
    run.go_on(run.scenario.faults_end)
    run.faults.stop()
    run.settle()
    return run.result()
