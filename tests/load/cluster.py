"""A scheduler whose populators and executors are real threads, over one memory store and one memory queue."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from functions.executor.commit_outcome import CommitOutcome
from functions.executor.execute_job import ExecuteJob, ReceivedHint
from functions.executor.heartbeat import Heartbeats
from functions.executor.targets.protocol import Answer, Call, Deadline
from functions.populator.queue_changed_jobs import Image, JobWritten, QueueChangedJobs
from functions.populator.queue_due_jobs import QueueDueJobs
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.control import MemoryControlStore
from shared.adapters.memory.outputs import MemoryOutputs
from shared.adapters.memory.queue import MemoryWorkQueue
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.system import SystemIds
from shared.dispatch import Dispatch
from shared.model.lanes import Lane, Priority
from tests.jobs import RETENTION, SHARDING, START, a_job

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shared.adapters.memory.jobs import MemoryJobStore
    from shared.ports.queue import Hint

_TICKING: Final = 2
_EXECUTORS: Final = 10
_RECORDS: Final = 100
_PRIORITIES: Final = tuple(Priority)
_LANES: Final = tuple(Lane(priority) for priority in _PRIORITIES)


class RepeatingQueue(MemoryWorkQueue):
    """Two messages of each batch come twice, the copy perhaps while the first is being worked on."""

    def send(self, lane: Lane, batch: Sequence[tuple[Hint, int]]) -> list[int]:
        super().send(lane, batch[:2])
        return super().send(lane, batch)


class CountingTarget:
    """Counts the calls of each job."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def call(self, call: Call, deadline: Deadline) -> Answer:
        del deadline
        with self._lock:
            self.calls[call.job_id] += 1
        return Answer(b"done")


class Cluster:
    """Two ticks at once, a stream and ten executors. All jobs are due, and the time stands still: nobody waits."""

    def __init__(self, jobs: MemoryJobStore) -> None:
        self.jobs = jobs
        self.clock = VirtualClock(START)
        self.queue = RepeatingQueue(self.clock)
        self.target = CountingTarget()
        self.telemetry = RecordedTelemetry()
        self._control = MemoryControlStore()
        self._stream: SimpleQueue[list[JobWritten]] = SimpleQueue()
        self._all_created, self._all_sent = threading.Event(), threading.Event()

    def run(self, jobs: int) -> None:
        """Create so many jobs and run them: half of them while all are at work already, the others before, of which
        the stream tells nothing."""
        for _ in self._create(range(jobs // 2)):
            pass
        with ThreadPoolExecutor(_TICKING + 1 + _EXECUTORS) as threads:
            executors = [threads.submit(self._execute) for _ in range(_EXECUTORS)]
            populators = [threads.submit(self._tick) for _ in range(_TICKING)] + [threads.submit(self._read_stream)]
            try:
                self._create_beside(range(jobs // 2, jobs))
                self._all_created.set()
                for populator in populators:
                    populator.result()
            finally:
                self._all_created.set()
                self._all_sent.set()
            for executor in executors:
                executor.result()

    def _create(self, numbers: Iterable[int]) -> Iterator[JobWritten]:
        for number in numbers:
            job = a_job(job_id=f"{number:024d}", priority=_PRIORITIES[number % len(_PRIORITIES)])
            self.jobs.create(job)
            yield JobWritten(job.tenant, job.id, None, Image(job.status, job.wake_at, job.lane))

    def _create_beside(self, numbers: range) -> None:
        for first in numbers[::_RECORDS]:
            self._stream.put(list(self._create(range(first, min(first + _RECORDS, numbers.stop)))))

    def _tick(self) -> None:
        tick = QueueDueJobs(
            jobs=self.jobs,
            cursors=self._control,
            dispatch=self._dispatch(),
            clock=self.clock,
            telemetry=self.telemetry,
            shards=SHARDING.due,
        )
        while True:
            is_last = self._all_created.is_set()
            tick(seconds_left=lambda: 60)
            if is_last:
                return

    def _read_stream(self) -> None:
        queue_changed_jobs = QueueChangedJobs(dispatch=self._dispatch(), clock=self.clock)
        while True:
            is_last = self._all_created.is_set()
            while not self._stream.empty():
                assert queue_changed_jobs(self._stream.get()) == []
            if is_last:
                return
            time.sleep(0)

    def _execute(self) -> None:
        execute_job = self._executor()
        while True:
            is_last = self._all_sent.is_set()
            received = [(lane, message) for lane in _LANES for message in self.queue.receive(lane)]
            for lane, message in received:
                execute_job(ReceivedHint(message.hint, lane, message.receipt), seconds_left=lambda: 120)
                self.queue.delete(message.receipt)
            if is_last and not received:
                return
            time.sleep(0)

    def _dispatch(self) -> Dispatch:
        return Dispatch(self.queue, self.clock, self.telemetry)

    def _executor(self) -> ExecuteJob:
        ids = SystemIds()
        return ExecuteJob(
            jobs=self.jobs,
            queue=self.queue,
            clock=self.clock,
            ids=ids,
            lease=Heartbeats(jobs=self.jobs, clock=self.clock, telemetry=self.telemetry),
            target_of=lambda kind: self.target,
            commit=CommitOutcome(
                jobs=self.jobs,
                outputs=MemoryOutputs(),
                clock=self.clock,
                ids=ids,
                telemetry=self.telemetry,
                sharding=SHARDING,
                retention=RETENTION,
            ),
            telemetry=self.telemetry,
        )
