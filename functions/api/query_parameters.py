"""What query parameters mean that several lists take. Each function raises `InvalidParameter`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.api.refusals import InvalidParameter
from shared.model import limits
from shared.model.times import parse_time

if TYPE_CHECKING:
    from datetime import datetime


def tag_of(text: str) -> tuple[str, str]:
    """`key:value` as a pair."""
    key, colon, value = text.partition(":")
    if not (colon and 0 < len(key) <= limits.MAX_TAG_KEY_LENGTH and len(value) <= limits.MAX_TAG_VALUE_LENGTH):
        raise InvalidParameter("tag", "key:value is expected, such as team:ops")
    return key, value


def time_of(parameters: dict[str, list[str]], name: str) -> datetime | None:
    """The time that a parameter gives; None where it is left out."""
    text = only(parameters, name)
    try:
        return None if text is None else parse_time(text)
    except ValueError as error:
        # A form's `+` is a space: the offset of +01:00 arrives as one.
        hint = "; in a query, + is written %2B" if text is not None and " " in text else ""
        raise InvalidParameter(name, f"{error}{hint}") from None


def limit_of(parameters: dict[str, list[str]]) -> int:
    """How many things a list is to hold."""
    text = only(parameters, "limit")
    if text is None:
        return limits.DEFAULT_LIST_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= limits.MAX_LIST_LIMIT):
        raise InvalidParameter("limit", f"1 to {limits.MAX_LIST_LIMIT} is expected")
    return int(text)


def only(parameters: dict[str, list[str]], name: str) -> str | None:
    """The value of a parameter that is not repeated; None where it is left out."""
    values = parameters.get(name)
    return values[0] if values else None
