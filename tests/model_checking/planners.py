"""A template at several versions, and what its planners ask of the job of its one occurrence.

Each version either has the occurrence, a step from now, or has it not; or has moved it, and withdraws the job until it
plans that anew. A planner is at one version for ever, as one is
that has read the template and then sleeps; its requests come at any time, between those of older and newer versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shared.model.occurrence_job import may_be_withdrawn, replan, withdraw
from shared.model.retry import Jitter, RetryPolicy
from tests import occurrences
from tests.model_checking.present import NOW, RETENTION, STEP

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.change import Change
    from shared.model.job import Job

TWO_ATTEMPTS: Final = RetryPolicy(
    max_attempts=2, initial_seconds=STEP.total_seconds(), multiplier=1, jitter=Jitter.NONE
)


def planned(version: int = 1) -> Job:
    """The job of the occurrence as `version` plans it: due a step from now, and missed a step later."""
    template = occurrences.a_template(version, retry=TWO_ATTEMPTS)
    return occurrences.planned(template, nominal_at=NOW + STEP, misfire_at=NOW + 2 * STEP, now=NOW)


def _plans(version: int) -> Callable[[Job, Any], Change | None]:
    anew = planned(version)
    return lambda job, _: replan(job, anew, now=NOW)


def _has_it_not(version: int, *, counts_as: int | None = None) -> Callable[[Job, Any], Change | None]:
    def change(job: Job, _: Any) -> Change | None:
        if not may_be_withdrawn(job, version):
            return None
        return withdraw(job, version=version, now=NOW, retention=RETENTION, counts_as_version=counts_as)

    return change


# Withdrawn, planned again, and both once more: so the same is asked by an older and by a newer version.
PLANNERS: Final[dict[str, Callable[[Job, Any], Change | None]]] = {
    "version 2, without the occurrence": _has_it_not(2),
    "version 3, with the occurrence": _plans(3),
    "version 3, having moved the occurrence": _has_it_not(3, counts_as=2),
    "version 4, with the occurrence": _plans(4),
    "version 5, without the occurrence": _has_it_not(5),
}
