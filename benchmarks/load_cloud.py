"""SQS and Lambda under load: when a message arrives, and when there is an executor to take it."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from functions.executor.execute_job import ReceivedHint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.load_kernel import Kernel
    from functions.executor.execute_job import Verdict
    from shared.model.lanes import Lane
    from shared.ports.queue import Hint

    Execute = Callable[[ReceivedHint, Callable[[], float]], Verdict]

# From a message being visible to its executor's start, in ms: log-normal with this median and 99th percentile.
DELIVERY_P50_MS: Final = 25
DELIVERY_P99_MS: Final = 250
_DELIVERY: Final = (math.log(DELIVERY_P50_MS), math.log(DELIVERY_P99_MS / DELIVERY_P50_MS) / 2.3263)
_SEND_MS: Final = 10
_BATCH: Final = 10
_EXECUTOR_TIMEOUT_MS: Final = 120_000
_MB_PER_VCPU: Final = 1_769


class Process:
    """A function's process: its threads share one processor at the most (Python runs one at a time), or the part of
    one that its memory buys."""

    def __init__(self, kernel: Kernel, *, memory_mb: int, timeout_seconds: float) -> None:
        self._kernel = kernel
        self._share = min(1.0, memory_mb / _MB_PER_VCPU)
        self._free_at = float(kernel.now_ms)
        self._ends_at = kernel.now_ms + timeout_seconds * 1_000

    def work(self, cpu_ms: float) -> None:
        """Return when so much CPU was used, after whatever other threads have asked for before."""
        self._free_at = max(self._free_at, self._kernel.now_ms) + cpu_ms / self._share
        self._kernel.sleep_ms(math.ceil(self._free_at) - self._kernel.now_ms)

    def seconds_left(self) -> float:
        return (self._ends_at - self._kernel.now_ms) / 1_000


class _Message(NamedTuple):
    lane: Lane
    hint: Hint


class Deliveries:
    """The queues, and behind each at most `concurrency` executors at work, each on a batch of up to ten messages."""

    def __init__(self, kernel: Kernel, *, concurrency: int | None, seed: int) -> None:
        self.execute: Execute
        self.sent = 0
        self.most_at_work = 0
        self._kernel = kernel
        self._concurrency = math.inf if concurrency is None else concurrency
        self._random = random.Random(seed)
        self._waiting: dict[Lane, deque[_Message]] = defaultdict(deque)
        self._held: dict[str, _Message] = {}
        self._at_work: Counter[Lane] = Counter()
        self._received = 0

    def put(self, message: _Message, delay_seconds: int) -> None:
        """Deliver `message` after so many whole seconds, and the time that a delivery takes."""
        delivery_ms = round(self._random.lognormvariate(*_DELIVERY))
        at_ms = self._kernel.now_ms + delay_seconds * 1_000 + delivery_ms
        self._kernel.call_at(at_ms, partial(self._arrive, message))

    def give_back(self, receipt: str, seconds: int) -> None:
        self.put(self._held[receipt], seconds)

    def depth(self, lane: Lane) -> int:
        return len(self._waiting[lane])

    def _arrive(self, message: _Message) -> None:
        self._waiting[message.lane].append(message)
        self._invoke(message.lane)

    def _invoke(self, lane: Lane) -> None:
        """Begin as many batches as there are executors for. A free executor does not wait for a batch to fill."""
        waiting = self._waiting[lane]
        while waiting and self._at_work[lane] < self._concurrency:
            self._at_work[lane] += 1
            self.most_at_work = max(self.most_at_work, self._at_work[lane])
            batch = [waiting.popleft() for _ in range(min(len(waiting), _BATCH))]
            left = [len(batch)]
            ends_at_ms = self._kernel.now_ms + _EXECUTOR_TIMEOUT_MS
            for message in batch:
                self._kernel.spawn(partial(self._execute, message, ends_at_ms, left))

    def _execute(self, message: _Message, ends_at_ms: int, left: list[int]) -> None:
        """One of a batch's threads; `left` holds how many of them are still at work."""
        self._received += 1
        receipt = str(self._received)
        self._held[receipt] = message
        self.execute(
            ReceivedHint(message.hint, message.lane, receipt), lambda: (ends_at_ms - self._kernel.now_ms) / 1_000
        )
        del self._held[receipt]
        left[0] -= 1
        if not left[0]:
            self._at_work[message.lane] -= 1
            self._invoke(message.lane)


@dataclass(frozen=True, slots=True)
class LoadedQueue:
    """`ports.queue.WorkQueue` for one sender; a batch costs its process `cpu_ms`."""

    deliveries: Deliveries
    kernel: Kernel
    process: Process
    cpu_ms: float

    def send(self, lane: Lane, batch: Sequence[tuple[Hint, int]]) -> list[int]:
        self.process.work(self.cpu_ms)
        self.kernel.sleep_ms(_SEND_MS)
        self.deliveries.sent += len(batch)
        for hint, delay_seconds in batch:
            self.deliveries.put(_Message(lane, hint), delay_seconds)
        return []

    def depth(self, lane: Lane) -> int:
        return self.deliveries.depth(lane)

    def give_back(self, lane: Lane, receipt: str, seconds: int) -> None:
        del lane
        self.deliveries.give_back(receipt, seconds)
