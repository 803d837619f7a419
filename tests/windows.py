"""Maintenance windows to test with."""

from __future__ import annotations

from typing import Any

from shared.model.maintenance_window import MaintenanceWindow, Span
from tests.jobs import START, TENANT, at


def a_window(*spans: Span, **facts: Any) -> MaintenanceWindow:
    """A window that holds all of the tenant's jobs for an hour, unless it is said otherwise."""
    values = {"tenant": TENANT, "id": "w1", "name": "database upgrade", "created_at": START, "changed_at": START}
    return MaintenanceWindow(**{**values, "changed_by": "key", "spans": spans or (Span(START, at(3_600)),), **facts})
