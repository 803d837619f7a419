"""Run a waiting job at once, be it before its time or between two attempts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.model import moves

if TYPE_CHECKING:
    from datetime import datetime

    from functions.api.change_job import ChangeJob
    from functions.api.preconditions import Precondition
    from shared.model.job import Job, JobKey, Sharding
    from shared.ports.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class RunJobNow:
    change_job: ChangeJob
    telemetry: Telemetry
    sharding: Sharding

    def __call__(self, key: JobKey, precondition: Precondition, now: datetime) -> Job:
        """The job, which wakes now; what follows from that follows from the table's stream.

        A job that is already due wakes anew: should its message be lost, that is what helps.

        Raises:
            IllegalTransition: the job runs, or has ended.
        """
        job = self.change_job(
            key, lambda current: moves.run_now(current, now=now, sharding=self.sharding), precondition
        )
        self.telemetry.note("run_requested", **job.identity())
        return job
