from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0s", 0),
        ("500ms", 500),
        ("90s", 90_000),
        ("10m", 600_000),
        ("1h30m", 5_400_000),
        ("1d2h3m4s5ms", 93_784_005),
        ("PT90S", 90_000),
        ("PT0.25S", 250),
        ("P1DT1H", 90_000_000),
        ("PT1H30M", 5_400_000),
    ],
)
def test_a_duration_is_a_number_with_a_unit(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize(
    "text", ["", "5", "s", "5 s", "-5s", "+5s", "5S", "1m1h", "1h1h", "1.5h", "P", "PT", "P1M", "P1W", "P1Y", "\u0665s"]
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="duration with a unit"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**12))
def test_what_is_answered_can_be_sent_again(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds)) == milliseconds


@pytest.mark.parametrize("text", ["0s", "30s", "5s", "90s", "15m", "1h", "1d", "500ms"])
def test_common_durations_are_answered_as_they_were_sent(text: str) -> None:
    assert format_duration(parse_duration(text)) == text
