"""What clients send about alerts."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, PlainValidator, model_validator

from functions.api.models.fields import DurationBetween, Note, Shape, Time, refusal
from shared.model import limits

_SILENCE: Final = DurationBetween(1, limits.MAX_SILENCE_SECONDS)
SilenceSpan = Annotated[int, PlainValidator(_SILENCE), _SILENCE.schema()]


class MoveAlert(Shape):
    """What is said about an alert that is moved by hand. null is the same as leaving a member out."""

    note: Note | None = Field(default=None, description="Why, for people; kept in the history.")


class SilenceAlert(MoveAlert):
    """For how long nobody is told anything about an alert: exactly one of `until` and `for`."""

    until: Time | None = Field(default=None, description="In the future, at most 31 days ahead.")
    duration: SilenceSpan | None = Field(default=None, alias="for", description="How long from now.")

    @model_validator(mode="after")
    def _one(self) -> SilenceAlert:
        if (self.until is None) == (self.duration is None):
            code = "required" if self.until is None else "contradiction"
            raise refusal(code, "exactly one of until and for is expected", "until")
        return self
