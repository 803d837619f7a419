"""Calendars as JSON documents."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.errors import InvalidField
from shared.model.schedule import bounds
from shared.model.schedule.calendar import Calendar, DateRange, HolidaysOf
from shared.model.schedule.calendar_documents import calendar_text, read_calendar, write_calendar

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DATES = st.dates(date(bounds.FIRST_YEAR, 1, 1), date(bounds.LAST_YEAR, 12, 31))
NAMES = st.one_of(st.none(), st.sampled_from(["company holiday", "Fête nationale", "成人の日", "🎄"]))
PLACES = st.sampled_from([("DE", None), ("DE", "BE"), ("GB", "SCT"), ("US", "CA"), ("JP", None)])


def ranges(days: tuple[date, date], name: str | None) -> DateRange:
    return DateRange(min(days), max(days), name)


CALENDARS = st.builds(
    Calendar,
    weekend=st.frozensets(st.integers(0, 6), max_size=6),
    dates=st.dictionaries(DATES, NAMES, max_size=8),
    ranges=st.sets(st.builds(ranges, st.tuples(DATES, DATES), NAMES), max_size=5).map(
        lambda spans: tuple(sorted(spans, key=lambda span: (span.first, span.last, span.name or "")))
    ),
    holidays=st.sets(PLACES).map(
        lambda places: tuple(
            HolidaysOf(*place) for place in sorted(places, key=lambda place: (place[0], place[1] or ""))
        )
    ),
)
MEMBER_NAMES = ("weekend", "dates", "ranges", "holidays", "date", "name", "first", "last", "country", "subdivision")
VALUES = st.sampled_from([*DAYS, "2026-12-24", "2026-02-30", "9999-12-31", "DE", "BE", "XX", "", "\ud800", "a\nb"])
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5), VALUES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(MEMBER_NAMES), st.text(max_size=3)), inner, max_size=4),
    ),
    max_leaves=12,
)


def test_a_calendar_is_read_with_all_that_it_has() -> None:
    found = read_calendar(
        {
            "weekend": ["sunday", "saturday"],
            "dates": [{"date": "2026-12-24", "name": "company holiday"}, "2026-12-23"],
            "ranges": [{"first": "2026-12-27", "last": "2026-12-31", "name": "between the years"}],
            "holidays": [{"country": "DE", "subdivision": "BE"}],
        }
    )

    assert found == Calendar(
        weekend=frozenset({5, 6}),
        dates={date(2026, 12, 23): None, date(2026, 12, 24): "company holiday"},
        ranges=(DateRange(date(2026, 12, 27), date(2026, 12, 31), "between the years"),),
        holidays=(HolidaysOf("DE", "BE"),),
    )


def test_what_is_written_is_in_order_and_leaves_out_what_is_not_there() -> None:
    calendar = read_calendar({"weekend": ["sunday", "friday"], "dates": ["2026-12-24", "2026-01-01"], "ranges": []})

    assert json.dumps(write_calendar(calendar)) == json.dumps(
        {"weekend": ["friday", "sunday"], "dates": ["2026-01-01", "2026-12-24"]}
    )


@given(CALENDARS)
def test_a_calendar_reads_as_it_was_written(calendar: Calendar) -> None:
    assert read_calendar(json.loads(calendar_text(calendar))) == calendar


@given(CALENDARS, st.randoms(use_true_random=False))
def test_the_order_of_lists_means_nothing(calendar: Calendar, random: Any) -> None:
    document = write_calendar(calendar)
    for members in document.values():
        random.shuffle(members)

    assert calendar_text(read_calendar(document)) == calendar_text(calendar)


@given(JSON)
def test_of_any_json_what_is_wrong_is_told(document: Any) -> None:
    with suppress(InvalidField):
        calendar = read_calendar(document, "/calendar")

        assert read_calendar(write_calendar(calendar)) == calendar


@pytest.mark.parametrize(
    ("document", "pointer", "detail"),
    [
        ([], "", "an object is expected"),
        ({"days": []}, "/days", "it is not known here; weekend, dates, ranges, holidays are"),
        ({"a/b~": 1}, "/a~1b~0", "not known"),
        ({"weekend": "sunday"}, "/weekend", "a list of up to 7"),
        ({"weekend": ["Sunday"]}, "/weekend/0", "one of monday, tuesday"),
        ({"weekend": [6]}, "/weekend/0", "one of monday, tuesday"),
        ({"weekend": ["sunday", "sunday"]}, "/weekend/1", "once is enough"),
        ({"weekend": list(DAYS)}, "/weekend", "leaves no day of the week"),
        ({"dates": ["2026-02-29"]}, "/dates/0", "such as 2026-12-24"),
        ({"dates": ["20261224"]}, "/dates/0", "such as 2026-12-24"),
        ({"dates": ["1969-12-31"]}, "/dates/0", "from 1970 to 2199"),
        ({"dates": [{"date": "2200-01-01"}]}, "/dates/0/date", "from 1970 to 2199"),
        ({"dates": [{"name": "x"}]}, "/dates/0/date", "it is missing"),
        ({"dates": [{"date": "2026-12-24", "day": 1}]}, "/dates/0/day", "date, name are"),
        ({"dates": [{"date": "2026-12-24", "name": " "}]}, "/dates/0/name", "1 to 120 characters"),
        ({"dates": [{"date": "2026-12-24", "name": "a\nb"}]}, "/dates/0/name", "one line"),
        ({"dates": [{"date": "2026-12-24", "name": "a" * 121}]}, "/dates/0/name", "1 to 120 characters"),
        ({"dates": ["2026-12-24", {"date": "2026-12-24", "name": "x"}]}, "/dates/1", "once is enough"),
        ({"dates": ["2026-12-24"] * 1_001}, "/dates", "a list of up to 1000"),
        ({"ranges": ["2026-12-24"]}, "/ranges/0", "an object is expected"),
        ({"ranges": [{"first": "2026-12-24"}]}, "/ranges/0/last", "it is missing"),
        ({"ranges": [{"first": "2026-12-24", "last": "2026-12-23"}]}, "/ranges/0/last", "before first"),
        ({"ranges": [{"first": "2026-12-24", "last": "2026-12-24"}] * 2}, "/ranges/1", "once is enough"),
        ({"ranges": [{}] * 201}, "/ranges", "a list of up to 200"),
        ({"holidays": [{"country": 49}]}, "/holidays/0/country", "ISO 3166-1"),
        ({"holidays": [{"country": "Germany"}]}, "/holidays/0/country", "known are, among others, DE"),
        ({"holidays": [{"country": "de"}]}, "/holidays/0/country", "known are, among others, DE"),
        ({"holidays": [{"country": ""}]}, "/holidays/0/country", "DE, FR, GB, US"),
        ({"holidays": [{"country": "X" * 41}]}, "/holidays/0/country", "ISO 3166-1"),
        ({"holidays": [{"country": "DE", "subdivision": 9}]}, "/holidays/0/subdivision", "BE of DE-BE"),
        ({"holidays": [{"country": "DE", "subdivision": "Bayern"}]}, "/holidays/0/subdivision", "others, BY"),
        ({"holidays": [{"country": "VA", "subdivision": "BY"}]}, "/holidays/0/subdivision", "leave this out"),
        ({"holidays": [{"country": "DE"}, {"country": "DE"}]}, "/holidays/1", "once is enough"),
        ({"holidays": [{"country": "DE"}] * 11}, "/holidays", "a list of up to 10"),
    ],
)
def test_a_refusal_says_which_member_and_what_would_be_right(document: Any, pointer: str, detail: str) -> None:
    with pytest.raises(InvalidField) as refused:
        read_calendar(document)

    assert refused.value.pointer == pointer
    assert detail in refused.value.detail


def test_a_calendar_fits_into_an_item_of_the_table() -> None:
    names = [{"date": f"{2000 + number // 12}-{number % 12 + 1:02}-01", "name": "祝" * 120} for number in range(1_000)]

    with pytest.raises(InvalidField, match="bytes, and 100000 are accepted"):
        read_calendar({"dates": names})
    assert len(read_calendar({"dates": names[:200]}).dates) == 200
