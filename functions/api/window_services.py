"""What endpoints about maintenance windows work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions.api.change_window import ChangeWindow
from functions.api.create_window import CreateWindow
from functions.api.foresee_windows import ForeseeWindows

if TYPE_CHECKING:
    from shared.model.allowed_targets import Place
    from shared.ports.clock import Ids
    from shared.ports.maintenance_windows import MaintenanceWindows
    from shared.ports.telemetry import Telemetry


class WindowServices(NamedTuple):
    windows: MaintenanceWindows
    create: CreateWindow
    change: ChangeWindow
    foresee: ForeseeWindows


def window_services_on(windows: MaintenanceWindows, ids: Ids, telemetry: Telemetry, place: Place) -> WindowServices:
    """The use cases on these ports."""
    return WindowServices(
        windows,
        CreateWindow(windows, ids, telemetry),
        ChangeWindow(windows, telemetry),
        ForeseeWindows(windows, place),
    )
