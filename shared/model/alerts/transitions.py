"""Which moves of an alert there are, and what each leaves in its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shared.model.alerts.alert import HISTORY_KEPT, PUNCTUAL, Alert, AlertMove, AlertState, Transition
from shared.model.errors import SchedulerError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

UNSEEN: Final = frozenset({AlertState.OPEN, AlertState.ESCALATED})
_LIVE: Final = frozenset(state for state in AlertState if state.is_live)

LEGAL_MOVES: Final[Mapping[AlertMove, frozenset[AlertState]]] = {
    AlertMove.OPEN: frozenset(),
    AlertMove.ACKNOWLEDGE: UNSEEN | {AlertState.SILENCED},
    AlertMove.ESCALATE: UNSEEN,
    AlertMove.SILENCE: _LIVE,
    AlertMove.UNSILENCE: frozenset({AlertState.SILENCED}),
    AlertMove.RESOLVE: _LIVE,
    AlertMove.REOPEN: frozenset({AlertState.RESOLVED}),
}
"""From which states an alert may be moved so."""


class IllegalAlertMove(SchedulerError):
    """The table has no such move from the alert's state."""

    def __init__(self, move: AlertMove, alert: Alert) -> None:
        super().__init__(f"an alert that is {alert.state} cannot be moved by {move}")
        self.move = move
        self.alert = alert


def moved(
    alert: Alert,
    move: AlertMove,
    state: AlertState,
    now: datetime,
    *,
    by: str = PUNCTUAL,
    note: str | None = None,
    **changes: Any,
) -> Alert:
    """The alert after `move`, as its next version.

    Raises:
        IllegalAlertMove: it may not be moved so from where it stands.
    """
    if alert.state not in LEGAL_MOVES[move]:
        raise IllegalAlertMove(move, alert)
    history = (*alert.history, Transition(move, state, now, by, note))[-HISTORY_KEPT:]
    return alert.written(state=state, version=alert.version + 1, history=history, changed_at=now, **changes)
