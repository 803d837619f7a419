"""The shapes of answers about subscriptions, for the description and the tests."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from functions.api.description.answers import Time  # noqa: TC001 (pydantic reads the annotations)
from functions.api.models.subscriptions import EventName  # noqa: TC001 (pydantic reads the annotations)


class SubscriptionFilter(BaseModel):
    """Which events of the types wanted."""

    template_id: str | None
    group: str | None
    priority: Literal["high", "normal", "low"] | None
    tags: dict[str, str]


class Subscription(BaseModel):
    """A subscription."""

    id: str
    name: str
    channel_id: str
    events: list[EventName]
    filter: SubscriptionFilter
    status: Literal["active", "paused"]
    active_since: Time = Field(description="What happened before is not told.")
    version: int = Field(description="Rises with each change; the ETag.")
    created_at: Time
    changed_at: Time
    changed_by: str = Field(description="The API key's id.")


class SubscriptionList(BaseModel):
    """All subscriptions, oldest first."""

    items: list[Subscription]
