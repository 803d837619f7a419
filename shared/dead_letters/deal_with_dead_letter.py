"""Do to one dead letter what a bulk action is for."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from shared.model import limits
from shared.model.bulk_action import BulkAction, BulkKind
from shared.model.dead_letters import Redrive, SecondStart, discard, redrive
from shared.model.errors import ChangeRefused, IllegalTransition, PayloadUnavailable
from shared.model.job import Payload
from shared.model.lifecycle import Status
from shared.model.merge_patch import merged

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.change import Change
    from shared.model.job import Job, Sharding
    from shared.ports.jobs import JobStore

DONE: Final = ""
"""What became of a job to which it was done; any other word says why it was not."""

PAYLOAD_UNAVAILABLE: Final = "payload_unavailable"

_TRIES: Final = 3


def is_done(action: BulkAction, job: Job | None) -> bool:
    """Whether `action` has redriven or discarded the job."""
    return job is not None and action.id in {job.redriven_by, job.discarded_by}


@dataclass(frozen=True, slots=True, kw_only=True)
class DealWithDeadLetter:
    """Of several that do the same to one job, one changes it, and the others find it done."""

    jobs: JobStore
    sharding: Sharding

    def __call__(self, action: BulkAction, job: Job, slot: datetime, now: datetime) -> str:
        """What became of `job`: a redriven one becomes due at `slot`.

        Raises:
            StoreUnavailable: it may have been done, or not.
        """
        try:
            for _ in range(_TRIES):
                if is_done(action, job):
                    return DONE
                try:
                    self.jobs.change(job.key, self._change(action, job, slot, now))
                except ChangeRefused as refusal:
                    if refusal.current is None:
                        return "gone"
                    job = refusal.current
                else:
                    return DONE
        except _NotToBeDoneError as error:
            return str(error)
        return "changed_meanwhile"

    def _change(self, action: BulkAction, job: Job, slot: datetime, now: datetime) -> Change:
        if job.status is Status.FAILED and not action.spec.wanted.matches(job):
            raise _NotToBeDoneError("not_matched" if job.discarded_at is None else "discarded")
        try:
            if action.spec.kind is BulkKind.DISCARD:
                return discard(job, reason=action.spec.reason, by=action.id, now=now)
            asked = Redrive(
                wake_at=slot,
                by=action.id,
                changes=self._edits(job, action.spec.payload_patch),
                may_begin_again=action.spec.may_begin_again,
            )
            return redrive(job, asked, now=now, sharding=self.sharding)
        except IllegalTransition:
            raise _NotToBeDoneError(job.status) from None
        except SecondStart:
            raise _NotToBeDoneError("at_most_once") from None
        except PayloadUnavailable:
            raise _NotToBeDoneError(PAYLOAD_UNAVAILABLE) from None

    def _edits(self, job: Job, patch: Any) -> dict[str, Any]:
        if patch is None or job.status is not Status.FAILED:
            return {}
        text = self.jobs.load_payload(job)
        value = merged(None if text is None else json.loads(text), patch)
        data = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        if len(data) > limits.MAX_PAYLOAD_BYTES:
            raise _NotToBeDoneError("payload_too_large")
        # Before the job names it, and however often this is tried: it is named by its content.
        return {"payload": self.jobs.place_payload(replace(job, payload=Payload(data))).payload}


class _NotToBeDoneError(Exception):
    """It is not done; the message is the word that says why."""
