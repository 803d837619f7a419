"""The table's abstraction of time, and its answers to requests that can never be accepted again."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from shared.model.change import AnyOf
from tests.model_checking.explore import explored
from tests.model_checking.present import NOW, STEP
from tests.model_checking.scenarios import SCENARIOS
from tests.model_checking.table import NOTHING, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.job import Job
    from tests.model_checking.table import Request

# One in which requests are outdated by a fence or by time, and one by a version of a template.
NAMES = ("at most once, deferred, with a start deadline", "a template that changes")


@pytest.mark.parametrize("name", NAMES)
def test_a_request_fares_the_same_a_step_later_by_a_clock_that_is_a_step_later(name: str) -> None:
    table = explored_table(name)
    compared = 0

    for request, job in pairs(table):
        if oldest_time(table.jobs[job], table.requests[request]) - STEP < table.oldest:
            continue  # it would be older than is remembered
        compared += 1
        at_once = table.arrive(request, job).job
        later = table.arrive(table.later_request(request), table.later_job(job)).job
        assert later == (NOTHING if at_once == NOTHING else table.later_job(at_once))

    assert compared > 1_000


@pytest.mark.parametrize("name", NAMES)
def test_a_dead_request_is_refused_now_and_by_whatever_the_job_becomes(name: str) -> None:
    table = explored_table(name)
    becomes = [(job, table.arrive(request, job).job) for request, job in pairs(table)]
    dead = [(request, job) for request, job in pairs(table) if table.is_dead(request, job)]

    assert len(dead) > 1_000
    assert [one for one in dead if table.arrive(*one).job != NOTHING] == []
    for before, after in becomes:
        if after != NOTHING:
            assert {one for one, job in dead if job == before} <= {one for one, job in dead if job == after}


def explored_table(name: str) -> Table:
    search, _ = explored(next(one for one in SCENARIOS if one.name == name))
    return search.table


def pairs(table: Table) -> Iterator[tuple[int, int]]:
    """Every request with every job that stood in the table, be they ever seen together or not."""
    jobs = [number for number, job in enumerate(table.jobs) if (job.wake_at is None) == job.status.is_terminal]
    return ((request, job) for request in range(len(table.requests)) for job in jobs)


def oldest_time(job: Job, request: Request) -> datetime:
    clauses = [
        clause
        for condition in request.change.when
        for clause in (condition.clauses if isinstance(condition, AnyOf) else (condition,))
    ]
    asked, written = [one.value for one in clauses], list(request.change.set.values())
    times = [getattr(job, one.name) for one in fields(job)] + asked + written
    return min((one for one in times if isinstance(one, datetime)), default=NOW)
