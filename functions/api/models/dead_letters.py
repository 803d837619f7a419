"""What clients send about dead letters."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from functions.api.models.fields import (
    ErrorName,
    Matching,
    Note,
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
from shared.model.error_fingerprint import FINGERPRINT_LENGTH
from shared.model.target_identity import MAX_IDENTITY_LENGTH

_ID: Final = Matching(r"[0-9a-z]{1,64}", "ids as they were answered")
_FINGERPRINT: Final = Matching(
    rf"[0-9a-z]{{{FINGERPRINT_LENGTH}}}", f"{FINGERPRINT_LENGTH} of 0-9 and a-z, as /v1/dead-letters/groups has them,"
)
JobId = Annotated[str, AfterValidator(_ID), _ID.schema()]
Fingerprint = Annotated[str, AfterValidator(_FINGERPRINT), _FINGERPRINT.schema()]
CONFIRM: Any = Field(
    default=False,
    description="Needed for a job with delivery at_most_once: it may have done its work when it failed.",
)


class RedriveJob(Shape):
    """What is changed of a job before it runs again: a JSON merge patch (RFC 7396). All of it is optional."""

    payload: Any = Field(default=None, description="Merged with the payload: null removes it.")
    target: Target | None = Field(default=None, description="Merged with the target.")
    retry: Retry | None = Field(default=None, description="Merged with the retry policy; null is the default one.")
    priority: PriorityName | None = Field(default=None, description="Which queue the job goes through.")
    timeout: Timeout | None = Field(default=None, description="How long one attempt may take.")
    confirm_at_most_once: bool = CONFIRM


class DiscardJob(Shape):
    """Why a job is given up."""

    reason: Note | None = Field(default=None, description="For people.")


class DeadLetterSelection(Shape):
    """Which dead letters: those that fit all that is given, and have failed before the call."""

    fingerprint: Fingerprint | None = Field(default=None, description="Their cause, as lists and groups show it.")
    template_id: JobId | None = Field(default=None, description="The template that planned or triggered them.")
    target: Annotated[str, StringConstraints(min_length=1, max_length=MAX_IDENTITY_LENGTH)] | None = Field(
        default=None, description="What they call, as `target_identity` shows it."
    )
    error_type: ErrorName | None = Field(default=None, description="The type of the error that they ended with.")
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=limits.MAX_TAGS)] | None = Field(
        default=None, description="Tags that they have."
    )
    failed_from: Time | None = Field(default=None, alias="from", description="Failed at this time or later.")
    failed_before: Time | None = Field(default=None, alias="to", description="Failed before this time.")
    ids: Annotated[list[JobId], Field(min_length=1, max_length=limits.MAX_BULK_JOBS)] | None = Field(
        default=None, description="These jobs alone."
    )

    @model_validator(mode="after")
    def _in_order(self) -> DeadLetterSelection:
        if self.failed_from and self.failed_before and self.failed_from >= self.failed_before:
            raise refusal("out-of-range", "before `to`", "from")
        return self


class NewBulkAction(Shape):
    """One thing that is done to many dead letters."""

    action: Literal["redrive", "discard"] = Field(description="What is done to each.")
    filter: DeadLetterSelection = Field(default_factory=DeadLetterSelection, description="To which.")
    all: bool = Field(default=False, description="Needed without a filter: it means every dead letter.")
    dry_run: bool = Field(default=False, description="Only tell how many those are.")
    rate_per_second: float | None = Field(
        default=None,
        ge=0.1,
        le=1_000,
        allow_inf_nan=False,
        description="With redrive: how many jobs become due in a second. Default: 10.",
    )
    canary: bool = Field(
        default=False, description="With redrive: one job first, the rest only when that one has succeeded."
    )
    payload: dict[str, Any] | None = Field(
        default=None, description="With redrive: a JSON merge patch (RFC 7396) of each job's payload."
    )
    confirm_at_most_once: bool = CONFIRM
    reason: Note | None = Field(default=None, description="For people; with discard it is kept with each job.")

    @model_validator(mode="after")
    def _members_of_the_action(self) -> NewBulkAction:
        given = {
            "rate_per_second": self.rate_per_second is not None,
            "canary": self.canary,
            "payload": self.payload is not None,
            "confirm_at_most_once": self.confirm_at_most_once,
        }
        for name, is_given in given.items():
            if is_given and self.action == "discard":
                raise refusal("contradiction", "belongs to the action redrive", name)
        return self
