"""`docs/schedules.md` is true: each schedule on it is accepted, and what it says of a few of them is what they do."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from shared.model.errors import InvalidField
from shared.model.schedule.calendar import Calendar
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.schedule import DstGap, DstOverlap, OnExcluded
from shared.model.schedule.timetable import Timetable

PAGE = (Path(__file__).parents[4] / "docs" / "schedules.md").read_text("utf-8")
EXAMPLES = [
    json.loads(text)
    for text in re.findall(r"`(\{.*?\})`", PAGE) + re.findall(r"^```json\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL)
]


def runs(document: dict[str, Any], *, after: datetime, count: int) -> list[str]:
    """The effective times of the first runs, in UTC to the minute."""
    office = Calendar(weekend=frozenset({5, 6}))
    timetable = Timetable(read_schedule(document), {"office": office}, "t1")
    return [one.effective_at.strftime("%m-%dT%H:%M") for one in islice(timetable.occurrences(after=after), count)]


def test_there_is_an_example_of_each_kind() -> None:
    kinds = [next(iter(document)) for document in EXAMPLES]

    assert sorted(set(kinds)) == ["at", "cron", "every", "rrule"]
    assert len(EXAMPLES) == 7


@pytest.mark.parametrize("document", EXAMPLES, ids=str)
def test_every_schedule_on_the_page_is_accepted_and_runs(document: dict[str, Any]) -> None:
    assert len(runs(document, after=datetime(2026, 11, 20, tzinfo=UTC), count=2)) == 2


def test_the_request_on_the_page_runs_once_in_the_night_in_which_half_past_one_exists_twice() -> None:
    asked = json.loads(re.findall(r"-d '(.*?)'", PAGE)[0])
    after = datetime.fromisoformat(asked["after"])

    assert runs(asked["schedule"], after=after, count=asked["count"]) == ["10-31T05:30", "11-01T05:30", "11-02T06:30"]


def test_a_wildcard_hour_means_elapsed_time() -> None:
    hourly = {"cron": "30 * * * *", "timezone": "America/New_York"}
    after = datetime(2026, 11, 1, 4, 45, tzinfo=UTC)

    assert runs(hourly, after=after, count=3) == ["11-01T05:30", "11-01T06:30", "11-01T07:30"]


def test_what_can_never_fire_is_refused_with_the_field() -> None:
    with pytest.raises(InvalidField, match="cron"):
        read_schedule({"cron": "0 0 30 2 *"})


@pytest.mark.parametrize("policy", [*DstGap, *DstOverlap, *OnExcluded])
def test_the_page_names_every_policy(policy: str) -> None:
    assert f"`{policy}`" in PAGE
