"""`ports.outputs.OutputStore`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.model import limits
from shared.model.errors import StoreUnavailable
from shared.model.execution import NO_OUTPUT, Output
from tests.jobs import a_job, claimed

if TYPE_CHECKING:
    from shared.ports.outputs import OutputStore

JOB = claimed()
LONG = "ü".encode() * limits.LAST_OUTPUT_BYTES


def test_no_output_is_kept_as_none(outputs: OutputStore) -> None:
    assert outputs.keep(JOB, b"") == NO_OUTPUT


@pytest.mark.parametrize("output", [b"done", "grün".encode(), b"x" * limits.LAST_OUTPUT_BYTES])
def test_a_short_output_is_kept_with_the_execution(outputs: OutputStore, output: bytes) -> None:
    kept = outputs.keep(JOB, output)

    assert kept == Output(output.decode(), len(output))
    assert outputs.read(kept) == output


def test_a_long_output_is_put_whole_and_its_beginning_kept(outputs: OutputStore) -> None:
    kept = outputs.keep(JOB, LONG)

    assert kept.text == "ü" * (limits.LAST_OUTPUT_BYTES // 2)
    assert kept.size_bytes == len(LONG)
    assert kept.ref is not None
    assert outputs.read(kept) == LONG


def test_what_is_no_text_is_shown_as_far_as_it_is(outputs: OutputStore) -> None:
    assert outputs.keep(JOB, b"ok \xff") == Output("ok \ufffd", 4)


def test_keeping_the_same_again_changes_nothing(outputs: OutputStore) -> None:
    assert outputs.keep(JOB, LONG) == outputs.keep(JOB, LONG)


def test_every_attempt_of_every_job_has_a_name_of_its_own(outputs: OutputStore) -> None:
    jobs = [JOB, replace(JOB, fence=2), claimed(a_job(tenant="other")), claimed(a_job(job_id="another"))]
    kept = [outputs.keep(job, bytes([65 + number]) * 2_000) for number, job in enumerate(jobs)]

    assert [outputs.read(one)[:1] for one in kept] == [b"A", b"B", b"C", b"D"]


def test_an_output_that_is_gone_cannot_be_read(outputs: OutputStore) -> None:
    kept = outputs.keep(JOB, LONG)

    with pytest.raises(StoreUnavailable):
        outputs.read(replace(kept, ref="outputs/nowhere"))
