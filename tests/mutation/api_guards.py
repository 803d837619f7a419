"""What the API asks before it writes, what it makes of a refusal, and who may come in."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_create = partial(SourceMutant, "functions/api/create_job.py")
_create_many = partial(SourceMutant, "functions/api/create_jobs.py")
_change = partial(SourceMutant, "functions/api/change_job.py")
_cancel = partial(SourceMutant, "functions/api/cancel_job.py")
_edit = partial(SourceMutant, "functions/api/edit_job.py")
_precondition = partial(SourceMutant, "functions/api/preconditions.py")
_made_by = partial(SourceMutant, "shared/model/change.py")
_job = partial(SourceMutant, "shared/model/job.py")
_key = partial(SourceMutant, "shared/model/api_key.py")
_authorize = partial(SourceMutant, "functions/api/authorize.py")

API_GUARDS: Final = (
    _create("a key is used for another body", "if creation.job.fingerprint != job.fingerprint:", "if False:"),
    _create("a key is found with another body", "if job.fingerprint != idempotency.fingerprint:", "if False:"),
    _create(
        "an earlier call's job is answered as new",
        "replayed=creation.job.created_at != job.created_at",
        "replayed=False",
    ),
    _create(
        "one's own resent create is answered as a replay",
        "replayed=creation.job.created_at != job.created_at",
        "replayed=True",
    ),
    _create("what was accepted is refused when it comes again", "except SchedulerError:", "except KeyError:"),
    _create("a refused call leaves a payload", "if spec.payload is not None:", "if False:"),
    _create(
        "a job is created without its payload's place",
        "self.jobs.create(self.jobs.place_payload(job))",
        "self.jobs.create(job)",
    ),
    _job("the items of a bulk call share an id", '"" if index is None else str(index)', '""'),
    _job("a key and an item's number run together", '"\\0".join(parts)', '"".join(parts)'),
    _create_many("an item is begun without time", "if seconds_left() < _SECONDS_PER_ITEM:", "if False:"),
    _change("If-Match is not heeded", "precondition.check(job)", "pass"),
    _change("a lost race is decided on the old job", "                job = refusal.current\n", ""),
    _change("one's own change is another's", "if is_made_by(change, job, refusal.current):", "if False:"),
    _made_by("another's later version is one's own", "current.version == before.version + 1 and all(", "all("),
    _made_by(
        "another's change is one's own",
        "return current.version == before.version + 1 and all(",
        "return current.version == before.version + 1 or all(",
    ),
    _change("a job that has gone is still decided on", "if refusal.current is None:", "if False:"),
    _cancel(
        "a second cancel of a running job is another change",
        "if job.status is Status.CANCELLED or is_stopping:",
        "if job.status is Status.CANCELLED:",
    ),
    _cancel("a second cancel is refused", "if job.status is Status.CANCELLED or is_stopping:", "if is_stopping:"),
    _edit("a job that cannot be changed is looked into", "if job.status not in legal(Move.EDIT).sources:", "if False:"),
    _edit("a changed payload has no place", 'if "payload" in changes:', "if False:"),
    _precondition("a weak tag matches", " and match[1] is None", ""),
    _precondition("any version matches", "if self.tags is not None and str(", "if False and str("),
    _key("any secret opens", "return matches and self", "return self"),
    _key("a revoked key opens", "self.revoked_at is None and ", ""),
    _key("an expired key opens", " and (self.expires_at is None or now < self.expires_at)", ""),
    _key("a key opens as it expires", "now < self.expires_at", "now <= self.expires_at"),
    _authorize("any key opens", "return found if is_theirs else None", "return found"),
)
