"""What clients send about retries, and the policy that it comes to."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Final, Literal

from pydantic import Field

from functions.api.models.fields import ErrorName, GiveUpAfter, InitialDelay, MaxDelay, Shape
from functions.api.refusals import invalid_field
from shared.model import limits
from shared.model.job import Delivery
from shared.model.retry import Backoff, Jitter, RetryPolicy

ErrorNames = Annotated[list[ErrorName], Field(max_length=limits.MAX_RETRY_ON)]


class Retry(Shape):
    """How a failed attempt is followed by another."""

    max_attempts: int = Field(
        default=3,
        ge=1,
        le=limits.MAX_ATTEMPTS,
        description="How many attempts there may be in all, the first included. Default with delays: one more than "
        "there are of them.",
    )
    backoff: Literal["exponential", "fixed", "ladder"] = Field(
        default="exponential",
        description="exponential: the delay after attempt n is initial · multiplier^(n - 1), at most max_delay. "
        "fixed: it is initial each time. ladder: those in delays, one after the other. Default with delays: ladder.",
    )
    initial: InitialDelay = Field(
        default=5.0,
        json_schema_extra={"default": "5s"},
        description="The delay after the first attempt (exponential), or after each (fixed).",
    )
    multiplier: float = Field(
        default=2.0,
        ge=1,
        le=limits.MAX_MULTIPLIER,
        allow_inf_nan=False,
        description="By how much each further delay is longer (exponential).",
    )
    max_delay: MaxDelay = Field(
        default=900.0,
        json_schema_extra={"default": "15m"},
        description="The longest delay, before jitter (exponential).",
    )
    delays: Annotated[list[MaxDelay], Field(min_length=1, max_length=limits.MAX_DELAYS)] | None = Field(
        default=None,
        description="The delay after the first attempt, the second, and so on; the last of them repeats (ladder).",
        examples=[["10s", "1m", "10m", "1h"]],
    )
    jitter: Literal["full", "none"] | None = Field(
        default=None,
        description="full: each delay is random between zero and the computed one. none: exactly that. Default: full "
        "with exponential, none otherwise.",
    )
    retry_on: ErrorNames = Field(
        default_factory=list,
        description="Which errors are worth another attempt: types (timed_out, lost, http_503, exit_75) or families "
        "(http_5xx). Empty: the target says which.",
    )
    never_retry_on: ErrorNames = Field(
        default_factory=list,
        description="Which errors end the job at once, named in the same way, whatever retry_on or the target says.",
    )
    give_up_after: GiveUpAfter | None = Field(
        default=None,
        description="No attempt begins so long after the first one did, or later: the job then fails for the reason "
        "time_exhausted. Default: no such limit.",
    )


# What goes with one kind of backoff only.
_OF_A_KIND: Final = {
    "initial": {Backoff.EXPONENTIAL, Backoff.FIXED},
    "multiplier": {Backoff.EXPONENTIAL},
    "max_delay": {Backoff.EXPONENTIAL},
    "delays": {Backoff.LADDER},
}


def retry_policy(asked: Retry | None, delivery: Delivery, pointer: str = "") -> RetryPolicy:
    """The policy asked for. With `at_most_once` there is one attempt, and asking for more is a contradiction.

    Raises:
        Refused: what is asked for contradicts itself.
    """
    wanted = asked or Retry()
    policy = _policy(wanted, f"{pointer}/retry")
    if delivery is Delivery.AT_LEAST_ONCE:
        return policy
    if "max_attempts" in wanted.model_fields_set and wanted.max_attempts > 1:
        raise invalid_field(f"{pointer}/retry/max_attempts", "contradiction", "1, when delivery is at_most_once")
    return replace(policy, max_attempts=1)


def _policy(wanted: Retry, pointer: str) -> RetryPolicy:
    backoff = _backoff(wanted, pointer)
    for name in sorted(set(wanted.retry_on) & set(wanted.never_retry_on)):
        raise invalid_field(f"{pointer}/never_retry_on", "contradiction", f"{name} is in retry_on as well")
    jitter = Jitter(wanted.jitter or (Jitter.FULL if backoff is Backoff.EXPONENTIAL else Jitter.NONE))
    common = RetryPolicy(
        max_attempts=wanted.max_attempts,
        backoff=backoff,
        jitter=jitter,
        retry_on=tuple(dict.fromkeys(wanted.retry_on)),
        never_retry_on=tuple(dict.fromkeys(wanted.never_retry_on)),
        give_up_after_seconds=wanted.give_up_after,
    )
    if wanted.delays is not None:
        attempts = wanted.max_attempts if "max_attempts" in wanted.model_fields_set else len(wanted.delays) + 1
        return replace(common, max_attempts=attempts, delays_seconds=tuple(map(float, wanted.delays)))
    if backoff is Backoff.FIXED:
        return replace(common, initial_seconds=float(wanted.initial))
    if wanted.max_delay < wanted.initial:
        raise invalid_field(f"{pointer}/max_delay", "contradiction", "not shorter than initial")
    return replace(
        common,
        initial_seconds=float(wanted.initial),
        multiplier=float(wanted.multiplier),
        max_delay_seconds=float(wanted.max_delay),
    )


def _backoff(wanted: Retry, pointer: str) -> Backoff:
    """The kind that is asked for, or that the members mean; all of them must go with it."""
    is_said = "backoff" in wanted.model_fields_set
    backoff = Backoff(wanted.backoff) if is_said or wanted.delays is None else Backoff.LADDER
    if backoff is Backoff.LADDER and wanted.delays is None:
        raise invalid_field(f"{pointer}/delays", "required", "a ladder has delays")
    for name, kinds in _OF_A_KIND.items():
        if name in wanted.model_fields_set and getattr(wanted, name) is not None and backoff not in kinds:
            detail = f"does not go with the backoff {backoff}: leave it out, in a patch set it to null"
            raise invalid_field(f"{pointer}/{name}", "contradiction", detail)
    return backoff
