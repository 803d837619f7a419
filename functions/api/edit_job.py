"""Change what a waiting job does, or when."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shared.model import moves
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
class EditJob:
    change_job: ChangeJob
    jobs: JobStore
    edits: EditReader
    telemetry: Telemetry
    sharding: Sharding

    def __call__(self, key: JobKey, patch: Mapping[str, Any], precondition: Precondition, now: datetime) -> Job:
        """The job after the merge patch; as it is, without a write, when that changes nothing.

        Raises:
            Refused, InvalidField: the patched job would not be a valid one.
            IllegalTransition: the job runs, or has ended.
        """

        def decide(job: Job) -> Change | None:
            if job.status not in legal(Move.EDIT).sources:
                raise IllegalTransition(Move.EDIT, job)
            changes = self.edits.changes(job, self._payload(job) if "payload" in patch else None, patch, now)
            if "payload" in changes:
                # Before the job names it. Its place depends on the size of the whole item.
                changes["payload"] = self.jobs.place_payload(replace(job, **changes)).payload
            return moves.edit(job, changes, now=now, sharding=self.sharding) if changes else None

        job = self.change_job(key, decide, precondition)
        if job.updated_at == now:
            self.telemetry.note("edited", version=job.version, **job.identity())
        return job

    def _payload(self, job: Job) -> Any:
        text = self.jobs.load_payload(job)
        return None if text is None else json.loads(text)
