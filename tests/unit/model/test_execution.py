from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import limits
from shared.model.execution import Execution, Outcome, Output, clip
from tests.jobs import START, at


@given(st.text(st.characters()), st.integers(0, 60))
def test_clipped_text_fits_and_can_be_sent_to_any_service(text: str, max_bytes: int) -> None:
    assert len(clip(text, max_bytes).encode()) <= max_bytes


@given(st.text(st.characters(codec="utf-8")), st.integers(0, 60))
def test_clipping_keeps_the_longest_beginning_that_fits(text: str, max_bytes: int) -> None:
    clipped = clip(text, max_bytes)

    assert text.startswith(clipped)
    if clipped != text:
        assert len((clipped + text[len(clipped)]).encode()) > max_bytes


@pytest.mark.parametrize(
    ("text", "max_bytes", "clipped"),
    [("abc", 3, "abc"), ("abcd", 3, "abc"), ("aé", 2, "a"), ("aé", 3, "aé"), ("😀", 3, ""), ("", 0, "")],
)
def test_a_character_is_kept_whole_or_not_at_all(text: str, max_bytes: int, clipped: str) -> None:
    assert clip(text, max_bytes) == clipped


def test_what_has_no_utf_8_is_replaced() -> None:
    # From a file name or an argument of the operating system, by way of an exception's text.
    assert clip("no such file: \udcff", 100) == "no such file: ?"


def test_an_older_execution_keeps_the_beginning_of_its_output_only() -> None:
    output = Output("x" * limits.LAST_OUTPUT_BYTES, 5_000, "outputs/1")
    execution = Execution(
        attempt=1, fence=1, started_at=START, ended_at=at(1), outcome=Outcome.SUCCEEDED, output=output
    )

    shortened = execution.shortened()

    assert shortened.output == Output("x" * limits.OLDER_OUTPUT_BYTES, 5_000, "outputs/1")
    assert shortened.attempt == execution.attempt
