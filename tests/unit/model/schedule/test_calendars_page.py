"""`docs/calendars.md` is true: its calendars are accepted, its iCalendar text is what it says, and its bounds hold."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from functions.api import judge_calendar
from shared.model.errors import InvalidField
from shared.model.schedule import bounds
from shared.model.schedule.calendar_documents import read_calendar, write_calendar
from shared.model.schedule.calendar_import import read_icalendar

PAGE = (Path(__file__).parents[4] / "docs" / "calendars.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def days(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "name"}


def test_the_calendar_on_the_page_is_accepted_and_answered_as_it_stands_there() -> None:
    document = days(json.loads(blocks("json")[0]))

    assert write_calendar(read_calendar(document)) == document


def test_the_text_on_the_page_is_imported_as_the_page_says() -> None:
    (text,) = blocks("ics")

    imported = read_icalendar(text, first_year=2026, last_year=2027)

    assert write_calendar(imported) == json.loads(blocks("json")[-1])


def test_the_refusal_on_the_page_is_the_one_that_is_given() -> None:
    with pytest.raises(InvalidField) as refused:
        read_calendar({"holidays": [{"country": "Germany"}]})

    assert f"`{refused.value.pointer}`: {refused.value.detail}." in PAGE


def test_the_bounds_on_the_page_are_those_of_the_code() -> None:
    for said in (
        f"up to {bounds.MAX_CALENDAR_ID_LENGTH} of A-Z",
        f"up to {bounds.MAX_CALENDAR_DATES:,} single days of the years {bounds.FIRST_YEAR} to {bounds.LAST_YEAR}",
        f"up to {bounds.MAX_CALENDAR_NAME_LENGTH} characters",
        f"up to {bounds.MAX_CALENDAR_RANGES}, both days included",
        f"up to {bounds.MAX_CALENDAR_PLACES} countries",
        f"{bounds.MAX_CALENDAR_SIZE:,} bytes of JSON",
        f"of the next {judge_calendar.SPAN.days} days",
        f"Up to {bounds.MAX_ICALENDAR_SIZE // 1024} K characters, {bounds.MAX_ICALENDAR_LINES:,} lines, "
        f"{bounds.MAX_ICALENDAR_EVENTS:,} events and {bounds.MAX_ICALENDAR_DAYS:,} days",
    ):
        assert said in PAGE, said
