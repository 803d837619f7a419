"""Have a job that failed for good run again, or give it up."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from functions.api.refusals import invalid_field
from shared.model.dead_letters import Redrive, SecondStart, discard, redrive
from shared.model.errors import IllegalTransition
from shared.model.lifecycle import Move, legal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from functions.api.change_job import ChangeJob
    from functions.api.models.edits import EditReader
    from functions.api.preconditions import Precondition
    from shared.model.change import Change
    from shared.model.job import Job, JobKey, Sharding
    from shared.ports.jobs import JobStore
    from shared.ports.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class RedriveJob:
    change_job: ChangeJob
    jobs: JobStore
    edits: EditReader
    telemetry: Telemetry
    sharding: Sharding

    def __call__(
        self,
        key: JobKey,
        patch: Mapping[str, Any],
        precondition: Precondition,
        now: datetime,
        *,
        by: str,
        may_begin_again: bool,
    ) -> Job:
        """The job, scheduled for now, after the merge patch of what it does. Asking twice without a patch is asking
        once: one that a redrive has set in motion is answered as it is.

        Raises:
            Refused, InvalidField: the patched job would not be a valid one, or it may have done its work already.
            IllegalTransition: the job has not failed.
        """

        was_sent = False

        def decide(job: Job) -> Change | None:
            nonlocal was_sent
            if was_sent and (job.redriven_at, job.redriven_by) == (now, by):
                # By this very call, which the SDK has sent again; whatever the job has come to since.
                return None
            if not patch and job.redriven_at is not None and not job.status.is_terminal:
                return None
            if job.status not in legal(Move.REDRIVE).sources:
                raise IllegalTransition(Move.REDRIVE, job)
            changes = self.edits.changes(job, self._payload(job) if "payload" in patch else None, patch, now)
            if "payload" in changes:
                # Before the job names it. Its place depends on the size of the whole item.
                changes["payload"] = self.jobs.place_payload(replace(job, **changes)).payload
            was_sent = True
            asked = Redrive(wake_at=now, by=by, changes=changes, may_begin_again=may_begin_again)
            return redrive(job, asked, now=now, sharding=self.sharding)

        try:
            job = self.change_job(key, decide, precondition)
        except SecondStart:
            detail = "true is needed: it is delivered at most once, and may have done its work when it failed"
            raise invalid_field("/confirm_at_most_once", "required", detail) from None
        if job.redriven_at == now:
            self.telemetry.note("redriven", by=by, redrives=job.redrives, **job.identity())
        return job

    def _payload(self, job: Job) -> Any:
        text = self.jobs.load_payload(job)
        return None if text is None else json.loads(text)


@dataclass(frozen=True, slots=True)
class DiscardJob:
    change_job: ChangeJob
    telemetry: Telemetry

    def __call__(self, key: JobKey, reason: str | None, precondition: Precondition, now: datetime, *, by: str) -> Job:
        """The job, discarded. One that is already keeps its first reason.

        Raises:
            IllegalTransition: the job has not failed.
        """

        def decide(job: Job) -> Change | None:
            return None if job.discarded_at is not None else discard(job, reason=reason, by=by, now=now)

        job = self.change_job(key, decide, precondition)
        if job.discarded_at == now:
            self.telemetry.note("discarded", by=by, **job.identity())
        return job
