from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.model import limits, moves
from shared.model.errors import IllegalTransition, InvalidField
from shared.model.job import Delivery, Job
from shared.model.lanes import Lane, Priority
from shared.model.lifecycle import TERMINAL, Move, Status, legal
from shared.model.retry import RetryPolicy
from tests.jobs import (
    KEPT,
    RETENTION,
    SHARDING,
    START,
    a_job,
    after,
    at,
    claim_of,
    claimed,
    is_accepted,
    waiting_for_retry,
)
from tests.occurrences import planned

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.model.change import Change


def edit(job: Job, **changes: object) -> Change:
    return moves.edit(job, changes, now=at(5), sharding=SHARDING)


def run_now(job: Job) -> Change:
    return moves.run_now(job, now=at(5), sharding=SHARDING)


def cancel(job: Job) -> Change:
    return moves.cancel(job, now=at(5), retention=RETENTION)


def skip(job: Job) -> Change:
    return moves.skip(job, reason="expired", now=at(5), retention=RETENTION)


def test_an_edit_changes_what_it_names_and_makes_a_new_version() -> None:
    job = a_job(run_at=at(60), name="before")

    assert after(job, edit(job, name="after")) == replace(job, name="after", version=2, updated_at=at(5))


def test_a_new_time_is_also_the_time_of_waking_and_moves_the_start_deadline() -> None:
    job = a_job(run_at=at(60), expires_after_seconds=30)

    moved = after(job, edit(job, run_at=at(120)))

    assert (moved.run_at, moved.wake_at, moved.expires_at) == (at(120), at(120), at(150))


def test_a_message_for_the_old_time_is_stale_after_a_reschedule() -> None:
    job = a_job(run_at=at(60))

    assert not is_accepted(claim_of(job), after(job, edit(job, run_at=at(120))))


@pytest.mark.parametrize("now", [at(5), at(70)], ids=["before its time", "after its time"])
def test_a_client_who_gives_an_occurrence_a_time_of_its_own_is_not_told_that_it_is_missed(now: datetime) -> None:
    job = planned(run_at=at(60), misfire_at=at(120))

    moved = after(job, moves.edit(job, {"run_at": at(9_000)}, now=now, sharding=SHARDING))
    at_once = after(job, moves.run_now(job, now=now, sharding=SHARDING))

    assert is_accepted(claim_of(moved, now=at(9_500)), moved)
    assert is_accepted(claim_of(at_once, now=at(9_500)), at_once)


def test_another_edit_of_an_occurrence_leaves_it_to_be_missed() -> None:
    job = planned(misfire_at=at(120))

    assert after(job, edit(job, name="renamed")).misfire_at == at(120)


@pytest.mark.parametrize(
    ("seconds", "deadline"), [(90, at(150)), (None, None)], ids=["another deadline", "no deadline any more"]
)
def test_a_start_deadline_counts_from_the_time_the_job_is_to_run(seconds: int | None, deadline: object) -> None:
    job = a_job(run_at=at(60), expires_after_seconds=30)

    assert after(job, edit(job, expires_after_seconds=seconds)).expires_at == deadline


@pytest.mark.parametrize(
    ("changes", "lane"),
    [
        ({"priority": Priority.HIGH}, Lane.HIGH),
        ({"timeout_seconds": 61}, Lane.LONG),
        ({"priority": Priority.HIGH, "timeout_seconds": 61}, Lane.LONG),
    ],
)
def test_a_job_that_changes_its_lane_changes_its_shard_too(changes: dict, lane: Lane) -> None:
    job = a_job(run_at=at(60))

    moved = after(job, edit(job, **changes))

    assert moved.due_shard is not None
    assert moved.due_shard.lane is moved.lane is lane
    assert not is_accepted(claim_of(job), moved)


def test_a_job_is_listed_where_it_was_created_however_it_is_edited() -> None:
    job = a_job(run_at=at(60))

    moved = after(job, edit(job, run_at=at(120), priority=Priority.LOW))

    assert (moved.group_pk, moved.group_sk) == (job.group_pk, job.group_sk)


