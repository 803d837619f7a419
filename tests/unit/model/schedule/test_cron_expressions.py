"""What cron expressions mean, by the examples in their dialects' own documentation."""

from __future__ import annotations

import itertools

import pytest

from shared.model.schedule.cron import SEEDS_OF_ALL_MONTHS, cron_times, dialect_of
from shared.model.schedule.cron_fields import MONTH
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.schedule import Cron, Dialect
from shared.model.schedule.stable_hash import stable_number
from tests.unit.model.schedule.expansion import expand, nominals

# crontab(5) of Vixie's cron, and the nicknames of its table.
UNIX = [
    ("5 0 * * *", ["2026-11-22T00:05", "2026-11-23T00:05"]),
    ("15 14 1 * *", ["2026-12-01T14:15", "2027-01-01T14:15"]),
    ("0 22 * * 1-5", ["2026-11-23T22:00", "2026-11-24T22:00"]),
    ("23 0-23/2 * * *", ["2026-11-21T12:23", "2026-11-21T14:23"]),
    ("5 4 * * sun", ["2026-11-22T04:05", "2026-11-29T04:05"]),
    ("0 0 * * 7", ["2026-11-22T00:00", "2026-11-29T00:00"]),
    # "30 4 1,15 * 5": on the 1st and 15th of each month, plus every Friday.
    ("30 4 1,15 * 5", ["2026-11-27T04:30", "2026-12-01T04:30", "2026-12-04T04:30"]),
    # A star in either makes it AND: every second day of the month that is a Friday.
    ("0 0 */2 * 5", ["2026-11-27T00:00", "2026-12-11T00:00", "2026-12-25T00:00"]),
    ("0 0 13 * */5", ["2026-12-13T00:00", "2027-06-13T00:00"]),
    ("0 0 * * fri-sun", ["2026-11-22T00:00", "2026-11-27T00:00", "2026-11-28T00:00"]),
    ("0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00"]),
    ("@hourly", ["2026-11-21T13:00", "2026-11-21T14:00"]),
    ("@daily", ["2026-11-22T00:00", "2026-11-23T00:00"]),
    ("@weekly", ["2026-11-22T00:00", "2026-11-29T00:00"]),
    ("@monthly", ["2026-12-01T00:00", "2027-01-01T00:00"]),
    ("@yearly", ["2027-01-01T00:00", "2028-01-01T00:00"]),
]
# The examples of Quartz's "CronTrigger Tutorial".
QUARTZ = [
    ("0 0 12 * * ?", ["2026-11-22T12:00", "2026-11-23T12:00"]),
    ("0 15 10 ? * *", ["2026-11-22T10:15", "2026-11-23T10:15"]),
    ("0 15 10 * * ? 2027", ["2027-01-01T10:15", "2027-01-02T10:15"]),
    ("0 0/5 14,18 * * ?", ["2026-11-21T14:00", "2026-11-21T14:05"]),
    ("0 10,44 14 ? 3 WED", ["2027-03-03T14:10", "2027-03-03T14:44"]),
    ("0 15 10 ? * MON-FRI", ["2026-11-23T10:15", "2026-11-24T10:15"]),
    ("0 15 10 L * ?", ["2026-11-30T10:15", "2026-12-31T10:15"]),
    ("0 15 10 L-2 * ?", ["2026-11-28T10:15", "2026-12-29T10:15"]),
    ("0 15 10 ? * 6L", ["2026-11-27T10:15", "2026-12-25T10:15"]),
    ("0 15 10 ? * FRIL", ["2026-11-27T10:15", "2026-12-25T10:15"]),
    ("0 15 10 ? * 6#3", ["2026-12-18T10:15", "2027-01-15T10:15"]),
    ("0 0 12 1/5 * ?", ["2026-11-26T12:00", "2026-12-01T12:00"]),
    ("0 11 11 11 11 ?", ["2027-11-11T11:11", "2028-11-11T11:11"]),
    ("0 0 9 LW * ?", ["2026-11-30T09:00", "2026-12-31T09:00", "2027-01-29T09:00"]),
    ("0 0 9 15W * ?", ["2026-12-15T09:00", "2027-01-15T09:00", "2027-02-15T09:00", "2027-03-15T09:00"]),
    # Saturday the 1st moves forward, and never into the month before.
    ("0 0 9 1W 5 ?", ["2027-05-03T09:00"]),
    ("0 0 9 31W 1 ?", ["2027-01-29T09:00"]),
    ("0 0 9 ? * L", ["2026-11-28T09:00", "2026-12-05T09:00"]),
    ("0 0 9 ? * 1", ["2026-11-22T09:00"]),
    ("0 0 22-2/2 * * ?", ["2026-11-21T22:00", "2026-11-22T00:00", "2026-11-22T02:00"]),
    ("0 0 9 ? NOV-FEB FRI-MON", ["2026-11-22T09:00", "2026-11-23T09:00", "2026-11-27T09:00"]),
    ("0 0 9 ? * 2#5", ["2026-11-30T09:00", "2027-03-29T09:00"]),
]
# The examples of EventBridge's "Cron expressions" and of EventBridge Scheduler's "Schedule types".
EVENTBRIDGE = [
    ("cron(0 10 * * ? *)", ["2026-11-22T10:00", "2026-11-23T10:00"]),
    ("cron(15 12 * * ? *)", ["2026-11-21T12:15", "2026-11-22T12:15"]),
    ("cron(0 18 ? * MON-FRI *)", ["2026-11-23T18:00", "2026-11-24T18:00"]),
    ("cron(0 8 1 * ? *)", ["2026-12-01T08:00", "2027-01-01T08:00"]),
    ("cron(0/15 * * * ? *)", ["2026-11-21T12:15", "2026-11-21T12:30"]),
    ("cron(0/5 8-17 ? * MON-FRI *)", ["2026-11-23T08:00", "2026-11-23T08:05"]),
    ("cron(0/30 20-2 ? * MON-FRI *)", ["2026-11-23T00:00", "2026-11-23T00:30"]),
    ("cron(15 10 ? * 6L 2026-2027)", ["2026-11-27T10:15", "2026-12-25T10:15"]),
    ("rate(5 minutes)", ["2026-11-21T12:05", "2026-11-21T12:10"]),
    ("rate(1 hour)", ["2026-11-21T13:00"]),
    ("at(2026-11-22T13:00:00)", ["2026-11-22T13:00"]),
]


