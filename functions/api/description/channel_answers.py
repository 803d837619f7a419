"""The shapes of answers about channels, for the description and the tests."""

from __future__ import annotations

from pydantic import BaseModel, Field

from functions.api.description.answers import Time  # noqa: TC001 (pydantic reads the annotations)
from functions.api.models.channels import Service  # noqa: TC001 (pydantic reads the annotations)


class Channel(BaseModel):
    """A channel."""

    id: str
    name: str
    service: Service = Field(description="Its secrets are shown as ***.")
    version: int = Field(description="Rises with each change; the ETag.")
    created_at: Time
    changed_at: Time
    changed_by: str = Field(description="The API key's id.")


class ChannelList(BaseModel):
    """All channels, oldest first."""

    items: list[Channel]
