"""What each route about dead letters and bulk actions is for."""

from __future__ import annotations

from typing import Final

from functions.api.description import answers
from functions.api.description import dead_letter_answers as shapes
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
from functions.api.models import dead_letters as models

_FROM: Final = Parameter("from", "query", "Failed at this time or later. In a query, `+` is written `%2B`.", TIME)
_TO: Final = Parameter("to", "query", "Failed before this time. In a query, `+` is written `%2B`.", TIME)
_TEXT: Final = {"type": "string"}

DEAD_LETTER_OPERATIONS: Final = {
    ("GET", "/v1/dead-letters"): Operation(
        id="listDeadLetters",
        summary="List what failed for good, the latest first",
        description="Until it is redriven or discarded. A filter looks at up to 1,000 jobs a call, so a page may be "
        "short, even empty, and still go on: the list ends where there is no `next_cursor`.",
        parameters=(
            Parameter("fingerprint", "query", "Of this cause.", _TEXT),
            Parameter("template_id", "query", "Of this template.", _TEXT),
            Parameter("target", "query", "That call this, as `target_identity` shows it.", _TEXT),
            Parameter("error_type", "query", "That ended with an error of this type.", _TEXT),
            TAG,
            _FROM,
            _TO,
            LIMIT,
            CURSOR,
        ),
        answer=shapes.DeadLetterList,
        statuses={200: "A page."},
        problems=("invalid-page-token",),
    ),
    ("GET", "/v1/dead-letters/groups"): Operation(
        id="countDeadLetters",
        summary="Count what failed for good by its cause",
        description="Exact for up to 10,000 in one call; with more of them it goes on at `next_cursor`, and the counts "
        "of a fingerprint are to be added up.",
        parameters=(_FROM, _TO, CURSOR),
        answer=shapes.DeadLetterGroups,
        statuses={200: "The groups, the largest first."},
        problems=("invalid-page-token",),
    ),
    ("GET", "/v1/dead-letters/{job_id}"): Operation(
        id="getDeadLetter",
        summary="Get a job that failed for good, with all that one needs to decide",
        parameters=(IF_NONE_MATCH,),
        answer=shapes.DeadLetter,
        statuses={200: "The job."},
        problems=("not-found",),
    ),
    ("POST", "/v1/dead-letters/{job_id}/redrive"): Operation(
        id="redriveJob",
        summary="Run a failed job again",
        description="At once, with a fresh budget of attempts, and with what the body changes: a merge patch. It stays "
        "the same job and keeps its executions. Repeatable without a body; `If-Match` makes sure that it is not "
        "redriven once more after it has failed again.",
        body=models.RedriveJob,
        is_patch=True,
        needs_body=False,
        example={"payload": {"region": "eu"}, "retry": {"max_attempts": 5}},
        parameters=(IF_MATCH,),
        answer=answers.Job,
        statuses={200: "The job, scheduled."},
        problems=(*CHANGE_PROBLEMS, *TARGET_PROBLEMS),
    ),
    ("POST", "/v1/dead-letters/{job_id}/discard"): Operation(
        id="discardJob",
        summary="Give a failed job up",
        description="It stays failed and can still be read, but is listed here no more. It may be redriven all the "
        "same. Repeatable.",
        body=models.DiscardJob,
        needs_body=False,
        example={"reason": "the customer is gone"},
        parameters=(IF_MATCH,),
        answer=shapes.DiscardedJob,
        statuses={200: "The job, discarded."},
        problems=CHANGE_PROBLEMS,
    ),
    ("POST", "/v1/bulk-actions"): Operation(
        id="createBulkAction",
        summary="Redrive or discard many dead letters",
        description="It begins at once and is gone on with each minute, whoever dies meanwhile: each job once. What "
        "fails after the call is not meant. An empty filter needs `all: true`. With `dry_run` the answer is 200 and "
        "says how many are meant (`is_complete`: no more than that) and which are the `first` of them.",
        body=models.NewBulkAction,
        example={
            "action": "redrive",
            "filter": {"fingerprint": "j8pk90t1s5"},
            "rate_per_second": 5,
            "canary": True,
            "reason": "the upstream is back",
        },
        parameters=(IDEMPOTENCY_KEY,),
        answer=shapes.BulkAction,
        dry_run=shapes.BulkEstimate,
        statuses={201: "The bulk action. `Idempotent-Replayed: true` when an earlier call had created it."},
        problems=("idempotency-key-reused", "limit-reached"),
    ),
    ("GET", "/v1/bulk-actions"): Operation(
        id="listBulkActions",
        summary="List bulk actions",
        parameters=(LIMIT, CURSOR),
        answer=shapes.BulkActionList,
        statuses={200: "A page."},
        problems=("invalid-page-token",),
    ),
    ("GET", "/v1/bulk-actions/{action_id}"): Operation(
        id="getBulkAction",
        summary="Get a bulk action and how far it is",
        answer=shapes.BulkAction,
        statuses={200: "The bulk action."},
        problems=("not-found",),
    ),
    ("POST", "/v1/bulk-actions/{action_id}/abort"): Operation(
        id="abortBulkAction",
        summary="Stop a bulk action",
        description="No more jobs are redriven or discarded. Those redriven already, up to 150 s ahead of their time, "
        "still run. Repeatable.",
        answer=shapes.BulkAction,
        statuses={200: "The bulk action, aborted."},
        problems=("not-found", "invalid-state", "conflict"),
    ),
}
