"""Where what happened is told to whoever listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.model.lifecycle_event import LifecycleEvent


class EventBus(Protocol):
    def publish(self, events: Sequence[LifecycleEvent]) -> None:
        """Put all of `events` on the bus. Who listens may see one twice.

        Raises:
            StoreUnavailable: the bus did not take all of them; which is not known to the caller, who tells all again.
        """
        ...
