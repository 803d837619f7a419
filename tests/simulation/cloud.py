"""AWS around the functions: it starts processes, calls them by schedule, message, stream and request, and ends what
takes too long. How a function is wired and what it does with an event stands in `functions`."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from shared.adapters.memory.clock import SeededIds
from shared.adapters.memory.control import MemoryControlStore
from shared.adapters.memory.maintenance_windows import MemoryMaintenanceWindows
from shared.adapters.memory.outputs import MemoryOutputs
from shared.model.errors import SchedulerError
from shared.model.lanes import Lane
from tests.simulation import functions
from tests.simulation.beside import Beside, SimulatedCheckpoints, SimulatedLeftovers
from tests.simulation.breakers import SimulatedBreakers
from tests.simulation.faults import MINUTE, SECOND, Faults, Mishap, Weather
from tests.simulation.functions import World
from tests.simulation.kernel import Actor, Kernel, Process
from tests.simulation.queue import SimulatedQueue
from tests.simulation.scenario import DEFAULT_BREAKERS
from tests.simulation.store import SimulatedJobStore, stream_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.executor.targets.protocol import Target
    from functions.populator.queue_changed_jobs import JobWritten
    from shared.model.breaker import BreakerSettings
    from shared.model.job import Job

# How long an invocation may take, and how many messages it is given: as in `infra`.
API_TIMEOUT_MS: Final = 29 * SECOND
_MINUTELY_TIMEOUT_MS: Final = 60 * SECOND
_EXECUTOR_TIMEOUT_MS: Final = {Lane.LONG: 15 * MINUTE}
_SHORT_EXECUTOR_TIMEOUT_MS: Final = 2 * MINUTE
_BATCH: Final = {Lane.LONG: 1}
_SHORT_BATCH: Final = 10
_INVOCATIONS_AT_ONCE: Final = 10
_RECORDS_AT_ONCE: Final = 10
_RECORD_TRIES: Final = 4
_RECORD_AGE_MS: Final = 2 * MINUTE
_STREAM_LATENCY_MS: Final = 150
_ASK_AGAIN_MS: Final = 20 * SECOND


class Unanswered(Exception):
    """The invocation died, or ran out of time: nobody knows what it did."""


@dataclass(eq=False)
class Cloud:
    """An account with Punctual in it. `skew_of` says how wrong the clock of a new process is, in milliseconds."""

    kernel: Kernel
    faults: Faults
    on_write: Callable[[Job | None, Job], None]
    target: Target
    skew_of: Callable[[str], int] = lambda _: 0
    ids: SeededIds = field(default_factory=SeededIds)
    breaker_settings: BreakerSettings = DEFAULT_BREAKERS
    watch: ClassVar[Callable[[World, Process, int], None]] = staticmethod(functions.sweep)

    def __post_init__(self) -> None:
        self.jobs = SimulatedJobStore(self.kernel, self.faults, self.written)
        self.queue = SimulatedQueue(self.kernel, self.faults, self._message_comes)
        outputs, checkpoints = MemoryOutputs(), SimulatedCheckpoints()
        self.world = World(
            self.kernel,
            self.faults,
            self.jobs,
            MemoryControlStore(),
            self.queue,
            outputs,
            self.ids,
            self.target,
            MemoryMaintenanceWindows(),
            checkpoints,
            SimulatedBreakers(self.kernel),
            self.breaker_settings,
            Beside(SimulatedLeftovers(self.kernel, self.jobs, outputs, checkpoints)),
        )
        self.processes: dict[str, Process] = {}
        self.busy: dict[Process, Actor] = {}
        self._idle: dict[str, list[Process]] = {}
        self._started: dict[str, int] = {}
        self._records: deque[tuple[int, JobWritten]] = deque()
        self._streaming = False
        self._executing: dict[Lane, int] = dict.fromkeys(Lane, 0)

    def start(self) -> None:
        """From now on the functions are called each minute."""
        later = self.kernel.later
        later("schedule", lambda: self.each_minute("populator", Weather.NO_TICKS, functions.tick))
        later("schedule", lambda: self.each_minute("watcher", Weather.NO_SWEEPS, self.watch))

    def call(self, function: str, work: Callable[[World, Process, int], Any], *, timeout_ms: int) -> Any:
        """Invoke a function and wait: `work` is called with the world, the process, and when its time is over.

        Raises:
            SchedulerError: what it raised.
            Unanswered: the process died.
        """
        kernel, process = self.kernel, self._process(function)
        ends_at = kernel.now + timeout_ms
        actor = kernel.spawn(process.name, process, lambda: work(self.world, process, ends_at), joined_by=kernel.actor)
        self.busy[process] = actor
        kernel.later("timeout", lambda: None if actor.is_over else kernel.kill(process), delay_ms=timeout_ms)
        while not actor.is_over:
            kernel.sleep()
        del self.busy[process]
        if process.is_dead:
            raise Unanswered(process.name)
        self._idle.setdefault(function, []).append(process)
        if actor.error is None:
            return actor.result
        if not isinstance(actor.error, SchedulerError):
            kernel.defects.append(f"{process.name}: {type(actor.error).__name__}: {actor.error}")
        raise actor.error

    def _process(self, function: str) -> Process:
        """An idle execution environment of the function, or a new one."""
        idle = self._idle.get(function)
        if idle:
            return idle.pop()
        number = self._started[function] = self._started.get(function, 0) + 1
        name = f"{function}-{number}"
        self.processes[name] = Process(name, skew_ms=self.skew_of(name))
        return self.processes[name]

    def call_in_vain(self, function: str, work: Callable[..., Any], *, timeout_ms: int) -> Any:
        """What it returned; None when it failed, which whoever calls by itself has to live with."""
        try:
            return self.call(function, work, timeout_ms=timeout_ms)
        except (SchedulerError, Unanswered) as error:
            self.kernel.note(function, "failed", type(error).__name__)
            return None

    # By schedule

    def each_minute(self, name: str, away: Weather, work: Callable[..., Any]) -> None:
        kernel, faults = self.kernel, self.faults

        def call() -> None:
            self.call_in_vain(name, work, timeout_ms=_MINUTELY_TIMEOUT_MS)

        while True:
            kernel.sleep(MINUTE - kernel.now % MINUTE)
            if faults.is_weather(away, kernel.now):
                continue
            mishap = faults.of_event(f"{name} at minute")
            late = faults.amount(f"{name} {kernel.now}", 1, 10 * MINUTE) if mishap is Mishap.LATE else 0
            kernel.later(name, call, delay_ms=late)
            if mishap is Mishap.REPEATED:
                kernel.later(name, call)

    # By message

    def _message_comes(self, lane: Lane, time: int) -> None:
        self.kernel.later(f"poll {lane}", lambda: self._poll(lane), delay_ms=time - self.kernel.now)

    def _poll(self, lane: Lane) -> None:
        """Hand messages to the executor until there are none; at most so many invocations do so side by side."""
        if self._executing[lane] >= _INVOCATIONS_AT_ONCE:
            return
        self._executing[lane] += 1
        while messages := self.queue.receive(lane, _BATCH.get(lane, _SHORT_BATCH)):
            done = self.call_in_vain(
                "executor-long" if lane is Lane.LONG else "executor",
                lambda world, process, ends_at, batch=messages: functions.execute(world, process, ends_at, batch),
                timeout_ms=_EXECUTOR_TIMEOUT_MS.get(lane, _SHORT_EXECUTOR_TIMEOUT_MS),
            )
            for receipt in done or ():
                self.queue.delete(receipt)
        self._executing[lane] -= 1
        if self.faults.is_weather(Weather.QUEUE_AWAY, self.kernel.now):
            self._message_comes(lane, self.kernel.now + _ASK_AGAIN_MS)

    # By stream

    def written(self, old: Job | None, new: Job) -> None:
        self.on_write(old, new)
        record = stream_record(old, new)
        if record is None:
            return
        self._records.append((self.kernel.now, record))
        if not self._streaming:
            self._streaming = True
            self.kernel.later("stream", self._stream, delay_ms=_STREAM_LATENCY_MS)

    def _stream(self) -> None:
        """Deliver the records in their order, each batch until it is handled, too old, or tried too often."""
        kernel, faults = self.kernel, self.faults
        while self._records:
            while faults.is_weather(Weather.STREAM_STALLED, kernel.now):
                kernel.sleep(5 * SECOND)
            mishap = faults.of_event("stream batch")
            if mishap is Mishap.LATE:
                kernel.sleep(faults.amount(f"stream {kernel.now}", 1, 3 * MINUTE))
            batch = [self._records.popleft() for _ in range(min(len(self._records), _RECORDS_AT_ONCE))]
            self._deliver([record for written_at, record in batch if kernel.now - written_at <= _RECORD_AGE_MS])
            if mishap is Mishap.REPEATED:
                self._deliver([record for _, record in batch])
        self._streaming = False

    def _deliver(self, records: list[JobWritten]) -> None:
        tries = 0
        while records and tries < _RECORD_TRIES:
            tries += 1
            failed = self.call_in_vain(
                "populator-stream",
                lambda world, process, _, batch=tuple(records): functions.changed(world, process, batch),
                timeout_ms=_MINUTELY_TIMEOUT_MS,
            )
            if failed is not None:
                records = records[failed[0] :] if failed else []
            if records:
                self.kernel.sleep(SECOND)
