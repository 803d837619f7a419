"""`ports.maintenance_windows` in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shared.model.errors import WindowChanged, WindowNotFound
from shared.ports.maintenance_windows import Extension, WindowCreation

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.maintenance_window import MaintenanceWindow


class MemoryMaintenanceWindows:
    """Every call is atomic."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], MaintenanceWindow] = {}
        self._extensions: set[Extension] = set()
        self._lock = threading.Lock()

    def windows(self, tenant: str) -> list[MaintenanceWindow]:
        with self._lock:
            found = [window for window in self._windows.values() if window.tenant == tenant]
        return sorted(found, key=lambda window: window.id)

    def get_window(self, tenant: str, window_id: str) -> MaintenanceWindow:
        with self._lock:
            window = self._windows.get((tenant, window_id))
        if window is None:
            raise WindowNotFound(window_id)
        return window

    def create_window(self, window: MaintenanceWindow) -> WindowCreation:
        with self._lock:
            existing = self._windows.setdefault((window.tenant, window.id), window)
            if existing is window:
                self._note_extension(window)
            return WindowCreation(existing, created=existing is window)

    def replace_window(self, window: MaintenanceWindow) -> None:
        with self._lock:
            current = self._windows.get((window.tenant, window.id))
            if current != window and (current is None or current.version != window.version - 1):
                raise WindowChanged(window.id)
            self._windows[(window.tenant, window.id)] = window
            self._note_extension(window)

    def delete_window(self, window: MaintenanceWindow) -> None:
        with self._lock:
            current = self._windows.get((window.tenant, window.id), window)
            if current.version != window.version:
                raise WindowChanged(window.id)
            self._windows.pop((window.tenant, window.id), None)

    def to_extend(self, *, until: datetime, limit: int) -> list[Extension]:
        with self._lock:
            return sorted(one for one in self._extensions if one.extend_at <= until)[:limit]

    def forget_extension(self, extension: Extension) -> None:
        with self._lock:
            self._extensions.discard(extension)

    def _note_extension(self, window: MaintenanceWindow) -> None:
        if window.extend_at is not None:
            self._extensions.add(Extension(window.extend_at, window.tenant, window.id))
