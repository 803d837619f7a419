"""What the route about the archive is for."""

from __future__ import annotations

from typing import Final

from functions.api.description import answers
from functions.api.description.operation import TIME, Operation, Parameter

_SINCE: Final = Parameter(
    "since",
    "query",
    "The job ended then, or later. Left out: for an id that the scheduler made the time at which it did; for any other "
    "the search goes backwards from now.",
    TIME,
)

ARCHIVE_OPERATIONS: Final = {
    ("GET", "/v1/archive/jobs/{job_id}"): Operation(
        id="getArchivedJob",
        summary="Get a job from the archive",
        description="What a job came to, also when its item is gone. `GET /v1/jobs/{id}` looks into the archive as "
        "well, but not as far. When this did not look far enough either, its answer says with which `since` to go on.",
        parameters=(_SINCE,),
        answer=answers.Job,
        statuses={200: "The job, as it ended last."},
        problems=("not-found",),
    ),
}
