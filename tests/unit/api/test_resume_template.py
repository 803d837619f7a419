"""How many runs a resume makes is counted without looking at what is missed for certain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.api import resume_template
from functions.api.check_template import present_timetable
from functions.api.find_version import FindVersion
from functions.api.refusals import Refused
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.model.template import Misfire, MisfirePolicy, TemplateStatus
from tests.templates import WEEKENDS, a_template, minutes, timetable_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.model.schedule.calendar import Calendar

SCHEDULES: list[dict[str, Any]] = [
    {"every": "1m"},
    {"cron": "*/13 * * * *", "spread": "1h"},
    {"cron": "0 */2 * * *", "timezone": "Europe/Berlin"},
    {"cron": "*/30 * * * *", "calendars": ["c"], "on_excluded": "next_business_day"},
    {"cron": "0 */6 * * *", "calendars": ["c"], "on_excluded": "previous_business_day"},
    {"any_of": [{"every": "7h"}, {"at": ["2026-03-01T12:30:00Z", "2026-03-01T12:30:01Z"]}]},
    {"every": "5m", "start_at": "2026-03-01T12:00:00Z", "max_occurrences": 100},
    {"every": "3m", "end_at": "2026-03-01T14:00:00Z"},
]
# Saturday's runs on Monday.
ROLLED: dict[str, Any] = {"cron": "0 9 * * 6", "calendars": ["c"], "on_excluded": "next_business_day"}
MISFIRES = st.builds(
    Misfire, policy=st.sampled_from(MisfirePolicy), after_seconds=st.sampled_from([1, 60, 4_000])
) | st.builds(
    Misfire,
    policy=st.just(MisfirePolicy.FIRE_ALL),
    max_runs=st.none() | st.integers(1, 20),
    within_seconds=st.none() | st.sampled_from([10, 600, 100_000]),
)


@settings(max_examples=200)
@given(st.sampled_from(SCHEDULES), MISFIRES, st.integers(0, 3 * 1_440), st.sets(st.integers(0, 600), max_size=5))
@example(ROLLED, Misfire(policy=MisfirePolicy.SKIP), 7 * 1_440, set())
def test_as_many_runs_are_counted_as_when_each_occurrence_is_looked_at(
    schedule: dict[str, Any], misfire: Misfire, passed: int, skipped: set[int]
) -> None:
    template = a_template(schedule, misfire=misfire, skipped=tuple(minutes(one) for one in sorted(skipped)))
    timetable, now = timetable_of(template), minutes(passed)

    counted = resume_template._runs(template, timetable, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resume_template, "_all_missed_until", lambda *_: None)
        assert counted == resume_template._runs(template, timetable, now)


def test_a_calendar_that_is_gone_counts_as_empty() -> None:
    class NoCalendars:
        def calendars(self, tenant: str, ids: Sequence[str]) -> Mapping[str, Calendar]:
            del tenant, ids
            return {}

    class Weekends(NoCalendars):
        def calendars(self, tenant: str, ids: Sequence[str]) -> Mapping[str, Calendar]:
            del tenant
            return {name: WEEKENDS[name] for name in ids}

    template = a_template({"cron": "0 9 * * *", "calendars": ["c"]})

    # 1 March 2026 is a Sunday.
    assert present_timetable(template, NoCalendars()).previous(minutes(0)) == minutes(-180)
    assert present_timetable(template, Weekends()).previous(minutes(0)) == minutes(-180 - 2 * 1_440)


def test_a_version_that_was_not_kept_is_not_found() -> None:
    store = MemoryTemplateStore()
    template = a_template(version=5, status=TemplateStatus.PAUSED)
    store.create_template(template)
    store.archive_version(replace(template, version=1))

    with pytest.raises(Refused, match="not-found"):
        FindVersion(store)(template.key, 3)
    assert FindVersion(store)(template.key, 1).version == 1
