"""A job as an item, and back."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given

from shared.adapters.dynamodb import codec, schema
from shared.adapters.dynamodb.codec import decode_job, encode_job, item_bytes
from shared.model import limits, moves
from shared.model.change import Clause, Op
from shared.model.errors import UnreadableJob
from shared.model.execution import NO_OUTPUT, Failure, Output
from shared.model.job import Job, JobKey
from tests.jobs import BOOM, RETENTION, SHARDING, a_job, after, at, claimed
from tests.strategies import JOBS
from tests.witnesses import CASES


@given(JOBS)
def test_a_job_is_read_as_it_was_written(job: Job) -> None:
    assert decode_job(encode_job(job)) == job


@given(JOBS)
def test_what_a_newer_version_wrote_is_left_out(job: Job) -> None:
    item = {**encode_job(job), "from_the_future": {"SS": ["a"]}, "another": {"NULL": True}}

    assert decode_job(item) == job


@pytest.mark.parametrize(
    "written",
    [
        {"status": {"S": "hibernating"}},
        {"due_shard": {"S": "express#00"}, "wake_at": {"N": "1"}},
        {"retry": {"S": '{"backoff":"fibonacci"}'}},
        {"retry": {"S": '{"budget":7}'}},
        {"execs": {"S": '[{"n":1}]'}},
    ],
    ids=str,
)
def test_a_value_of_a_newer_version_makes_a_job_unreadable(written: dict) -> None:
    with pytest.raises(UnreadableJob):
        decode_job({**encode_job(a_job()), **written})


@given(JOBS)
def test_the_names_that_the_indexes_and_the_stream_know_are_the_schemas(job: Job) -> None:
    item = encode_job(replace(job, due_shard=a_job().due_shard, wake_at=at(1)))

    assert item[schema.DUE_SHARD] == {"S": str(a_job().due_shard)}
    assert item[schema.WAKE_AT] == {"N": str(int(at(1).timestamp() * 1000))}
    assert item[schema.STATUS] == {"S": job.status.value}


def test_every_field_of_a_job_has_an_attribute_of_its_own() -> None:
    attributes = [attribute for attribute, _ in codec.ATTRIBUTES.values()]

    assert set(codec.ATTRIBUTES) == {field.name for field in fields(Job)} - {"tenant", "id"}
    assert len(attributes) == len(set(attributes))
    assert not {schema.PK, schema.SK} & set(attributes)


def test_the_key_is_made_of_tenant_and_id_and_read_back() -> None:
    assert codec.item_key(JobKey("acme", "1")) == {"pk": {"S": "acme#1"}, "sk": {"S": "job"}}
    assert codec.job_key("acme#a#b") == JobKey("acme", "a#b")


def test_defaults_are_not_stored() -> None:
    item = encode_job(a_job())

    for field in ("priority", "timeout_seconds", "retry", "delivery", "tags", "payload", "name", "executions"):
        assert codec.ATTRIBUTES[field][0] not in item


def test_whatever_a_condition_compares_is_stored_even_when_it_is_a_default() -> None:
    # DynamoDB calls a comparison with a missing attribute false; the memory store would compare the default.
    compared = {
        clause.field
        for change in (case.change for case in CASES)
        for condition in change.when
        for clause in (getattr(condition, "clauses", None) or (condition,))
        if isinstance(clause, Clause) and clause.op is not Op.ABSENT
    }
    absent_means_none = {field.name for field in fields(Job) if field.default is None}

    item = encode_job(a_job())

    assert {"status", "version", "fence", "attempt"} <= compared
    assert {field for field in compared - absent_means_none if codec.ATTRIBUTES[field][0] not in item} == set()


@given(JOBS)
def test_an_items_size_counts_at_least_every_name_and_every_string(job: Job) -> None:
    item = encode_job(job)

    names = sum(len(name.encode()) for name in item)
    strings = sum(len(value["S"].encode()) for value in item.values() if "S" in value)
    assert item_bytes(item) >= names + strings + sum(2 for value in item.values() if "N" in value)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": "é"}, 2),
        ({"N": "7"}, 2),
        ({"N": "1767225600000"}, 8),
        ({"N": "-12"}, 2),
        ({"M": {"ref": {"S": "abc"}}}, 3 + 1 + 3 + 3),
        ({"B": b"1234"}, 4),
    ],
)
def test_a_values_size_is_the_one_that_is_paid_for(value: dict, size: int) -> None:
    assert item_bytes({"name": value}) == len("name") + size


def reference_job() -> Job:
    """What the write units of the README are counted on."""
    url = "https://api.example.com/v1/hooks/orders/0123456789abcdef0123"
    assert len(url) == 60
    return a_job(
        tenant="acme-corp",
        target={"type": "http", "url": url, "headers": {"Content-Type": "application/json"}},
        tags={"team": "billing", "env": "production"},
        run_at=at(60),
    )


OUTPUT = Output("x" * 120, 120)


def test_the_reference_job_ends_within_the_kilobyte_that_one_write_unit_pays_for() -> None:
    running = claimed(reference_job(), claim_id="c" * 16)

    ended = after(running, moves.succeed(running, output=OUTPUT, now=at(61), retention=RETENTION))

    assert item_bytes(encode_job(ended)) <= limits.KIB


def test_the_reference_job_ends_within_a_kilobyte_after_three_attempts_too() -> None:
    job = reference_job()
    for _ in range(2):
        running = claimed(job, claim_id="c" * 16)
        job = after(running, failing(running, output=NO_OUTPUT))
    running = claimed(job, claim_id="c" * 16)

    ended = after(running, moves.succeed(running, output=OUTPUT, now=at(900), retention=RETENTION))

    assert len(ended.executions) == 3
    assert item_bytes(encode_job(ended)) <= limits.KIB


def test_the_largest_job_stays_far_below_what_an_item_may_hold() -> None:
    job = reference_job()
    worst = Failure("x" * 500, "x" * 500)
    job = replace(job, retry=replace(job.retry, max_attempts=limits.MAX_ATTEMPTS + 9))
    for _ in range(limits.EXECUTIONS_KEPT + 5):
        running = claimed(job)
        job = after(
            running, failing(running, worst, Output("x" * limits.LAST_OUTPUT_BYTES, 10**6, "outputs/" + "x" * 70))
        )

    assert item_bytes(encode_job(job)) < 16 * limits.KIB


def failing(running: Job, failure: Failure = BOOM, output: Output = OUTPUT):
    return moves.fail(
        running,
        failure,
        now=running.started_at,
        chance=0.5,
        retention=RETENTION,
        sharding=SHARDING,
        output=output,
    )
