"""Each invariant is broken by what it forbids, and by nothing that the moves do."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.model import moves
from shared.model.execution import Outcome, Output
from shared.model.job import Delivery, JobKey
from shared.model.lifecycle import Status
from shared.model.maintenance_window import Effect as WindowEffect
from shared.model.maintenance_window import MaintenanceWindow, Span
from shared.model.retry import RetryPolicy
from tests.jobs import RETENTION, SHARDING, a_job, after, at, cancel_of, claimed, failed_once, waiting_for_retry
from tests.occurrences import planned, replanning_of, withdrawal_of
from tests.simulation import invariants
from tests.simulation.kernel import Process
from tests.simulation.observed import Effect, Observed
from tests.windows import a_window

if TYPE_CHECKING:
    from shared.model.job import Job

WAITING = a_job(run_at=at(60), expires_after_seconds=10)
RUNNING = claimed()
RETRYING = waiting_for_retry()
SUCCEEDED = after(RUNNING, moves.succeed(RUNNING, output=Output(), now=at(1), retention=RETENTION))
ASKED_TO_STOP = after(RUNNING, cancel_of(RUNNING))
PLANNED = planned()
REPLANNED = after(PLANNED, replanning_of(PLANNED, version=2))
WITHDRAWN = after(PLANNED, withdrawal_of(PLANNED, version=2))
REINSTATED = after(WITHDRAWN, replanning_of(WITHDRAWN, version=3))
MISSED = after(PLANNED, moves.skip(PLANNED, reason="missed", now=at(120), retention=RETENTION))
LOST = after(RUNNING, moves.reap(RUNNING, now=at(70), chance=0.5, retention=RETENTION, sharding=SHARDING))


def broken_by(before: Job | None, after: Job) -> set[str]:
    return {number for number, holds in invariants.OF_A_WRITE if any(holds(before, after))}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, WAITING),
        (WAITING, claimed(WAITING)),
        (RUNNING, RETRYING),
        (RETRYING, claimed(RETRYING)),
        (RUNNING, SUCCEEDED),
        (RUNNING, ASKED_TO_STOP),
        (RUNNING, LOST),
        (RUNNING, after(RUNNING, moves.defer(RUNNING, until=at(60), reason="no", now=at(1)))),
        (WAITING, after(WAITING, moves.skip(WAITING, reason="expired", now=at(70), retention=RETENTION))),
        (RUNNING, after(RUNNING, moves.decline(RUNNING, reason="no", now=at(1), retention=RETENTION))),
        (PLANNED, REPLANNED),
        (PLANNED, WITHDRAWN),
        (WITHDRAWN, REINSTATED),
        (PLANNED, MISSED),
        (PLANNED, claimed(PLANNED, now=at(119))),
    ],
)
def test_a_legal_move_breaks_none(before: Job | None, after: Job) -> None:
    assert broken_by(before, after) == set()


@pytest.mark.parametrize(
    ("number", "before", "after"),
    [
        ("I3", RUNNING, replace(RUNNING, attempt=2)),
        ("I3", LOST, replace(LOST, executions=(replace(LOST.executions[0], outcome=Outcome.FAILED),))),
        ("I3", RETRYING, replace(RETRYING, executions=(replace(RETRYING.executions[0], attempt=2),))),
        ("I4", RUNNING, replace(RUNNING, fence=0)),
        ("I4", RUNNING, replace(RUNNING, fence=2)),
        ("I4", replace(RUNNING, fence=3), after(RUNNING, failed_once(RUNNING))),
        ("I5", SUCCEEDED, replace(SUCCEEDED, name="renamed")),
        ("I5", MISSED, REINSTATED),
        ("I5", WITHDRAWN, replace(REINSTATED, template_version=1)),
        ("I5", WITHDRAWN, replace(REINSTATED, status=Status.CANCELLED)),
        ("I5", REPLANNED, replace(PLANNED, version=3)),
        ("I5", RUNNING, replace(RUNNING, template_version=2)),
        ("I5", RETRYING, replace(RETRYING, template_version=2)),
        ("I6", RUNNING, replace(SUCCEEDED, status=Status.FAILED)),
        ("I6", RUNNING, replace(SUCCEEDED, executions=())),
        ("I7", ASKED_TO_STOP, replace(RETRYING, cancel_requested_at=at(5))),
        ("I7", ASKED_TO_STOP, RUNNING),
        ("I8", RUNNING, replace(RUNNING, wake_at=None)),
        ("I8", WAITING, replace(WAITING, due_shard=None)),
        ("I8", RUNNING, replace(SUCCEEDED, wake_at=at(9))),
        ("I8", RUNNING, replace(RETRYING, lease_until=at(60))),
        ("I9", RETRYING, replace(claimed(RETRYING), retry=RetryPolicy(max_attempts=1))),
        ("I9", RETRYING, replace(claimed(RETRYING), delivery=Delivery.AT_MOST_ONCE)),
        ("I10", WAITING, replace(claimed(WAITING), started_at=at(59))),
        ("I10", WAITING, replace(claimed(WAITING), started_at=at(70))),
        ("I10", WAITING, after(WAITING, moves.skip(WAITING, reason="expired", now=at(69), retention=RETENTION))),
        ("I10", PLANNED, replace(claimed(PLANNED), started_at=at(120))),
        ("I10", PLANNED, after(PLANNED, moves.skip(PLANNED, reason="missed", now=at(119), retention=RETENTION))),
    ],
)
def test_what_it_forbids_breaks_it(number: str, before: Job, after: Job) -> None:
    assert number in broken_by(before, after)


@pytest.mark.parametrize(
    ("windows", "seconds", "is_broken"),
    [
        ([a_window(Span(at(0), at(60)))], 59, True),
        ([a_window(Span(at(0), at(60)), effect=WindowEffect.SKIP)], 0, True),
        # It may have been decided when the window was over, or not begun.
        ([a_window(Span(at(0), at(60)))], 60, False),
        ([a_window(Span(at(1), at(60)))], 59, False),
        ([a_window(Span(at(0), at(60)), effect=WindowEffect.RUN)], 59, False),
        ([a_window(Span(at(0), at(60)), tenant="globex")], 59, False),
        # The other one may have decided.
        ([a_window(Span(at(0), at(60))), a_window(Span(at(30), at(90)), id="w2")], 59, False),
        ([a_window(Span(at(0), at(60))), a_window(Span(at(30), at(90)), id="w2")], 29, True),
    ],
)
def test_no_effect_begins_in_a_window_that_holds_or_skips(
    windows: list[MaintenanceWindow], seconds: int, is_broken: bool
) -> None:
    found = list(invariants.no_effect_begins_in_a_window_that_holds(RUNNING, at(seconds), windows))

    assert bool(found) is is_broken


def test_an_outcome_is_what_the_target_answered() -> None:
    def broken(answer: str | None) -> list[str]:
        observed = Observed(answers={(RUNNING.key, 1): answer})
        return list(invariants.i3_an_outcome_is_what_the_target_answered(RUNNING, SUCCEEDED, observed))

    assert broken(None) == []
    assert broken("http_503") != []


def test_a_lease_that_its_holder_still_has_is_not_taken() -> None:
    observed = Observed(holders={RUNNING.key: Process("executor-1")})

    def broken(now: int) -> list[str]:
        return list(invariants.i11_no_live_lease_is_taken(RUNNING, LOST, observed, now))

    assert broken(61_000) == []
    assert broken(59_000) != []


def test_the_holder_alone_extends_its_lease() -> None:
    extended = replace(RUNNING, lease_until=at(80))
    shortened = replace(RUNNING, lease_until=at(50))

    def broken(after: Job, writer: str) -> list[str]:
        return list(invariants.i11_the_holder_alone_extends_its_lease(RUNNING, after, writer, "executor-1"))

    assert broken(extended, "executor-1 call 2") == []
    assert broken(extended, "executor-2 call 2") != []
    assert broken(shortened, "executor-1") != []


def test_no_effect_begins_but_under_the_fence_of_the_running_attempt() -> None:
    effect = Effect(RUNNING.key, 1, 0)

    assert list(invariants.i7_no_effect_begins_after_the_end(effect, RUNNING)) == []
    assert list(invariants.i7_no_effect_begins_after_the_end(effect, replace(RUNNING, fence=2))) != []
    assert list(invariants.i7_no_effect_begins_after_the_end(effect, RETRYING)) != []


def test_an_attempt_has_one_effect_and_a_job_delivered_at_most_once_as_well() -> None:
    effects = [Effect(RUNNING.key, 1, 0), Effect(RUNNING.key, 2, 9)]
    at_most_once = replace(RUNNING, delivery=Delivery.AT_MOST_ONCE)

    assert list(invariants.i9_one_effect_of_an_attempt(effects, RUNNING)) == []
    assert list(invariants.i9_one_effect_of_an_attempt(effects, at_most_once)) != []
    assert list(invariants.i9_one_effect_of_an_attempt([effects[0]] * 2, RUNNING)) != []


def test_a_long_job_runs_in_the_long_lane() -> None:
    long = claimed(a_job(timeout_seconds=61))

    assert list(invariants.a_long_job_runs_in_the_long_lane(long, "executor-long-1")) == []
    assert list(invariants.a_long_job_runs_in_the_long_lane(long, "executor-1")) != []


def test_the_store_holds_what_was_accepted_and_at_most_one_job_for_each_creation_without_an_answer() -> None:
    accepted, more = WAITING.key, JobKey("acme", "another")
    stored = {accepted: WAITING, more: replace(WAITING, id="another")}

    def broken(observed: Observed) -> list[str]:
        return list(invariants.i1_i15_what_was_accepted_is_there(observed, stored))

    assert broken(Observed(accepted={accepted: 0}, unknown=defaultdict(set, acme={"key"}))) == []
    assert broken(Observed(accepted={accepted: 0})) != []
    assert broken(Observed(accepted={accepted: 0, more: 0, JobKey("acme", "lost"): 0})) != []


@pytest.mark.parametrize(
    ("job", "observed"),
    [
        (WAITING, Observed()),
        (SUCCEEDED, Observed()),
        (after(RUNNING, cancel_of(RUNNING)), Observed()),
        (after(WAITING, moves.cancel(WAITING, now=at(5), retention=RETENTION)), Observed()),
        (
            after(WAITING, moves.skip(WAITING, reason="expired", now=at(70), retention=RETENTION)),
            Observed(effects={WAITING.key: [Effect(WAITING.key, 1, 0)]}),
        ),
    ],
    ids=["it has not ended", "succeeded without effect", "running", "cancelled by nobody", "skipped with an effect"],
)
def test_an_end_that_nothing_explains_is_seen(job: Job, observed: Observed) -> None:
    assert list(invariants.i1_all_have_ended_as_promised(observed, {job.key: job})) != []


def test_an_end_that_is_explained_is_fine() -> None:
    observed = Observed(effects={SUCCEEDED.key: [Effect(SUCCEEDED.key, 1, 0)]})

    assert list(invariants.i1_all_have_ended_as_promised(observed, {SUCCEEDED.key: SUCCEEDED})) == []
