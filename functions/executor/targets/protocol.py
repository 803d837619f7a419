"""What the executor and a target say to each other."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from shared.model.execution import Failure, Outcome
from shared.model.times import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """By what whoever does the work reports on it: the `token` of the attempt's lease, which is a secret, and where the
    API is. `checkpoint` is what an earlier attempt left at `checkpoint_at`, as JSON text, where it is handed over at
    once."""

    token: str = field(repr=False)
    api_url: str
    checkpoint: bytes | None = field(default=None, repr=False)
    checkpoint_at: datetime | None = None

    def headers(self) -> dict[str, str]:
        """The same as HTTP headers, without the checkpoint: that is asked for over the API."""
        named = {"X-Punctual-Lease-Token": self.token, "X-Punctual-Api-Url": self.api_url}
        if self.checkpoint_at is not None:
            named["X-Punctual-Checkpoint-At"] = format_time(self.checkpoint_at)
        return named


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a target: the job's description of it, the payload (JSON text or None), and what identifies the call.

    `idempotency_key` is the same for every attempt of a job, so that a receiver can recognise a repetition; `fence` is
    larger for every attempt, so that a receiver can refuse one that was overtaken. `reporting`: where the outcome is to
    be reported, or may be.
    """

    target: Mapping[str, Any]
    payload: bytes | None
    tenant: str
    job_id: str
    job_name: str | None
    attempt: int
    fence: int
    run_at: datetime
    correlation_id: str
    idempotency_key: str
    reporting: Reporting | None = None

    def headers(self) -> dict[str, str]:
        """The call's identity as HTTP headers (or message attributes, under the same names)."""
        return {
            "Idempotency-Key": self.idempotency_key,
            "X-Correlation-Id": self.correlation_id,
            "X-Punctual-Job-Id": self.job_id,
            "X-Punctual-Attempt": str(self.attempt),
            "X-Punctual-Fence": str(self.fence),
            "X-Punctual-Run-At": self.run_at.isoformat().replace("+00:00", "Z"),
            **({} if self.reporting is None else self.reporting.headers()),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call ended: well when `failure` is None. `output` is what came back, whole, up to
    `limits.MAX_OUTPUT_BYTES`."""

    output: bytes = b""
    failure: Failure | None = None


def timed_out(seconds: float, output: bytes = b"") -> Answer:
    """The answer of a call that took longer than its job's timeout."""
    message = f"the target did not finish within {seconds:g} s"
    return Answer(output, Failure("timed_out", message, outcome=Outcome.TIMED_OUT))


@dataclass(slots=True)
class Deadline:
    """How long a call may take, and a way to end it before: the lease was lost, or the job was cancelled.

    A target that blocks registers with `on_stop` what wakes it up (shutting its socket down, say); it must return soon
    after. Monotonic time: a clock that is set must not lengthen a call.
    """

    seconds: float
    _ends_at: float = field(init=False)
    _stopped: threading.Event = field(init=False, default_factory=threading.Event)
    _callbacks: list[Callable[[], None]] = field(init=False, default_factory=list)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """The call begins: what was made ready for it before that has taken none of its time."""
        self._ends_at = time.monotonic() + self.seconds

    def remaining(self) -> float:
        """Seconds left; 0 when it is over or was stopped."""
        return 0.0 if self._stopped.is_set() else max(0.0, self._ends_at - time.monotonic())

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Call `callback` once when the call is stopped, from another thread; at once when it already was."""
        with self._lock:
            if not self._stopped.is_set():
                self._callbacks.append(callback)
                return
        callback()

    def stop(self) -> None:
        """End the call before its time. Repeating it does nothing."""
        with self._lock:
            callbacks, self._callbacks = self._callbacks, []
            self._stopped.set()
        for callback in callbacks:
            callback()


class Target(Protocol):
    """One kind of target. `call` returns an `Answer` within the deadline, whatever the target does; it raises only for
    defects of our own."""

    def call(self, call: Call, deadline: Deadline) -> Answer: ...
