"""Maintenance windows as they are answered."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from shared.model.durations import format_seconds
from shared.model.times import format_time

if TYPE_CHECKING:
    from datetime import datetime

    from functions.api.foresee_windows import MetWindow
    from shared.model.maintenance_window import MaintenanceWindow, Scope, Span

_SPANS_SHOWN: Final = 10


def window_answer(window: MaintenanceWindow, now: datetime) -> dict[str, Any]:
    """A window at `now`. Of a recurring one the next spans, the present one among them; of another the only one."""
    is_once = window.schedule is None
    spans = [span for span in window.spans if is_once or span.ends_at > now]
    only = spans[0] if is_once and spans else None
    return {
        "id": window.id,
        "name": window.name,
        "note": window.note,
        "state": window.state(now),
        "effect": window.effect,
        "silences_alerts": window.is_silencing,
        "scope": _scope(window.scope),
        "starts_at": None if only is None else format_time(only.starts_at),
        "ends_at": None if only is None else format_time(only.ends_at),
        "schedule": window.schedule,
        "duration": None if window.duration_seconds is None else format_seconds(window.duration_seconds),
        "spans": [_span(span) for span in spans[:_SPANS_SHOWN]],
        "release_over": format_seconds(window.release_over_seconds),
        "ended_at": None if window.ended_at is None else format_time(window.ended_at),
        "version": window.version,
        "created_at": format_time(window.created_at),
        "changed_at": format_time(window.changed_at),
        "changed_by": window.changed_by,
    }


def met_window_answer(met: MetWindow | None) -> dict[str, Any] | None:
    """The window that a run would meet."""
    if met is None:
        return None
    window = met.window
    return {"id": window.id, "name": window.name, "effect": met.effect, "until": format_time(met.until)}


def _scope(scope: Scope) -> dict[str, Any] | None:
    if scope.template_ids is not None:
        return {"template_ids": list(scope.template_ids)}
    if scope.target is not None:
        target = {one.name: getattr(scope.target, one.name) for one in fields(scope.target)}
        return {"target": {name: value for name, value in target.items() if value is not None}}
    return None if scope.tags is None else {"tags": dict(scope.tags)}


def _span(span: Span) -> dict[str, str]:
    return {"starts_at": format_time(span.starts_at), "ends_at": format_time(span.ends_at)}
