"""What schedules mean."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.endpoints.templates import key_of
from functions.api.models.faults import validated
from functions.api.models.schedules import SchedulePreview
from functions.api.wire.window_answers import met_window_answer
from shared.model.schedule.documents import write_schedule
from shared.model.time_zones import zone, zone_names
from shared.model.times import format_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from functions.api.foresee_windows import MetWindow
    from functions.api.preview_schedule import Difference
    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.schedule.occurrences import Occurrence
    from shared.model.template import Template

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
    asked = validated(SchedulePreview, request.json_object())
    known = services.templates()
    template = None
    if asked.template_id is not None:
        template = known.templates.get_template(key_of(request, asked.template_id))
    after = asked.after or services.clock.now()
    shown = known.preview_schedule(request.tenant, asked.schedule, after=after, count=asked.count, template=template)
    timezone, window_of = zone(shown.schedule.timezone), _windows_ahead(request, services, template)

    def answered(one: Occurrence) -> dict[str, Any]:
        return {**_occurrence(one, timezone), "window": met_window_answer(window_of(one))}

    body = {
        "dialect": shown.dialect,
        "description": shown.description,
        "schedule": write_schedule(shown.schedule),
        "occurrences": [answered(one) for one in shown.occurrences],
    }
    if shown.difference is not None:
        body["difference"] = _difference(shown.difference, answered)
    return Answer(body=body)


def get_timezones(request: Request, services: Services) -> Answer:
    del request, services
    return Answer(body={"items": _timezones()})


@cache
def _timezones() -> list[str]:
    return sorted(zone_names())


def _windows_ahead(
    request: Request, services: Services, template: Template | None
) -> Callable[[Occurrence], MetWindow | None]:
    """What runs would meet. Without a template nothing is known of the jobs but when they are."""
    if template is None:
        return lambda occurrence: None
    return partial(services.windows().foresee(request.tenant, services.clock.now()).of_occurrence, template)


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


def _difference(difference: Difference, answered: Callable[[Occurrence], dict[str, Any]]) -> dict[str, Any]:
    return {
        "until": format_time(difference.until),
        "added": [answered(one) for one in difference.added],
        "removed": [answered(one) for one in difference.removed],
        "moved": [
            {
                "nominal_at": format_time(becomes.nominal_at),
                "was": format_time(was.effective_at),
                "becomes": format_time(becomes.effective_at),
            }
            for was, becomes in difference.moved
        ],
    }
