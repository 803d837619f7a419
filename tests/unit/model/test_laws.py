"""What holds for every job after any sequence of moves, whoever makes them and however old the job in their hands is.

An event is built from a job as somebody saw it once (the newest, or an older one: a zombie, a slow client) and carried
out as a store would: if its conditions hold for the newest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.model import limits, long_work, moves
from shared.model.change import Change, applied
from shared.model.dead_letters import Redrive, discard, redrive
from shared.model.errors import IllegalTransition, InvalidField
from shared.model.execution import Failure, Outcome, Output
from shared.model.job import Completion, Delivery, Job, epoch_ms, from_epoch_ms
from shared.model.lanes import Priority
from shared.model.lifecycle import Status, legal
from shared.model.long_work import awaits_callback
from shared.model.occurrence_job import WITHDRAWN, replan, withdraw
from shared.model.retry import RetryPolicy
from tests.jobs import BOOM, KEPT, NOT_FOUND, RETENTION, SHARDING, START, TIMED_OUT, a_job, at, is_accepted
from tests.occurrences import a_template, planned

# (the job as it was seen, the time, a uniform random number) → what somebody wants to do to it; None: nothing
Event = Callable[[Job, datetime, float], Change | None]


def claim(job: Job, now: datetime, chance: float) -> Change:
    return moves.claim(lane=job.lane, wake_at=job.wake_at or now, claim_id=f"claim-{chance}", now=now)


def failing(failure: Failure) -> Event:
    return lambda job, now, chance: moves.fail(
        job, failure, now=now, chance=chance, retention=RETENTION, sharding=SHARDING, output=Output("oh", 2)
    )


def editing(**changes: object) -> Event:
    return lambda job, now, chance: moves.edit(job, changes, now=now, sharding=SHARDING)


def reschedule(job: Job, now: datetime, chance: float) -> Change:
    run_at = now + timedelta(milliseconds=int(chance * 600_000))
    return moves.edit(job, {"run_at": run_at}, now=now, sharding=SHARDING)


def plan_anew(job: Job, now: datetime, chance: float) -> Change | None:
    template = a_template(version_after(job, chance), timeout_seconds=600 if chance < 0.3 else 30)
    run_at = now + timedelta(milliseconds=int(chance * 600_000))
    return replan(job, planned(template, run_at=run_at), now=now)


def withdraw_job(job: Job, now: datetime, chance: float) -> Change:
    return withdraw(job, version=version_after(job, chance), now=now, retention=RETENTION)


def version_after(job: Job, chance: float) -> int:
    """A version of the template that somebody may be at who has the job in hand: older, the same, or newer."""
    return (job.template_version or 1) + round(3 * chance) - 1


EVENTS: dict[str, Event] = {
    "claim": claim,
    "heartbeat": lambda job, now, chance: moves.heartbeat(job, now=now),
    "accept": lambda job, now, chance: long_work.await_outcome(job, now=now) if awaits_callback(job) else None,
    "save a checkpoint": lambda job, now, chance: long_work.save_checkpoint(job, now=now),
    "look again": lambda job, now, chance: long_work.watch(job) if job.awaiting_since else None,
    "defer": lambda job, now, chance: moves.defer(job, until=now + timedelta(seconds=9), reason="gate", now=now),
    "decline": lambda job, now, chance: moves.decline(job, reason="gate", now=now, retention=RETENTION),
    "succeed": lambda job, now, chance: moves.succeed(job, output=Output("ok", 2), now=now, retention=RETENTION),
    "fail": failing(BOOM),
    "fail for good": failing(NOT_FOUND),
    "time out": failing(TIMED_OUT),
    "reap": lambda job, now, chance: moves.reap(job, now=now, chance=chance, retention=RETENTION, sharding=SHARDING),
    "cancel": lambda job, now, chance: moves.cancel(job, now=now, retention=RETENTION),
    "skip": lambda job, now, chance: moves.skip(job, reason="expired", now=now, retention=RETENTION),
    "redrive": lambda job, now, chance: redrive(
        job, Redrive(wake_at=now, by="key-1", may_begin_again=True), now=now, sharding=SHARDING
    ),
    "discard": lambda job, now, chance: discard(job, reason="no use", by="key-1", now=now),
    "plan anew": plan_anew,
    "withdraw": withdraw_job,
    "run now": lambda job, now, chance: moves.run_now(job, now=now, sharding=SHARDING),
    "reschedule": reschedule,
    "rename": editing(name="renamed"),
    "move to another lane": editing(priority=Priority.LOW, timeout_seconds=600),
    "set a deadline": editing(expires_after_seconds=30),
    "ask for fewer attempts": editing(retry=RetryPolicy(max_attempts=1)),
    "ask for more attempts": editing(retry=RetryPolicy(max_attempts=20)),
    "ask for one start": editing(delivery=Delivery.AT_MOST_ONCE),
}

# Moves that take the job on are drawn more often, so that lives get somewhere. Each step is four bytes: the event, how
# old the job in hand is (in moves), how much time has passed, chance.
_DRAWN = [
    *EVENTS,
    *8 * ["claim"],
    "fail for good",
    *2 * ["redrive"],
    *3 * ["plan anew", "withdraw"],
    *4 * ["fail"],
    "time out",
    "reap",
    "reap",
    "defer",
    *4 * ["accept"],
    "look again",
    "ask for more attempts",
    "cancel",
]
_AGES = (0, 0, 0, 0, 0, 1, 2, 3)
_SECONDS = (0.001, 1.0, 1.0, 10.5, 70.5, 1_000.25)
LIVES = st.binary(min_size=40, max_size=160)


# One in a minute, and one that is planned long before.
NOMINAL = (at(60), at(30 * 86_400))
_DEFINED = {
    "retry": st.builds(RetryPolicy, max_attempts=st.integers(1, 4), initial_seconds=st.just(0.3)),
    "delivery": st.sampled_from(Delivery),
    "completion": st.sampled_from(Completion),
    "expires_after_seconds": st.none() | st.just(60),
}
JOBS = st.builds(a_job, **_DEFINED) | st.builds(
    planned, st.builds(a_template, **_DEFINED), nominal_at=st.sampled_from(NOMINAL)
)


def lives(job: Job, life: bytes) -> list[tuple[str, Job, Job]]:
    """Every move that was accepted: its name, the job before it and after it."""
    seen, accepted, now = [job], [], START
    for name, age, seconds, chance in steps(life):
        now += timedelta(seconds=seconds)
        in_hand = seen[max(len(seen) - 1 - age, 0)]
        try:
            change = EVENTS[name](in_hand, now, chance)
        except (IllegalTransition, InvalidField):
            continue
        if change is not None and is_accepted(change, seen[-1]):
            assert seen[-1].status in legal(change.move).sources
            seen.append(applied(change, seen[-1]))
            accepted.append((name, seen[-2], seen[-1]))
    return accepted


def steps(life: bytes) -> Iterator[tuple[str, int, float, float]]:
    for event, age, time, chance in batched(life):
        yield _DRAWN[event % len(_DRAWN)], _AGES[age % len(_AGES)], _SECONDS[time % len(_SECONDS)], chance / 256


def batched(life: bytes) -> Iterator[tuple[int, ...]]:
    return zip(*[iter(life)] * 4, strict=False)


@given(JOBS, LIVES)
def test_a_job_is_looked_at_again_exactly_while_it_is_not_terminal(job: Job, life: bytes) -> None:
    for _, _, after in lives(job, life):
        live = not after.status.is_terminal
        assert (after.wake_at is not None) == (after.due_shard is not None) == live
        assert (after.ended_at is None) == (after.expire_item_at is None) == live


@given(JOBS, LIVES)
def test_terminal_is_final_but_for_withdrawals_that_are_taken_back_and_failures_that_are_run_again(
    job: Job, life: bytes
) -> None:
    for name, before, after in lives(job, life):
        if before.status is Status.FAILED:
            assert name == "redrive" or (name == "discard" and after.status is Status.FAILED)
        elif before.status.is_terminal:
            assert (name, before.status, before.reason) == ("plan anew", Status.SKIPPED, WITHDRAWN)
            assert (after.status, after.reason, after.attempt) == (Status.SCHEDULED, None, 0)


@given(JOBS, LIVES)
def test_a_template_moves_only_what_has_not_begun_and_an_older_version_has_planned(job: Job, life: bytes) -> None:
    for name, before, after in lives(job, life):
        if name in {"plan anew", "withdraw"}:
            assert before.attempt == before.redrives == 0
            assert before.template_version + (name == "plan anew") <= after.template_version
        else:
            assert after.template_version == before.template_version


@given(JOBS, LIVES)
def test_an_occurrence_that_is_missed_does_not_begin(job: Job, life: bytes) -> None:
    for name, before, after in lives(job, life):
        if name == "claim" and before.attempt == 0:
            assert before.misfire_at is None or after.started_at < before.misfire_at


@given(JOBS, LIVES)
def test_fence_and_version_only_rise(job: Job, life: bytes) -> None:
    for name, before, after in lives(job, life):
        assert after.fence - before.fence == (name == "claim")
        assert after.version - before.version == (name not in {"heartbeat", "save a checkpoint", "look again"})


@given(JOBS, LIVES)
def test_no_more_attempts_begin_than_were_asked_for(job: Job, life: bytes) -> None:
    for _, _, after in lives(job, life):
        allowed = 1 if after.delivery is Delivery.AT_MOST_ONCE else after.retry.max_attempts
        assert 0 <= after.attempt <= allowed


@given(JOBS, LIVES)
def test_attempts_are_the_executions_and_the_one_that_runs(job: Job, life: bytes) -> None:
    for _, _, after in lives(job, life):
        kept = [one.attempt for one in after.executions if one.redrive == after.redrives]
        begun = after.attempt - (after.status is Status.RUNNING)
        assert kept == list(range(begun - len(kept) + 1, begun + 1))
        assert len(kept) == min(begun, limits.EXECUTIONS_KEPT)
        budgets = [one.redrive for one in after.executions]
        assert budgets == sorted(budgets)
        fences = [one.fence for one in after.executions]
        assert fences == sorted(set(fences))


@given(JOBS, LIVES)
def test_a_job_has_one_success_at_the_most_and_then_it_is_succeeded(job: Job, life: bytes) -> None:
    for _, _, after in lives(job, life):
        successes = [one for one in after.executions if one.outcome is Outcome.SUCCEEDED]
        assert len(successes) == (after.status is Status.SUCCEEDED)


@given(JOBS, LIVES)
def test_only_a_running_job_has_a_lease(job: Job, life: bytes) -> None:
    for _, _, after in lives(job, life):
        running = after.status is Status.RUNNING
        assert (after.lease_until is not None) == (after.claim_id is not None) == running
        assert running or after.awaiting_since is None


@given(JOBS, LIVES)
def test_a_job_that_awaits_a_report_is_looked_at_before_its_lease_can_be_over(job: Job, life: bytes) -> None:
    for _, _, after in lives(job, life):
        if after.awaiting_since is not None:
            assert after.completion is Completion.CALLBACK
            assert after.wake_at <= after.lease_until


@given(JOBS, LIVES)
def test_a_job_that_is_to_be_cancelled_never_waits_again(job: Job, life: bytes) -> None:
    for _, _, after in lives(job, life):
        assert after.status is not Status.SCHEDULED or after.cancel_requested_at is None


@given(JOBS, LIVES)
def test_only_a_failed_job_that_nobody_gave_up_asks_for_attention(job: Job, life: bytes) -> None:
    for _, _, after in lives(job, life):
        failed = after.status is Status.FAILED and after.discarded_at is None
        assert (after.attention_pk is not None) == (after.attention_sk is not None) == failed


@given(JOBS, LIVES)
def test_a_redrive_keeps_what_the_job_was_and_begins_its_budget_anew(job: Job, life: bytes) -> None:
    for name, before, after in lives(job, life):
        assert after.redrives == before.redrives + (name == "redrive")
        if name == "redrive":
            assert (after.id, after.fence, after.executions) == (before.id, before.fence, before.executions)
            assert (after.run_at, after.attempt, after.reason, after.discarded_at) == (before.run_at, 0, None, None)


@given(JOBS, LIVES)
def test_what_did_not_succeed_says_why(job: Job, life: bytes) -> None:
    for _, _, after in lives(job, life):
        if after.status in {Status.FAILED, Status.CANCELLED, Status.SKIPPED}:
            assert after.reason


@given(JOBS, LIVES)
def test_times_have_the_resolution_at_which_they_are_stored(job: Job, life: bytes) -> None:
    # Otherwise a job as it was written would differ from the same job as it is read, and a claim by its `wake_at` fail.
    for _, _, after in lives(job, life):
        for field in (
            "run_at",
            "wake_at",
            "lease_until",
            "started_at",
            "ended_at",
            "expires_at",
            "updated_at",
            "misfire_at",
        ):
            time = getattr(after, field)
            assert time is None or from_epoch_ms(epoch_ms(time)) == time, field
        assert after.expire_item_at is None or after.expire_item_at.microsecond == 0


@given(JOBS, LIVES)
def test_an_item_outlives_its_end_its_idempotency_key_and_its_nominal_instant(job: Job, life: bytes) -> None:
    for _, _, after in lives(job, life):
        if after.expire_item_at is not None:
            assert after.expire_item_at >= after.ended_at + KEPT
            assert after.expire_item_at >= after.created_at + timedelta(seconds=limits.IDEMPOTENCY_SECONDS) + KEPT
            assert after.nominal_at is None or after.expire_item_at >= after.nominal_at + KEPT


@given(JOBS, LIVES)
def test_the_index_shard_is_the_one_of_the_lane(job: Job, life: bytes) -> None:
    for _, _, after in lives(job, life):
        lane = None if after.awaiting_since else after.lane
        assert after.due_shard is None or after.due_shard.lane is lane


@given(JOBS, LIVES)
def test_no_attempt_begins_before_its_time_of_waking(job: Job, life: bytes) -> None:
    # The executor waits until `wake_at`; the law is that a claim keeps it, so that lateness can be told from the job.
    for name, before, after in lives(job, life):
        if name == "claim":
            assert after.wake_at == before.wake_at
