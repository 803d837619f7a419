from __future__ import annotations

from dataclasses import replace

import pytest

from shared.model import moves
from shared.model.dead_letters import Redrive, redrive
from shared.model.execution import NO_OUTPUT, Output
from shared.model.job import Job, Payload
from shared.model.leftovers import may_have_been_edited, may_have_left
from tests.jobs import (
    NOT_FOUND,
    RETENTION,
    SHARDING,
    a_job,
    after,
    at,
    cancel_of,
    claimed,
    failed_once,
    waiting_for_retry,
)


def succeeded(job: Job, output: Output = NO_OUTPUT) -> Job:
    running = claimed(job)
    return after(running, moves.succeed(running, output=output, now=at(900), retention=RETENTION))


def deferred(job: Job) -> Job:
    running = claimed(job)
    return after(running, moves.defer(running, until=at(9), reason="window", now=at(1)))


def declined(job: Job) -> Job:
    running = claimed(job)
    return after(running, moves.decline(running, reason="window", now=at(1), retention=RETENTION))


def stopped(job: Job) -> Job:
    running = claimed(job)
    asked = after(running, cancel_of(running))
    return after(asked, moves.stop(asked, now=at(9), retention=RETENTION))


def skipped(job: Job) -> Job:
    return after(job, moves.skip(job, reason="expired", now=at(9), retention=RETENTION))


def cancelled(job: Job) -> Job:
    return after(job, cancel_of(job))


def failed(job: Job) -> Job:
    running = claimed(job)
    return after(running, failed_once(running, failure=NOT_FOUND))


def edited(job: Job) -> Job:
    return after(job, moves.edit(job, {"name": "new"}, now=at(0), sharding=SHARDING))


ENDS = [succeeded, failed, cancelled, skipped, declined, stopped]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("begun", [a_job(), waiting_for_retry(), deferred(a_job())], ids=["new", "retried", "deferred"])
def test_an_edit_never_goes_unnoticed(begun: Job, end: object) -> None:
    assert may_have_been_edited(end(edited(begun)))  # type: ignore[operator]


@pytest.mark.parametrize("end", ENDS)
def test_of_a_job_that_nobody_touched_it_is_known_that_it_left_nothing(end: object) -> None:
    assert not may_have_left(end(a_job()))  # type: ignore[operator]


@pytest.mark.parametrize("job", [succeeded(waiting_for_retry()), succeeded(deferred(a_job()))])
def test_attempts_and_deferrals_are_no_edits(job: Job) -> None:
    assert not may_have_left(job)


def test_a_redrive_may_have_brought_another_payload() -> None:
    dead = failed(a_job())
    redriven = after(dead, redrive(dead, Redrive(wake_at=at(50), by="key"), now=at(50), sharding=SHARDING))

    assert may_have_been_edited(succeeded(redriven))


@pytest.mark.parametrize("job", [a_job(), claimed()])
def test_of_a_job_that_has_not_ended_nothing_is_known(job: Job) -> None:
    assert may_have_left(job)


@pytest.mark.parametrize(
    "job",
    [
        replace(succeeded(a_job()), payload=Payload(ref="payload#1")),
        replace(succeeded(a_job()), checkpoint_at=at(1)),
        replace(succeeded(a_job()), fingerprint="f00d"),
        succeeded(a_job(), Output("x", 9_999, "outputs/acme/1/1")),
    ],
    ids=["payload", "checkpoint", "idempotency key", "output"],
)
def test_what_a_job_names_it_has_left(job: Job) -> None:
    assert may_have_left(job)
