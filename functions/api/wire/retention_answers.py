"""What a tenant's retention is, as it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.model.durations import format_seconds
from shared.model.limits import DAY_SECONDS
from shared.model.tenant_retention import ENDS, applied, days_by_end
from shared.model.times import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.api.change_retention import RetentionPorts
    from shared.model.lifecycle import Status
    from shared.model.tenant_retention import TenantRetention


def retention_answer(said: TenantRetention, ports: RetentionPorts) -> dict[str, Any]:
    """What applies and why: what the tenant wants, the deployment's defaults and bounds, and who changed what."""
    latest = said.changes[0] if said.changes else None
    return {
        "applies": _by_end(days_by_end(applied(said.days, ports.default, ports.bounds))),
        "wanted": _by_end(said.days),
        "defaults": _by_end(days_by_end(ports.default)),
        "minimum": _days(ports.bounds.minimum_days),
        "maximum": _days(ports.bounds.maximum_days),
        "version": said.version,
        "changed_at": None if latest is None else format_time(latest.at),
        "changed_by": None if latest is None else latest.by,
        "changes": [
            {
                "version": one.version,
                "changed_at": format_time(one.at),
                "changed_by": one.by,
                "wanted": _by_end(one.days),
            }
            for one in said.changes
        ],
    }


def _by_end(days: Mapping[Status, int]) -> dict[str, str | None]:
    return {end: _days(days[end]) if end in days else None for end in ENDS}


def _days(days: int) -> str:
    return format_seconds(days * DAY_SECONDS)