def test_a_job_run_now_is_due_at_once() -> None:
    job = a_job(run_at=at(60), expires_after_seconds=30)

    moved = after(job, run_now(job))

    assert (moved.run_at, moved.wake_at, moved.expires_at) == (at(5), at(5), at(35))


def test_a_job_between_two_attempts_can_be_run_now_and_keeps_its_time() -> None:
    job = waiting_for_retry()

    moved = after(job, run_now(job))

    assert (moved.run_at, moved.wake_at) == (START, at(5))
    assert moved.attempt == 1


@pytest.mark.parametrize(
    "changes",
    [{"retry": RetryPolicy(max_attempts=1)}, {"delivery": Delivery.AT_MOST_ONCE}],
    ids=["no more attempts than have begun", "one start at the most"],
)
def test_a_job_that_has_begun_cannot_be_given_fewer_attempts_than_that(changes: dict) -> None:
    job = waiting_for_retry()

    with pytest.raises(InvalidField) as refusal:
        edit(job, **changes)

    assert refusal.value.pointer == f"/{'retry/max_attempts' if 'retry' in changes else 'delivery'}"


def test_a_job_that_has_begun_can_be_given_one_more_attempt() -> None:
    job = waiting_for_retry()

    assert after(job, edit(job, retry=RetryPolicy(max_attempts=2))).retry.max_attempts == 2


def test_a_job_that_has_not_begun_can_be_made_to_begin_once_at_the_most() -> None:
    job = a_job()

    assert after(job, edit(job, delivery=Delivery.AT_MOST_ONCE)).delivery is Delivery.AT_MOST_ONCE


def test_a_waiting_job_is_cancelled_at_once() -> None:
    job = a_job(run_at=at(60))

    ended = after(job, cancel(job))

    assert (ended.status, ended.reason) == (Status.CANCELLED, "cancelled_by_client")
    assert (ended.wake_at, ended.due_shard, ended.ended_at) == (None, None, at(5))
    assert not is_accepted(claim_of(job), ended)


def test_a_running_job_is_asked_to_end() -> None:
    running = claimed()

    asked = after(running, cancel(running))

    assert asked == replace(running, cancel_requested_at=at(5), version=3, updated_at=at(5))


def test_a_blocked_job_can_be_cancelled() -> None:
    job = replace(a_job(), status=Status.BLOCKED)

    assert after(job, cancel(job)).status is Status.CANCELLED


def test_a_skipped_job_says_why() -> None:
    job = a_job()

    ended = after(job, skip(job))

    assert (ended.status, ended.reason) == (Status.SKIPPED, "expired")
    assert (ended.wake_at, ended.due_shard, ended.ended_at) == (None, None, at(5))


def test_an_item_is_kept_for_its_retention_and_while_its_idempotency_key_must_be_known() -> None:
    job = a_job(run_at=at(limits.IDEMPOTENCY_SECONDS * 9))
    late = job.run_at

    early_end = after(job, cancel(job))
    late_end = after(job, moves.cancel(job, now=late, retention=RETENTION))

    assert early_end.expire_item_at == START + timedelta(days=1) + KEPT
    assert late_end.expire_item_at == late + KEPT


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize(("move", "ask"), [(Move.EDIT, edit), (Move.EDIT, run_now), (Move.SKIP, skip)])
def test_a_move_that_the_table_does_not_have_is_not_made(
    move: Move, ask: Callable[[Job], Change], status: Status
) -> None:
    job = replace(a_job(), status=status)

    if status in legal(move).sources:
        assert ask(job).move is move
        return
    with pytest.raises(IllegalTransition) as refusal:
        ask(job)
    assert (refusal.value.move, refusal.value.job) == (move, job)


@pytest.mark.parametrize("status", sorted(TERMINAL))
@pytest.mark.parametrize("ask", [edit, run_now, cancel, skip])
def test_a_job_that_has_ended_is_not_changed(ask: Callable[[Job], Change], status: Status) -> None:
    with pytest.raises(IllegalTransition):
        ask(replace(a_job(), status=status))
