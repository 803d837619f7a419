"""What clients send about subscriptions."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from functions.api.models.faults import validated
from functions.api.models.fields import Group, Matching, Name, PriorityName, Shape, TagKey, TagValue, refusal
from functions.api.models.windows import TemplateId  # noqa: TC001 (pydantic reads the annotations)
from shared.model import limits
from shared.model.event_types import FAMILIES, TYPES
from shared.model.lanes import Priority
from shared.model.subscription import EventFilter

_EVENTS: Final = (*FAMILIES, *TYPES)
_CHANNEL_ID: Final = Matching(r"[0-9a-z]{1,64}", "ids of channels")


def _known(name: str) -> str:
    if name not in _EVENTS:
        raise refusal("not-one-of", f"one of {', '.join(_EVENTS)} is expected")
    return name


def _all_different(names: list[str]) -> list[str]:
    if len(set(names)) != len(names):
        raise refusal("contradiction", "each may be named once")
    return names


EventName = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(_EVENTS)})]
ChannelId = Annotated[str, AfterValidator(_CHANNEL_ID), _CHANNEL_ID.schema()]


class EventFilterShape(Shape):
    """Which events of those types: those for which all holds that is given. An alert has but its subject, a template or
    a group; an event without what a member asks for does not pass."""

    template_id: TemplateId | None = Field(default=None, description="About jobs of this template, or alerts on it.")
    group: Group | None = Field(default=None, description="About jobs of this group, or alerts on it.")
    priority: PriorityName | None = Field(default=None, description="About jobs of this priority.")
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=limits.MAX_TAGS)] = Field(
        default_factory=dict, description="About jobs with all of these tags."
    )


class NewSubscription(Shape):
    """A subscription to create, or what one is to be from now on."""

    name: Name = Field(description="For people; need not be unique.")
    channel_id: ChannelId = Field(description="The channel that is told.")
    events: Annotated[list[EventName], Field(min_length=1, max_length=len(_EVENTS)), AfterValidator(_all_different)] = (
        Field(description="Types of events; `job.*` stands for all that begin so.", examples=[["job.failed"]])
    )
    filter: EventFilterShape = Field(
        default_factory=EventFilterShape, description="Which events of those types. Default: all."
    )
    status: Literal["active", "paused"] = Field(
        default="active", description="Events of the time of a pause are not told later either."
    )


class SubscriptionPatch(NewSubscription):
    """What may be changed of a subscription: a merge patch."""


def read_subscription(body: Any) -> tuple[NewSubscription, EventFilter]:
    """What a client wants, and its filter as the model has it.

    Raises:
        ValidationFailed: it is not of the shape.
    """
    asked = validated(NewSubscription, body)
    given = asked.filter
    wanted = EventFilter(
        template_id=given.template_id,
        group=given.group,
        priority=None if given.priority is None else Priority(given.priority),
        tags=given.tags,
    )
    return asked, wanted
