"""What schedules mean."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.models.faults import validated
from functions.api.models.schedules import SchedulePreview
from shared.model.times import format_time

if TYPE_CHECKING:
    from datetime import tzinfo

    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.schedule.occurrences import Occurrence

_NOTES: Final = {
    "dst_gap": "the clocks leave this local time out",
    "dst_overlap": "the clocks repeat this local time",
    "rolled": "moved to another day",
    "spread": "moved within the spread",
    "calendar": "left out by a calendar",
    "merged": "left out: another occurrence runs at this instant",
    "no_business_day": "left out: no day near it is free",
}


def preview_schedule(request: Request, services: Services) -> Answer:
    # Imported by the first who asks: no other request pays for the time zones and the rules.
    from functions.api.preview_schedule import preview_schedule as preview  # noqa: PLC0415
    from shared.model.schedule.documents import write_schedule  # noqa: PLC0415
    from shared.model.schedule.zones import zone  # noqa: PLC0415

    asked = validated(SchedulePreview, request.json_object())
    shown = preview(asked.schedule, after=asked.after or services.clock.now(), count=asked.count)
    timezone = zone(shown.schedule.timezone)
    return Answer(
        body={
            "dialect": shown.dialect,
            "description": shown.description,
            "schedule": write_schedule(shown.schedule),
            "occurrences": [_occurrence(one, timezone) for one in shown.occurrences],
        }
    )


def get_timezones(request: Request, services: Services) -> Answer:
    del request, services
    return Answer(body={"items": _timezones()})


@cache
def _timezones() -> list[str]:
    from shared.model.schedule.zones import zone_names  # noqa: PLC0415

    return sorted(zone_names())


def _occurrence(occurrence: Occurrence, timezone: tzinfo) -> dict[str, Any]:
    runs = occurrence.excluded is None
    reasons = [*occurrence.moved, *([] if occurrence.excluded is None else [occurrence.excluded])]
    offset = occurrence.nominal_at.astimezone(timezone).isoformat()[-6:]
    return {
        "nominal_at": format_time(occurrence.nominal_at),
        "nominal_local": occurrence.nominal.isoformat(),
        "effective_at": format_time(occurrence.effective_at) if runs else None,
        "utc_offset": offset,
        "notes": [{"code": str(reason), "detail": occurrence.day_excluded or _NOTES[reason]} for reason in reasons],
    }
