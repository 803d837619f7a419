"""Templates whose jobs keep failing: when one is paused, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model import limits
from shared.model.lifecycle import Status
from shared.model.template import BY_ITSELF, FailingRow, Pause, Template, TemplateStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from shared.model.job import Job

JOBS_LOOKED_AT: Final = 100
"""The latest jobs of a template, of which those that have run tell how many failed in a row: more than have to."""

_LEAST: Final = timedelta(seconds=limits.MIN_FAILING_PAUSE_SECONDS)
_MOST: Final = timedelta(seconds=limits.MAX_FAILING_PAUSE_SECONDS)


def may_pause(template: Template, job: Job) -> bool:
    """Whether the failure of `job` may be the one that pauses `template`: it may be paused at all, is not to be
    already, and the job failed since the template is as it is. What is told late must not pause it anew."""
    if template.pause_after_failures is None or template.status is not TemplateStatus.ACTIVE:
        return False
    is_marked = template.failing is not None and template.failing.version == template.version
    return not is_marked and job.ended_at is not None and job.ended_at >= template.changed_at


def failing_row(template: Template, jobs: Iterable[Job]) -> FailingRow | None:
    """What the latest of `jobs`, the template's newest first, come to: too many failed for good in a row; or None.

    Those that wait, run, were skipped or cancelled say nothing. What failed before a client last changed the template
    is over; what its own pauses and trials changed is not: the row goes on until one succeeds.
    """
    failed: list[Job] = []
    for job in jobs:
        if job.status is Status.SUCCEEDED:
            break
        if job.status is Status.FAILED and _counts(template, job):
            failed.append(job)
    if template.pause_after_failures is None or len(failed) < template.pause_after_failures:
        return None
    latest = failed[0]
    error = (latest.executions[-1].error_type if latest.executions else latest.reason) or Status.FAILED
    return FailingRow(version=template.version, runs=len(failed), error=error)


def failing_pause(row: FailingRow, most: int, gap: timedelta | None, now: datetime) -> Pause:
    """The pause of a template of whose runs, which are about `gap` apart (None: there are no two more), a row has
    failed, `most` being how many may.

    It leaves out about two runs, then four, then eight; but lasts five minutes at the least and a week at the most.
    Then the template goes on by itself, and its first run that fails pauses it again.
    """
    doublings = min(max(row.runs - most, 0), 20) + 1
    lasts = min(max(min(gap or _MOST, _MOST) * 2**doublings, _LEAST), _MOST)
    note = f"{row.runs} runs in a row have failed, the last with {row.error}"
    return Pause(at=now, until=now + lasts, note=note[: limits.MAX_NOTE_LENGTH])


def _counts(template: Template, job: Job) -> bool:
    return template.changed_by == BY_ITSELF or (job.ended_at is not None and job.ended_at >= template.changed_at)
