"""The shapes of answers about retention, for the description and the tests."""

from __future__ import annotations

from pydantic import BaseModel, Field

from functions.api.description.answers import Duration, Time  # noqa: TC001 (pydantic reads the annotations)


class RetentionByEnd(BaseModel):
    """How long jobs stay after they have ended, by how they ended."""

    succeeded: Duration | None
    failed: Duration | None
    cancelled: Duration | None
    skipped: Duration | None


class RetentionChange(BaseModel):
    """What was wanted from then on."""

    version: int
    changed_at: Time
    changed_by: str = Field(description="The API key's id.")
    wanted: RetentionByEnd


class Retention(BaseModel):
    """How long a tenant's ended jobs stay in the table."""

    applies: RetentionByEnd = Field(description="What holds for jobs that end now.")
    wanted: RetentionByEnd = Field(description="What was put last; null leaves it to the default.")
    defaults: RetentionByEnd = Field(description="The deployment's own.")
    minimum: Duration = Field(description="The least that may be wanted.")
    maximum: Duration = Field(description="The most that may be wanted.")
    version: int = Field(description="Rises with each change; the ETag. 0 while nothing was ever put.")
    changed_at: Time | None
    changed_by: str | None = Field(description="The API key's id.")
    changes: list[RetentionChange] = Field(description="The last twenty, the latest first.")
