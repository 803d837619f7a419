from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from functions.api.next_run import next_run_at
from shared.model.template import TemplateStatus
from tests.templates import CREATED, a_template, at, minutes, timetable_of

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.template import Template


def next_of(template: Template, now: datetime = CREATED) -> datetime | None:
    return next_run_at(template, timetable_of(template), now)


def test_it_is_the_next_occurrence_after_now() -> None:
    template = a_template()

    assert next_of(template) == minutes(1)
    assert next_of(template, minutes(1)) == minutes(2)
    assert next_of(template, at(-1)) == CREATED


def test_what_was_taken_out_is_passed_over() -> None:
    assert next_of(a_template(skipped=(minutes(1), minutes(2)))) == minutes(3)


@pytest.mark.parametrize("status", [TemplateStatus.PAUSED, TemplateStatus.DELETED])
def test_there_is_none_for_what_is_not_active(status: TemplateStatus) -> None:
    assert next_of(a_template(status=status)) is None


@pytest.mark.parametrize(
    "schedule", [{"at": ["2026-03-01T11:00:00Z"]}, {"every": "1h", "end_at": "2026-03-01T12:30:00Z"}]
)
def test_there_is_none_when_all_have_passed(schedule: dict[str, Any]) -> None:
    assert next_of(a_template(schedule)) is None


def test_an_occurrence_that_is_spread_is_ahead_until_it_runs_and_another_may_run_before_it() -> None:
    template = a_template({"every": "10m", "spread": "1h"})
    times = sorted(one.effective_at for one in islice(timetable_of(template).occurrences(after=CREATED), 60))
    lagging = replace(template, progress=replace(template.progress, lag_seconds=3_600))

    seen, now = [], CREATED
    while now < minutes(300):
        found = next_of(lagging, now)
        assert found is not None
        seen.append(found)
        now = found

    assert seen == [time for time in times if time <= seen[-1]]


def test_what_rolls_back_before_the_weekend_runs_next() -> None:
    # 1 March 2026 is a Sunday: what is due on the Saturday that follows runs on the Friday before it.
    schedule = {"cron": "0 9 * * 6", "calendars": ["c"], "on_excluded": "previous_business_day"}

    assert next_of(a_template(schedule)) == CREATED.replace(day=6, hour=9)


def test_a_dense_schedule_whose_spread_is_long_has_a_next_run_all_the_same() -> None:
    template = a_template({"every": "1s", "spread": "24h"})
    lagging = replace(template, progress=replace(template.progress, lag_seconds=86_400))

    assert next_of(lagging, minutes(60)) is not None


def test_a_calendar_that_is_gone_leaves_none() -> None:
    template = a_template({"cron": "0 9 * * *", "calendars": ["c"]})

    assert next_run_at(template, replace(timetable_of(template), calendars={}), CREATED) is None
