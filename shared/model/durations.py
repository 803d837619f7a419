"""Durations as clients write them: strings with a unit."""

from __future__ import annotations

import re
from typing import Final

# Largest first; each at most once.
_UNITS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_WITH_UNITS: Final = re.compile("".join(rf"(?:(\d{{1,12}}){unit})?" for unit in _UNITS), re.ASCII)
_ISO_8601: Final = re.compile(
    r"P(?:(\d{1,12})D)?(?:T(?=\d)(?:(\d{1,12})H)?(?:(\d{1,12})M)?(?:(\d{1,12})(?:\.(\d{1,3}))?S)?)?", re.ASCII
)
EXPECTED: Final = "a duration with a unit is expected, such as 30s, 1h30m, 2d or PT90S"


def parse_duration(text: str) -> int:
    """Milliseconds of `1h30m` (d, h, m, s, ms, each once and in this order) or of ISO 8601's `PT1H30M`.

    Months and years have no fixed length, and there are none.

    Raises:
        ValueError: what is wrong, in words for the client.
    """
    if match := _WITH_UNITS.fullmatch(text):
        parts = [*match.groups()]
    elif match := _ISO_8601.fullmatch(text):
        *parts, fraction = match.groups()
        parts.append((fraction or "0").ljust(3, "0"))
        if not any(match.groups()):
            raise ValueError(EXPECTED)
    else:
        raise ValueError(EXPECTED)
    if not any(parts):
        raise ValueError(EXPECTED)
    return sum(int(number) * unit for number, unit in zip(parts, _UNITS.values(), strict=True) if number)


def format_duration(milliseconds: int) -> str:
    """In the largest unit that needs no fraction: `90s`, `15m`, `1d`, `500ms`."""
    if milliseconds == 0:
        return "0s"
    unit, size = next((unit, size) for unit, size in _UNITS.items() if milliseconds % size == 0)
    return f"{milliseconds // size}{unit}"


def format_seconds(seconds: float) -> str:
    return format_duration(round(seconds * 1000))
