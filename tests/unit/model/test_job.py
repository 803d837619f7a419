from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.job import (
    Delivery,
    JobKey,
    JobSpec,
    Payload,
    attention_partition,
    encode_id,
    epoch_ms,
    from_epoch_ms,
    group_partition,
    idempotent_job_id,
    new_job,
    start_deadline,
)
from shared.model.lanes import DueShard, Lane, Priority, spread
from shared.model.lifecycle import Status
from shared.model.retry import RetryPolicy
from tests.jobs import ID, SHARDING, START, TENANT, a_job, at, claimed, failed_once
from tests.strategies import NAMES, TEXT

KEYS = st.tuples(NAMES, TEXT, st.none() | st.integers(0, 999))


def test_a_new_job_is_scheduled_and_wakes_when_it_is_to_run() -> None:
    job = a_job(run_at=at(60))

    assert job.status is Status.SCHEDULED
    assert job.wake_at == job.run_at == at(60)
    assert (job.version, job.fence, job.attempt) == (1, 0, 0)
    assert job.created_at == job.updated_at == START
    assert job.executions == ()


def test_a_new_job_is_what_its_spec_asks_for() -> None:
    spec = JobSpec(
        target={"type": "task", "name": "report"},
        run_at=at(60),
        name="nightly",
        tags={"team": "data"},
        payload=b'{"a":1}',
        priority=Priority.HIGH,
        timeout_seconds=45,
        expires_after_seconds=600,
        retry=RetryPolicy(max_attempts=7),
        delivery=Delivery.AT_MOST_ONCE,
        group="reports",
        correlation_id="order-7",
    )

    job = new_job(spec, key=JobKey(TENANT, ID), now=START, sharding=SHARDING, fingerprint="digest")

    same = ("target", "run_at", "name", "tags", "priority", "timeout_seconds", "expires_after_seconds", "retry")
    for field in (*same, "delivery", "group", "correlation_id"):
        assert getattr(job, field) == getattr(spec, field)
    assert job.payload == Payload(b'{"a":1}')
    assert job.expires_at == at(660)
    assert job.fingerprint == "digest"


def test_a_job_waits_in_the_shard_of_its_lane_and_is_listed_in_its_group() -> None:
    job = a_job(timeout_seconds=61, group="reports")

    assert job.due_shard == DueShard(Lane.LONG, spread(f"acme#{ID}", SHARDING.due))
    assert job.group_pk == f"acme#g/reports#{spread(ID, SHARDING.group)}"
    assert job.group_sk == f"{epoch_ms(START):013d}#{ID[-8:]}"


def test_no_group_can_be_taken_for_the_jobs_without_one() -> None:
    assert group_partition("acme", None, 1) == "acme#adhoc#1"
    assert group_partition("acme", "adhoc", 1) != group_partition("acme", None, 1)


@given(st.tuples(NAMES, st.none() | TEXT, st.integers(0, 99)), st.tuples(NAMES, st.none() | TEXT, st.integers(0, 99)))
def test_two_groups_never_share_a_partition(one: tuple, other: tuple) -> None:
    assert (group_partition(*one) == group_partition(*other)) == (one == other)


@given(st.tuples(NAMES, st.integers(0, 99)), st.tuples(NAMES, st.integers(0, 99)))
def test_two_tenants_never_share_a_partition_of_failed_jobs(one: tuple, other: tuple) -> None:
    assert (attention_partition(*one) == attention_partition(*other)) == (one == other)


def test_there_is_a_start_deadline_only_when_one_was_asked_for() -> None:
    assert start_deadline(START, None) is None
    assert start_deadline(START, 0) == START
    assert start_deadline(START, 90) == at(90)


def test_a_target_gets_the_same_idempotency_key_on_every_attempt_and_no_other_tenants() -> None:
    first = claimed()

    assert first.idempotency_key == replace(first, attempt=2, fence=2).idempotency_key
    assert first.idempotency_key != claimed(a_job(tenant="other")).idempotency_key


def test_an_execution_is_found_by_its_fence() -> None:
    running = claimed()
    job = replace(running, executions=failed_once(running).set["executions"])

    assert job.execution(1) == job.executions[0]
    assert job.execution(2) is None


def test_a_log_line_names_the_job_by_its_own_id_when_no_correlation_id_was_given() -> None:
    assert a_job().identity()["correlation_id"] == ID
    assert a_job(correlation_id="order-7").identity()["correlation_id"] == "order-7"


@given(KEYS, KEYS)
def test_two_idempotent_creates_share_an_id_only_when_they_are_the_same(one: tuple, other: tuple) -> None:
    assert (idempotent_job_id(*one) == idempotent_job_id(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "bc"), ("ab", "c")),
        (("a", "k1"), ("a", "k", 1)),
        (("a", "k", 11), ("a", "k1", 1)),
        (("a", "k\0001"), ("a", "k", 1)),
        (("a", "k\0"), ("a", "k")),
        (("a", "k", 0), ("a", "k")),
    ],
)
def test_tenant_key_and_index_do_not_run_into_one_another(one: tuple, other: tuple) -> None:
    assert idempotent_job_id(*one) != idempotent_job_id(*other)


def test_ids_that_were_given_out_never_change() -> None:
    # An Idempotency-Key must name the same job after a deployment as before.
    assert idempotent_job_id("acme", "order-7") == "q5hfbqahqsnbgyb53ktyha7q"
    assert idempotent_job_id("acme", "order-7", 3) == "1mvs6jx2z6t75s671gka28v9"


@given(st.binary(min_size=15, max_size=15), st.binary(min_size=15, max_size=15))
def test_encoded_ids_are_short_distinct_and_in_the_order_of_their_bytes(one: bytes, other: bytes) -> None:
    first, second = encode_id(one), encode_id(other)

    assert len(first) == len(second) == 24
    assert set(first) <= set("0123456789abcdefghjkmnpqrstvwxyz")
    assert (first < second) == (one < other)
    assert (first == second) == (one == other)


@given(st.integers(-(10**12), 10**13))
def test_a_time_is_read_as_it_was_written(milliseconds: int) -> None:
    assert epoch_ms(from_epoch_ms(milliseconds)) == milliseconds


def test_times_are_kept_in_whole_milliseconds_whatever_their_zone() -> None:
    zone = timezone(timedelta(hours=2))

    assert epoch_ms(datetime(1970, 1, 1, 2, 0, 1, 999, tzinfo=zone)) == 1_000
