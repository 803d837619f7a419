"""What each route is for, in words and shapes. The routes themselves stand in `routes`."""

from __future__ import annotations

from typing import Final

from functions.api.description import answers
from functions.api.description.alert_operations import ALERT_OPERATIONS
from functions.api.description.archive_operations import ARCHIVE_OPERATIONS
from functions.api.description.breaker_operations import BREAKER_OPERATIONS
from functions.api.description.calendar_operations import CALENDAR_OPERATIONS
from functions.api.description.channel_operations import CHANNEL_OPERATIONS
from functions.api.description.dead_letter_operations import DEAD_LETTER_OPERATIONS
from functions.api.description.execution_operations import EXECUTION_OPERATIONS
from functions.api.description.occurrence_operations import OCCURRENCE_OPERATIONS
from functions.api.description.operation import (
    CHANGE_PROBLEMS,
    CURSOR,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LIMIT,
    TAG,
    TARGET_PROBLEMS,
    TIME,
    Operation,
    Parameter,
)
from functions.api.description.retention_operations import RETENTION_OPERATIONS
from functions.api.description.subscription_operations import SUBSCRIPTION_OPERATIONS
from functions.api.description.template_operations import TEMPLATE_OPERATIONS
from functions.api.description.window_operations import WINDOW_OPERATIONS
from functions.api.models import jobs, schedules
from functions.api.request import JSON, MERGE_PATCH
from shared.model import limits
from shared.model.lifecycle import Status

_FILTERS: Final = (
    Parameter(
        "template_id",
        "query",
        "The jobs of this template, by nominal instant; `from` and `to` mean that then.",
        {"type": "string"},
    ),
    Parameter("group", "query", "The jobs of this group; without it, those of none.", {"type": "string"}),
    Parameter(
        "status",
        "query",
        "`failed` without a group lists all dead letters.",
        {"type": "string", "enum": [str(status) for status in Status]},
    ),
    Parameter("name", "query", "Exactly this name.", {"type": "string"}),
    TAG,
    Parameter("from", "query", "Created at this time or later. In a query, `+` is written `%2B`.", TIME),
    Parameter("to", "query", "Created before this time. In a query, `+` is written `%2B`.", TIME),
    LIMIT,
    CURSOR,
)
_NEW_JOB: Final = {
    "name": "rotate-logs",
    "delay": "10m",
    "target": {"type": "http", "url": "https://example.com/rotate", "method": "POST"},
    "payload": {"keep_days": 7},
    "timeout": "30s",
    "expires_after": "1h",
    "retry": {"max_attempts": 3, "initial": "5s"},
    "tags": {"team": "ops"},
}

