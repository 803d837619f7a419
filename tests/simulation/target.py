"""What jobs call: it takes its time, and ends well or badly, as the URL's path says, or else chance.

A path `/25000/http_503,ok` says that a call takes 25,000 ms, that the first attempt ends with `http_503`, and that the
others end well; `dies` kills the process. The path `/` leaves it to the job's id and the attempt's fence. A channel
fails now and then, and never three times in a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from zlib import crc32

from functions.executor.targets.protocol import Answer, Call, Deadline, timed_out
from shared.model.execution import Failure
from shared.model.job import JobKey
from tests.simulation.faults import SECOND
from tests.simulation.observed import Effect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.kernel import Kernel


NOBODY: Final = Answer(failure=Failure("connection_failed", "nobody listens"))


@dataclass(frozen=True, slots=True)
class SimulatedTarget:
    """`on_effect` is told when a call begins, `on_answer` what it was answered. Who calls while it `is_down` meets
    nobody."""

    kernel: Kernel
    on_effect: Callable[[Effect], None]
    on_answer: Callable[[Effect, Answer], None]
    # Told that work was accepted, by the call that began it.
    on_work: Callable[[Call], None]
    is_down: Callable[[], bool] = lambda: False

    def call(self, call: Call, deadline: Deadline) -> Answer:
        effect = Effect(JobKey(call.tenant, call.job_id), call.fence, self.kernel.now)
        self.on_effect(effect)
        answer = NOBODY if self.is_down() else self._answer(call, deadline)
        self.on_answer(effect, answer)
        return answer

    def _accept(self, call: Call, deadline: Deadline) -> Answer:
        """The work begins at once; that it was accepted is told at once, or in a while."""
        self.on_work(call)
        self.kernel.sleep((0, 0, 5 * SECOND)[call.fence % 3])
        return Answer(failure=Failure("stopped", "the call was stopped")) if deadline.stopped else Answer()

    def _answer(self, call: Call, deadline: Deadline) -> Answer:
        kernel = self.kernel
        if call.reporting is not None:
            return self._accept(call, deadline)
        duration, failure = behaviour(call, deadline.seconds)
        takes_too_long = duration > deadline.seconds * SECOND
        ends_at = kernel.now + (int(deadline.seconds * SECOND) if takes_too_long else duration)
        me = kernel.actor
        deadline.on_stop(lambda: kernel.wake(me))
        while kernel.now < ends_at and not deadline.stopped:
            kernel.sleep(ends_at - kernel.now)
        if deadline.stopped:
            return Answer(failure=Failure("stopped", "the call was stopped"))
        if failure is not None and failure.type == "dies":
            kernel.die()
        if takes_too_long:
            return timed_out(deadline.seconds)
        return Answer(b"x" * (duration % 3_000), failure)


def is_by_chance(call: Call) -> bool:
    """Whether the URL leaves it to chance what happens."""
    return urlsplit(call.target["url"]).path == "/"


def behaviour(call: Call, timeout_seconds: float) -> tuple[int, Failure | None]:
    """How many milliseconds the call takes, and how it ends."""
    if call.target["type"] == "channel":
        return _of_channel(call)
    path = urlsplit(call.target["url"]).path
    if is_by_chance(call):
        return _by_chance(crc32(f"{call.job_id} {call.fence}".encode()), int(timeout_seconds * SECOND))
    duration, _, ends = path[1:].partition("/")
    end = [*ends.split(","), "ok"][min(call.attempt - 1, ends.count(",") + 1)]
    return int(duration), None if end == "ok" else Failure(end, "as the URL says", retryable=end != "http_404")


def _of_channel(call: Call) -> tuple[int, Failure | None]:
    chance = crc32(f"{call.job_id} {call.fence}".encode())
    fails = call.attempt < 3 and chance % 5 == 0
    return chance % 2_000, Failure("http_503", "the service is unavailable") if fails else None


def _by_chance(chance: int, timeout_ms: int) -> tuple[int, Failure | None]:
    """One in seven takes longer than it may, two take no time."""
    kind, rest = chance % 7, chance // 7
    duration = (0, 0, rest % 3_000, rest % 20_000, rest % timeout_ms, timeout_ms - 1, timeout_ms + 1)[kind]
    match rest % 20:
        case 0 | 1 | 2:
            return duration, Failure("http_503", "the service is unavailable")
        case 3 | 4:
            return duration, Failure("http_404", "no such page", retryable=False)
        case 5:
            return duration, Failure("dies", "it takes its process with it")
        case 6:
            return duration, Failure("http_429", "too many", retry_after_seconds=rest % 100)
        case _:
            return duration, None
