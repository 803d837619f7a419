"""Whether the jobs before a failure say so too, for the kinds of rules that one failure is not enough for."""

from __future__ import annotations

import heapq
from itertools import islice
from typing import TYPE_CHECKING, Final

from shared.model import limits
from shared.model.alerts.judgement import SUSPICIONS
from shared.model.alerts.rule import RuleKind
from shared.model.job import JobKey
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from functions.watcher.alerts.latest_jobs import LatestJobs
    from shared.model.alerts.alert import Subject
    from shared.model.alerts.judgement import Finding
    from shared.model.alerts.rule import AlertRule
    from shared.model.job import Job
    from shared.ports.jobs import JobStore

# So many listed dead letters that are none any more are looked past.
_STALE: Final = 1_000
_PAGE: Final = 100


class Confirmation:
    """For the failures of one batch, or for one look at a rule: what was read about a template, a group or a tenant is
    read once for all of them. Every method raises `StoreUnavailable`."""

    def __init__(self, jobs: JobStore, latest: LatestJobs) -> None:
        self._jobs = jobs
        self._latest = latest
        self._rows: dict[tuple[str, Subject], int] = {}
        self._dead: dict[str, _DeadLetters] = {}

    def confirms(self, found: Sequence[Finding]) -> bool:
        """Whether what was `found` of one rule and subject is more than a suspicion."""
        rule, last = found[-1].rule, found[-1]
        if rule.kind not in SUSPICIONS:
            return True
        if rule.kind is RuleKind.DEAD_LETTER_COUNT:
            return self.are_so_many(rule, [one.job.key for one in found])
        return self._failures_in_a_row(rule.tenant, last.subject) >= (rule.count or 1)

    def are_so_many(self, rule: AlertRule, known: Sequence[JobKey] = ()) -> bool:
        """Whether the tenant has as many dead letters as the rule says. The index tells which jobs to look at; `known`
        are some that it may not show yet."""
        letters = self._dead.setdefault(rule.tenant, _DeadLetters(self._jobs, self._latest, rule.tenant))
        return letters.are(rule.count or 1, known)

    def _failures_in_a_row(self, tenant: str, subject: Subject) -> int:
        """How many of the jobs that ended last failed for good, one after the other; no more than rules ask for."""
        if (tenant, subject) not in self._rows:
            self._rows[tenant, subject] = _row(self._latest.pages(tenant, subject))
        return self._rows[tenant, subject]


class _DeadLetters:
    def __init__(self, jobs: JobStore, latest: LatestJobs, tenant: str) -> None:
        self._jobs = jobs
        self._latest = latest
        self._tenant = tenant
        self._are: set[JobKey] = set()
        self._looked_at: set[JobKey] = set()

    def are(self, wanted: int, known: Sequence[JobKey]) -> bool:
        self._look_at(known)
        if len(self._are) >= wanted:
            return True
        entries = islice(self._latest.dead_letters(self._tenant, page=wanted), wanted + _STALE)
        listed = [JobKey(one.tenant, one.job_id) for one in entries]
        if len(self._are.union(listed)) < wanted:
            return False
        for start in range(0, len(listed), _PAGE):
            self._look_at(listed[start : start + _PAGE])
            if len(self._are) >= wanted:
                return True
        return False

    def _look_at(self, keys: Sequence[JobKey]) -> None:
        """Each of them as it is: who was redriven or discarded a moment ago may still be listed."""
        new = [key for key in dict.fromkeys(keys) if key not in self._looked_at]
        self._looked_at.update(new)
        self._are.update(job.key for job in self._jobs.get_many(new, consistent=True) if is_dead_letter(job))


def is_dead_letter(job: Job) -> bool:
    return job.status is Status.FAILED and job.attention_pk is not None


def _row(pages: Iterator[Sequence[Job]]) -> int:
    ended: list[tuple[datetime, str, Status]] = []
    for page in pages:
        done = (job for job in page if job.status in (Status.SUCCEEDED, Status.FAILED))
        ended += [(job.ended_at or job.updated_at, job.id, job.status) for job in done]
        if len(ended) >= limits.MAX_FAILURES_IN_A_ROW:
            break
    count = 0
    for _, _, status in heapq.nlargest(limits.MAX_FAILURES_IN_A_ROW, ended):
        if status is Status.SUCCEEDED:
            break
        count += 1
    return count
