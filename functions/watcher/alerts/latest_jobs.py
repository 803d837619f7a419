"""The jobs of a template or a group, and a tenant's dead letters, read when somebody has to know."""

from __future__ import annotations

import heapq
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from functions.watcher.alerts.lately import Lately
from shared.known import KnownPerTenant
from shared.model.alerts.alert import Subject, SubjectKind
from shared.model.job import JobKey, attention_partition, epoch_ms, group_partition, template_partition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from shared.model.job import Job, Sharding
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore, ListedEntry

MOST_LOOKED_AT: Final = 1_000
"""So many jobs of a template or a group are looked at, the newest first."""

INDEX_LAG: Final = timedelta(minutes=1)
"""For so long, at the most, an index may not show what has failed, or is none any more."""

_PAGE: Final = 50
_END: Final = "~"
# Planned ahead of now there may be any number; a clock may differ by so much.
_SKEW: Final = timedelta(minutes=1)
# All rules of a minute's pass share what was read; the next pass reads anew.
_FRESH: Final = timedelta(seconds=30)
# As many as one tenant's rules can name.
_KNOWN: Final = 2_500


class LatestJobs:
    """Every method raises `StoreUnavailable`. Read from indexes, which lag by a second as a rule, and by `INDEX_LAG` at
    the most; the jobs themselves are read as they are."""

    def __init__(self, jobs: JobStore, clock: Clock, sharding: Sharding) -> None:
        self._jobs = jobs
        self._clock = clock
        self._sharding = sharding
        nothing = Lately(iter(()))
        self._known = KnownPerTenant(self._read_anew, nothing, fresh=_FRESH, clock=clock, at_most=_KNOWN)

    def pages(self, tenant: str, subject: Subject) -> Iterator[list[Job]]:
        """The latest 1,000 jobs of a template or a group that were due by now, the newest first, read page by page; of
        other subjects none: nothing says which jobs belong to them."""
        before = f"{epoch_ms(self._clock.now() + _SKEW):013d}"
        listed = [_listed(self._jobs.list_group, one, before, _PAGE) for one in self._partitions(tenant, subject)]
        entries = islice(_newest_first(listed), MOST_LOOKED_AT)
        while page := list(islice(entries, _PAGE)):
            yield self._jobs.get_many([JobKey(one.tenant, one.job_id) for one in page], consistent=True)

    def lately(self, tenant: str, subject: Subject) -> Lately:
        """What became of them, as it was at most half a minute ago; each is read once for all who ask meanwhile."""
        return self._known.of("\0".join((tenant, subject.kind, subject.id)))

    def has_succeeded_since(self, tenant: str, subject: Subject, since: datetime) -> bool:
        """Whether any of the latest 1,000 has."""
        return self.lately(tenant, subject).has_succeeded_since(since)

    def dead_letters(
        self, tenant: str, *, page: int, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[ListedEntry]:
        """A tenant's dead letters that failed in that time, as the index lists them, the newest first; of each of its
        partitions `page` are read at a time."""
        not_before = "0" if since is None else f"{epoch_ms(since):013d}"
        before = _END if until is None else f"{epoch_ms(until):013d}{_END}"
        partitions = [attention_partition(tenant, number) for number in range(self._sharding.group)]
        listed = [_listed(self._jobs.list_attention, one, before, page, not_before) for one in partitions]
        return _newest_first(listed)

    def _partitions(self, tenant: str, subject: Subject) -> list[str]:
        if subject.kind is SubjectKind.TEMPLATE:
            return [template_partition(tenant, subject.id)]
        if subject.kind is SubjectKind.GROUP:
            return [group_partition(tenant, subject.id, number) for number in range(self._sharding.group)]
        return []

    def _read_anew(self, key: str, before: Lately) -> Lately:
        tenant, kind, name = key.split("\0")
        return Lately(self.pages(tenant, Subject(SubjectKind(kind), name)), before.succeeded_at)


def _listed(
    list_page: Callable[..., list[ListedEntry]], partition: str, before: str, limit: int, not_before: str = "0"
) -> Iterator[ListedEntry]:
    while True:
        entries = list_page(partition, before=before, not_before=not_before, limit=limit)
        yield from entries
        if len(entries) < limit:
            return
        before = entries[-1].sort_key


def _newest_first(listed: list[Iterator[ListedEntry]]) -> Iterator[ListedEntry]:
    return heapq.merge(*listed, key=lambda entry: entry.sort_key, reverse=True)
