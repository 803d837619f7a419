"""What each route is for by which those report who do the work of an attempt."""

from __future__ import annotations

from typing import Final

from functions.api.description import execution_answers as answers
from functions.api.description.operation import Operation
from functions.api.models import executions
from shared.model import limits

_BY_TOKEN: Final = (
    "No API key: the token that the target was handed says whose work it is, and is as secret. It is good until the "
    "attempt ends."
)
_PROBLEMS: Final = ("not-found", "lease-lost", "conflict", "unavailable", "invalid-parameter")

EXECUTION_OPERATIONS: Final = {
    ("POST", "/v1/executions/{token}/heartbeat"): Operation(
        id="sendHeartbeat",
        summary="Say that the work goes on",
        description=f"Extends the lease by the job's heartbeat timeout, up to the end of its timeout. {_BY_TOKEN}",
        answer=answers.Lease,
        statuses={200: "The lease."},
        problems=_PROBLEMS,
    ),
    ("GET", "/v1/executions/{token}/checkpoint"): Operation(
        id="getCheckpoint",
        summary="Get the last checkpoint",
        description=f"What an earlier attempt of the job, or this one, has left. {_BY_TOKEN}",
        answer=answers.KeptCheckpoint,
        statuses={200: "The checkpoint."},
        problems=_PROBLEMS,
    ),
    ("POST", "/v1/executions/{token}/checkpoint"): Operation(
        id="saveCheckpoint",
        summary="Leave a checkpoint",
        description="It takes the place of the former one, is handed to the next attempt of the job, and counts as a "
        f"heartbeat. At most {limits.MAX_CHECKPOINT_BYTES // limits.KIB} KB. {_BY_TOKEN}",
        body=executions.NewCheckpoint,
        example={"checkpoint": {"page": 17, "rows": 3400}},
        answer=answers.Lease,
        statuses={200: "The lease; the checkpoint is kept."},
        problems=_PROBLEMS,
    ),
    ("POST", "/v1/executions/{token}/complete"): Operation(
        id="completeExecution",
        summary="Report that the work is done",
        description="Of a job with completion: callback. The same report may be repeated when its answer was lost. "
        f"{_BY_TOKEN}",
        body=executions.Completed,
        needs_body=False,
        example={"output": {"rows": 3400}},
        answer=answers.ReportedEnd,
        statuses={200: "The job has succeeded."},
        problems=(*_PROBLEMS, "invalid-state"),
    ),
    ("POST", "/v1/executions/{token}/fail"): Operation(
        id="failExecution",
        summary="Report that the work has failed",
        description="Of a job with completion: callback. Its retry policy decides whether it is tried again; one that "
        f"is to be cancelled is cancelled. {_BY_TOKEN}",
        body=executions.Failed,
        needs_body=False,
        example={"error": {"type": "disk_full", "message": "no space left"}, "retryable": True, "retry_after": "5m"},
        answer=answers.ReportedEnd,
        statuses={200: "What became of the job."},
        problems=(*_PROBLEMS, "invalid-state"),
    ),
}
