"""What a person does about a job that failed for good: the moves, and the key by which it is listed until then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.model import moves
from shared.model.attention import fingerprint_in, fingerprint_of
from shared.model.dead_letters import SecondStart
from shared.model.error_fingerprint import error_fingerprint
from shared.model.errors import IllegalTransition
from shared.model.execution import Output
from shared.model.job import Delivery, Job, Payload
from shared.model.lanes import DueShard, Lane, Priority
from shared.model.lifecycle import Status
from shared.model.occurrence_job import may_be_withdrawn, replan
from shared.model.retry import RetryPolicy
from tests.jobs import (
    BOOM,
    NOT_FOUND,
    RETENTION,
    SHARDING,
    a_job,
    after,
    at,
    cancel_of,
    claim_of,
    claimed,
    dead,
    discard_of,
    failed_once,
    is_accepted,
    redrive_of,
)
from tests.occurrences import a_template, planned, replanning_of, withdrawal_of


def redriven(job: Job, **asked: object) -> Job:
    return after(job, redrive_of(job, **asked))


def test_a_redriven_job_waits_with_a_fresh_budget_and_its_history() -> None:
    failed = dead()

    waiting = redriven(failed, wake_at=at(120), by="key-7")

    assert (waiting.status, waiting.attempt, waiting.fence) == (Status.SCHEDULED, 0, failed.fence)
    assert (waiting.id, waiting.run_at, waiting.executions) == (failed.id, failed.run_at, failed.executions)
    assert (waiting.wake_at, waiting.due_shard) == (at(120), a_job().due_shard)
    assert (waiting.redrives, waiting.redriven_at, waiting.redriven_by) == (1, at(100), "key-7")
    assert waiting.version == failed.version + 1


def test_nothing_of_its_end_is_left() -> None:
    waiting = redriven(replace(dead(), cancel_requested_at=at(1)))

    assert waiting.reason is waiting.ended_at is waiting.expire_item_at is waiting.cancel_requested_at is None
    assert waiting.attention_pk is waiting.attention_sk is None


def test_an_execution_says_to_which_budget_it_belongs() -> None:
    again = claimed(redriven(dead()), now=at(100))

    failed = after(again, failed_once(again, failure=NOT_FOUND))

    assert [(one.redrive, one.attempt, one.fence) for one in failed.executions] == [(0, 1, 1), (1, 1, 2)]
    assert [(one.redrive, one.attempt) for one in redriven(failed).executions] == [(0, 1), (1, 1)]


def test_a_redriven_job_has_all_its_attempts_again() -> None:
    used_up = a_job(retry=RetryPolicy(max_attempts=1))

    again = claimed(redriven(dead(used_up, failure=BOOM), changes={"retry": RetryPolicy(max_attempts=2)}))

    assert after(again, failed_once(again)).status is Status.SCHEDULED


def test_a_start_deadline_that_has_passed_is_counted_anew() -> None:
    waiting = redriven(dead(a_job(expires_after_seconds=10)), wake_at=at(500))

    assert waiting.expires_at == at(510)
    assert is_accepted(claim_of(waiting, now=at(509)), waiting)
    assert not is_accepted(claim_of(waiting, now=at(510)), waiting)


def test_a_start_deadline_that_a_client_sets_later_is_counted_from_the_redrive() -> None:
    waiting = redriven(dead())

    edited = after(waiting, moves.edit(waiting, {"expires_after_seconds": 60}, now=at(101), sharding=SHARDING))
    moved = after(
        waiting, moves.edit(waiting, {"run_at": at(30), "expires_after_seconds": 60}, now=at(101), sharding=SHARDING)
    )

    assert edited.expires_at == at(160)
    assert moved.expires_at == at(90)


def test_what_is_edited_is_what_runs() -> None:
    changes = {"payload": Payload(b"{}"), "priority": Priority.HIGH, "timeout_seconds": 90}

    waiting = redriven(dead(), changes=changes)

    assert (waiting.payload, waiting.timeout_seconds) == (Payload(b"{}"), 90)
    assert waiting.due_shard == DueShard(Lane.LONG, waiting.due_shard.number)


def test_a_job_that_begins_at_most_once_begins_again_only_when_somebody_says_so() -> None:
    failed = dead(a_job(delivery=Delivery.AT_MOST_ONCE, retry=RetryPolicy(max_attempts=1)))

    with pytest.raises(SecondStart):
        redrive_of(failed)

    again = claimed(redriven(failed, may_begin_again=True))
    assert after(again, failed_once(again)).status is Status.FAILED


@pytest.mark.parametrize(
    "job",
    [
        a_job(),
        claimed(),
        after(a_job(), cancel_of(a_job())),
        after(claimed(), moves.succeed(claimed(), output=Output(), now=at(1), retention=RETENTION)),
    ],
    ids=lambda job: job.status,
)
def test_only_what_failed_is_redriven_or_discarded(job: Job) -> None:
    for move in (redrive_of, discard_of):
        with pytest.raises(IllegalTransition):
            move(job)


def test_a_discarded_job_stays_failed_and_is_listed_no_more() -> None:
    failed = dead()

    discarded = after(failed, discard_of(failed))

    assert (discarded.status, discarded.reason, discarded.ended_at) == (Status.FAILED, failed.reason, failed.ended_at)
    assert discarded.expire_item_at == failed.expire_item_at
    assert discarded.attention_pk is discarded.attention_sk is None
    assert (discarded.discarded_at, discarded.discarded_by) == (at(100), "key-1")
    assert discarded.discard_reason == "the customer is gone"


def test_a_discarded_job_may_still_be_redriven() -> None:
    discarded = after(dead(), discard_of(dead()))

    waiting = redriven(discarded)

    assert waiting.status is Status.SCHEDULED
    assert waiting.discarded_at is waiting.discarded_by is waiting.discard_reason is None


def test_of_two_redrives_at_once_one_counts() -> None:
    failed = dead()
    one, other = redrive_of(failed), redrive_of(failed, by="key-2")

    assert not is_accepted(other, after(failed, one))


def test_what_was_decided_on_an_older_version_changes_nothing() -> None:
    failed = dead()
    discarded = after(failed, discard_of(failed))

    assert not is_accepted(redrive_of(failed), discarded)
    assert not is_accepted(discard_of(failed), discarded)


def test_each_redrive_is_counted() -> None:
    again = claimed(redriven(dead()), now=at(100))

    failed = after(again, failed_once(again, failure=NOT_FOUND))

    assert redriven(failed).redrives == 2


def test_an_occurrence_that_somebody_runs_again_is_not_withdrawn_or_planned_anew_by_its_template() -> None:
    waiting = redriven(dead(planned(misfire_at=at(70))))

    assert waiting.misfire_at is None
    assert not may_be_withdrawn(waiting, 9)
    assert replan(waiting, planned(a_template(9)), now=at(101)) is None
    # Nor by a planner that read the job before.
    assert not is_accepted(replanning_of(planned()), waiting)
    assert not is_accepted(withdrawal_of(planned()), waiting)


def test_the_key_of_a_failed_job_holds_its_fingerprint() -> None:
    failed = dead()

    expected = error_fingerprint(NOT_FOUND.type, NOT_FOUND.message, "http:example.com:443")
    assert fingerprint_in(failed.attention_sk) == expected == fingerprint_of(failed.target, failed.executions)


@pytest.mark.parametrize(
    "sort_key", ["1772366400000#b8d1f4h7", "1772366400000#", "", "1772366400000#b8d1f4h7#b8d1f4h7"]
)
def test_a_key_from_before_there_were_fingerprints_holds_none(sort_key: str) -> None:
    assert fingerprint_in(sort_key) is None


def test_the_fingerprint_is_that_of_the_latest_error() -> None:
    running = claimed()
    waiting = after(running, failed_once(running, failure=BOOM))
    failed = dead(waiting)

    assert fingerprint_of(failed.target, failed.executions) == fingerprint_in(failed.attention_sk)
    assert fingerprint_of(failed.target, failed.executions[:1]) != fingerprint_in(failed.attention_sk)
    assert fingerprint_of(failed.target, ()) == error_fingerprint(None, None, "http:example.com:443")
