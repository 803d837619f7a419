"""A recurring window's spans, against a reading of its occurrences one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import limits
from shared.model.errors import InvalidField
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.occurrences import occurrences
from shared.model.schedule.window_spans import extended, first_spans, read_window_schedule
from tests.windows import a_window

SCHEDULES = st.sampled_from(
    [
        {"cron": "30 1 * * *", "timezone": "Europe/Berlin"},
        {"cron": "*/20 2-5 * * 1-5", "timezone": "America/New_York"},
        {"every": "97m"},
        {"every": "7m"},
        {"cron": "0 0 1 * *"},
        {"any_of": [{"cron": "0 3 * * 6"}, {"every": "11h"}], "end_at": "2026-04-20T00:00:00Z"},
        {"at": ["2026-03-29T01:30:00Z", "2026-04-02T00:00:00Z", "2026-04-02T00:30:00Z"]},
    ]
)
# Around the days on which the clocks of both zones change.
TIMES = st.integers(0, 45 * 86_400).map(lambda seconds: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=seconds))
DURATIONS = st.sampled_from([1, 60, 1_800, 3_600, 9_000, 86_400])


def is_active(document: dict[str, Any], duration: timedelta, time: datetime) -> bool:
    """Whether one of the occurrences in the duration before `time` is still going on."""
    after = time - duration - timedelta(milliseconds=1)
    found = occurrences(read_schedule(document), seed="w1", calendars={}, after=after)
    return any(time < one.nominal_at + duration for one in takewhile(lambda one: one.nominal_at <= time, found))


@given(SCHEDULES, DURATIONS, TIMES, st.lists(st.integers(0, 20 * 86_400), max_size=20))
def test_a_window_is_active_whenever_one_of_its_occurrences_goes_on(
    document: dict[str, Any], seconds: int, now: datetime, steps: list[int]
) -> None:
    duration = timedelta(seconds=seconds)
    try:
        found = first_spans(document, seconds, seed="w1", now=now)
    except InvalidField:
        assert not is_active(document, duration, now)
        return
    window = a_window(
        *found.spans, schedule=document, duration_seconds=seconds, extend_at=found.extend_at, release_over_seconds=0
    )

    for step in sorted(steps):
        time = now + timedelta(seconds=step)
        while window.extend_at is not None and window.extend_at <= time:
            window = extended(window, window.extend_at)
        assert window.is_active(time) is is_active(document, duration, time)
        assert len(window.spans) <= limits.WINDOW_SPANS
        assert all(one.starts_at < one.ends_at <= other.starts_at for one, other in pairwise(window.spans))


def test_none_but_the_first_span_begins_more_than_four_hundred_days_ahead() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)

    rare = first_spans({"cron": "0 0 29 2 *"}, 60, seed="w1", now=now)
    monthly = first_spans({"cron": "0 0 1 * *"}, 60, seed="w1", now=now)

    assert [span.starts_at.year for span in rare.spans] == [2028]
    assert rare.extend_at == rare.spans[0].starts_at
    assert monthly.spans[-1].starts_at <= now + timedelta(days=400) < monthly.spans[-1].starts_at + timedelta(days=31)


@pytest.mark.parametrize("member", ["calendars", "spread"])
def test_a_window_has_neither_calendars_nor_a_spread(member: str) -> None:
    with pytest.raises(InvalidField) as refused:
        read_window_schedule({"every": "1h", member: {"calendars": ["a"], "spread": "1m"}[member]}, "/schedule")

    assert refused.value.pointer == f"/schedule/{member}"
