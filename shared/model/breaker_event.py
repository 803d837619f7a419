"""That a breaker opened or closed, as it is told on the event bus and to subscribers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.model.breaker import BreakerState
from shared.model.event_types import BREAKER_EVENT_TYPES
from shared.model.job import epoch_ms
from shared.model.lifecycle_event import DOCUMENT_VERSION, LifecycleEvent
from shared.model.times import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.model.breaker import Calls

_SEVERITIES: Final[Mapping[BreakerState, str]] = {BreakerState.OPEN: "warning", BreakerState.CLOSED: "info"}
_SUMMARIES: Final[Mapping[BreakerState, str]] = {
    BreakerState.OPEN: "Target {target} is not called: its circuit breaker has opened",
    BreakerState.CLOSED: "Target {target} is called again: its circuit breaker has closed",
}


def breaker_event(
    *,
    tenant: str,
    target: str,
    state: BreakerState,
    version: int,
    changed_at: datetime,
    error: str | None,
    calls: Calls,
) -> LifecycleEvent:
    """The event of a breaker that is open or closed since `changed_at`.

    A breaker that was forgotten counts its versions from 1 again, so the time is in the event's id.
    """
    event_id, event_type = f"{target}.{epoch_ms(changed_at)}", BREAKER_EVENT_TYPES[state]
    document = {
        "id": event_id,
        "type": event_type,
        "document_version": DOCUMENT_VERSION,
        "occurred_at": format_time(changed_at),
        "tenant": tenant,
        "summary": _SUMMARIES[state].format(target=target),
        "severity": _SEVERITIES[state],
        "breaker": {
            "target": target,
            "state": state,
            "version": version,
            "error": error,
            "failures": calls.failures,
            "successes": calls.successes,
        },
    }
    return LifecycleEvent(event_id, event_type, tenant, changed_at, event_id, document)
