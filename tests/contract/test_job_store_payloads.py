"""`ports.jobs.JobStore`: payloads, wherever they lie."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.model import limits
from shared.model.errors import PayloadUnavailable
from shared.model.job import NO_PAYLOAD, Payload
from tests.jobs import a_job

if TYPE_CHECKING:
    from shared.ports.jobs import JobStore

SMALL = b'{"order":7}'
MEDIUM = b'"' + b"x" * 2_000 + b'"'
LARGE = b'"' + b"x" * limits.TABLE_PAYLOAD_BYTES + b'"'
UMLAUTS = '"ü😀"'.encode()


@pytest.mark.parametrize(
    "data", [SMALL, MEDIUM, LARGE, UMLAUTS, b"null"], ids=["small", "medium", "large", "umlauts", "null"]
)
def test_a_payload_is_read_as_it_was_given_whatever_its_size(store: JobStore, data: bytes) -> None:
    job = store.place_payload(a_job(payload=data))
    store.create(job)

    assert store.load_payload(store.get(job.key)) == data


def test_a_small_payload_stays_in_the_job(store: JobStore) -> None:
    assert store.place_payload(a_job(payload=SMALL)).payload == Payload(SMALL)


@pytest.mark.parametrize("data", [MEDIUM, LARGE], ids=["medium", "large"])
def test_a_job_names_where_its_larger_payload_lies(store: JobStore, data: bytes) -> None:
    placed = store.place_payload(a_job(payload=data))

    assert placed.payload.data is None
    assert placed.payload.ref is not None
    assert replace(placed, payload=Payload(data)) == a_job(payload=data)


def test_a_job_without_a_payload_has_none(store: JobStore) -> None:
    job = store.place_payload(a_job())
    store.create(job)

    assert job.payload == NO_PAYLOAD
    assert store.load_payload(store.get(job.key)) is None


@pytest.mark.parametrize("data", [MEDIUM, LARGE], ids=["medium", "large"])
def test_placing_the_same_payload_again_changes_nothing(store: JobStore, data: bytes) -> None:
    job = a_job(payload=data)

    assert store.place_payload(job) == store.place_payload(job)
    assert store.load_payload(store.place_payload(job)) == data


@pytest.mark.parametrize("data", [MEDIUM, LARGE], ids=["medium", "large"])
def test_another_payload_lies_elsewhere_so_that_nobody_reads_half_an_edit(store: JobStore, data: bytes) -> None:
    before = store.place_payload(a_job(payload=data))

    after = store.place_payload(a_job(payload=data.replace(b"x", b"y")))

    assert after.payload != before.payload
    assert store.load_payload(before) == data


def test_a_payload_can_be_placed_before_there_is_a_job_and_makes_none(store: JobStore) -> None:
    placed = store.place_payload(a_job(payload=MEDIUM))

    assert store.get_many([placed.key], consistent=True) == []


@pytest.mark.parametrize("data", [MEDIUM, LARGE], ids=["medium", "large"])
def test_a_payload_that_is_not_there_is_unavailable(store: JobStore, data: bytes) -> None:
    placed = store.place_payload(a_job(payload=data))
    assert placed.payload.ref is not None
    lost = replace(placed, payload=Payload(ref=placed.payload.ref[:-4] + "0000"))

    with pytest.raises(PayloadUnavailable) as unavailable:
        store.load_payload(lost)

    assert unavailable.value.retry_helps


def test_no_tenant_reads_anothers_payload_item(store: JobStore) -> None:
    mine = store.place_payload(a_job(payload=MEDIUM))

    with pytest.raises(PayloadUnavailable):
        store.load_payload(replace(mine, tenant="other"))
