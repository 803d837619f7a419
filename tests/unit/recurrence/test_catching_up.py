"""Templates that are far behind have turn after turn in one tick, as far as its time goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.expansion.expand_template import Expanded
from shared.ports.telemetry import Metric
from tests.unit.recurring import Recurring, plenty

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.recurrence.expand_due_templates import TickReport
    from shared.model.template import Template

EACH_SECOND = {"every": "1s", "timezone": "UTC"}
SHARD = 3
HOUR = 3_600
# What is later than a minute is missed: 60 late ones, 1,800 ahead and the next one become jobs, 200 in a turn.
TURNS_OF_AN_HOUR = 10


def an_hour_behind(*template_ids: str) -> Recurring:
    recurring = Recurring()
    for template_id in template_ids:
        recurring.create(EACH_SECOND, template_id=template_id, expand_shard=SHARD)
    recurring.clock.advance(HOUR)
    return recurring


class Turns:
    """Expands as ever, and remembers whose turns those were; `before` is called with the number of each, from 0."""

    def __init__(self, recurring: Recurring, before: Callable[[int], None] = lambda number: None) -> None:
        self.recurring = recurring
        self.before = before
        self.of: list[str] = []

    def __call__(self, template: Template, seconds_left: Callable[[], float]) -> Expanded:
        self.of.append(template.id)
        self.before(len(self.of) - 1)
        return self.recurring.expand(template, seconds_left)


def time_for(turns: int) -> Callable[[], float]:
    left = iter([60.0] * turns)
    return lambda: next(left, 0.0)


def planned(recurring: Recurring) -> list[tuple[str | None, object]]:
    return sorted((job.template_id, job.nominal_at) for job in recurring.jobs.all_jobs())  # type: ignore[type-var]


def test_one_tick_brings_up_to_date_what_was_away_for_long() -> None:
    recurring = an_hour_behind("t1")
    turns = Turns(recurring)

    report = recurring.tick(expand=turns)

    assert len(turns.of) == TURNS_OF_AN_HOUR
    assert (report.expanded, report.behind, report.lag_seconds) == (1, 0, 0)
    assert (report.missed, report.planned) == (HOUR - 60, 60 + 1_800 + 1)
    assert recurring.template().progress.expanded_until >= recurring.clock.now() + timedelta(minutes=30)
    assert Metric.EXPANSION_LAG_MS not in recurring.telemetry.values


def test_the_jobs_are_those_of_one_turn_a_tick() -> None:
    at_once, bit_by_bit = an_hour_behind("t1"), an_hour_behind("t1")

    at_once.tick()
    reports = [bit_by_bit.tick(left=time_for(1)) for _ in range(TURNS_OF_AN_HOUR)]

    assert planned(at_once) == planned(bit_by_bit)
    assert [report.behind for report in reports] == [1] * (TURNS_OF_AN_HOUR - 1) + [0]


def test_those_that_are_behind_take_turns_after_everybody_had_one() -> None:
    recurring = an_hour_behind("a", "b", "c")
    recurring.create(template_id="usual", expand_shard=SHARD)
    turns = Turns(recurring)

    recurring.tick(expand=turns, left=time_for(8))

    assert turns.of == ["a", "b", "c", "usual", "a", "b", "c", "a"]


def test_who_is_not_up_to_date_when_the_time_is_over_is_told_with_how_far_the_last_of_them_stands_back() -> None:
    recurring = Recurring()
    recurring.create(EACH_SECOND, template_id="far", expand_shard=SHARD)
    recurring.clock.advance(HOUR)
    recurring.create(EACH_SECOND, template_id="near", expand_shard=SHARD)
    recurring.clock.advance(3 * HOUR)

    report = recurring.tick(left=time_for(2))

    stands = [recurring.template(name).progress.expanded_until for name in ("far", "near")]
    assert report.behind == 2
    assert report.lag_seconds == (recurring.clock.now() - min(stands)) // timedelta(seconds=1)
    assert recurring.telemetry.values[Metric.EXPANSION_LAG_MS] == [1_000 * report.lag_seconds]


def test_who_had_no_turn_at_all_is_behind_since_it_was_due() -> None:
    recurring = an_hour_behind("a", "b")

    assert recurring.tick(left=time_for(0)).lag_seconds == HOUR


def test_who_is_changed_between_two_turns_is_left_to_who_changed_it() -> None:
    recurring = an_hour_behind("t1", "t2")

    def rename(number: int) -> None:
        if number == 2:
            recurring.edit("t1", name="renamed")

    turns = Turns(recurring, rename)

    report = recurring.tick(expand=turns)

    assert turns.of[:4] == ["t1", "t2", "t1", "t2"]
    assert turns.of.count("t1") == 2
    assert (report.of_another, report.failed, recurring.template("t1").name) == (1, 0, "renamed")
    assert recurring.template("t1").progress.failure is None


@pytest.mark.parametrize("turn", [0, 1, 5, TURNS_OF_AN_HOUR - 1])
def test_dying_between_two_turns_the_next_tick_goes_on_from_there(turn: int) -> None:
    untroubled, recurring = an_hour_behind("t1"), an_hour_behind("t1")
    untroubled.tick()

    def die(number: int) -> None:
        if number == turn:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recurring.tick(expand=Turns(recurring, die))
    rest = Turns(recurring)
    recurring.tick(expand=rest)

    assert len(rest.of) == TURNS_OF_AN_HOUR - turn
    assert planned(recurring) == planned(untroubled)


@pytest.mark.parametrize("turn", [0, 1, 5])
def test_of_two_at_once_one_goes_on_and_each_occurrence_is_planned_once(turn: int) -> None:
    untroubled, recurring = an_hour_behind("t1"), an_hour_behind("t1")
    untroubled.tick()
    others: list[TickReport] = []

    def another(number: int) -> None:
        if number == turn:
            others.append(recurring.tick())

    mine = recurring.tick(expand=Turns(recurring, another))

    assert (mine.of_another, [other.of_another for other in others]) == (1, [0])
    assert planned(recurring) == planned(untroubled)


def test_a_turn_that_got_nowhere_is_not_repeated() -> None:
    recurring = an_hour_behind("t1")
    turns: list[int] = []

    def expand(template: Template, seconds_left: Callable[[], float]) -> Expanded:
        turns.append(template.revision)
        return Expanded(replace(template, revision=template.revision + 1))

    assert recurring.tick(expand=expand, left=plenty).expanded == 1
    assert len(turns) == 1
