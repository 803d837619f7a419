from __future__ import annotations

from datetime import timedelta

import pytest

from shared.adapters.system import SystemIds
from shared.model.job import encode_id, hashed_id
from shared.model.minted_id import RANDOM_BYTES, minted_at, minted_id
from tests.jobs import START, at


def test_an_id_tells_when_it_was_minted() -> None:
    assert minted_at(SystemIds().job_id(at(1.234)), before=at(2)) == at(1.234)


@pytest.mark.parametrize("random", [bytes(RANDOM_BYTES), b"\xff" * RANDOM_BYTES])
def test_chance_is_no_part_of_the_time(random: bytes) -> None:
    assert minted_at(minted_id(START, random), before=START) == START


def test_an_id_of_the_future_tells_nothing() -> None:
    assert minted_at(SystemIds().job_id(at(1)), before=START) is None


def test_an_id_of_before_there_were_any_tells_nothing() -> None:
    assert minted_at(SystemIds().job_id(START - timedelta(days=365)), before=START) is None


@pytest.mark.parametrize("text", ["", "u" * 24, "0" * 24, "z" * 24, encode_id(b"short"), "Z" * 24])
def test_what_is_no_minted_id_tells_nothing(text: str) -> None:
    assert minted_at(text, before=START) is None


def test_of_hashes_hardly_any_looks_like_a_time() -> None:
    dates = [minted_at(hashed_id("acme", str(number)), before=START) for number in range(2_000)]

    assert sum(date is not None for date in dates) <= 3