@pytest.mark.parametrize(("expression", "expected"), UNIX + QUARTZ + EVENTBRIDGE)
def test_an_expression_fires_when_its_documentation_says(expression: str, expected: list[str]) -> None:
    found = nominals({"cron": expression}, "2026-11-21T12:00:00Z", len(expected))

    assert found == [f"{time}:00" for time in expected]


@pytest.mark.parametrize(
    ("expressions", "dialect"), [(UNIX, Dialect.UNIX), (QUARTZ, Dialect.QUARTZ), (EVENTBRIDGE, Dialect.EVENTBRIDGE)]
)
def test_the_dialect_follows_from_the_shape(expressions: list, dialect: Dialect) -> None:
    assert {dialect_of(expression) for expression, _ in expressions} == {dialect}


def test_quartz_has_seconds() -> None:
    found = nominals({"cron": "10/20 0 12 ? * * 2027"}, "2026-11-21T12:00:00Z", 4)

    assert found == ["2027-01-01T12:00:10", "2027-01-01T12:00:30", "2027-01-01T12:00:50", "2027-01-02T12:00:10"]


@pytest.mark.parametrize("expression", ["H H * * *", "H(10-20) H/6 H * *", "H * * * H", "H H H(0-5) H * ?"])
def test_h_is_of_the_template_and_stays(expression: str) -> None:
    def firsts(seed: str) -> list:
        return [one.nominal for one in expand({"cron": expression}, "2026-11-21T12:00:00Z", 3, seed=seed)]

    seeds = [f"template-{number}" for number in range(40)]

    assert all(firsts(seed) == firsts(seed) for seed in seeds)
    assert len({tuple(firsts(seed)) for seed in seeds}) > 5


def test_h_stays_in_its_range_and_its_step() -> None:
    for number in range(200):
        times = cron_times(Cron("H(10-20) H/6 * * *", Dialect.UNIX), str(number))

        day = list(times.local_times(0, 86_400))

        assert len(day) == 4
        assert all(10 <= time // 60 % 60 <= 20 for time in day)
        assert {later - earlier for earlier, later in itertools.pairwise(day)} == {6 * 3_600}


def test_an_expression_is_kept_as_it_was_written() -> None:
    assert read_schedule({"cron": "0 9 * * mon-fri"}).triggers == (Cron("0 9 * * mon-fri", Dialect.UNIX),)


def test_an_expression_that_is_accepted_fires_for_every_template() -> None:
    hashed = {"cron": "0 0 30 H(3-9) *"}

    assert {expand(hashed, "2026-01-01T00:00:00Z", 1, seed=f"t{i}")[0].nominal.month for i in range(60)} == {
        *range(3, 10)
    }


def test_each_choice_of_months_is_made_for_one_of_the_seeds_that_are_tried() -> None:
    for count in range(1, 13):
        assert {stable_number(str(seed), MONTH.name, count) for seed in range(SEEDS_OF_ALL_MONTHS)} == {*range(count)}
