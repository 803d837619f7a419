"""One run: so many jobs are created, become due over a span, and are run by the real use cases in virtual time."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from benchmarks.load_cloud import Deliveries, LoadedQueue, Process
from benchmarks.load_figures import CountingTelemetry, Figures
from benchmarks.load_kernel import START, Kernel
from benchmarks.load_table import MeteredJobs, Partitions
from functions.executor.commit_outcome import CommitOutcome
from functions.executor.execute_job import ExecuteJob, ReceivedHint, Verdict
from functions.executor.heartbeat import Watched
from functions.executor.targets.protocol import Answer, Call, Deadline
from functions.populator.queue_changed_jobs import Image, JobWritten, QueueChangedJobs
from functions.populator.queue_due_jobs import QueueDueJobs
from functions.watcher.sweep import Sweep
from shared.adapters.memory.control import MemoryControlStore
from shared.adapters.memory.outputs import MemoryOutputs
from shared.dispatch import Dispatch
from shared.model import limits
from shared.model.errors import StoreUnavailable
from shared.model.job import Job, JobKey, JobSpec, Sharding, epoch_ms, new_job
from shared.model.lifecycle import Status
from shared.model.retention import Retention

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime


S = TypeVar("S")
R = TypeVar("R")

# The CPU of a populator's batch of ten, all included, on one processor: `python -m benchmarks.cpu`, ten jobs' worth.
SEND_CPU_MS: Final = 1.07
_QUERY_CPU_MS: Final = 1.0
# As the template has them: `infra/populator.py`, `infra/watcher.py`.
TIMEOUT_SECONDS: Final = 60
_STREAM_BATCH: Final = 100
_STREAM_MS: Final = 300
_MINUTE_MS: Final = 60_000
# From the last creation to the first job that is due: more than the ticks look ahead, so that they send it all.
_LEAD_MS: Final = 10 * _MINUTE_MS
_TARGET: Final = {"type": "http", "url": "https://target.example.com/"}
_OUTPUT: Final = b"o" * 120
_RETENTION: Final = Retention.alike(30)


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a run is about. `concurrency`: executors of the lane, None for any number. `table_partitions`: how many
    the table was warmed up to. `index_partitions`: over how many the keys of an index are hashed, None for one each.
    `scale`: the run is a model of one `scale` times as large: partitions take so much less.
    """

    jobs: int
    over_seconds: int
    due_shards: int
    group_shards: int
    created_per_second: int = 3_000
    table_partitions: int = 64
    index_partitions: int | None = None
    concurrency: int | None = None
    populators: int = 2
    populator_memory_mb: int = 1_024
    service_ms: int = 50
    at_most_minutes: int = 30
    scale: int = 1
    seed: int = 1


class _Ids:
    """Ids as random as the real ones, from a seed and for less."""

    def __init__(self, seed: int) -> None:
        chances = random.Random(seed)
        self.chance, self._bits = chances.random, chances.getrandbits

    def job_id(self, now: datetime) -> str:
        return f"{epoch_ms(now):012x}{self._bits(48):012x}"

    def claim_id(self) -> str:
        return f"{self._bits(80):x}"


