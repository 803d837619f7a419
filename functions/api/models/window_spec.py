"""From a request's body to what a maintenance window is to be: bounds that depend on the time, and the spans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from functions.api.models.faults import validated
from functions.api.models.windows import NewWindow
from functions.api.refusals import invalid_field
from shared.model import limits
from shared.model.maintenance_window import EVERYTHING, Effect, Scope, Span, TargetScope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from functions.api.models.windows import WindowScope

_RELEASE_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSpec:
    """What a client asks for: a `span`, or a `schedule` and a `duration_seconds`."""

    name: str
    note: str | None
    effect: Effect
    silences_alerts: bool | None
    scope: Scope
    release_over_seconds: int
    span: Span | None = None
    schedule: Mapping[str, Any] | None = None
    duration_seconds: int | None = None


def read_window(body: Any, *, now: datetime) -> WindowSpec:
    """
    Raises:
        Refused, InvalidField: it is not of the shape, or not within the bounds.
    """
    asked = validated(NewWindow, body)
    return WindowSpec(
        name=asked.name,
        note=asked.note,
        effect=Effect(asked.effect),
        silences_alerts=asked.silences_alerts,
        scope=EVERYTHING if asked.scope is None else _scope(asked.scope),
        release_over_seconds=_RELEASE_SECONDS if asked.release_over is None else asked.release_over,
        span=None if asked.ends_at is None else _span(asked.starts_at or now, asked.ends_at, now),
        schedule=None if asked.schedule is None else _schedule(asked.schedule),
        duration_seconds=asked.duration,
    )


def _scope(asked: WindowScope) -> Scope:
    target = asked.target
    return Scope(
        tags=asked.tags,
        template_ids=None if asked.template_ids is None else tuple(dict.fromkeys(asked.template_ids)),
        target=None if target is None else TargetScope(type=target.type, host=target.host, arn=target.arn),
    )


def _span(starts_at: datetime, ends_at: datetime, now: datetime) -> Span:
    if ends_at <= now:
        raise invalid_field("/ends_at", "out-of-range", "in the future; POST to its /end ends a window now")
    if ends_at <= starts_at:
        raise invalid_field("/ends_at", "contradiction", "later than starts_at")
    if ends_at - starts_at > timedelta(seconds=limits.MAX_WINDOW_SECONDS):
        raise invalid_field("/ends_at", "out-of-range", "at most 31 days after starts_at")
    if ends_at - now > timedelta(seconds=limits.MAX_AHEAD_SECONDS):
        raise invalid_field("/ends_at", "out-of-range", "at most 5 years ahead")
    return Span(starts_at, ends_at)


def _schedule(document: Mapping[str, Any]) -> Mapping[str, Any]:
    # Imported by the first who asks: no other request pays for the time zones and the rules.
    from shared.model.schedule.window_spans import read_window_schedule  # noqa: PLC0415

    return read_window_schedule(document, "/schedule")
