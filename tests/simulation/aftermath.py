"""A run with what follows from jobs: the journal and its readers, the watcher's whole minute, items that go, and the
judge of all that (I16 and up)."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from functions.api.models.spec import SpecReader
from shared.model import moves
from shared.model.groups import EVENTS, is_reserved
from shared.model.job import JobKey, idempotent_job_id, new_job
from tests.jobs import after, claimed
from tests.simulation import invariants_of_the_journal as of_the_journal
from tests.simulation import watching
from tests.simulation.aftermath_facts import Facts, Gone
from tests.simulation.aftermath_scenario import AftermathScenario, Old, aftermath_scenario_of
from tests.simulation.cloud import Cloud
from tests.simulation.faults import MINUTE
from tests.simulation.functions import RETENTION, SHARDING
from tests.simulation.journal import Journal
from tests.simulation.ports import START
from tests.simulation.run import Result, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from shared.model.job import Job
    from shared.model.job_change import JobChange
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
    kind_of_cloud = AftermathCloud
    cloud: AftermathCloud

    def __init__(self, seed: int, scenario: AftermathScenario, *, only: Collection[str] | None = None) -> None:
        super().__init__(seed, scenario.rest, only=only)
        self.aftermath = scenario
        self.facts = Facts()
        self.beside = self.cloud.world.beside
        self.beside.leftovers.on_removed = self._judge_removal

    def begin(self) -> None:
        super().begin()
        for subscription in self.aftermath.subscriptions:
            self.beside.subscriptions.create(subscription)
        for old in self.aftermath.old:
            key = self._keep_old(old)
            self.kernel.later(f"old {key.job_id}", partial(self._let_go, key), delay_ms=old.goes_at)

    def _judge_end(self) -> None:
        """And once more when all items have gone."""
        for key in self.facts.gone:
            # Whoever was answered with it may have been so when it was gone already.
            self.observed.accepted.pop(key, None)
        super()._judge_end()
        self._judge(self._of_the_journal)
        stored = [job.key for job in self.cloud.jobs.all_jobs()]
        # What was put within a minute before is left to the next job of that id.
        self.go_on(self.kernel.now + 2 * MINUTE)
        for key in stored:
            self._let_go(key)
        self.go_on(self.kernel.now + MINUTE)
        self._judge(self._of_what_is_gone)

    def _is_quiet(self) -> bool:
        return self.cloud.journal.is_drained and super()._is_quiet()

    def _judge_write(self, before: Job | None, after: Job) -> None:
        if before is None and is_reserved(after.group):
            self.observed.accepted.setdefault(after.key, self.kernel.now)
        if before is None:
            self.facts.gone.pop(after.key, None)
        self.facts.write(before, after)
        super()._judge_write(before, after)

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
        for one in of_the_journal.i18_each_subscription_is_told_what_it_wants(told, subscriptions, deliveries):
            yield "I18", one

    def _told_by(self, job: Job) -> tuple[str, str]:
        document = json.loads(self.cloud.jobs.load_payload(job) or b"")
        return job.target["channel_id"], document["id"]

    def _of_what_is_gone(self) -> Iterator[tuple[str, str]]:
        payloads, outputs = self.cloud.jobs.payloads_put_at, self.cloud.world.outputs.objects
        checkpoints = self.cloud.world.checkpoints.all_keys()
        if not self.cloud.journal.is_drained:
            yield "I19", "the journal has not come to its end"
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
