"""The jobs before a failure, read when somebody has to know."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model.alerts.alert import Subject, SubjectKind
from shared.model.alerts.rule import RuleKind
from shared.model.job import JobKey, attention_partition, epoch_ms, group_partition, template_partition
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.alerts.judgement import Finding
    from shared.model.job import Job, Sharding
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore, ListedEntry

_LOOKED_AT: Final = 50
_END: Final = "~"
# Planned ahead of now there may be any number; a clock may differ by so much.
_SKEW: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class LatestJobs:
    """Every method raises `StoreUnavailable`. Read from indexes, which may lag by a second; the jobs themselves are
    read as they are."""

    jobs: JobStore
    clock: Clock
    sharding: Sharding

    def of(self, tenant: str, subject: Subject) -> list[Job]:
        """The latest 50 jobs of a template or a group that were due by now, the newest first; of other subjects none:
        nothing says which jobs belong to them."""
        if subject.kind is SubjectKind.TEMPLATE:
            partitions = [template_partition(tenant, subject.id)]
        elif subject.kind is SubjectKind.GROUP:
            partitions = [group_partition(tenant, subject.id, number) for number in range(self.sharding.group)]
        else:
            return []
        before = f"{epoch_ms(self.clock.now() + _SKEW):013d}"
        entries: list[ListedEntry] = []
        for partition in partitions:
            entries += self.jobs.list_group(partition, before=before, not_before="0", limit=_LOOKED_AT)
        newest = heapq.nlargest(_LOOKED_AT, entries, key=lambda entry: entry.sort_key)
        return self.jobs.get_many([JobKey(one.tenant, one.job_id) for one in newest], consistent=True)

    def has_succeeded_since(self, tenant: str, subject: Subject, since: datetime) -> bool:
        return any(
            job.status is Status.SUCCEEDED and job.ended_at is not None and job.ended_at > since
            for job in self.of(tenant, subject)
        )

    def dead_letters(self, tenant: str, *, at_most: int, since: datetime | None = None) -> list[ListedEntry]:
        """Dead letters of a tenant, as the index lists them, the newest first: not many more than `at_most`."""
        not_before = "0" if since is None else f"{epoch_ms(since):013d}"
        found: list[ListedEntry] = []
        for number in range(self.sharding.group):
            partition = attention_partition(tenant, number)
            found += self.jobs.list_attention(partition, before=_END, not_before=not_before, limit=at_most)
        return found

    def confirms(self, finding: Finding) -> bool:
        """Whether the jobs before it say so too, for the kinds of rules that one failure is not enough for."""
        rule, tenant = finding.rule, finding.job.tenant
        wanted = rule.count or 1
        if rule.kind is RuleKind.DEAD_LETTER_COUNT:
            return len(self.dead_letters(tenant, at_most=wanted)) >= wanted
        ended = _ended(self.of(tenant, finding.subject))
        latest = heapq.nlargest(wanted, ended, key=lambda job: (job.ended_at or job.updated_at, job.id))
        return len(latest) == wanted and all(job.status is Status.FAILED for job in latest)


def _ended(jobs: Sequence[Job]) -> list[Job]:
    return [job for job in jobs if job.status in (Status.SUCCEEDED, Status.FAILED)]