OPERATIONS: Final[dict[tuple[str, str], Operation]] = {
    ("POST", "/v1/jobs"): Operation(
        id="createJob",
        summary="Create a job",
        body=jobs.NewJob,
        example=_NEW_JOB,
        parameters=(IDEMPOTENCY_KEY,),
        answer=answers.Job,
        statuses={201: "The job. `Idempotent-Replayed: true` when an earlier call had created it."},
        problems=(*TARGET_PROBLEMS, "idempotency-key-reused"),
    ),
    ("GET", "/v1/jobs"): Operation(
        id="listJobs",
        summary="List jobs, newest first",
        description=f"Filters look at up to {limits.MAX_ENTRIES_READ} entries a call, so a page may be short, even "
        "empty, and still go on: the list ends where there is no `next_cursor`.",
        parameters=_FILTERS,
        answer=answers.JobList,
        statuses={200: "A page."},
        problems=("invalid-page-token",),
    ),
    ("POST", "/v1/jobs/bulk"): Operation(
        id="createJobs",
        summary=f"Create up to {limits.MAX_BULK_JOBS} jobs",
        description="Each item is judged and stored on its own. With an Idempotency-Key the call may be repeated.",
        body=jobs.NewJobs,
        example={"jobs": [_NEW_JOB, {"target": {"type": "task", "name": "examples.echo"}, "payload": {"n": 2}}]},
        parameters=(IDEMPOTENCY_KEY,),
        answer=answers.BulkResults,
        statuses={200: "What became of each item."},
    ),
    ("GET", "/v1/jobs/{job_id}"): Operation(
        id="getJob",
        summary="Get a job",
        parameters=(IF_NONE_MATCH,),
        answer=answers.Job,
        statuses={200: "The job."},
        problems=("not-found",),
    ),
    ("PATCH", "/v1/jobs/{job_id}"): Operation(
        id="editJob",
        summary="Change a waiting job",
        description="A JSON merge patch (RFC 7396): objects are merged, null takes a member back to its default "
        "(but `run_at` and `delay`: leave them out to keep the time).",
        body=jobs.JobPatch,
        is_patch=True,
        example={"priority": "high", "payload": {"keep_days": 14}},
        body_types=(MERGE_PATCH, JSON),
        parameters=(IF_MATCH,),
        answer=answers.Job,
        statuses={200: "The job after the change."},
        problems=(*CHANGE_PROBLEMS, *TARGET_PROBLEMS),
    ),
    ("POST", "/v1/jobs/{job_id}/reschedule"): Operation(
        id="rescheduleJob",
        summary="Give a waiting job another time",
        body=jobs.Reschedule,
        example={"delay": "10m"},
        parameters=(IF_MATCH,),
        answer=answers.Job,
        statuses={200: "The job after the change."},
        problems=CHANGE_PROBLEMS,
    ),
    ("POST", "/v1/jobs/{job_id}/cancel"): Operation(
        id="cancelJob",
        summary="Cancel a job",
        description="At once while it waits; a running one is asked to stop, and may still succeed. Repeatable.",
        parameters=(IF_MATCH,),
        answer=answers.Job,
        statuses={200: "The job is cancelled.", 202: "The job runs, and has been asked to stop."},
        problems=CHANGE_PROBLEMS,
    ),
    ("POST", "/v1/jobs/{job_id}/run"): Operation(
        id="runJob",
        summary="Run a waiting job now",
        parameters=(IF_MATCH,),
        answer=answers.Job,
        statuses={200: "The job, due now."},
        problems=CHANGE_PROBLEMS,
    ),
    ("GET", "/v1/jobs/{job_id}/executions"): Operation(
        id="getExecutions",
        summary="Get the attempts of a job",
        answer=answers.ExecutionList,
        statuses={200: "The attempts, oldest first."},
        problems=("not-found",),
    ),
    ("GET", "/v1/jobs/{job_id}/executions/{attempt}/output"): Operation(
        id="getOutput",
        summary="Get the whole output of an attempt",
        parameters=(
            Parameter(
                "redrive",
                "query",
                "Which attempt of that number: after so many redrives. Default: the latest.",
                {"type": "integer", "minimum": 0},
            ),
        ),
        answer="text/plain",
        answer_types=("application/octet-stream",),
        statuses={200: "The output; as application/octet-stream when it is not text."},
        problems=("not-found",),
    ),
    **ARCHIVE_OPERATIONS,
    **EXECUTION_OPERATIONS,
    **DEAD_LETTER_OPERATIONS,
    **TEMPLATE_OPERATIONS,
    **OCCURRENCE_OPERATIONS,
    **CALENDAR_OPERATIONS,
    **WINDOW_OPERATIONS,
    **CHANNEL_OPERATIONS,
    **SUBSCRIPTION_OPERATIONS,
    **ALERT_OPERATIONS,
    **BREAKER_OPERATIONS,
    **RETENTION_OPERATIONS,
    ("POST", "/v1/schedules/preview"): Operation(
        id="previewSchedule",
        summary="See what a schedule means",
        description="Nothing is stored. Occurrences that a change of the clocks moves or leaves out say so.",
        body=schedules.SchedulePreview,
        example={
            "schedule": {"cron": "30 9 * * 1-5", "timezone": "Europe/Berlin"},
            "after": "2026-03-07T12:00:00Z",
            "count": 10,
        },
        answer=answers.Preview,
        statuses={200: "The next occurrences."},
        problems=("not-found",),
    ),
    ("GET", "/v1/schedules/timezones"): Operation(
        id="listTimezones",
        summary="List the time zones",
        answer=answers.TimezoneList,
        statuses={200: "All names, as the IANA database has them."},
    ),
    ("GET", "/health"): Operation(
        id="getHealth", summary="Does the API run?", answer=answers.ServiceStatus, statuses={200: "It does."}
    ),
    ("GET", "/ready"): Operation(
        id="getReady",
        summary="Can the API reach its tables?",
        answer=answers.ServiceStatus,
        statuses={200: "It can."},
        problems=("not-ready",),
    ),
    ("GET", "/openapi.json"): Operation(
        id="getOpenApi", summary="This document", answer=JSON, statuses={200: "OpenAPI 3.1."}
    ),
    ("GET", "/docs"): Operation(
        id="getDocs", summary="This document, to read", answer="text/html", statuses={200: "A page."}
    ),
}
