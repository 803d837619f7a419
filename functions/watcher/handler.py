"""The watcher's minute, from EventBridge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.watcher.wiring import each_minute, telemetry

if TYPE_CHECKING:
    from collections.abc import Mapping


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Mapping[str, Any]]:
    """Returns what each step did. Late, doubled or by hand, a minute is a minute."""
    del event
    try:
        reports = each_minute()(lambda: context.get_remaining_time_in_millis() / 1000)
        telemetry().note("watched", **reports)
    finally:
        telemetry().flush()
    return reports
