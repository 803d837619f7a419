"""Circuit breakers as they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.model.durations import format_seconds
from shared.model.times import format_time

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.breaker import Breaker


def breaker_answer(breaker: Breaker) -> dict[str, Any]:
    return {
        "target": breaker.target,
        "state": breaker.state,
        "opened_at": _time(breaker.opened_at),
        "probe_at": _time(breaker.probe_at),
        "cool_down": format_seconds(breaker.cool_down_seconds),
        "failures": breaker.calls.failures,
        "successes": breaker.calls.successes,
        "error": breaker.error,
        "note": breaker.note,
        "version": breaker.version,
        "changed_at": format_time(breaker.changed_at),
        "changed_by": breaker.changed_by,
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else format_time(time)
