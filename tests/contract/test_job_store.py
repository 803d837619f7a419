"""`ports.jobs.JobStore`: creating, reading and changing jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.model import moves
from shared.model.change import Change, Clause, Op, applied
from shared.model.errors import ChangeRefused, JobNotFound
from shared.model.execution import Output
from shared.model.job import NO_PAYLOAD, Delivery, Job, JobKey
from shared.model.lanes import Priority
from shared.model.lifecycle import Move, Status
from shared.model.retry import DEFAULT_RETRY, RetryPolicy
from tests.jobs import (
    NOT_FOUND,
    RETENTION,
    SHARDING,
    START,
    TENANT,
    a_job,
    at,
    cancel_of,
    claim_of,
    claimed,
    failed_once,
)
from tests.witnesses import CASES, DEADLINE_CASES, Case

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.ports.jobs import JobStore

CLAUSES = [pytest.param(case, number, id=f"{case} {number}") for case in CASES for number in range(len(case.refused))]


def test_a_created_job_is_read_as_it_was_created(store: JobStore) -> None:
    job = a_job(
        name="nightly",
        tags={"team": "data", "umlaut": "ü"},
        payload=b'{"a":1}',
        priority=Priority.HIGH,
        timeout_seconds=45,
        expires_after_seconds=600,
        retry=RetryPolicy(max_attempts=7, retry_on=("http_5xx",)),
        delivery=Delivery.AT_MOST_ONCE,
        group="reports",
        correlation_id="order-7",
    )

    creation = store.create(job)

    assert (creation.job, creation.created) == (job, True)
    assert store.get(job.key) == job


def test_creating_a_job_again_changes_nothing_and_gives_the_one_that_is_there(store: JobStore) -> None:
    first = a_job(name="first")
    store.create(first)

    creation = store.create(replace(first, name="second"))

    assert (creation.job, creation.created) == (first, False)
    assert store.get(first.key) == first


def test_creating_a_job_again_gives_it_as_it_stands_now(store: JobStore) -> None:
    job = a_job()
    store.create(job)
    running = store.change_and_get(job.key, claim_of(job))

    creation = store.create(job)

    assert (creation.job, creation.created) == (running, False)


def test_there_is_no_job_that_was_not_created(store: JobStore) -> None:
    with pytest.raises(JobNotFound) as missing:
        store.get(JobKey(TENANT, "nobody"))

    assert missing.value.job_id == "nobody"


def test_the_state_after_a_change_is_what_the_model_says(store: JobStore) -> None:
    job = a_job()
    store.create(job)

    for change in (claim_of(job), moves.heartbeat(claimed(job), now=at(20)), failed_once(claimed(job))):
        expected = applied(change, store.get(job.key))
        assert store.change_and_get(job.key, change) == expected
        assert store.get(job.key) == expected


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_move_leaves_the_job_as_the_model_says(store: JobStore, case: Case) -> None:
    store.create(case.accepted)

    store.change(case.accepted.key, case.change)

    assert store.get(case.accepted.key) == applied(case.change, case.accepted)


@pytest.mark.parametrize(("case", "number"), CLAUSES)
def test_every_clause_of_a_moves_condition_is_asked(store: JobStore, case: Case, number: int) -> None:
    job = case.refused[number]
    store.create(job)

    with pytest.raises(ChangeRefused) as refusal:
        store.change(job.key, case.change)

    assert refusal.value.current == job
    assert store.get(job.key) == job


@pytest.mark.parametrize(("case", "number"), CLAUSES)
def test_no_other_clause_is_asked(store: JobStore, case: Case, number: int) -> None:
    job = case.refused[number]
    store.create(job)
    weakened = replace(case.change, when=case.change.when[:number] + case.change.when[number + 1 :])

    assert store.change_and_get(job.key, weakened) == applied(weakened, job)


@pytest.mark.parametrize(
    ("change", "job"),
    [pytest.param(*made, id=name) for cases in DEADLINE_CASES.values() for name, *made in cases],
)
def test_each_way_to_be_within_a_deadline_lets_a_claim_through(store: JobStore, change: Change, job: Job) -> None:
    store.create(job)

    assert store.change_and_get(job.key, change).status is Status.RUNNING


@pytest.mark.parametrize(
    ("clause", "true"),
    [
        (Clause("fence", Op.EQ, 0), True),
        (Clause("attempt", Op.LT, 1), True),
        (Clause("attempt", Op.GT, 0), False),
        (Clause("version", Op.EQ, 1), True),
        (Clause("lease_until", Op.LT, at(900)), False),
        (Clause("lease_until", Op.ABSENT), True),
        (Clause("wake_at", Op.ABSENT), False),
        (Clause("status", Op.IN, (Status.BLOCKED, Status.SCHEDULED)), True),
        (Clause("status", Op.IN, (Status.RUNNING,)), False),
        (Clause("due_shard", Op.BEGINS_WITH, "normal#"), True),
        (Clause("due_shard", Op.BEGINS_WITH, "norm#"), False),
        (Clause("due_shard", Op.BEGINS_WITH, "ormal#"), False),
    ],
    ids=lambda value: f"{value.field} {value.op.name}" if isinstance(value, Clause) else None,
)
def test_a_clause_means_the_same_in_every_store(store: JobStore, clause: Clause, true: bool) -> None:
    job = a_job()
    store.create(job)
    change = Change(move=Move.EDIT, when=(clause,), set={"name": "changed"})

    if true:
        assert store.change_and_get(job.key, change).name == "changed"
    else:
        with pytest.raises(ChangeRefused):
            store.change_and_get(job.key, change)


def test_a_refused_change_of_a_job_that_is_not_there_says_so_and_makes_none(store: JobStore) -> None:
    job = a_job()

    with pytest.raises(ChangeRefused) as refusal:
        store.change_and_get(job.key, claim_of(job))

    assert refusal.value.current is None
    with pytest.raises(JobNotFound):
        store.get(job.key)


def test_even_an_unconditional_change_makes_no_job(store: JobStore) -> None:
    with pytest.raises(ChangeRefused):
        store.change(a_job().key, Change(move=Move.EDIT, when=(), set={"name": "ghost"}))

    assert store.get_many([a_job().key], consistent=True) == []


def test_only_one_of_two_racing_claims_wins(store: JobStore) -> None:
    job = a_job()
    store.create(job)

    winner = store.change_and_get(job.key, claim_of(job, claim_id="claim-1"))
    with pytest.raises(ChangeRefused) as refusal:
        store.change_and_get(job.key, claim_of(job, claim_id="claim-2"))

    assert refusal.value.current == winner
    assert (winner.claim_id, winner.fence, winner.attempt) == ("claim-1", 1, 1)


def test_an_attempt_that_was_overtaken_changes_nothing(store: JobStore) -> None:
    job = a_job()
    store.create(job)
    zombie = store.change_and_get(job.key, claim_of(job))
    waiting = store.change_and_get(job.key, _reap(zombie, now=at(100)))
    successor = store.change_and_get(job.key, claim_of(waiting, claim_id="claim-2"))

    for change in _whatever_an_attempt_writes(zombie):
        with pytest.raises(ChangeRefused):
            store.change(job.key, change)

    assert store.get(job.key) == successor


def _defer(job: Job) -> Change:
    return moves.defer(job, until=at(9), reason="gate_closed", now=at(1))


@pytest.mark.parametrize(
    "endings",
    [
        (lambda job: moves.succeed(job, output=Output(), now=at(1), retention=RETENTION),),
        (lambda job: failed_once(job, failure=NOT_FOUND),),
        (lambda job: moves.stop(job, now=at(1), retention=RETENTION),),
        (failed_once,),
        (_defer,),
        (lambda job: moves.decline(job, reason="gate_closed", now=at(1), retention=RETENTION),),
        (_defer, lambda job: moves.skip(job, reason="expired", now=at(9), retention=RETENTION)),
    ],
    ids=["succeeded", "failed", "cancelled", "waiting for a retry", "deferred", "declined", "skipped"],
)
def test_an_attempt_that_has_ended_changes_nothing(
    store: JobStore, endings: tuple[Callable[[Job], Change], ...]
) -> None:
    job = a_job()
    store.create(job)
    ended = running = store.change_and_get(job.key, claim_of(job))
    for ending in endings:
        ended = store.change_and_get(job.key, ending(ended))

    for change in _whatever_an_attempt_writes(running):
        with pytest.raises(ChangeRefused):
            store.change(job.key, change)

    assert store.get(job.key) == ended


def _whatever_an_attempt_writes(job: Job) -> list[Change]:
    """Each move that is made in the name of the attempt that holds `job`, by its executor and by the watcher."""
    last_one = replace(job, retry=RetryPolicy(max_attempts=1))
    cancelled = replace(job, cancel_requested_at=at(5))
    return [
        moves.heartbeat(job, now=at(900)),
        moves.defer(job, until=at(960), reason="gate_closed", now=at(900)),
        moves.decline(job, reason="gate_closed", now=at(900), retention=RETENTION),
        moves.succeed(job, output=Output("late", 4), now=at(900), retention=RETENTION),
        moves.stop(job, now=at(900), retention=RETENTION),
        *(failed_once(one, now=at(900)) for one in (job, last_one, cancelled)),
        *(_reap(one, now=at(900)) for one in (job, last_one, cancelled)),
    ]


def _reap(job: Job, *, now: datetime) -> Change:
    return moves.reap(job, now=now, chance=0, retention=RETENTION, sharding=SHARDING)


def test_an_edit_back_to_defaults_leaves_no_trace(store: JobStore) -> None:
    plain = a_job(run_at=at(60))
    fancy = replace(
        plain,
        name="named",
        tags={"a": "b"},
        retry=RetryPolicy(max_attempts=9),
        payload=replace(NO_PAYLOAD, data=b"1"),
        expires_after_seconds=30,
        expires_at=at(90),
    )
    store.create(fancy)
    defaults = {
        "name": None,
        "tags": {},
        "retry": DEFAULT_RETRY,
        "payload": NO_PAYLOAD,
        "expires_after_seconds": None,
        "run_at": plain.run_at,
    }

    changed = store.change_and_get(fancy.key, moves.edit(fancy, defaults, now=START, sharding=SHARDING))

    assert changed == replace(plain, version=2)


def test_a_field_that_is_removed_reads_as_its_default(store: JobStore) -> None:
    job = a_job(name="named", tags={"a": "b"}, priority=Priority.HIGH)
    store.create(job)
    first_version = Clause("version", Op.EQ, 1)
    removal = Change(move=Move.EDIT, when=(first_version,), set={"name": None, "tags": None, "priority": None})

    changed = store.change_and_get(job.key, removal)

    assert (changed.name, changed.tags, changed.priority) == (None, {}, Priority.NORMAL)
    assert store.get(job.key) == changed


def test_many_jobs_are_read_at_once_in_the_order_asked_for(store: JobStore) -> None:
    jobs = [a_job(job_id=f"job-{number:03d}") for number in range(230)]
    for job in jobs:
        store.create(job)
    wanted = [*jobs[::-2], *jobs[::2]]

    found = store.get_many([job.key for job in wanted], consistent=True)

    assert found == wanted


def test_jobs_that_are_not_there_are_left_out(store: JobStore) -> None:
    job = a_job()
    store.create(job)

    keys = [JobKey(TENANT, "a"), job.key, JobKey(TENANT, "b")]

    assert store.get_many(keys, consistent=False) == [job]
    assert store.get_many([], consistent=True) == []


def test_a_job_that_is_asked_for_twice_is_given_twice(store: JobStore) -> None:
    job = a_job()
    store.create(job)

    assert store.get_many([job.key, job.key], consistent=True) == [job, job]


def test_two_tenants_may_have_jobs_of_one_id_and_never_see_one_anothers(store: JobStore) -> None:
    mine, theirs = a_job(name="mine"), a_job(tenant="other", name="theirs")

    assert store.create(mine).created
    assert store.create(theirs).created

    assert store.get(mine.key).name == "mine"
    assert store.get(theirs.key).name == "theirs"
    store.change(mine.key, cancel_of(mine))
    assert store.get(theirs.key) == theirs
    assert store.get_many([mine.key, theirs.key], consistent=True)[1] == theirs


def test_no_tenants_name_reaches_into_anothers_key(store: JobStore) -> None:
    store.create(a_job(tenant="a", job_id="b-1"))

    with pytest.raises(JobNotFound):
        store.get(JobKey("a-b", "1"))
    with pytest.raises(JobNotFound):
        store.get(JobKey("a", "b"))
