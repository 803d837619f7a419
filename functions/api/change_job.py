"""Change a job by a client's wish: read it, decide, write on the condition that nobody was faster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.api.refusals import Refused
from shared.model.change import is_made_by
from shared.model.errors import ChangeRefused, JobNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.api.preconditions import Precondition
    from shared.model.change import Change
    from shared.model.job import Job, JobKey
    from shared.ports.jobs import JobStore

# A race is lost to an executor or another client; two in a row are rare, five mean a job that does not hold still.
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class ChangeJob:
    jobs: JobStore

    def __call__(self, key: JobKey, decide: Callable[[Job], Change | None], precondition: Precondition) -> Job:
        """The job as `decide`'s change left it; as it is when `decide` finds nothing to change.

        `decide` is asked again for the fresh job when another was faster.

        Raises:
            JobNotFound: there is no such job.
            VersionMismatch: the precondition does not hold, from the start or after a lost race.
            IllegalTransition: `decide` found that the job cannot be changed any more.
            Refused: the job changed each time.
        """
        job = self.jobs.get(key)
        for _ in range(_TRIES):
            precondition.check(job)
            change = decide(job)
            if change is None:
                return job
            try:
                return self.jobs.change_and_get(key, change)
            except ChangeRefused as refusal:
                if refusal.current is None:
                    raise JobNotFound(key.job_id) from None
                if is_made_by(change, job, refusal.current):
                    return refusal.current
                job = refusal.current
        raise Refused("conflict", "the job was changed by others at the same time: read it, and try again")
