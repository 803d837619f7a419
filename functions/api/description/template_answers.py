"""The shapes of answers about templates, for the description and the tests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from functions.api.description.answers import DelayRange, Duration, Problem, RetryPolicy, Time  # noqa: TC001 (pydantic reads the annotations)
from functions.api.models.targets import Target  # noqa: TC001 (pydantic reads the annotations)


class MisfirePolicy(BaseModel):
    """What becomes of occurrences that could not begin in time."""

    policy: Literal["skip", "fire_latest", "fire_all"]
    after: Duration
    max: int | None
    within: Duration | None


class JobOfTemplate(BaseModel):
    """What each occurrence does."""

    target: Target = Field(description='Header values whose names sound like secrets are shown as "***".')
    payload: Any = Field(
        default=None, description="As sent; left out of lists when it is too large for the template's own item."
    )
    priority: Literal["high", "normal", "low"]
    timeout: Duration
    completion: Literal["response", "callback"]
    heartbeat_timeout: Duration | None = Field(description="null unless completion is callback.")
    expires_after: Duration | None
    retry: RetryPolicy
    delivery: Literal["at_least_once", "at_most_once"]


class Pause(BaseModel):
    """Since when and why a template is paused."""

    at: Time
    note: str | None
    until: Time | None = Field(description="When it goes on by itself.")
    missed: Literal["skip", "apply_misfire"]


class ExpansionFailure(BaseModel):
    """Why the template's next jobs could not be made; it is tried again."""

    detail: str
    since: Time
    count: int


class Expansion(BaseModel):
    """How far the template's occurrences have become jobs."""

    expanded_until: Time
    failure: ExpansionFailure | None


class LastRun(BaseModel):
    """The latest job of the template that runs or has ended."""

    job_id: str
    nominal_at: Time | None = Field(description="null when it was triggered beside the schedule")
    status: Literal["running", "succeeded", "failed", "cancelled"]
    ended_at: Time | None


class TemplateVersion(BaseModel):
    """A template as it was at a version."""

    id: str
    name: str
    external_key: str | None
    schedule: dict[str, Any] = Field(description="As it was understood.")
    misfire: MisfirePolicy
    pause_after_failures: int | None = Field(description="null: it is never paused for its failures.")
    job: JobOfTemplate
    tags: dict[str, str]
    status: Literal["active", "paused", "deleted"]
    pause: Pause | None
    skipped: list[Time] = Field(description="Nominal instants that were taken out; past ones are forgotten in time.")
    version: int = Field(description="Rises with each change; the ETag.")
    created_at: Time
    changed_at: Time
    changed_by: str = Field(description="The id of the API key that made this version.")
    change: str = Field(description="What it did, in a word.")


class ListedTemplate(TemplateVersion):
    """A template as lists show it."""

    next_run_at: Time | None = Field(description="null when it is not active, or has no further run.")
    expansion: Expansion
    last_run: LastRun | None = Field(default=None, description="In lists only where last_outcome was asked for.")


class Template(ListedTemplate):
    """A template."""

    last_run: LastRun | None = Field(description="null when none has run, or none of the latest 30 jobs did.")
    retry_delays: list[DelayRange] = Field(description="What its jobs' retry policy comes to, attempt by attempt.")


class RunsOfChoices(BaseModel):
    """How many runs each choice would make; null when the pause has too many occurrences to look at."""

    skip: int | None
    apply_misfire: int | None


class ResumeTrial(BaseModel):
    """How many runs it would make to resume a template; nothing is changed."""

    dry_run: Literal[True]
    runs: RunsOfChoices


class ResumedTemplate(Template):
    """A template that goes on, or how many runs that would make."""

    runs: int | None = Field(
        description="How many of the pause's occurrences run now; 10000 stands for more as well. null when the pause "
        "has too many occurrences to look at."
    )


class TemplateList(BaseModel):
    """A page of a list, newest first."""

    items: list[ListedTemplate]
    next_cursor: str | None = Field(default=None, description="Where the list goes on; left out at its end.")


class VersionLine(BaseModel):
    """One line of a template's history."""

    version: int
    change: str = Field(description="What was done, in a word.")
    changed_at: Time
    changed_by: str = Field(description="The id of the API key.")


class VersionList(BaseModel):
    """A template's history, newest first."""

    items: list[VersionLine]
    next_cursor: str | None = Field(default=None, description="Where the list goes on; left out at its end.")


class Difference(BaseModel):
    """One value that differs between two versions."""

    pointer: str
    was: Any = Field(description="null when there was none.")
    is_: Any = Field(alias="is", description="null when there is none.")


class Differences(BaseModel):
    """What differs between two versions."""

    items: list[Difference]


class BulkTemplateResult(BaseModel):
    """What became of one template: its version, or a problem."""

    id: str
    status: int
    version: int | None = None
    changed: bool | None = None
    problem: Problem | None = None


class BulkTemplateResults(BaseModel):
    """What became of the templates of one call."""

    action: Literal["pause", "resume", "delete", "tag"]
    dry_run: bool
    matched: int
    changed: int
    failed: int
    results: list[BulkTemplateResult]
    next_cursor: str | None = Field(default=None, description="Where to go on; left out when all are done.")
