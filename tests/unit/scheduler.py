"""A scheduler in memory: every port's memory adapter, and short ways to make jobs and to run the use cases on them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.executor.commit_outcome import CommitOutcome
from functions.executor.execute_job import ExecuteJob, ReceivedHint, Verdict
from functions.executor.gates.known_windows import KnownWindows
from functions.executor.gates.maintenance_window import MaintenanceWindowGate
from functions.executor.hand_over import HandOver
from functions.executor.heartbeat import Watched
from functions.executor.targets.protocol import Answer, Call, Deadline
from functions.populator.queue_due_jobs import QueueDueJobs, TickReport
from functions.watcher.sweep import Sweep, SweepReport
from shared.adapters.memory.checkpoints import MemoryCheckpoints
from shared.adapters.memory.clock import SeededIds, VirtualClock
from shared.adapters.memory.control import MemoryControlStore
from shared.adapters.memory.jobs import MemoryJobStore
from shared.adapters.memory.maintenance_windows import MemoryMaintenanceWindows
from shared.adapters.memory.outputs import MemoryOutputs
from shared.adapters.memory.queue import MemoryWorkQueue
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.dispatch import Dispatch
from shared.model.allowed_targets import Place
from shared.model.errors import ChangeRefused, StoreUnavailable
from shared.model.job import Job, JobKey, JobSpec, Sharding, new_job
from shared.model.retention import Retention
from shared.ports.queue import Hint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from functions.watcher.sweep import OverdueReader
    from shared.model.lanes import DueShard
    from shared.ports.jobs import DuePage

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SHARDING = Sharding(due=2, group=2)
RETENTION = Retention.alike(30)
TENANT = "acme"
API_URL = "https://api.example.com"
PLACE = Place("123456789012", "eu-central-1")


@dataclass
class ScriptedTarget:
    """A target that answers what it is told, or runs a function; it remembers its calls."""

    answer: Answer | Callable[[Call, Deadline], Answer] = field(default_factory=Answer)
    calls: list[Call] = field(default_factory=list)

    def call(self, call: Call, deadline: Deadline) -> Answer:
        self.calls.append(call)
        return self.answer if isinstance(self.answer, Answer) else self.answer(call, deadline)


class NoHeartbeats:
    """A lease that nobody extends; `after` says what the beats will have shown."""

    def __init__(self) -> None:
        self.lost = False
        self.cancelled = False

    @contextmanager
    def watch(self, job: Job, deadline: Deadline) -> Iterator[Watched]:
        yield Watched(job, deadline, START, lost=self.lost, cancelled=self.cancelled)


class Scheduler:
    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.ids = SeededIds()
        self.jobs = MemoryJobStore()
        self.control = MemoryControlStore()
        self.windows = MemoryMaintenanceWindows()
        self.queue = MemoryWorkQueue(self.clock)
        self.outputs = MemoryOutputs()
        self.checkpoints = MemoryCheckpoints()
        self.telemetry = RecordedTelemetry()
        self.target = ScriptedTarget()
        self.lease = NoHeartbeats()
        self.known_windows = KnownWindows(self.windows, self.clock, self.telemetry)
        self.tell_overdue: OverdueReader = told_to_nobody

    def create(self, *, due_in: float = 0, **spec: Any) -> Job:
        """A stored job, due in so many seconds."""
        now = self.clock.now()
        wanted = JobSpec(target={"type": "scripted"}, run_at=now + timedelta(seconds=due_in), **spec)
        job = new_job(wanted, key=JobKey(TENANT, self.ids.job_id(now)), now=now, sharding=SHARDING)
        return self.jobs.create(self.jobs.place_payload(job)).job

    def get(self, job: Job) -> Job:
        return self.jobs.get(job.key)

    def execute(self, job: Job, *, seconds_left: float = 120) -> Verdict:
        """Let an executor have the message of `job` as it is stored now."""
        return self.execute_hint(self.hint(self.get(job)), job, seconds_left=seconds_left)

    def execute_hint(self, hint: Hint, job: Job, *, seconds_left: float = 120) -> Verdict:
        message = ReceivedHint(hint, job.lane, receipt="receipt")
        return self.executor()(message, seconds_left=lambda: seconds_left)

    def hint(self, job: Job) -> Hint:
        assert job.wake_at is not None
        return Hint(job.tenant, job.id, job.wake_at)

    def executor(self) -> ExecuteJob:
        return ExecuteJob(
            jobs=self.jobs,
            queue=self.queue,
            clock=self.clock,
            ids=self.ids,
            lease=self.lease,
            target_of=dict.fromkeys(("scripted", "task", "command"), self.target).get,
            hand_over=HandOver(self.checkpoints, API_URL),
            commit=CommitOutcome(
                jobs=self.jobs,
                outputs=self.outputs,
                clock=self.clock,
                ids=self.ids,
                telemetry=self.telemetry,
                sharding=SHARDING,
                retention=RETENTION,
            ),
            telemetry=self.telemetry,
            gates=(MaintenanceWindowGate(self.known_windows, self.clock, PLACE),),
        )

    def dispatch(self) -> Dispatch:
        return Dispatch(self.queue, self.clock, self.telemetry)

    def tick(self, *, seconds_left: float = 60) -> TickReport:
        return self.tick_with(lambda: seconds_left)

    def tick_with(self, seconds_left: Callable[[], float]) -> TickReport:
        populator = QueueDueJobs(
            jobs=self.jobs,
            cursors=self.control,
            dispatch=self.dispatch(),
            clock=self.clock,
            telemetry=self.telemetry,
            shards=SHARDING.due,
        )
        return populator(seconds_left)

    def sweep(self) -> SweepReport:
        return self.sweep_with(lambda: 60)

    def sweep_with(self, seconds_left: Callable[[], float]) -> SweepReport:
        sweep = Sweep(
            jobs=self.jobs,
            cursors=self.control,
            dispatch=self.dispatch(),
            clock=self.clock,
            ids=self.ids,
            telemetry=self.telemetry,
            sharding=SHARDING,
            retention=RETENTION,
            tell_overdue=self.tell_overdue,
        )
        return sweep(seconds_left)

    def queued(self) -> list[str]:
        """The ids of the jobs for which a message was sent, in order."""
        return [message.hint.job_id for message in self.queue.messages]


def told_to_nobody(jobs: Sequence[Job], *, after: datetime, until: datetime) -> None:
    """What the sweep reads is nobody's news."""


def unavailable(*_: object, **__: object) -> None:
    """A store that is throttled."""
    raise StoreUnavailable("throttled", outcome_unknown=False)


def sent_twice(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """The SDK sends a call twice: it was applied, its answer was lost, and the second meets its own work."""
    original = getattr(scheduler.jobs, method)

    def twice(key: JobKey, change: object) -> object:
        original(key, change)
        with pytest.raises(ChangeRefused) as refused:
            original(key, change)
        raise refused.value

    monkeypatch.setattr(scheduler.jobs, method, twice)


def break_shard(broken: DueShard, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, one shard of the due index cannot be read."""
    due_of_others = scheduler.jobs.due

    def due(shard: DueShard, **position: Any) -> DuePage:
        if shard == broken:
            raise StoreUnavailable("throttled", outcome_unknown=False)
        return due_of_others(shard, **position)

    monkeypatch.setattr(scheduler.jobs, "due", due)
