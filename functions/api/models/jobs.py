"""What clients send about jobs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from functions.api.models.fields import (
    CorrelationId,
    Delay,
    ErrorName,
    ExpiresAfter,
    Group,
    InitialDelay,
    MaxDelay,
    Name,
    PriorityName,
    Shape,
    TagKey,
    TagValue,
    Time,
    Timeout,
    refusal,
)
from functions.api.models.targets import Target  # noqa: TC001 (pydantic reads the annotations)
from shared.model import limits


class Retry(Shape):
    """How a failed attempt is followed by another."""

    max_attempts: Annotated[int, Field(ge=1, le=limits.MAX_ATTEMPTS)] = 3
    backoff: Literal["exponential"] = "exponential"
    initial: InitialDelay = Field(default=5.0, json_schema_extra={"default": "5s"})
    multiplier: Annotated[float, Field(ge=1, le=limits.MAX_MULTIPLIER, allow_inf_nan=False)] = 2.0
    max_delay: MaxDelay = Field(default=900.0, json_schema_extra={"default": "15m"})
    jitter: Literal["full", "none"] = "full"
    retry_on: list[ErrorName] = Field(default_factory=list, max_length=limits.MAX_RETRY_ON)


class When(Shape):
    """When a job runs: at a time or after a delay; neither means now."""

    run_at: Time | None = None
    delay: Delay | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> When:
        if self.run_at is not None and self.delay is not None:
            raise refusal("contradiction", "either run_at or delay, not both")
        return self


class JobPatch(When):
    """What may be changed of a job while it waits. null takes a member back to its default."""

    name: Name | None = None
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=limits.MAX_TAGS)] | None = None
    target: Target | None = None
    payload: Any = None
    priority: PriorityName | None = None
    timeout: Timeout | None = None
    expires_after: ExpiresAfter | None = None
    retry: Retry | None = None


class NewJob(JobPatch):
    """A job to create. All but `target` is optional; null is the same as leaving a member out."""

    target: Target
    delivery: Literal["at_least_once", "at_most_once"] | None = None
    group: Group | None = None
    correlation_id: CorrelationId | None = None


class Reschedule(When):
    """A new time for a waiting job: `run_at` or `delay`."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Reschedule:
        if self.run_at is None and self.delay is None:
            raise refusal("required", "run_at or delay is needed")
        return self


class NewJobs(Shape):
    """Many jobs to create in one call; each is judged on its own."""

    jobs: Annotated[list[NewJob], Field(min_length=1, max_length=limits.MAX_BULK_JOBS)]
