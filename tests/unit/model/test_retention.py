from __future__ import annotations

from datetime import timedelta

import pytest

from shared.model import moves
from shared.model.execution import NO_OUTPUT
from shared.model.lifecycle import TERMINAL, Status
from shared.model.occurrence_job import withdraw
from shared.model.retention import Retention
from shared.settings import from_environment
from tests.jobs import NOT_FOUND, SHARDING, a_job, after, at, cancel_of, claimed
from tests.occurrences import planned

RETENTION = Retention(succeeded_days=1, failed_days=2, cancelled_days=3, skipped_days=4)
DAYS = {Status.SUCCEEDED: 1, Status.FAILED: 2, Status.CANCELLED: 3, Status.SKIPPED: 4}
RUNNING = claimed()
CANCEL_REQUESTED = after(RUNNING, cancel_of(RUNNING))
ENDS = {
    "succeeded": (
        RUNNING,
        moves.succeed(RUNNING, output=NO_OUTPUT, now=at(1), retention=RETENTION),
    ),
    "failed": (
        RUNNING,
        moves.fail(RUNNING, NOT_FOUND, now=at(1), chance=0, retention=RETENTION, sharding=SHARDING),
    ),
    "declined": (RUNNING, moves.decline(RUNNING, reason="window", now=at(1), retention=RETENTION)),
    "stopped": (CANCEL_REQUESTED, moves.stop(CANCEL_REQUESTED, now=at(1), retention=RETENTION)),
    "cancelled": (a_job(), moves.cancel(a_job(), now=at(1), retention=RETENTION)),
    "skipped": (a_job(), moves.skip(a_job(), reason="expired", now=at(1), retention=RETENTION)),
    "withdrawn": (planned(), withdraw(planned(), version=2, now=at(1), retention=RETENTION)),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_item_stays_as_long_as_jobs_do_that_end_so(end: str) -> None:
    job, change = ENDS[end]

    ended = after(job, change)

    remembered_until = max(ended.created_at + timedelta(days=1), ended.nominal_at or ended.created_at)
    assert ended.expire_item_at == remembered_until + timedelta(days=DAYS[ended.status])


def test_every_end_has_its_days() -> None:
    assert {status: RETENTION.of(status) for status in TERMINAL} == {
        status: timedelta(days=days) for status, days in DAYS.items()
    }


def test_what_is_no_job_stays_as_long_as_any_job() -> None:
    assert (RETENTION.shortest, RETENTION.longest) == (timedelta(days=1), timedelta(days=4))


def test_it_is_read_from_the_environment() -> None:
    environment = {f"RETENTION_{status.upper()}_DAYS": str(days) for status, days in DAYS.items()}

    assert from_environment(Retention, environment, prefix="RETENTION_") == RETENTION
