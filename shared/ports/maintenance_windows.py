"""The maintenance windows of the control table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.maintenance_window import MaintenanceWindow


@dataclass(frozen=True, slots=True)
class WindowCreation:
    """`window` as it is stored; `created` is false when there was one of that id before."""

    window: MaintenanceWindow
    created: bool


class Extension(NamedTuple):
    """A window of which more spans are to be computed at a time. A hint: the window itself says whether that is so."""

    extend_at: datetime
    tenant: str
    window_id: str


class MaintenanceWindows(Protocol):
    """One item per window; every write of it is conditional on the version that the writer has seen.

    Every method raises `StoreUnavailable` as those of the job store do.
    """

    def windows(self, tenant: str) -> Sequence[MaintenanceWindow]:
        """All of the tenant's windows, those that are over too until they are forgotten; by their ids, read
        consistently. One that this version cannot read is left out."""
        ...

    def get_window(self, tenant: str, window_id: str) -> MaintenanceWindow:
        """The window, read consistently.

        Raises:
            WindowNotFound: there is none.
        """
        ...

    def create_window(self, window: MaintenanceWindow) -> WindowCreation:
        """Put `window` unless one of its id exists."""
        ...

    def replace_window(self, window: MaintenanceWindow) -> None:
        """Put `window` in the place of the one whose version is one less. Its very own earlier write, whose answer was
        lost, counts as done.

        Raises:
            WindowChanged: another has written since, or it is gone; nothing was written.
        """
        ...

    def delete_window(self, window: MaintenanceWindow) -> None:
        """Delete the window if it is still at the version of `window`. One that is gone already counts as deleted.

        Raises:
            WindowChanged: another has written since; nothing was deleted.
        """
        ...

    def to_extend(self, *, until: datetime, limit: int) -> Sequence[Extension]:
        """The oldest extensions that are due at `until`, of all tenants: one for each `extend_at` that a window had."""
        ...

    def forget_extension(self, extension: Extension) -> None:
        """Drop an extension that was dealt with."""
        ...
