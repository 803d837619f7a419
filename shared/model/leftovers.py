"""What may lie beside a job's item, and has to go when that goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from shared.model.job import Job


def may_have_left(job: Job) -> bool:
    """Whether an ended job may have left anything beside its item. Of most it is known that they did not.

    A call under a job's Idempotency-Key that comes later puts its payload before it learns that there is a job.
    """
    return (
        job.payload.ref is not None
        or job.checkpoint_at is not None
        or job.fingerprint is not None
        or any(one.output.ref is not None for one in job.executions)
        or may_have_been_edited(job)
    )


def may_have_been_edited(job: Job) -> bool:
    """Whether an ended job may have had another payload before.

    Its version tells, without a mark of its own: it begins with 1, each claim and each end of a lease adds one, and so
    does a cancel, be it of a waiting job or the request of one that runs, and the skipping of one that waits. All that
    is beyond is a change by a client, a template or a person.
    """
    beyond = job.version - 1 - 2 * job.fence
    if job.status is Status.CANCELLED or (job.status is Status.SKIPPED and job.fence == 0):
        beyond -= 1
    return beyond != 0 or not job.status.is_terminal
