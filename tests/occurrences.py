"""Jobs of a template's occurrence to test with: as one version of the template plans it, and as another does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.model.job import NO_PAYLOAD, Job, Payload
from shared.model.occurrence_job import PlannedOccurrence, occurrence_job, replan, withdraw
from shared.model.template import JobDefinition, Progress, Template
from tests.jobs import RETENTION, SHARDING, START, TENANT, at

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.change import Change

TARGET = {"type": "http", "url": "https://example.com/"}
MISFIRE_SECONDS = 60


def a_template(version: int = 1, *, tenant: str = TENANT, template_id: str = "t1", **definition: Any) -> Template:
    """A template at `version`, each of whose jobs is as `definition` says."""
    return Template(
        tenant=tenant,
        id=template_id,
        name="nightly",
        schedule={},
        job=JobDefinition(**{"target": TARGET, **definition}),
        created_at=START,
        changed_at=START,
        changed_by="key",
        change="edit",
        progress=Progress(expanded_until=START, since=START),
        version=version,
    )


def planned(
    template: Template | None = None,
    *,
    nominal_at: datetime | None = None,
    run_at: datetime | None = None,
    misfire_at: datetime | None = None,
    payload: Payload = NO_PAYLOAD,
    now: datetime = START,
) -> Job:
    """The job of an occurrence, nominally and effectively a minute after `START` unless said otherwise; it is missed
    when it has not begun `MISFIRE_SECONDS` after its effective time."""
    template, nominal_at = template or a_template(), nominal_at or at(60)
    run_at = run_at or nominal_at
    occurrence = PlannedOccurrence(
        nominal=nominal_at.replace(tzinfo=None),
        nominal_at=nominal_at,
        effective_at=run_at,
        number=1,
        misfire_at=misfire_at or run_at + timedelta(seconds=MISFIRE_SECONDS),
    )
    return occurrence_job(template, occurrence, target=template.job.target, payload=payload, now=now, sharding=SHARDING)


def withdrawal_of(job: Job, *, version: int = 2, now: datetime = START) -> Change:
    return withdraw(job, version=version, now=now, retention=RETENTION)


def replanning_of(job: Job, anew: Job | None = None, *, version: int = 2, now: datetime = START) -> Change:
    """What makes `anew` of `job`, or what the template's `version` plans for it; there must be something to do."""
    change = replan(job, anew or planned(a_template(version)), now=now)
    assert change is not None
    return change
