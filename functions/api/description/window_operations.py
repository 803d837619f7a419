"""What each route about maintenance windows is for."""

from __future__ import annotations

from typing import Final

from functions.api.description import window_answers as answers
from functions.api.description.operation import CHANGE_PROBLEMS, IDEMPOTENCY_KEY, IF_MATCH, Operation, Parameter
from functions.api.models import windows
from shared.model import limits
from shared.model.maintenance_window import WindowState

_NEW: Final = {
    "name": "database upgrade",
    "effect": "hold",
    "scope": {"tags": {"database": "orders"}},
    "starts_at": "2026-11-22T01:00:00Z",
    "ends_at": "2026-11-22T03:00:00Z",
    "release_over": "5m",
}
_RECURRING: Final = {
    "name": "nightly backup",
    "schedule": {"cron": "0 3 * * *", "timezone": "Europe/Berlin"},
    "duration": "45m",
}
_STATE: Final = Parameter(
    "state", "query", "Only these.", {"type": "string", "enum": [str(state) for state in WindowState]}
)

WINDOW_OPERATIONS: Final = {
    ("POST", "/v1/maintenance-windows"): Operation(
        id="createMaintenanceWindow",
        summary="Create a maintenance window",
        description="It is in force for every executor at most 10 s later. Jobs that run already are left to end. "
        f"There are up to {limits.MAX_WINDOWS} that are not over.",
        body=windows.NewWindow,
        example=_NEW,
        parameters=(IDEMPOTENCY_KEY,),
        answer=answers.MaintenanceWindow,
        statuses={201: "The window. `Idempotent-Replayed: true` when an earlier call had created it."},
        problems=("idempotency-key-reused", "limit-reached"),
    ),
    ("GET", "/v1/maintenance-windows"): Operation(
        id="listMaintenanceWindows",
        summary="List maintenance windows",
        description=f"All of them, in one answer. One that is over is kept for "
        f"{limits.WINDOW_KEPT_SECONDS // limits.DAY_SECONDS} days, or until there are too many.",
        parameters=(_STATE,),
        answer=answers.MaintenanceWindowList,
        statuses={200: "The windows."},
    ),
    ("GET", "/v1/maintenance-windows/{window_id}"): Operation(
        id="getMaintenanceWindow",
        summary="Get a maintenance window",
        answer=answers.MaintenanceWindow,
        statuses={200: "The window."},
        problems=("not-found",),
    ),
    ("PUT", "/v1/maintenance-windows/{window_id}"): Operation(
        id="replaceMaintenanceWindow",
        summary="Replace a maintenance window",
        description="What the body leaves out gets its default. A span that was ended early stays so while schedule "
        "and duration are the same.",
        body=windows.NewWindow,
        example=_RECURRING,
        parameters=(IF_MATCH,),
        answer=answers.MaintenanceWindow,
        statuses={200: "The window after the change."},
        problems=CHANGE_PROBLEMS,
    ),
    ("DELETE", "/v1/maintenance-windows/{window_id}"): Operation(
        id="deleteMaintenanceWindow",
        summary="Delete a maintenance window",
        description="Jobs that it holds are let go as when it is ended.",
        parameters=(IF_MATCH,),
        answer=answers.MaintenanceWindow,
        statuses={200: "The window as it was."},
        problems=tuple(slug for slug in CHANGE_PROBLEMS if slug != "invalid-state"),
    ),
    ("POST", "/v1/maintenance-windows/{window_id}/end"): Operation(
        id="endMaintenanceWindow",
        summary="End a maintenance window now",
        description="What is left of the present span is taken away; a recurring window has its next one. Jobs that it "
        f"holds are let go within {limits.WINDOW_LOOK_AGAIN_SECONDS // 60} minutes and `release_over`. Repeatable.",
        parameters=(IF_MATCH,),
        answer=answers.MaintenanceWindow,
        statuses={200: "The window, ended."},
        problems=CHANGE_PROBLEMS,
    ),
}
