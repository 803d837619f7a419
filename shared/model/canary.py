"""The canary: a template of the scheduler's own that fires each minute, all the way, so that silence is heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.model.lanes import Priority
from shared.model.lifecycle import Status
from shared.model.retry import RetryPolicy
from shared.model.template import (
    JobDefinition,
    Misfire,
    MisfirePolicy,
    Progress,
    Template,
    TemplateKey,
    expand_shard_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from shared.model.job import Job

SYSTEM_TENANT: Final = "punctual-system"
"""The tenant of what the scheduler does for itself. No API key is made for it."""

CANARY: Final = TemplateKey(SYSTEM_TENANT, "canary")
_TIMEOUT_SECONDS: Final = 20
LOOKED_AT: Final = 10
"""So many of its latest jobs are looked at. Older than they are no song is looked for."""


def canary(now: datetime) -> Template:
    """The template as it is planted at `now`. What it misses it does not make up for: only the present counts."""
    return Template(
        tenant=SYSTEM_TENANT,
        id=CANARY.template_id,
        name="canary",
        schedule={"cron": "* * * * *", "timezone": "UTC"},
        job=JobDefinition(
            target={"type": "task", "name": "canary.sing"},
            priority=Priority.HIGH,
            timeout_seconds=_TIMEOUT_SECONDS,
            retry=RetryPolicy(max_attempts=1),
        ),
        misfire=Misfire(policy=MisfirePolicy.SKIP),
        created_at=now,
        changed_at=now,
        changed_by=SYSTEM_TENANT,
        change="create",
        progress=Progress(expanded_until=now, since=now),
        expand_at=now,
        expand_shard=expand_shard_of(SYSTEM_TENANT, CANARY.template_id),
    )


def canary_age(jobs: Iterable[Job], now: datetime) -> timedelta | None:
    """How long ago the latest of the canary's `jobs` that succeeded was to run; when none did, how long ago the oldest
    of those was that should have. None before there was any."""
    due = [job for job in jobs if job.run_at <= now]
    sung = [job.run_at for job in due if job.status is Status.SUCCEEDED]
    if sung:
        return now - max(sung)
    return now - min(job.run_at for job in due) if due else None
