"""Change, end or delete a maintenance window: read it, decide, write on the condition that nobody was faster."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from functions.api.create_window import specified
from functions.api.refusals import Refused, WrongState
from shared.model.errors import WindowChanged
from shared.model.maintenance_window import WindowState, ended_early

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.api.models.window_spec import WindowSpec
    from functions.api.preconditions import Precondition
    from shared.model.maintenance_window import MaintenanceWindow
    from shared.ports.maintenance_windows import MaintenanceWindows
    from shared.ports.telemetry import Telemetry

_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowChange:
    """Which window a client wants to change, who that is, when, and which versions it has seen."""

    tenant: str
    window_id: str
    by: str
    now: datetime
    precondition: Precondition


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    """Each method raises `WindowNotFound`, `VersionMismatch` when the precondition does not hold, and `Refused` when
    the window does not hold still."""

    windows: MaintenanceWindows
    telemetry: Telemetry

    def replace(self, change: WindowChange, spec: WindowSpec) -> MaintenanceWindow:
        """The window as `spec` wants it from now on.

        Raises:
            WrongState: it is over.
        """

        def decide(window: MaintenanceWindow) -> MaintenanceWindow:
            if window.state(change.now) is WindowState.PAST:
                raise WrongState("past", "the window is over, and stays as it was: create another")
            changed = specified(window, spec, change.now)
            return replace(changed, version=window.version + 1, changed_at=change.now, changed_by=change.by)

        return self._written(change, decide, "window_changed")

    def end(self, change: WindowChange) -> MaintenanceWindow:
        """The window without what is left of its present span. Ending it once more changes nothing.

        Raises:
            WrongState: it has not begun.
        """

        def decide(window: MaintenanceWindow) -> MaintenanceWindow | None:
            if window.is_active(change.now):
                return ended_early(window, by=change.by, now=change.now)
            if window.ended_at is None and window.state(change.now) is WindowState.UPCOMING:
                raise WrongState("upcoming", "the window is not active: DELETE it, or change its time")
            return None

        return self._written(change, decide, "window_ended")

    def delete(self, change: WindowChange) -> MaintenanceWindow:
        """The window as it was."""
        for _ in range(_TRIES):
            window = self._seen(change)
            try:
                self.windows.delete_window(window)
            except WindowChanged:
                continue
            self._tell("window_deleted", window, change)
            return window
        raise _moving()

    def _written(
        self,
        change: WindowChange,
        decide: Callable[[MaintenanceWindow], MaintenanceWindow | None],
        action: str,
    ) -> MaintenanceWindow:
        for _ in range(_TRIES):
            window = self._seen(change)
            decided = decide(window)
            if decided is None:
                return window
            try:
                self.windows.replace_window(decided)
            except WindowChanged:
                continue
            self._tell(action, decided, change)
            return decided
        raise _moving()

    def _seen(self, change: WindowChange) -> MaintenanceWindow:
        window = self.windows.get_window(change.tenant, change.window_id)
        change.precondition.check(window)
        return window

    def _tell(self, action: str, window: MaintenanceWindow, change: WindowChange) -> None:
        self.telemetry.note(
            action,
            tenant=window.tenant,
            window_id=window.id,
            version=window.version,
            effect=window.effect,
            by=change.by,
        )


def _moving() -> Refused:
    return Refused("conflict", "the window was changed by others at the same time: read it, and try again")
