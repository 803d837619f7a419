"""What a job keeps of its attempts: the last of them, each with its outcome and the beginning of what it put out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.model import limits
from shared.model.execution import Execution, Failure, Outcome, Output, clip
from shared.model.job import Completion
from shared.model.lease_token import LeaseToken

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.job import Job


def history_with(
    job: Job, outcome: Outcome, *, now: datetime, output: Output, failure: Failure | None = None
) -> tuple[Execution, ...]:
    """The executions of `job` once the attempt that holds it has ended, the last one whole, the older ones shortened.

    The list is written as a whole under the attempt's fence, so that two attempts can never both add to it.
    """
    token = LeaseToken.of(job) if job.completion is Completion.CALLBACK else None
    ended = Execution(
        attempt=job.attempt,
        fence=job.fence,
        started_at=job.started_at or now,
        ended_at=now,
        outcome=outcome,
        error_type=None if failure is None else clip(failure.type, limits.ERROR_TYPE_LENGTH),
        error_message=None if failure is None else clip(failure.message, limits.ERROR_MESSAGE_LENGTH),
        output=output,
        redrive=job.redrives,
        receipt=None if token is None else token.receipt,
    )
    kept = job.executions[-(limits.EXECUTIONS_KEPT - 1) :]
    return (*(one.shortened() for one in kept), ended)
