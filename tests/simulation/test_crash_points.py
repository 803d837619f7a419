"""A process may die, and an answer may be lost, at every call: the job still ends as it should."""

from __future__ import annotations

from functools import cache

import pytest

from tests.simulation import crash_points
from tests.simulation.crash_points import CALLS, PAIRS, RUNS, STORIES, Enumeration

ALL = range(len(STORIES))


@cache
def each_call(number: int) -> Enumeration:
    return crash_points.each_call(STORIES[number])


@cache
def each_pair(number: int) -> Enumeration:
    return crash_points.each_pair(STORIES[number])


def name(number: int) -> str:
    return STORIES[number].name


@pytest.mark.parametrize("number", ALL, ids=name)
def test_whatever_happens_to_one_call_the_job_ends_as_it_should(number: int) -> None:
    assert STORIES[number].run().result().broken is None
    assert each_call(number).broken == ()


@pytest.mark.parametrize("number", ALL, ids=name)
def test_whichever_two_calls_the_processes_die_at_the_job_ends_as_it_should(number: int) -> None:
    assert each_pair(number).broken == ()


def test_no_call_is_left_out() -> None:
    single = sum(map(each_call, ALL), Enumeration())

    assert (single.calls, single.runs) == (CALLS, RUNS)
    assert sum(map(each_pair, ALL), Enumeration()).runs == PAIRS
