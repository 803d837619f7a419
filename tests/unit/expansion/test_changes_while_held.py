"""A template that is changed while a maintenance window holds one of its occurrences."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.model import moves
from shared.model.lifecycle import Status
from shared.model.template import TemplateStatus
from tests.jobs import claim_of
from tests.unit.recurring import EACH_MINUTE, Recurring

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.job import Job

REASON = "maintenance_window:w1"


def held(recurring: Recurring) -> Job:
    """The first occurrence of a template of each minute, held for an hour from the moment at which it was due."""
    recurring.create(EACH_MINUTE)
    recurring.tick()
    recurring.clock.advance(50)
    now = recurring.clock.now()
    job = recurring.job_at(now)
    claimed = recurring.jobs.change_and_get(job.key, claim_of(job, now=now))
    until = now + timedelta(hours=1)
    return recurring.jobs.change_and_get(job.key, moves.defer(claimed, until=until, reason=REASON, now=now))


def edit(recurring: Recurring) -> None:
    target = {"type": "http", "url": "https://example.com/new"}
    recurring.edit(job=replace(recurring.template().job, target=target))


def pause(recurring: Recurring) -> None:
    recurring.pause()


def delete(recurring: Recurring) -> None:
    recurring.edit(status=TemplateStatus.DELETED)


@pytest.mark.parametrize("change", [edit, pause, delete])
def test_an_occurrence_that_was_due_and_is_held_runs_as_it_was_planned_whatever_becomes_of_its_template(
    change: Callable[[Recurring], None],
) -> None:
    recurring = Recurring()
    job = held(recurring)
    recurring.clock.advance(60)

    change(recurring)

    assert recurring.jobs.get(job.key) == job


@pytest.mark.parametrize("change", [pause, delete])
def test_what_was_not_due_yet_is_withdrawn_beside_an_occurrence_that_is_held(
    change: Callable[[Recurring], None],
) -> None:
    recurring = Recurring()
    job = held(recurring)
    following = recurring.job_at(recurring.clock.now() + timedelta(minutes=1))

    change(recurring)

    withdrawn = recurring.jobs.get(following.key)
    assert (withdrawn.status, withdrawn.reason) == (Status.SKIPPED, "withdrawn")
    assert recurring.jobs.get(job.key).reason == REASON


def test_an_edit_reaches_what_was_not_due_yet_beside_an_occurrence_that_is_held() -> None:
    recurring = Recurring()
    job = held(recurring)
    following = recurring.job_at(recurring.clock.now() + timedelta(minutes=1))

    edit(recurring)

    assert recurring.jobs.get(following.key).target["url"] == "https://example.com/new"
    assert recurring.jobs.get(job.key).target == job.target
