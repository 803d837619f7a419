"""The canary: a template of the scheduler's own that fires each minute, all the way, so that silence is heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from shared.model.job import Job

SYSTEM_TENANT: Final = "punctual-system"
"""The tenant of what the scheduler does for itself. No API key is made for it."""

CANARY_ID: Final = "canary"
"""Of the template."""

LOOKED_AT: Final = 10
"""So many of its latest jobs are looked at. Older than they are no song is looked for."""


def canary_age(jobs: Iterable[Job], now: datetime) -> timedelta | None:
    """How long ago the latest of the canary's `jobs` that succeeded was to run; when none did, how long ago the oldest
    of those was that should have. None before there was any."""
    due = [job for job in jobs if job.run_at <= now]
    sung = [job.run_at for job in due if job.status is Status.SUCCEEDED]
    if sung:
        return now - max(sung)
    return now - min(job.run_at for job in due) if due else None
