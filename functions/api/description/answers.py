"""The shapes of answers, for the description and the tests. Answers themselves are written as plain values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from functions.api.models.targets import Target  # noqa: TC001 (pydantic reads the annotations)

Time = Annotated[str, Field(json_schema_extra={"format": "date-time", "examples": ["2026-11-20T12:00:00.000Z"]})]
Duration = Annotated[str, Field(json_schema_extra={"examples": ["30s"]})]


class ExecutionError(BaseModel):
    """Why an attempt failed."""

    type: str = Field(description="One word for programs, such as http_503, timed_out, lost, exit_1.")
    message: str = Field(description="A sentence for people, at most 160 characters.")


class Execution(BaseModel):
    """One attempt. The last 20 are kept, all but the latest with the first 160 bytes of their output only."""

    attempt: int = Field(description="Its number, counted from 1 anew by each redrive.")
    redrive: int = Field(description="How often the job had been redriven before it.")
    started_at: Time | None
    ended_at: Time | None = Field(description="null while it runs")
    outcome: Literal["succeeded", "failed", "timed_out", "lost", "cancelled"] | None = Field(
        description="null while it runs"
    )
    error: ExecutionError | None
    output: str | None = Field(
        description="What the target answered, or the beginning of it: up to 1 KB, and 160 bytes once another attempt "
        "has followed."
    )
    output_bytes: int | None = Field(
        description="How many bytes of it were kept when the attempt ended: an HTTP answer is read up to 64 KB, "
        "other output up to 256 KB. What is longer is cut there."
    )
    output_url: str | None = Field(description="Where all that was kept is. null when there is no more than `output`.")
    awaiting_callback_since: Time | None = Field(
        description="While it runs: since when its target has accepted the work, whose outcome is to be reported."
    )


class RetryPolicy(BaseModel):
    """How a failed attempt is followed by another."""

    max_attempts: int
    backoff: Literal["exponential", "fixed", "ladder"]
    initial: Duration | None = Field(default=None, description="Left out with a ladder.")
    multiplier: float | None = Field(default=None, description="With exponential only.")
    max_delay: Duration | None = Field(default=None, description="With exponential only.")
    delays: list[Duration] | None = Field(default=None, description="With a ladder only.")
    jitter: Literal["full", "none"]
    retry_on: list[str]
    never_retry_on: list[str]
    give_up_after: Duration | None


class DelayRange(BaseModel):
    """How long after an attempt that fails the next one begins, unless the target asks for more by Retry-After."""

    after_attempt: int
    least: Duration
    most: Duration


class ListedJob(BaseModel):
    """A job as lists show it."""

    id: str
    name: str | None
    status: Literal["blocked", "scheduled", "running", "succeeded", "failed", "cancelled", "skipped"]
    reason: str | None = Field(description="Why it stands where it does, one word for programs.")
    run_at: Time = Field(description="When it is to run.")
    wake_at: Time | None = Field(description="When it runs next: later than run_at between two attempts.")
    attempt: int = Field(description="How many attempts have begun, since it was last redriven if it was.")
    version: int = Field(description="Rises with each edit and change of status; the ETag.")
    created_at: Time
    updated_at: Time
    started_at: Time | None = Field(description="When the latest attempt began.")
    ended_at: Time | None
    expires_at: Time | None = Field(description="After this the job does not start any more.")
    cancel_requested_at: Time | None
    correlation_id: str
    template_id: str | None = Field(description="The template of which it is an occurrence, or that was triggered.")
    template_version: int | None = Field(description="The version of the template by which it was last planned.")
    nominal_at: Time | None = Field(description="The occurrence's name: what the schedule says.")
    redrives: int = Field(description="How often it was redriven after it had failed for good.")
    redriven_at: Time | None
    redriven_by: str | None = Field(description="The id of an API key, or of the bulk action that did it.")
    discarded_at: Time | None = Field(description="When it was given up: it is no dead letter any more.")
    discarded_by: str | None
    discard_reason: str | None
    group: str | None
    tags: dict[str, str]
    target: Target = Field(description='Header values whose names sound like secrets are shown as "***".')
    priority: Literal["high", "normal", "low"]
    timeout: Duration
    completion: Literal["response", "callback"]
    heartbeat_timeout: Duration | None = Field(description="null unless completion is callback.")
    awaiting_callback_since: Time | None = Field(
        description="While it runs: since when its target has accepted the work, whose outcome is to be reported."
    )
    checkpoint_at: Time | None = Field(description="When the last checkpoint was left that the next attempt is handed.")
    expires_after: Duration | None
    retry: RetryPolicy
    delivery: Literal["at_least_once", "at_most_once"]
    executions: list[Execution]
    payload: Any = Field(default=None, description="As sent; left out when it is too large for the job's own item.")


class Job(ListedJob):
    """A job."""

    payload: Any = Field(
        default=None,
        description="As sent; null when there is none. Left out of an archived job's when it lay outside of its item.",
    )
    retry_delays: list[DelayRange] = Field(description="What its retry policy comes to, attempt by attempt.")
    archived: bool = Field(description="Whether the job's own item is gone, and this is what the archive has.")


class JobList(BaseModel):
    """A page of a list, newest first."""

    items: list[ListedJob]
    next_cursor: str | None = Field(default=None, description="Where the list goes on; left out at its end.")


class ExecutionList(BaseModel):
    """The attempts of a job, oldest first."""

    items: list[Execution]
    archived: bool = Field(description="Whether the job's own item is gone, and this is what the archive has.")


class GatewayRefusal(BaseModel):
    """The gateway's own answer to what it does not let through."""

    message: str


