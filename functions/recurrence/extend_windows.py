"""Compute further spans of recurring maintenance windows, in good time before they run out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.model.errors import SchedulerError, StoreUnavailable, WindowChanged, WindowNotFound
from shared.model.schedule.window_spans import extended

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from shared.ports.clock import Clock
    from shared.ports.maintenance_windows import Extension, MaintenanceWindows
    from shared.ports.telemetry import Telemetry

_MOST: Final = 1_000
_SECONDS_EACH: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendWindows:
    """A tick that is late, doubled or dies in between does no harm: a window that is due still has half of its spans,
    it is replaced by its version, and the extension is forgotten last."""

    windows: MaintenanceWindows
    clock: Clock
    telemetry: Telemetry

    def __call__(self, seconds_left: Callable[[], float]) -> int:
        """How many windows were extended. What fails is left to the next tick."""
        now, done = self.clock.now(), 0
        for extension in self._due(now):
            if seconds_left() < _SECONDS_EACH:
                break
            try:
                done += self._extend(extension, now)
            except StoreUnavailable as error:
                self.telemetry.warn("window_not_extended", error=str(error), **_identity(extension))
            except SchedulerError as error:
                self.telemetry.defect("window_not_extended", error, **_identity(extension))
        return done

    def _due(self, now: datetime) -> Sequence[Extension]:
        try:
            return self.windows.to_extend(until=now, limit=_MOST)
        except StoreUnavailable as error:
            self.telemetry.warn("extensions_not_read", error=str(error))
            return ()

    def _extend(self, extension: Extension, now: datetime) -> bool:
        try:
            window = self.windows.get_window(extension.tenant, extension.window_id)
        except WindowNotFound:
            window = None
        is_due = window is not None and window.extend_at == extension.extend_at
        if window is not None and is_due:
            try:
                self.windows.replace_window(extended(window, now))
            except WindowChanged:
                return False  # by a client, or by another tick; the next one looks again
            self.telemetry.note("window_extended", **_identity(extension))
        self.windows.forget_extension(extension)
        return is_due


def _identity(extension: Extension) -> dict[str, str]:
    return {"tenant": extension.tenant, "window_id": extension.window_id}
