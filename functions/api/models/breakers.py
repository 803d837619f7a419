"""What clients send about circuit breakers."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, PlainValidator

from functions.api.models.fields import DurationBetween, Note, Shape
from shared.model import limits

_OPEN: Final = DurationBetween(1, limits.MAX_BREAKER_OPEN_SECONDS)
OpenSpan = Annotated[int, PlainValidator(_OPEN), _OPEN.schema()]


class CloseBreaker(Shape):
    """What is said about a breaker that is closed by hand."""

    note: Note | None = Field(default=None, description="Why, for people.")


class OpenBreaker(CloseBreaker):
    """For how long a breaker is opened by hand. null is the same as leaving a member out."""

    duration: OpenSpan | None = Field(
        default=None,
        alias="for",
        description="How long jobs wait before one of them is let through to find out. Default: 1h.",
    )