class ProblemError(BaseModel):
    """One thing that is wrong with a request."""

    pointer: str = Field(description="A JSON pointer into the body, or the name of a query parameter or header.")
    code: str
    detail: str = Field(description="What would be right.")


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(examples=["/problems/validation-failed"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="The request's id, by which to find it in the logs.")
    errors: list[ProblemError]
    state: str | None = Field(default=None, description="The job's status, where that is why.")


class BulkResult(BaseModel):
    """What became of one item of a bulk call: an id, or a problem."""

    index: int
    status: int
    id: str | None = None
    replayed: bool | None = Field(default=None, description="An earlier call with the same key created it.")
    problem: Problem | None = None


class BulkResults(BaseModel):
    """What became of each item, in order."""

    results: list[BulkResult]


class OccurrenceNote(BaseModel):
    """Why an occurrence is not simply at the time that the rule says."""

    code: Literal["dst_gap", "dst_overlap", "rolled", "spread", "calendar", "merged", "no_business_day"]
    detail: str


class MetWindow(BaseModel):
    """The maintenance window that decides about a run when it is due."""

    id: str
    name: str
    effect: Literal["hold", "skip", "run"] = Field(
        description="What it does to this run: what `skip` would skip is held once an attempt has begun."
    )
    until: Time = Field(description="When the window is over; a run that it holds begins then or a little later.")


class PreviewedOccurrence(BaseModel):
    """One time of a schedule."""

    nominal_at: Time = Field(description="What the rule says, as an instant: the occurrence's name.")
    nominal_local: str = Field(description="What the rule says, by the clocks on the wall.")
    effective_at: Time | None = Field(description="When it runs; null when it does not.")
    utc_offset: str = Field(json_schema_extra={"examples": ["+01:00"]})
    notes: list[OccurrenceNote]
    window: MetWindow | None = Field(
        description="What it would meet as a run of the template `template_id`, by the spans of windows that are known "
        "now; null when it meets none, and without `template_id`."
    )


class MovedOccurrence(BaseModel):
    """A run that stays, at another time."""

    nominal_at: Time
    was: Time
    becomes: Time


class ScheduleDifference(BaseModel):
    """What would change for the template, of the nominal instants up to `until`."""

    until: Time
    added: list[PreviewedOccurrence]
    removed: list[PreviewedOccurrence]
    moved: list[MovedOccurrence]


class Preview(BaseModel):
    """What a schedule means."""

    dialect: Literal["unix", "quartz", "eventbridge"] | None = Field(
        description="Whose cron it is. null when there is none, or several differ."
    )
    description: str = Field(
        description="What its triggers say, in words. Zone, policies and bounds are in `schedule`.",
        json_schema_extra={"examples": ["At 09:30, Monday through Friday"]},
    )
    schedule: dict[str, Any] = Field(description="The schedule as it was understood.")
    occurrences: list[PreviewedOccurrence]
    difference: ScheduleDifference | None = Field(default=None, description="Only with `template_id`.")


class TimezoneList(BaseModel):
    """Names of time zones."""

    items: list[str]


class ServiceStatus(BaseModel):
    """What the service says of itself."""

    status: Literal["ok", "ready"]
