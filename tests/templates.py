"""Templates to test with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.model.schedule.calendar import Calendar
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.timetable import Timetable
from shared.model.template import JobDefinition, Template, expand_shard_of
from shared.model.template_changes import first_progress

if TYPE_CHECKING:
    from collections.abc import Mapping

TENANT = "acme"
TEMPLATE_ID = "06c3v8n1r4t7x2z5b8d1f4h7"
# A Sunday.
CREATED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EACH_MINUTE = {"cron": "* * * * *", "timezone": "UTC"}
WEEKENDS = {"c": Calendar(weekend=frozenset({5, 6}))}


def at(seconds: float) -> datetime:
    """So many seconds after `CREATED`."""
    return CREATED + timedelta(seconds=seconds)


def minutes(count: float) -> datetime:
    return at(60 * count)


def timetable_of(template: Template, calendars: Mapping[str, Calendar] = WEEKENDS) -> Timetable:
    named = {name: calendars[name] for name in template.calendars}
    return Timetable(read_schedule(template.schedule), named, template.id)


def a_template(schedule: Mapping[str, Any] = EACH_MINUTE, *, now: datetime = CREATED, **fields: Any) -> Template:
    """An active template as a client has just created it."""
    template = Template(
        tenant=TENANT,
        id=TEMPLATE_ID,
        name="report",
        schedule=schedule,
        job=JobDefinition(target={"type": "http", "url": "https://example.com/"}),
        created_at=now,
        changed_at=now,
        changed_by="key",
        change="create",
        progress=first_progress(Timetable(read_schedule(schedule), WEEKENDS, TEMPLATE_ID), now),
        expand_at=now,
        expand_shard=expand_shard_of(TENANT, TEMPLATE_ID),
    )
    return replace(template, **fields)
