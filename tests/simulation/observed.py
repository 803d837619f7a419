"""What the outside of the scheduler knows of a run: what was accepted, which effects began, what clients were told."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shared.model.job import Job, JobKey
    from tests.simulation.kernel import Process


class Effect(NamedTuple):
    """A target was called, under this fence, at this (true) time in milliseconds."""

    key: JobKey
    fence: int
    began_at: int


@dataclass
class Observed:
    """`accepted`: jobs whose creation was answered with success, and when. `unknown`: which creations of each tenant
    were not answered, by their keys. `ids`: the job of each tenant's Idempotency-Key. `checkpoints`: the last that was
    kept of each job. `answers`: the error of each attempt's effect, `reports` that of each whose outcome is reported.
    `cancels`: jobs that a client wanted to end. `holders`: who made the last claim.
    `jobs`: how many were created. `latest_ms`: how late the latest
    first attempt began, by its claimer's clock. `zombies`: effects that began when their lease had been taken.
    `broken`: what should never happen, each as the invariant's number and what was seen."""

    accepted: dict[JobKey, int] = field(default_factory=dict)
    unknown: dict[str, set[object]] = field(default_factory=lambda: defaultdict(set))
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    cancels: set[JobKey] = field(default_factory=set)
    effects: dict[JobKey, list[Effect]] = field(default_factory=dict)
    checkpoints: dict[JobKey, int] = field(default_factory=dict)
    reports: dict[tuple[JobKey, int], str | None] = field(default_factory=dict)
    answers: dict[tuple[JobKey, int], str | None] = field(default_factory=dict)
    holders: dict[JobKey, Process] = field(default_factory=dict)
    jobs: int = 0
    latest_ms: int = 0
    zombies: int = 0
    broken: list[str] = field(default_factory=list)

    def breaks(self, invariant: str, job: Job | JobKey, what: str) -> None:
        name = getattr(job, "id", None) or getattr(job, "job_id", job)
        self.broken.append(f"{invariant}: job {name}: {what}")
