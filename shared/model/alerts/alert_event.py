"""What happened to an alert, as it is told on the event bus and to subscribers: each of its moves is an event.

Notifications are something else: they go by an escalation policy, to people, and not at any hour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.model.alerts.alert import AlertMove
from shared.model.alerts.notification import described_alert, summary_of
from shared.model.event_types import ALERT_EVENT_TYPES
from shared.model.lifecycle_event import DOCUMENT_VERSION, LifecycleEvent
from shared.model.times import format_time

if TYPE_CHECKING:
    from shared.model.alerts.alert import Alert, Transition


def events_of(alert: Alert) -> list[LifecycleEvent]:
    """The moves of `alert` that have not been told, oldest first: as many as its history keeps.

    The id says which move it was, and is the same each time; how often something was found is what it was when told.
    """
    first = alert.version - len(alert.history) + 1
    numbered = list(enumerate(alert.history, start=first))
    return [_event(alert, version, move) for version, move in numbered if version > alert.announced]


def _event(alert: Alert, version: int, transition: Transition) -> LifecycleEvent:
    event_id, event_type = f"{alert.id}.{version}", ALERT_EVENT_TYPES[transition.move]
    document = {
        "id": event_id,
        "type": event_type,
        "document_version": DOCUMENT_VERSION,
        "occurred_at": format_time(transition.at),
        "tenant": alert.tenant,
        "summary": summary_of(alert, is_over=transition.move is AlertMove.RESOLVE),
        "severity": alert.severity,
        "alert": {
            **described_alert(alert),
            "state": transition.state,
            "version": version,
            "by": transition.by,
            "note": transition.note,
        },
    }
    return LifecycleEvent(event_id, event_type, alert.tenant, transition.at, alert.id, document)
