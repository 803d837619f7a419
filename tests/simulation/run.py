"""One run of the whole scheduler, made by a seed and judged at every step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zlib import crc32

from shared.adapters.memory.clock import SeededIds
from shared.model.lanes import Lane
from shared.ports.queue import Hint
from tests.simulation import invariants
from tests.simulation.clients import Client
from tests.simulation.cloud import Cloud
from tests.simulation.faults import MINUTE, Faults, Weather
from tests.simulation.invariants_of_breakers import i27_none_but_probes_call_while_it_is_open, identity_of
from tests.simulation.kernel import Actor, Kernel
from tests.simulation.observed import Effect, Observed
from tests.simulation.ports import START
from tests.simulation.scenario import Scenario, scenario_of
from tests.simulation.target import SimulatedTarget
from tests.simulation.workers import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from functions.executor.targets.protocol import Answer, Call
    from shared.model.job import Job

BOUND_MS: Final = 6 * 60 * MINUTE
"""In what time after the last fault every job has to have ended."""


@dataclass(frozen=True, slots=True)
class Result:
    """`broken`: the first thing that should never happen, None in a good run. `faults`: the names of those that struck.
    `zombies`: effects that began when their lease had been taken, as can happen when clocks are further apart than is
    allowed for. `settled_ms`: how long after the last fault the last job had ended, to the minute. `log`: the events, a
    line each."""

    broken: str | None
    faults: tuple[str, ...]
    jobs: int
    effects: int
    zombies: int
    settled_ms: int
    log: list[str]


class Run:
    """The scheduler, its clients and its judge. `begin` lets the clients loose."""

    kind_of_cloud: type[Cloud] = Cloud

    def __init__(self, seed: int, scenario: Scenario, *, only: Collection[str] | None = None) -> None:
        self.scenario = scenario
        self.seed = seed
        self.kernel = Kernel(seed)
        self.faults = Faults(seed, scenario.climate, only=only)
        self.observed = Observed()
        target = SimulatedTarget(
            self.kernel, self._effect_begins, self._effect_ends, self._work_begins, self._is_target_down
        )
        self.cloud = self.kind_of_cloud(
            self.kernel, self.faults, self._judge_write, target, self._skew_of, SeededIds(seed), scenario.breakers
        )
        self._clocks_agree = 2 * scenario.skew_ms <= invariants.SKEW_MS

    def begin(self) -> None:
        client = Client(self.cloud, self.observed)
        for window in self.scenario.windows:
            self.cloud.world.windows.create_window(window)
        self.cloud.start()
        for number, wish in enumerate(self.scenario.wishes):
            for _ in range(wish.copies):
                self.kernel.later(f"client {number}", lambda wish=wish: client.wish(wish), delay_ms=wish.at)
        for deed in self.faults.deeds:
            do = {"kill": self._kill, "forge": self._forge}[deed.what]
            self.kernel.later(str(deed), do, delay_ms=deed.time)

    def is_broken(self) -> bool:
        return bool(self.observed.broken or self.kernel.defects)

    def go_on(self, until: int) -> None:
        self.kernel.run(until=self.is_broken, at_most_ms=until)
        self.kernel.now = max(self.kernel.now, until)

    def settle(self, bound_ms: int = BOUND_MS) -> None:
        """Go on until every job has ended, and judge the end."""
        ends_at = self.kernel.now + bound_ms
        self.go_on(self.kernel.now + MINUTE)
        while not self.is_broken() and self.kernel.now < ends_at and not self._is_quiet():
            self.go_on(self.kernel.now + MINUTE)
        self._judge_end()
        self.kernel.end()

    def _judge_end(self) -> None:
        self._judge(self._of_the_end)

    def _judge(self, broken: Callable[[], Iterable[tuple[str, str]]]) -> None:
        """Write down what of it is `broken`: invariants, and what was seen. Not after something else was: that has led
        to it."""
        if not self.is_broken():
            self.observed.broken += [f"{number}: {what}" for number, what in broken()]

    def _of_the_end(self) -> Iterator[tuple[str, str]]:
        stored = {job.key: job for job in self.cloud.jobs.all_jobs()}
        yield from (("I1, I15", one) for one in invariants.i1_i15_what_was_accepted_is_there(self.observed, stored))
        yield from (("I1", one) for one in invariants.i1_all_have_ended_as_promised(self.observed, stored))

    def result(self) -> Result:
        broken = [*self.observed.broken, *self.kernel.defects]
        return Result(
            broken=broken[0] if broken else None,
            faults=tuple(self.faults.struck),
            jobs=self.observed.jobs,
            effects=sum(map(len, self.observed.effects.values())),
            zombies=self.observed.zombies,
            settled_ms=self.kernel.now - self.scenario.faults_end,
            log=[f"{line[0] / 1000:.3f} {' '.join(map(str, line[1:]))}" for line in self.kernel.log],
        )

    def _is_quiet(self) -> bool:
        return all(job.status.is_terminal for job in self.cloud.jobs.all_jobs())

    def _judge_write(self, before: Job | None, after: Job) -> None:
        self.observed.jobs += before is None
        self.kernel.note("written", after.id, after.status, f"version {after.version} fence {after.fence}")
        for number, holds in invariants.OF_A_WRITE:
            for what in holds(before, after):
                self.observed.breaks(number, after, what)
        for what in invariants.i3_an_outcome_is_what_the_target_answered(before, after, self.observed):
            self.observed.breaks("I3", after, what)
        self._judge_lease(before, after, self.kernel.actor)

    def _judge_lease(self, before: Job | None, after: Job, writer: Actor) -> None:
        holders = self.observed.holders
        if before is not None and after.fence > before.fence:
            # By the name of who sent it: a claim may still be on its way when its process has seen an error.
            holders[after.key] = self.cloud.processes[writer.name.split()[0]]
            self._measure_lateness(before, after)
            for what in invariants.a_long_job_runs_in_the_long_lane(after, writer.name):
                self.observed.breaks("lane", after, what)
        elif after.key in holders:
            holder = holders[after.key].name
            for what in invariants.i11_the_holder_alone_extends_its_lease(before, after, writer.name, holder):
                self.observed.breaks("I11", after, what)
        if self._clocks_agree:
            for what in invariants.i11_no_live_lease_is_taken(before, after, self.observed, self.kernel.now):
                self.observed.breaks("I11", after, what)

    def _measure_lateness(self, before: Job, after: Job) -> None:
        if before.attempt == 0 and before.wake_at is not None and after.started_at is not None:
            late_ms = (after.started_at - before.wake_at) // timedelta(milliseconds=1)
            self.observed.latest_ms = max(self.observed.latest_ms, late_ms)

    def _effect_begins(self, effect: Effect) -> None:
        self.kernel.note("effect", effect.key.job_id, f"fence {effect.fence}")
        effects = self.observed.effects.setdefault(effect.key, [])
        effects.append(effect)
        stored = self.cloud.jobs.get(effect.key)
        for what in invariants.i9_one_effect_of_an_attempt(effects, stored):
            self.observed.breaks("I9", stored, what)
        for what in self._held_back(effect, stored):
            self.observed.breaks("held", stored, what)
        for what in self._called_while_open(effect, stored):
            self.observed.breaks("I27", stored, what)
        for what in invariants.i7_no_effect_begins_after_the_end(effect, stored):
            if self._clocks_agree:
                self.observed.breaks("I7", stored, what)
            else:
                self.observed.zombies += 1

    def _held_back(self, effect: Effect, stored: Job) -> Iterator[str]:
        holder = self.observed.holders[effect.key]
        # Who could not read the windows lets jobs run.
        is_blind = any(line[1:3] == (holder.name, "windows_not_read") for line in self.kernel.log)
        if effect.fence == stored.fence and not is_blind:
            now = START + timedelta(milliseconds=self.kernel.now + holder.skew_ms)
            yield from invariants.no_effect_begins_in_a_window_that_holds(stored, now, self.scenario.windows)

    def _called_while_open(self, effect: Effect, stored: Job) -> Iterator[str]:
        holder = self.observed.holders[effect.key]
        history = self.cloud.world.breakers.history.get((stored.tenant, identity_of(stored.target)), ())
        # Who cannot read the breakers, and knows of none, lets jobs run.
        is_blind = any(line[1:3] == (holder.name, "breakers_not_read") for line in self.kernel.log)
        if history and effect.fence == stored.fence and stored.started_at is not None and not is_blind:
            claimed_ms = (stored.started_at - START) // timedelta(milliseconds=1) - holder.skew_ms
            yield from i27_none_but_probes_call_while_it_is_open(stored, claimed_ms, self.kernel.now, history)

    def _work_begins(self, call: Call) -> None:
        worker = Worker.of(self.cloud, self.observed, call)
        self.kernel.later(f"worker {call.job_id}", worker.work)

    def _effect_ends(self, effect: Effect, answer: Answer) -> None:
        error = None if answer.failure is None else answer.failure.type
        self.observed.answers[effect.key, effect.fence] = error
        self.kernel.note("answered", effect.key.job_id, f"fence {effect.fence}", error or "success")

    def _skew_of(self, name: str) -> int:
        skew = self.scenario.skew_ms
        return crc32(f"{self.seed} {name}".encode()) % (2 * skew + 1) - skew

    def _is_target_down(self) -> bool:
        return self.faults.is_weather(Weather.TARGET_DOWN, self.kernel.now)

    def _kill(self) -> None:
        busy = [process for process in self.cloud.busy if not process.is_dead]
        if busy:
            self.kernel.kill(busy[int(self.kernel.chance() * len(busy))])

    def _forge(self) -> None:
        """Messages that nobody of ours would send: for a job that is not there, of an earlier time, in any lane."""
        jobs, lanes = self.cloud.jobs.all_jobs(), list(Lane)
        stranger = Hint("acme", "nobody", START)
        for job in jobs[:: max(1, len(jobs) // 4)]:
            lane = lanes[int(self.kernel.chance() * len(lanes))]
            wake_at = job.wake_at or job.run_at
            for hint in (stranger, Hint(job.tenant, job.id, wake_at), Hint(job.tenant, job.id, START)):
                self.cloud.queue.send(lane, [(hint, 0)])


def simulate(seed: int, *, only: Collection[str] | None = None) -> Result:
    """The run of a seed. `only`: names of faults, as a result lists them; then no others strike."""
    run = Run(seed, scenario_of(seed), only=only)
    run.begin()
    run.go_on(run.scenario.faults_end)
    run.faults.stop()
    run.settle()
    return run.result()
