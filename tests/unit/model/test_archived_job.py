from __future__ import annotations

from dataclasses import replace

import pytest

from shared.model import moves
from shared.model.archived_job import archived, end_of, is_final, latest
from shared.model.execution import Output
from shared.model.lifecycle import LEGAL_MOVES, Status
from tests.jobs import NOT_FOUND, RETENTION, a_job, after, at, cancel_of, claimed, failed_once

CANCELLED = after(a_job(), cancel_of(a_job()))


@pytest.mark.parametrize("status", sorted(status for status in Status if status.is_terminal))
def test_an_end_is_final_when_the_table_has_no_move_that_leads_out_of_it(status: Status) -> None:
    leads_on = any(status in row.sources and not row.target.is_terminal for row in LEGAL_MOVES)

    assert is_final(replace(CANCELLED, status=status)) is not leads_on


def test_a_failed_job_may_be_redriven_and_one_that_succeeded_may_not() -> None:
    running = claimed()

    assert not is_final(after(running, failed_once(running, failure=NOT_FOUND)))
    assert is_final(after(running, moves.succeed(running, output=Output(), now=at(1), retention=RETENTION)))


def test_of_two_ends_the_later_one_is_the_latest() -> None:
    early, late = replace(CANCELLED, version=9), replace(CANCELLED, ended_at=at(99), version=2)

    assert latest(early, late) is latest(late, early) is late


def test_of_two_lines_of_one_moment_the_higher_version_is_the_latest() -> None:
    assert latest(CANCELLED, replace(CANCELLED, version=9)).version == 9


@pytest.mark.parametrize("job", [a_job(), claimed(), replace(CANCELLED, ended_at=None)])
def test_a_job_that_has_not_ended_has_no_end(job: object) -> None:
    with pytest.raises(ValueError, match="has not ended"):
        end_of(job)  # type: ignore[arg-type]


def test_what_is_archived_is_archived_as_it_is() -> None:
    once = archived(CANCELLED)

    assert archived(once) == once
