"""Create a job, exactly once for an Idempotency-Key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.model.errors import IdempotencyKeyReused, JobNotFound, SchedulerError
from shared.model.job import Job, JobKey, JobSpec, Sharding, idempotent_job_id, new_job

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.ports.clock import Ids
    from shared.ports.jobs import JobStore


@dataclass(frozen=True, slots=True)
class Idempotency:
    """`key` as the client sent it, in a bulk call with the item's `index`; `fingerprint` is a digest of the body."""

    key: str
    fingerprint: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """`replayed` says that an earlier call with the same key created the job, which is answered as it is now."""

    job: Job
    replayed: bool


@dataclass(frozen=True, slots=True)
class CreateJob:
    jobs: JobStore
    ids: Ids
    sharding: Sharding

    def __call__(
        self, tenant: str, read_spec: Callable[[], JobSpec], idempotency: Idempotency | None, now: datetime
    ) -> Created:
        """Store the job that `read_spec` returns, or find the one that the same call has stored before.

        What was accepted once is answered again, even if the same body would be refused now (its time may be too long
        past): so a refusal by `read_spec` counts only when no earlier call has created the job.

        Raises:
            IdempotencyKeyReused: the key was used with another body.
            StoreUnavailable: it is not known to be stored; with `outcome_unknown` it may be.
        """
        if idempotency is None:
            return self.put(
                new_job(read_spec(), key=JobKey(tenant, self.ids.job_id(now)), now=now, sharding=self.sharding)
            )
        key = JobKey(tenant, idempotent_job_id(tenant, idempotency.key, idempotency.index))
        try:
            spec = read_spec()
        except SchedulerError:
            earlier = self.earlier(key, idempotency)
            if earlier is None:
                raise
            return earlier
        if spec.payload is not None:
            # A payload may be put beside the job, before it: nothing may be left of a call that is refused.
            earlier = self.earlier(key, idempotency)
            if earlier is not None:
                return earlier
        return self.put(new_job(spec, key=key, now=now, sharding=self.sharding, fingerprint=idempotency.fingerprint))

    def put(self, job: Job) -> Created:
        """Store `job`, unless a call with the same key has stored it before.

        Raises:
            IdempotencyKeyReused: a call with another body has.
        """
        creation = self.jobs.create(self.jobs.place_payload(job))
        if creation.created:
            return Created(creation.job, replayed=False)
        if creation.job.fingerprint != job.fingerprint:
            raise IdempotencyKeyReused(job.id)
        # An item of a random id, or of this very millisecond, is our own: applied by a send whose answer was lost.
        return Created(creation.job, replayed=creation.job.created_at != job.created_at)

    def earlier(self, key: JobKey, idempotency: Idempotency) -> Created | None:
        """The job that an earlier call with the same key has stored.

        Raises:
            IdempotencyKeyReused: that call had another body.
        """
        try:
            job = self.jobs.get(key)
        except JobNotFound:
            return None
        if job.fingerprint != idempotency.fingerprint:
            raise IdempotencyKeyReused(key.job_id)
        return Created(job, replayed=True)
