"""`ports.event_bus.EventBus` on an EventBridge bus."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.aws import translated_errors, unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.model.lifecycle_event import LifecycleEvent

SOURCE: Final = "punctual"
# What PutEvents takes at once: ten, of 256 KB together. An event of ours has a few KB.
_BATCH: Final = 10


@dataclass(frozen=True, slots=True)
class EventBridgeBus:
    """`events` is a low-level client, `bus` the name of a bus."""

    events: Any
    bus: str

    def publish(self, events: Sequence[LifecycleEvent]) -> None:
        for start in range(0, len(events), _BATCH):
            self._put(events[start : start + _BATCH])

    def _put(self, events: Sequence[LifecycleEvent]) -> None:
        with translated_errors("put events"):
            answer = self.events.put_events(Entries=[self._entry(event) for event in events])
        # A refused event is no error of the call. Those that were taken come a second time.
        refused = [str(entry["ErrorCode"]) for entry in answer["Entries"] if "ErrorCode" in entry]
        if refused:
            raise unavailable("put events", refused, outcome_unknown=True)

    def _entry(self, event: LifecycleEvent) -> dict[str, Any]:
        return {
            "EventBusName": self.bus,
            "Source": SOURCE,
            "DetailType": event.type,
            "Time": event.occurred_at,
            "Detail": json.dumps(event.document, separators=(",", ":"), ensure_ascii=False),
        }
