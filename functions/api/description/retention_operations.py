"""What each route about retention is for."""

from __future__ import annotations

from typing import Final

from functions.api.description import retention_answers as answers
from functions.api.description.operation import IF_MATCH, Operation
from functions.api.models import retention

RETENTION_OPERATIONS: Final = {
    ("GET", "/v1/retention"): Operation(
        id="getRetention",
        summary="See how long ended jobs stay",
        answer=answers.Retention,
        statuses={200: "What applies, what was wanted, defaults and bounds, and who changed what."},
    ),
    ("PUT", "/v1/retention"): Operation(
        id="putRetention",
        summary="Say how long ended jobs stay",
        description="It holds for jobs that end from then on, within a minute; what has ended before keeps the time "
        "that it has. An empty object goes back to the defaults.",
        body=retention.WantedRetention,
        example={"succeeded": "7d", "failed": "180d"},
        parameters=(IF_MATCH,),
        answer=answers.Retention,
        statuses={200: "What applies from now on."},
        problems=("conflict", "precondition-failed"),
    ),
}
