"""Calendars as they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.model.times import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from functions.api.judge_calendar import ChangedTemplate, Impact
    from shared.model.stored_calendar import StoredCalendar


def calendar_answer(calendar: StoredCalendar) -> dict[str, Any]:
    """A calendar with all of its days."""
    return {**_head(calendar), **days_answer(calendar.document), **_tail(calendar)}


def listed_calendar(calendar: StoredCalendar) -> dict[str, Any]:
    """A calendar in a list, with its dates and ranges as numbers."""
    days = days_answer(calendar.document)
    counts = {name: len(days[name]) for name in ("dates", "ranges")}
    return {**_head(calendar), **days, **counts, **_tail(calendar)}


def days_answer(document: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The members of a calendar's document, those that are left out as empty lists."""
    return {name: document.get(name, []) for name in ("weekend", "dates", "ranges", "holidays")}


def impact_answer(impact: Impact) -> dict[str, Any]:
    """What a change would mean."""
    return {
        "until": format_time(impact.until),
        "templates": impact.templates,
        "changed_templates": impact.changed,
        "changed_occurrences": impact.occurrences,
        "is_complete": impact.is_complete,
        "items": [_changed_template(one) for one in impact.shown],
    }


def _changed_template(one: ChangedTemplate) -> dict[str, Any]:
    return {
        "template_id": one.template.id,
        "name": one.template.name,
        "status": one.template.status,
        "changed_occurrences": one.occurrences,
        "until": format_time(one.until),
        "first": [
            {
                "nominal_at": format_time(change.nominal_at),
                "was": _time(change.was),
                "becomes": _time(change.becomes),
                "reason": change.reason,
            }
            for change in one.first
        ],
    }


def _head(calendar: StoredCalendar) -> dict[str, Any]:
    return {"id": calendar.id, "name": calendar.name, "version": calendar.version}


def _tail(calendar: StoredCalendar) -> dict[str, Any]:
    return {
        "is_applied": calendar.expand_at is None,
        "created_at": format_time(calendar.created_at),
        "changed_at": format_time(calendar.changed_at),
        "changed_by": calendar.changed_by,
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else format_time(time)
