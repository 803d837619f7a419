"""The shapes of answers about circuit breakers, for the description and the tests."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from functions.api.description.answers import Duration, Time  # noqa: TC001 (pydantic reads the annotations)


class Breaker(BaseModel):
    """A circuit breaker."""

    target: str = Field(description="What it is about.", examples=["http:example.com:443"])
    state: Literal["closed", "open", "half_open"] = Field(
        description="closed: jobs call the target. open: they wait. half_open: one of them is trying it."
    )
    opened_at: Time | None = Field(description="When the present or latest outage was noticed.")
    probe_at: Time | None = Field(
        description="open: from when on one job is let through. half_open: when that one counts as lost. closed: null."
    )
    cool_down: Duration = Field(description="How long jobs wait for the next try; twice as long after each that fails.")
    failures: int = Field(description="How many calls had failed when it opened.")
    successes: int = Field(description="How many of the same minute had gone well.")
    error: str | None = Field(description="The type of the latest failure that counted.")
    note: str | None
    version: int = Field(description="Rises with each change; the ETag.")
    changed_at: Time
    changed_by: str | None = Field(description="The id of the API key that opened or closed it by hand.")


class BreakerList(BaseModel):
    """All breakers: open, half open, closed, each the latest change first."""

    items: list[Breaker]
