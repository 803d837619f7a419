"""The job of an occurrence: made of its template, planned anew, withdrawn and reinstated."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import moves
from shared.model.job import Delivery, Payload, from_epoch_ms
from shared.model.lanes import Lane, Priority
from shared.model.lifecycle import Status
from shared.model.occurrence_job import may_be_withdrawn, occurrence_job_id, replan, triggered_job, withdraw
from shared.model.retry import RetryPolicy
from shared.model.template import TemplateKey
from tests.jobs import (
    KEPT,
    RETENTION,
    SHARDING,
    START,
    a_job,
    after,
    at,
    cancel_of,
    claim_of,
    claimed,
    failed_once,
    is_accepted,
)
from tests.occurrences import TARGET, a_template, planned, replanning_of, withdrawal_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.model.job import Job

KEYS = st.builds(TemplateKey, st.sampled_from(["acme", "acme-", "b"]), st.sampled_from(["1", "t1", "t11"]))
# Not before 1973: a template is created in the present, and has no occurrence before that.
INSTANTS = st.integers(100_000_000_000, 4_102_444_800_000).map(from_epoch_ms)


def triggered() -> Job:
    return triggered_job(a_template(), "job-1", target=TARGET, payload=Payload(b"1"), now=at(5), sharding=SHARDING)


def deferred(job: Job) -> Job:
    running = claimed(job)
    return after(running, moves.defer(running, until=at(90), reason="gate_closed", now=at(61)))


def retrying(job: Job) -> Job:
    running = claimed(job)
    return after(running, failed_once(running))


def skipped(job: Job, reason: str) -> Job:
    return after(job, moves.skip(job, reason=reason, now=at(200), retention=RETENTION))


# Its id


@given(KEYS, INSTANTS, KEYS, INSTANTS)
def test_an_occurrence_has_one_id_and_another_occurrence_has_another(
    key: TemplateKey, instant: datetime, other_key: TemplateKey, other_instant: datetime
) -> None:
    same = (key, instant) == (other_key, other_instant)

    assert (occurrence_job_id(key, instant) == occurrence_job_id(other_key, other_instant)) is same


def test_an_id_is_the_same_in_every_release() -> None:
    # It is how a second planner of the same occurrence, of whatever release, meets the first one's job.
    assert occurrence_job_id(TemplateKey("acme", "t1"), at(60)) == "wb3tabjs8155p6za4hp623fj"


def test_the_id_is_of_the_nominal_instant_wherever_its_zone_and_whenever_it_runs() -> None:
    moved = planned(run_at=at(7_200))

    assert moved.id == planned().id
    assert planned(nominal_at=at(60).astimezone(ZoneInfo("Asia/Tokyo"))).id == planned().id
    assert moved.group_sk == planned().group_sk


# What it is made of


def test_the_job_of_an_occurrence_does_what_its_template_says_at_its_effective_time() -> None:
    template = a_template(
        7,
        priority=Priority.HIGH,
        timeout_seconds=45,
        expires_after_seconds=600,
        retry=RetryPolicy(max_attempts=9),
        delivery=Delivery.AT_MOST_ONCE,
    )

    job = planned(template, nominal_at=at(60), run_at=at(90), payload=Payload(b"1"), now=at(1))

    assert (job.template_id, job.template_version, job.name, job.version) == ("t1", 7, "nightly", 1)
    assert (job.status, job.fence, job.attempt) == (Status.SCHEDULED, 0, 0)
    assert (job.nominal_at, job.run_at, job.wake_at) == (at(60), at(90), at(90))
    assert (job.expires_at, job.misfire_at) == (at(690), at(150))
    assert (job.target, job.payload) == (TARGET, Payload(b"1"))
    assert (job.priority, job.timeout_seconds, job.delivery) == (Priority.HIGH, 45, Delivery.AT_MOST_ONCE)
    assert (job.expires_after_seconds, job.retry) == (600, RetryPolicy(max_attempts=9))
    assert job.due_shard is not None
    assert job.due_shard.lane is Lane.HIGH
    assert job.created_at == job.updated_at == at(1)


def test_the_jobs_of_a_template_are_listed_together_by_their_nominal_instants() -> None:
    first, second = planned(nominal_at=at(60), run_at=at(900)), planned(nominal_at=at(120))

    assert first.group_pk == second.group_pk == "acme#t/t1#0"
    assert first.group_sk < second.group_sk


def test_a_triggered_job_is_due_at_once_and_no_occurrence() -> None:
    job = triggered()

    assert (job.run_at, job.wake_at, job.nominal_at, job.misfire_at) == (at(5), at(5), None, None)
    assert (job.template_id, job.template_version, job.payload) == ("t1", 1, Payload(b"1"))
    assert not may_be_withdrawn(job, 2)


# Planned anew


def test_a_newer_version_makes_of_a_waiting_job_what_it_plans() -> None:
    job = planned()
    anew = planned(
        a_template(2, priority=Priority.HIGH, timeout_seconds=600, expires_after_seconds=60, target={"type": "task"}),
        run_at=at(90),
        payload=Payload(b"2"),
    )

    changed = after(job, replanning_of(job, anew, now=at(5)))

    assert changed == replace(anew, version=2, updated_at=at(5))


@pytest.mark.parametrize("version", [1, 2])
def test_the_same_version_or_an_older_one_plans_nothing_anew(version: int) -> None:
    job = planned(a_template(2))

    assert replan(job, planned(a_template(version)), now=START) is None


@pytest.mark.parametrize("version", [2, 3])
def test_a_plan_that_comes_after_that_of_the_same_or_a_newer_version_changes_nothing(version: int) -> None:
    job = planned()
    late = replanning_of(job, version=2)
    changed = after(job, replanning_of(job, version=version))

    assert not is_accepted(late, changed)


@pytest.mark.parametrize(
    "job",
    [
        claimed(planned()),
        retrying(planned()),
        after(planned(), cancel_of(planned())),
        skipped(planned(), "missed"),
        skipped(planned(), "expired"),
    ],
    ids=lambda job: f"{job.status} {job.reason}",
)
def test_a_job_that_has_begun_or_ended_is_not_planned_anew_nor_withdrawn(job: Job) -> None:
    assert replan(job, planned(a_template(2)), now=START) is None
    assert not may_be_withdrawn(job, 2)
    assert not is_accepted(replanning_of(planned()), job)
    assert not is_accepted(withdrawal_of(planned()), job)


def test_a_job_of_no_template_is_not_withdrawn() -> None:
    assert not may_be_withdrawn(a_job(), 2)
    assert not is_accepted(withdrawal_of(planned()), a_job())


def test_a_deferred_job_that_is_planned_anew_forgets_why_it_was_deferred_and_keeps_its_fence() -> None:
    waiting = deferred(planned())

    changed = after(waiting, replanning_of(waiting))

    assert (waiting.reason, changed.reason) == ("gate_closed", None)
    assert (changed.fence, changed.attempt, changed.version) == (1, 0, waiting.version + 1)
    assert (changed.wake_at, changed.misfire_at) == (at(60), at(120))


def test_a_message_for_the_old_time_is_stale_when_a_job_is_planned_for_another() -> None:
    job = planned()
    moved = after(job, replanning_of(job, planned(a_template(2), run_at=at(90))))

    assert not is_accepted(claim_of(job), moved)
    assert is_accepted(claim_of(moved), moved)


# Withdrawn and reinstated


def test_a_withdrawn_job_says_so_leaves_the_due_index_and_is_not_claimed() -> None:
    job = planned()

    withdrawn = after(job, withdrawal_of(job, now=at(5)))

    assert (withdrawn.status, withdrawn.reason) == (Status.SKIPPED, "withdrawn")
    assert (withdrawn.version, withdrawn.fence, withdrawn.attempt) == (2, 0, 0)
    assert (withdrawn.wake_at, withdrawn.due_shard, withdrawn.ended_at) == (None, None, at(5))
    assert not is_accepted(claim_of(job), withdrawn)


@pytest.mark.parametrize(("version", "allowed"), [(1, False), (2, False), (3, True)])
def test_only_a_newer_version_than_the_one_that_planned_a_job_withdraws_it(version: int, allowed: bool) -> None:
    job = planned(a_template(2))

    assert may_be_withdrawn(job, version) is allowed
    assert is_accepted(withdrawal_of(job, version=version), job) is allowed


@pytest.mark.parametrize("begun", [planned, lambda: deferred(planned())], ids=["never claimed", "deferred"])
def test_what_is_withdrawn_and_reinstated_is_as_planned_but_for_its_versions_and_times(
    begun: Callable[[], Job],
) -> None:
    job = begun()
    withdrawn = after(job, withdrawal_of(job, version=2, now=at(5)))
    anew = planned(a_template(3), now=at(9))

    reinstated = after(withdrawn, replanning_of(withdrawn, anew, now=at(9)))

    assert reinstated == replace(
        anew,
        version=job.version + 2,
        created_at=job.created_at,
        fence=job.fence,
        started_at=job.started_at,
    )


@pytest.mark.parametrize(("version", "allowed"), [(1, False), (2, False), (3, False), (4, True)])
def test_a_withdrawn_job_is_reinstated_by_a_newer_version_than_the_one_that_withdrew_it(
    version: int, allowed: bool
) -> None:
    withdrawn = after(planned(), withdrawal_of(planned(), version=3))

    assert (replan(withdrawn, planned(a_template(version)), now=START) is not None) is allowed


@pytest.mark.parametrize(("version", "allowed"), [(1, False), (2, False), (3, True)])
def test_the_version_that_withdrew_a_job_to_plan_it_later_for_another_time_may_reinstate_it(
    version: int, allowed: bool
) -> None:
    change = withdraw(planned(), version=3, now=START, retention=RETENTION, counts_as_version=2)
    withdrawn = after(planned(), change)

    assert (replan(withdrawn, planned(a_template(version)), now=START) is not None) is allowed


def test_such_a_withdrawal_is_not_repeated_on_what_was_reinstated() -> None:
    again = withdraw(planned(), version=3, now=START, retention=RETENTION, counts_as_version=2)
    withdrawn = after(planned(), again)
    reinstated = after(withdrawn, replanning_of(withdrawn, version=3))

    assert not is_accepted(again, reinstated)


def test_a_reinstatement_that_comes_after_a_later_withdrawal_changes_nothing() -> None:
    late = replanning_of(after(planned(), withdrawal_of(planned(), version=2)), version=3)
    withdrawn_later = after(planned(), withdrawal_of(planned(), version=4))

    assert not is_accepted(late, withdrawn_later)


@pytest.mark.parametrize("reason", ["missed", "expired"])
def test_a_reinstatement_that_comes_late_does_not_bring_back_what_was_skipped_since(reason: str) -> None:
    withdrawn = after(planned(), withdrawal_of(planned(), version=2))
    late = replanning_of(withdrawn, version=4)
    reinstated = after(withdrawn, replanning_of(withdrawn, version=3))

    assert not is_accepted(late, skipped(reinstated, reason))


def test_a_withdrawal_of_an_old_version_does_not_touch_what_was_reinstated() -> None:
    withdrawn = after(planned(), withdrawal_of(planned(), version=2))
    reinstated = after(withdrawn, replanning_of(withdrawn, version=3))

    assert not is_accepted(withdrawal_of(planned(), version=2), reinstated)


# How long it is remembered


@pytest.mark.parametrize(
    ("nominal_at", "remembered_until"),
    [(at(60), at(86_400)), (at(30 * 86_400), at(30 * 86_400))],
    ids=["soon: its creation decides", "far ahead: its nominal instant does"],
)
def test_an_id_outlives_the_instant_until_which_its_template_could_make_the_job_anew(
    nominal_at: datetime, remembered_until: datetime
) -> None:
    job = planned(nominal_at=nominal_at)

    for ended in (after(job, withdraw(job, version=2, now=at(5), retention=RETENTION)), after(job, cancel_of(job))):
        assert ended.expire_item_at == remembered_until + KEPT


def test_an_occurrence_that_ends_late_is_kept_from_its_end_on() -> None:
    running = claimed(planned(), now=at(61))
    ended_at = at(60) + timedelta(days=2)

    ended = after(running, moves.stop(running, now=ended_at, retention=RETENTION))

    assert ended.expire_item_at == ended_at + KEPT
