"""Ids of things that nobody has named: the time, then chance. They sort by the time at which they were made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from shared.model.job import encode_id, epoch_ms, from_epoch_ms

RANDOM_BYTES: Final = 9
_TIME_BYTES: Final = 6
_LENGTH: Final = (_TIME_BYTES + RANDOM_BYTES) * 8 // 5
_DIGITS: Final = {digit: number for number, digit in enumerate("0123456789abcdefghjkmnpqrstvwxyz")}
# There were no ids before.
_FIRST: Final = datetime(2026, 1, 1, tzinfo=UTC)


def minted_id(now: datetime, random: bytes) -> str:
    """The id made at `now`, of `RANDOM_BYTES` bytes of chance."""
    return encode_id(epoch_ms(now).to_bytes(_TIME_BYTES, "big") + random)


def minted_at(text: str, *, before: datetime) -> datetime | None:
    """When an id was minted; None when it says no time up to `before`, as the hash of a key or of an occurrence does.

    One hash in 9,000 for each year that there have been ids does look like a time.
    """
    if len(text) != _LENGTH or any(digit not in _DIGITS for digit in text):
        return None
    number = 0
    for digit in text:
        number = number << 5 | _DIGITS[digit]
    milliseconds = number >> RANDOM_BYTES * 8
    if not epoch_ms(_FIRST) <= milliseconds <= epoch_ms(before):
        return None
    return from_epoch_ms(milliseconds)
