"""Cancel a job: at once while it waits, by a request to its executor while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.model import moves
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from datetime import datetime

    from functions.api.change_job import ChangeJob
    from functions.api.preconditions import Precondition
    from shared.model.change import Change
    from shared.model.job import Job, JobKey
    from shared.ports.retentions import Retentions
    from shared.ports.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class CancelJob:
    change_job: ChangeJob
    telemetry: Telemetry
    retention: Retentions

    def __call__(self, key: JobKey, precondition: Precondition, now: datetime) -> Job:
        """The cancelled job, or the running one that has been asked to stop. Asking twice changes nothing more.

        Raises:
            IllegalTransition: the job has ended in another way.
        """

        def decide(job: Job) -> Change | None:
            is_stopping = job.status is Status.RUNNING and job.cancel_requested_at is not None
            if job.status is Status.CANCELLED or is_stopping:
                return None
            return moves.cancel(job, now=now, retention=self.retention.of_tenant(job.tenant))

        job = self.change_job(key, decide, precondition)
        self.telemetry.note("cancel_requested" if job.status is Status.RUNNING else "cancelled", **job.identity())
        return job
