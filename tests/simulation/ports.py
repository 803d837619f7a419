"""The ports as a simulated process has them: a fault can strike every call, and others may act before and after it.

A process's calls are numbered, which names the places where faults strike. A call takes no time or some milliseconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model.errors import PayloadUnavailable, SchedulerError, StoreUnavailable
from tests.simulation.faults import MINUTE, SECOND, WRITES, Fault, Faults, Weather

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ports.telemetry import Metric
    from tests.simulation.kernel import Kernel, Process

START: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""The simulation's time zero."""

_OFTEN: Final = 0.7
_LATENCY_MS: Final = 40
_BEST_EFFORT: Final = frozenset({"give_back"})


class Port:
    """`real` as `process` reaches it. A method that is not called by the use cases is passed through as it is."""

    def __init__(self, process: Process, real: Any, kernel: Kernel, faults: Faults, *, away: Weather) -> None:
        self._process = process
        self._real = real
        self._kernel = kernel
        self._faults = faults
        self._away = away
        self._away_until = 0

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        method = getattr(self._real, operation)

        def call(*arguments: Any, **named: Any) -> Any:
            return self._call(operation, lambda: method(*arguments, **named))

        setattr(self, operation, call)
        return call

    def _call(self, operation: str, do: Callable[[], Any]) -> Any:
        process, kernel = self._process, self._kernel
        process.calls += 1
        number = process.calls
        self._let_time_pass()
        fault = self._faults.of_call(process.name, number, operation)
        kernel.note(process.name, number, operation, fault or "")
        try:
            if fault is not None:
                result = self._struck(fault, operation, do, f"{process.name} call {number}")
            elif self._is_away(operation):
                raise _unavailable(operation, applied=False)
            else:
                result = do()
        except StoreUnavailable:
            if operation not in _BEST_EFFORT:
                raise
            result = None
        self._let_time_pass()
        return result

    def _struck(self, fault: Fault, operation: str, do: Callable[[], Any], place: str) -> Any:
        kernel, amount = self._kernel, self._faults.amount
        match fault:
            case Fault.CRASH_BEFORE:
                kernel.die()
            case Fault.CRASH_AFTER:
                _in_any_case(do)
                kernel.die()
            case Fault.THROTTLED:
                raise _unavailable(operation, applied=False)
            case Fault.APPLIED_BUT_FAILED:
                _in_any_case(do)
                raise _unavailable(operation, applied=True)
            case Fault.APPLIED_AND_AWAY:
                self._away_until = kernel.now + amount(place, 20 * SECOND, 60 * SECOND)
                _in_any_case(do)
                raise _unavailable(operation, applied=True)
            case Fault.APPLIED_LATE:
                kernel.later(place, lambda: _in_any_case(do), delay_ms=amount(place, 1, 90 * SECOND))
                kernel.sleep(5 * SECOND)
                raise _unavailable(operation, applied=True)
            case Fault.RESENT:
                _in_any_case(do)
                kernel.sleep(amount(place, 1, 6 * SECOND))
            case Fault.SLOW:
                kernel.sleep(amount(place, 1 * SECOND, 15 * SECOND))
            case Fault.FROZEN:
                kernel.freeze(self._process, amount(place, 20 * SECOND, 4 * MINUTE))
        return do()

    def _is_away(self, operation: str) -> bool:
        now, faults = self._kernel.now, self._faults
        if faults.is_weather(self._away, now) or now < self._away_until:
            return True
        return (
            operation in WRITES
            and self._away is Weather.STORE_AWAY
            and faults.is_weather(Weather.THROTTLING, now)
            and self._kernel.chance() < 0.5
        )

    def _let_time_pass(self) -> None:
        chance = self._kernel.chance()
        if chance < _OFTEN:
            self._kernel.pause()
        else:
            self._kernel.sleep(int((chance - _OFTEN) / (1 - _OFTEN) * _LATENCY_MS))


@dataclass(frozen=True, slots=True)
class ProcessClock:
    """`ports.clock.Clock` of a process, which may be wrong. Its sleep takes as long as it should."""

    kernel: Kernel
    process: Process

    def now(self) -> datetime:
        return START + timedelta(milliseconds=self.kernel.now + self.process.skew_ms)

    def sleep(self, seconds: float) -> None:
        until = self.kernel.now + math.ceil(seconds * 1000)
        while self.kernel.now < until:
            self.kernel.sleep(until - self.kernel.now)


@dataclass(frozen=True, slots=True)
class ProcessTelemetry:
    """Facts go to the event log; a defect is one of the simulated code."""

    kernel: Kernel
    process: Process

    def note(self, action: str, **facts: Any) -> None:
        self.kernel.note(self.process.name, action, facts.get("job_id", ""))

    debug = note
    warn = note

    def defect(self, action: str, error: BaseException, **facts: Any) -> None:
        self.note(action, **facts)
        if isinstance(error, StoreUnavailable):
            return  # of a step of the watcher's minute, which counts as failed
        self.kernel.defects.append(f"{self.process.name}: {action}: {type(error).__name__}: {error}")

    def measure(self, metric: Metric, value: float = 1) -> None:
        """Nobody looks at numbers here."""


def _unavailable(operation: str, *, applied: bool) -> SchedulerError:
    if operation == "load_template_payload":
        return PayloadUnavailable("the payload cannot be read")
    return StoreUnavailable("injected", outcome_unknown=applied)


def _in_any_case(do: Callable[[], Any]) -> None:
    try:
        do()
    except SchedulerError:
        # Whoever asked is dead, has given up, or will see what the second answer says.
        return
