"""What each route about occurrences is for: why they ran or did not, what is ahead, and running them anew."""

from __future__ import annotations

from typing import Final

from functions.api.description import occurrence_answers as answers
from functions.api.description.operation import CURSOR, IDEMPOTENCY_KEY, LIMIT, TIME, Operation, Parameter
from functions.api.models import backfills

_NEW: Final = {
    "from": "2026-03-01T00:00:00Z",
    "to": "2026-03-07T23:59:59Z",
    "only": "missing",
    "order": "oldest_first",
    "per_minute": 30,
    "at_once": 5,
}

OCCURRENCE_OPERATIONS: Final = {
    ("GET", "/v1/templates/{template_id}/occurrences"): Operation(
        id="listOccurrences",
        summary="Why did it run, why not, when will it",
        description="Past and future in one list, each with its job's status or the reason why there is none.",
        parameters=(
            Parameter("from", "query", "The first nominal instant. Default: a day ago.", TIME),
            Parameter("to", "query", "The last one, at most 400 days later. Default: a day ahead.", TIME),
            LIMIT,
            CURSOR,
        ),
        answer=answers.OccurrenceList,
        statuses={200: "The occurrences."},
        problems=("not-found", "invalid-page-token"),
    ),
    ("POST", "/v1/templates/{template_id}/backfills"): Operation(
        id="createBackfill",
        summary="Run past occurrences anew",
        description="With `dry_run` the answer is 200 and says how many would run, the first of them, and how long it "
        "takes; nothing is stored.",
        body=backfills.NewBackfill,
        example=_NEW,
        parameters=(IDEMPOTENCY_KEY,),
        answer=answers.Backfill,
        dry_run=answers.BackfillEstimate,
        statuses={201: "The backfill. `Idempotent-Replayed: true` when an earlier call had created it."},
        problems=("not-found", "invalid-state", "conflict", "idempotency-key-reused"),
    ),
    ("GET", "/v1/backfills"): Operation(
        id="listBackfills",
        summary="List backfills, newest first",
        parameters=(LIMIT, CURSOR),
        answer=answers.BackfillList,
        statuses={200: "The backfills."},
        problems=("invalid-page-token",),
    ),
    ("GET", "/v1/backfills/{backfill_id}"): Operation(
        id="getBackfill",
        summary="How far is a backfill?",
        answer=answers.Backfill,
        statuses={200: "The backfill."},
        problems=("not-found",),
    ),
    ("POST", "/v1/backfills/{backfill_id}/abort"): Operation(
        id="abortBackfill",
        summary="Stop a backfill",
        description="No more of its jobs are made, and those that have not begun are cancelled. Repeatable.",
        answer=answers.Backfill,
        statuses={200: "The aborted backfill."},
        problems=("not-found", "invalid-state", "conflict"),
    ),
    ("GET", "/v1/forecast"): Operation(
        id="getForecast",
        summary="What is ahead, and where does it pile up",
        description="Over all active templates, as they stand now.",
        parameters=(
            Parameter("from", "query", "Default: now.", TIME),
            Parameter("to", "query", "Default: a day later. At most 2 days by the minute, 31 by the hour.", TIME),
            Parameter(
                "resolution",
                "query",
                "The length of a bucket.",
                {"type": "string", "enum": ["minute", "hour"], "default": "hour"},
            ),
        ),
        answer=answers.Forecast,
        statuses={200: "The forecast."},
    ),
}
