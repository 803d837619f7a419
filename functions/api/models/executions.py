"""What whoever does the work of an attempt sends."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator, StringConstraints

from functions.api.models.fields import DurationBetween, ErrorName, Shape
from shared.model import limits

_RETRY_AFTER: Final = DurationBetween(0, limits.MAX_RETRY_AFTER_SECONDS, whole=False)
RetryAfter = Annotated[float, PlainValidator(_RETRY_AFTER), _RETRY_AFTER.schema()]
_OUTPUT: Any = Field(default=None, description="What the work put out: a text as it is, any other value as its JSON.")


class NewCheckpoint(Shape):
    """How far the work is."""

    checkpoint: Any = Field(
        description=f"Any JSON value, of {limits.MAX_CHECKPOINT_BYTES // limits.KIB} KB at most; up to "
        f"{limits.INLINE_CHECKPOINT_BYTES // limits.KIB} KB are the fastest. It takes the place of the former one."
    )


class Completed(Shape):
    """The work is done."""

    output: Any = _OUTPUT


class ReportedError(Shape):
    """Why the work failed."""

    type: ErrorName = Field(default="failed", description="One word for programs, which a retry policy can name.")
    message: Annotated[str, StringConstraints(max_length=2_000)] = Field(
        default="", description=f"A sentence for people; the first {limits.ERROR_MESSAGE_LENGTH} bytes are kept."
    )


class Failed(Shape):
    """The work has failed."""

    error: ReportedError = Field(default_factory=ReportedError, description="Why.")
    retryable: bool = Field(
        default=True,
        description="Whether another attempt may help. A retry policy that names errors has the last word.",
    )
    retry_after: RetryAfter | None = Field(default=None, description="How long the next attempt waits at the least.")
    output: Any = _OUTPUT
