"""The words of a schedule say what it does: read back, they give the times that the oracle gives."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given

from shared.model.errors import InvalidField
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.words import words
from tests.unit.model.schedule.oracle import days_hold, values
from tests.unit.model.schedule.strategies import UNIX
from tests.unit.model.schedule.words_reader import days_from, fires_on, split, times

TWO_YEARS = days_from(date(2027, 1, 1), 731)
PARTS_OF_DAYS = ["*", "1", "1-31", "*/2", "*/10", "5-9", "28-31/3", "1,15,16,17", "1-31/3"]
HOURS = ["*", "*/2", "*/5", "9-17", "0-2,20-23", "1-23/2", "0,1,5,9,10,14,20", "3", "8-18/2", "0,4,5,6,9,12,15"]
PARTS_OF_WEEKS = ["*", "0-6", "1-5", "*/5", "0", "7", "5-7", "1,3,5", "mon-wed,sun", "*/2"]


@pytest.mark.parametrize("of_week", PARTS_OF_WEEKS)
@pytest.mark.parametrize("of_month", PARTS_OF_DAYS)
def test_the_days_that_are_said_are_those_of_the_oracle(of_month: str, of_week: str) -> None:
    for month in ["*", "2", "1-3", "*/3", "1,2,11,12"]:
        check_days(words(read_schedule({"cron": f"0 9 {of_month} {month} {of_week}"})), of_month, month, of_week)


@pytest.mark.parametrize("minute", ["*", "0", "7", "*/7", "*/15", "1-59/2", "0-30/3", "10-20", "0,30", "5,6,50-52"])
def test_the_times_that_are_said_are_those_of_the_oracle(minute: str) -> None:
    for hour in [
        "*",
        "*/2",
        "*/5",
        "9-17",
        "0-2,20-23",
        "1-23/2",
        "0,1,5,9,10,14,20",
        "3",
        "8-18/2",
        "0,4,5,6,9,12,15",
    ]:
        said, _ = split(words(read_schedule({"cron": f"{minute} {hour} * * *"})))

        assert times(said) == times_of(minute, hour), (minute, hour, said)


@given(UNIX)
@example("0 0 1-31 * 5")
@example("* * */2 2 sun,mon,fri-sat")
def test_what_is_said_of_a_unix_expression_is_what_it_does(expression: str) -> None:
    minute, hour, of_month, month, of_week = expression.split()
    try:
        sentence = words(read_schedule({"cron": expression}))
    except InvalidField:  # days that no month has
        return

    said, _ = split(sentence)
    assert times(said) == times_of(minute, hour), sentence
    check_days(sentence, of_month, month.upper(), of_week.upper())


def times_of(minute: str, hour: str) -> set[int]:
    return {h * 60 + m for h in values(hour, 23) for m in values(minute, 59)}


def check_days(sentence: str, of_month: str, month: str, of_week: str) -> None:
    _, said = split(sentence)
    found = [day for day in TWO_YEARS if fires_on(said, day)]

    assert found == [day for day in TWO_YEARS if days_hold(of_month, month, of_week.upper(), day)], sentence
