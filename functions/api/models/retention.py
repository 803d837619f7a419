"""What clients send about the retention of their jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, PlainValidator

from functions.api.models.faults import validated
from functions.api.models.fields import DurationBetween, Shape
from functions.api.refusals import FieldError, ValidationFailed
from shared.model import limits
from shared.model.tenant_retention import ENDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.model.lifecycle import Status
    from shared.model.retention import RetentionBounds

# No deployment's bounds are wider; its own are asked for when the body is read.
_ANY_DAYS: Final = DurationBetween(0, limits.MAX_RETENTION_DAYS * limits.DAY_SECONDS)
_Kept = Annotated[float, PlainValidator(_ANY_DAYS), _ANY_DAYS.schema()]


class WantedRetention(Shape):
    """How long jobs stay in the table after they have ended, by how they end: whole days, within the bounds that `GET`
    answers. What is left out is the deployment's default."""

    succeeded: _Kept | None = Field(default=None, description="Jobs that succeeded.", examples=["7d"])
    failed: _Kept | None = Field(default=None, description="Jobs that failed for good: dead letters.", examples=["90d"])
    cancelled: _Kept | None = Field(default=None, description="Jobs that a client cancelled.", examples=["30d"])
    skipped: _Kept | None = Field(
        default=None, description="Jobs that did not run, with their reason.", examples=["30d"]
    )


def read_retention(body: Mapping[str, Any], bounds: RetentionBounds) -> Mapping[Status, int]:
    """The days that are asked for.

    Raises:
        ValidationFailed: with everything that is wrong.
    """
    wanted = validated(WantedRetention, body)
    seconds = {end: value for end in ENDS if (value := getattr(wanted, end)) is not None}
    faults = [
        FieldError(f"/{end}", "out-of-range", f"whole days from {bounds.minimum_days}d to {bounds.maximum_days}d")
        for end, value in seconds.items()
        if bounds.nearest(int(value // limits.DAY_SECONDS)) * limits.DAY_SECONDS != value
    ]
    if faults:
        raise ValidationFailed(faults)
    return {end: int(value // limits.DAY_SECONDS) for end, value in seconds.items()}
