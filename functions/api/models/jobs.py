"""What clients send about jobs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from functions.api.models.fields import (
    CorrelationId,
    Delay,
    ExpiresAfter,
    Group,
    HeartbeatTimeout,
    Name,
    PriorityName,
    Shape,
    TagKey,
    TagValue,
    Time,
    Timeout,
    refusal,
)
from functions.api.models.retries import Retry  # noqa: TC001 (pydantic reads the annotations)
from functions.api.models.targets import Target  # noqa: TC001 (pydantic reads the annotations)
from shared.model import limits

DeliveryName = Literal["at_least_once", "at_most_once"]
CompletionName = Literal["response", "callback"]
DELIVERY: Any = Field(
    default=None,
    description="at_most_once: the work begins once at the most, so max_attempts is 1, and a lost attempt is not "
    "repeated. Default: at_least_once.",
)


class When(Shape):
    """When a job runs: at a time or after a delay; neither means now."""

    run_at: Time | None = Field(default=None, description="When the job runs. Neither run_at nor delay: now.")
    delay: Delay | None = Field(default=None, description="How long from now until the job runs, instead of run_at.")

    @model_validator(mode="after")
    def _one_of_both(self) -> When:
        if self.run_at is not None and self.delay is not None:
            raise refusal("contradiction", "either run_at or delay, not both", "delay")
        return self


class Labelled(Shape):
    """By what people and lists find something."""

    name: Name | None = Field(default=None, description="For people; need not be unique.")
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=limits.MAX_TAGS)] | None = Field(
        default=None, description="Labels that lists filter by (tag=key:value)."
    )


class Work(Shape):
    """What is done when the time has come. null is the default of each member."""

    target: Target | None = Field(default=None, description="What is called when the job runs.")
    payload: Any = Field(default=None, description="Any JSON value, handed to the target. Default: none.")
    priority: PriorityName | None = Field(
        default=None, description="Which queue the job goes through. Default: normal."
    )
    timeout: Timeout | None = Field(
        default=None,
        description="How long one attempt may take: up to 14m, with completion: callback up to 7d. Jobs whose calls "
        "take over a minute have a queue of their own. Default: 30s.",
    )
    completion: CompletionName | None = Field(
        default=None,
        description="What ends an attempt. response: the target's answer. callback: whoever does the work reports the "
        "end with the lease token that the target is handed; its answer, within a minute, only accepts the work. "
        "Default: response.",
    )
    heartbeat_timeout: HeartbeatTimeout | None = Field(
        default=None,
        description="With completion: callback: how long nobody may be heard of before the attempt counts as lost. "
        "Default: 5m.",
    )
    expires_after: ExpiresAfter | None = Field(
        default=None,
        description="Start deadline: if the first attempt has not begun so long after run_at, the job is skipped. "
        "Default: none.",
    )
    retry: Retry | None = Field(default=None, description="How failed attempts are followed by others.")


class JobPatch(Work, Labelled, When):
    """What may be changed of a waiting job. null takes a member back to its default; not so `run_at`, `delay`."""


class NewJob(JobPatch):
    """A job to create. All but `target` is optional; null is the same as leaving a member out."""

    target: Target = Field(description="What is called when the job runs.")
    delivery: DeliveryName | None = DELIVERY
    group: Group | None = Field(
        default=None, description="A name for a list of its own (GET /v1/jobs?group=…). Default: the list without one."
    )
    correlation_id: CorrelationId | None = Field(
        default=None, description="Goes into each log line and call of the job. Default: X-Correlation-Id, else its id."
    )


class Reschedule(When):
    """A new time for a waiting job: `run_at` or `delay`."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Reschedule:
        if self.run_at is None and self.delay is None:
            raise refusal("required", "run_at or delay is needed", "run_at")
        return self


class NewJobs(Shape):
    """Many jobs to create in one call; each is judged on its own."""

    jobs: Annotated[list[NewJob], Field(min_length=1, max_length=limits.MAX_BULK_JOBS)] = Field(
        description="What POST /v1/jobs takes, up to so many times."
    )
