"""Every type of event that is told, and the families that stand for several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.model.alerts.alert import AlertMove
from shared.model.breaker import BreakerState
from shared.model.lifecycle_event import EVENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

ALERT_EVENT_TYPES: Final[Mapping[AlertMove, str]] = {
    AlertMove.OPEN: "alert.opened",
    AlertMove.ACKNOWLEDGE: "alert.acknowledged",
    AlertMove.ESCALATE: "alert.escalated",
    AlertMove.SILENCE: "alert.silenced",
    AlertMove.UNSILENCE: "alert.unsilenced",
    AlertMove.RESOLVE: "alert.resolved",
    AlertMove.REOPEN: "alert.reopened",
}
BREAKER_EVENT_TYPES: Final[Mapping[BreakerState, str]] = {
    BreakerState.OPEN: "breaker.opened",
    BreakerState.CLOSED: "breaker.closed",
}
TYPES: Final = (*EVENT_TYPES.values(), *ALERT_EVENT_TYPES.values(), *BREAKER_EVENT_TYPES.values())
FAMILIES: Final = tuple(dict.fromkeys(f"{one.partition('.')[0]}.*" for one in TYPES))