class _NoBeats:
    """No attempt here lasts as long as the first heartbeat takes to come."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    @contextmanager
    def watch(self, job: Job, deadline: Deadline) -> Iterator[Watched]:
        began_ms = self._kernel.now_ms
        yield Watched(job, deadline, self._kernel.now())
        if self._kernel.now_ms - began_ms > limits.HEARTBEAT_SECONDS * 1_000:
            raise RuntimeError("an attempt took longer than its lease is modelled for")


class Run:
    """The whole scheduler but for the API, with all jobs in one lane and of one tenant."""

    def __init__(self, load: Load) -> None:
        self.kernel = Kernel()
        self.figures = Figures()
        self._load = load
        self._chance = random.Random(load.seed)
        self._ids = _Ids(load.seed)
        self._partitions = Partitions(of_table=load.table_partitions, of_index=load.index_partitions, scale=load.scale)
        self._jobs = MeteredJobs(self.kernel, self._partitions, self._written, load.seed)
        self._control = MemoryControlStore()
        self._telemetry = CountingTelemetry(self.figures)
        self._sharding = Sharding(due=load.due_shards, group=load.group_shards)
        self._deliveries = Deliveries(self.kernel, concurrency=load.concurrency, seed=load.seed)
        self._stream: list[JobWritten] = []
        self._live = load.jobs
        self._ended_ms = 0

    def __call__(self) -> Figures:
        load, kernel, figures = self._load, self.kernel, self.figures
        execute_job = self._executor()
        self._deliveries.execute = lambda message, seconds_left: execute_job(message, seconds_left=seconds_left)
        self.create()
        self._partitions.phase = figures.running
        first_ms = figures.first_due_ms
        last_ms = first_ms + load.over_seconds * 1_000
        while self._live and kernel.now_ms < last_ms + load.at_most_minutes * _MINUTE_MS:
            self._begin_ticks()
            kernel.spawn(self._sweep)
            kernel.run_until(kernel.now_ms + _MINUTE_MS)
        figures.sort()
        figures.messages, figures.most_executors = self._deliveries.sent, self._deliveries.most_at_work
        figures.seconds_after_the_last = (self._ended_ms - last_ms) / 1_000
        figures.units = self._jobs.units
        for job in self._jobs.all_jobs():
            figures.claims[job.fence] += 1
            figures.statuses[job.status] += 1
        return figures

    def populate(self) -> Figures:
        """Create the jobs and let the populators send them. Nobody claims them: the lateness is that of each job's
        first message, as it arrives."""
        kernel, arrived = self.kernel, set[str]()

        def arrive(message: ReceivedHint, seconds_left: Callable[[], float]) -> Verdict:
            del seconds_left
            if message.hint.job_id not in arrived:
                arrived.add(message.hint.job_id)
                late = kernel.now() - message.hint.wake_at
                self.figures.lateness.append(max(0, late // timedelta(milliseconds=1)))
            return Verdict.DONE

        self._deliveries.execute = arrive
        self.create()
        while len(arrived) < self._load.jobs:
            self._begin_ticks()
            kernel.run_until(kernel.now_ms + _MINUTE_MS)
        self.figures.messages = self._deliveries.sent
        self.figures.sort()
        return self.figures

    def create(self) -> Figures:
        """Only create the jobs, at a steady rate, each due at a random millisecond of the span. One that is throttled
        is tried again a second later."""
        load, kernel = self._load, self.kernel
        creating_ms = load.jobs * 1_000 // load.created_per_second
        self.figures.creation = self._partitions.phase
        self.figures.first_due_ms = first_ms = (2 * creating_ms // _MINUTE_MS + 1) * _MINUTE_MS + _LEAD_MS
        for number in range(load.jobs):
            kernel.run_until(number * 1_000 // load.created_per_second)
            due_ms = first_ms + self._chance.randrange(load.over_seconds * 1_000)
            spec = JobSpec(target=_TARGET, run_at=START + timedelta(milliseconds=due_ms))
            key, now = JobKey("acme", self._ids.job_id(kernel.now())), kernel.now()
            self._create(new_job(spec, key=key, now=now, sharding=self._sharding))
        kernel.run_until(first_ms - _LEAD_MS)
        return self.figures

    def _create(self, job: Job) -> None:
        try:
            self._jobs.create(job)
        except StoreUnavailable:
            self.figures.throttled_creations += 1
            self.kernel.call_at(self.kernel.now_ms + 1_000, partial(self._create, job))

    def _begin_ticks(self) -> None:
        for _ in range(self._load.populators):
            self.kernel.spawn(self._tick)

    def _tick(self) -> None:
        began_ms = self.kernel.now_ms
        process = Process(self.kernel, memory_mb=self._load.populator_memory_mb, timeout_seconds=TIMEOUT_SECONDS)

        def on_every_shard(work: Callable[[S], R], shards: Sequence[S]) -> list[R]:
            def turn(shard: S) -> R:
                process.work(_QUERY_CPU_MS)
                return work(shard)

            return self.kernel.on_every_shard(turn, shards)

        tick = QueueDueJobs(
            jobs=self._jobs,
            cursors=self._control,
            dispatch=self._dispatch(process),
            clock=self.kernel,
            telemetry=self._telemetry,
            shards=self._load.due_shards,
            on_every_shard=on_every_shard,
        )
        try:
            report = tick(process.seconds_left)
        except StoreUnavailable:
            # The invocation has failed; the next minute's goes on from the cursors.
            self.figures.failed_invocations += 1
            return
        if report.sent:
            self.figures.ticks.append((began_ms, self.kernel.now_ms - began_ms, report))

    def _sweep(self) -> None:
        process = Process(self.kernel, memory_mb=1_024, timeout_seconds=TIMEOUT_SECONDS)
        sweep = Sweep(
            jobs=self._jobs,
            cursors=self._control,
            dispatch=self._dispatch(process),
            clock=self.kernel,
            ids=self._ids,
            telemetry=self._telemetry,
            sharding=self._sharding,
            retention=_RETENTION,
            on_every_shard=self.kernel.on_every_shard,
        )
        try:
            sweep(process.seconds_left)
        except StoreUnavailable:
            self.figures.failed_invocations += 1

    def _written(self, old: Job | None, new: Job) -> None:
        if new.status.is_terminal:
            self._live -= 1
            self._ended_ms = self.kernel.now_ms
        if new.status is Status.SCHEDULED:
            if not self._stream:
                self.kernel.call_at(self.kernel.now_ms + _STREAM_MS, self._deliver_stream)
            before = None if old is None else Image(old.status, old.wake_at, old.lane)
            self._stream.append(JobWritten(new.tenant, new.id, before, Image(new.status, new.wake_at, new.lane)))

    def _deliver_stream(self) -> None:
        records, self._stream = self._stream, []
        for first in range(0, len(records), _STREAM_BATCH):
            process = Process(self.kernel, memory_mb=512, timeout_seconds=TIMEOUT_SECONDS)
            queue_changed_jobs = QueueChangedJobs(dispatch=self._dispatch(process), clock=self.kernel)
            self.kernel.spawn(partial(queue_changed_jobs, records[first : first + _STREAM_BATCH]))

    def _dispatch(self, process: Process) -> Dispatch:
        return Dispatch(
            LoadedQueue(self._deliveries, self.kernel, process, SEND_CPU_MS),
            self.kernel,
            self._telemetry,
        )

    def _executor(self) -> ExecuteJob:
        process = Process(self.kernel, memory_mb=512, timeout_seconds=120)
        return ExecuteJob(
            jobs=self._jobs,
            queue=LoadedQueue(self._deliveries, self.kernel, process, SEND_CPU_MS),
            clock=self.kernel,
            ids=self._ids,
            lease=_NoBeats(self.kernel),
            target_of=lambda kind: self,
            commit=CommitOutcome(
                jobs=self._jobs,
                outputs=MemoryOutputs(),
                clock=self.kernel,
                ids=self._ids,
                telemetry=self._telemetry,
                sharding=self._sharding,
                retention=_RETENTION,
            ),
            telemetry=self._telemetry,
        )

    def call(self, call: Call, deadline: Deadline) -> Answer:
        """The target of every job: it answers well, after a while."""
        del call, deadline
        self.figures.calls += 1
        self.kernel.sleep_ms(self._load.service_ms)
        return Answer(_OUTPUT)
