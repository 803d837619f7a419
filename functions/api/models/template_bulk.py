"""What clients send to change many templates in one call."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from functions.api.models.fields import Name, Note, Shape, TagKey, TagValue, Time, refusal
from functions.api.models.templates import MISSED_TEXT, Missed
from shared.model import limits


class TemplateSelection(Shape):
    """Which templates: those that fit all that is given."""

    name: Name | None = Field(default=None, description="How their names begin.")
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=limits.MAX_TAGS)] | None = Field(
        default=None, description="Tags that they have."
    )
    status: Literal["active", "paused"] | None = Field(
        default=None, description="Their status. Default: all that are not deleted."
    )


class BulkTemplateAction(Shape):
    """One action on all templates that a filter finds, up to 200 in one call."""

    action: Literal["pause", "resume", "delete", "tag"] = Field(description="What is done to each.")
    filter: TemplateSelection = Field(default_factory=TemplateSelection, description="To which.")
    all: bool = Field(default=False, description="Needed without a filter: it means every template.")
    dry_run: bool = Field(default=False, description="Only tell which templates those are.")
    cursor: str | None = Field(
        default=None, max_length=128, description="`next_cursor` of the call before, with the same other members."
    )
    note: Note | None = Field(default=None, description="With pause: why, for people.")
    until: Time | None = Field(default=None, description="With pause: when they go on by themselves.")
    missed: Missed = Field(default="skip", description=f"With pause and resume. {MISSED_TEXT}")
    tags: Annotated[dict[TagKey, TagValue | None], Field(min_length=1, max_length=limits.MAX_TAGS)] | None = Field(
        default=None, description="With tag: tags to set; null removes one."
    )

    @model_validator(mode="after")
    def _members_of_the_action(self) -> BulkTemplateAction:
        if (self.action == "tag") != (self.tags is not None):
            raise refusal("contradiction", "needed with the action tag, and belongs to no other", "tags")
        for name in ("note", "until"):
            if self.action != "pause" and getattr(self, name) is not None:
                raise refusal("contradiction", "belongs to the action pause", name)
        return self
