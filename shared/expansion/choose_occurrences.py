"""Which occurrences of a range a backfill is to run: what it counts at its creation, and what it takes step by step."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.model.backfill import BackfillOrder, backfill_job_id, is_wanted
from shared.model.errors import InvalidField
from shared.model.job import Job, JobKey, epoch_ms, template_partition
from shared.model.occurrence_job import PlannedOccurrence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from shared.model.backfill import BackfillSpec
    from shared.model.schedule.timetable import Timetable
    from shared.model.template import TemplateKey
    from shared.ports.jobs import JobStore

MAX_OCCURRENCES: Final = 10_000
_CHUNK: Final = 100
_PAGE: Final = 500


class Choice(NamedTuple):
    """An occurrence of the range, and whether it is to run."""

    occurrence: PlannedOccurrence
    is_wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseOccurrences:
    jobs: JobStore

    def __call__(
        self, key: TemplateKey, spec: BackfillSpec, timetable: Timetable, *, backfill_id: str, after: datetime | None
    ) -> Iterator[Choice]:
        """The occurrences in the order of `spec`, those behind `after`; lazily, as far as the caller goes.

        A job of the backfill itself does not count: a step that is repeated comes to the same choice.

        Raises:
            InvalidField: there are more than `MAX_OCCURRENCES`.
        """
        found = _occurrences(spec, timetable)
        if spec.order is BackfillOrder.NEWEST_FIRST:
            found.reverse()
        if after is not None:
            forward = spec.order is BackfillOrder.OLDEST_FIRST
            found = [one for one in found if (one.nominal_at > after if forward else one.nominal_at < after)]
        for start in range(0, len(found), _CHUNK):
            chunk = found[start : start + _CHUNK]
            jobs = self._jobs(key, chunk)
            for one in chunk:
                own = backfill_job_id(key, one.nominal_at, backfill_id)
                others = [job for job in jobs.get(one.nominal_at, ()) if job.id != own]
                yield Choice(one, is_wanted(spec.only, others))

    def _jobs(self, key: TemplateKey, chunk: Sequence[PlannedOccurrence]) -> Mapping[datetime, list[Job]]:
        """The jobs of these occurrences by nominal instant, the latest last."""
        instants = sorted(one.nominal_at for one in chunk)
        partition = template_partition(*key)
        before, not_before = f"{epoch_ms(instants[-1]) + 1:013d}", f"{epoch_ms(instants[0]):013d}"
        by_instant: dict[datetime, list[Job]] = defaultdict(list)
        while True:
            page = self.jobs.list_group(partition, before=before, not_before=not_before, limit=_PAGE)
            for job in self.jobs.get_many([JobKey(one.tenant, one.job_id) for one in page], consistent=True):
                if job.nominal_at is not None:
                    by_instant[job.nominal_at].append(job)
            if len(page) < _PAGE:
                break
            before = page[-1].sort_key
        for jobs in by_instant.values():
            jobs.sort(key=lambda job: job.created_at)
        return by_instant


def _occurrences(spec: BackfillSpec, timetable: Timetable) -> list[PlannedOccurrence]:
    found: list[PlannedOccurrence] = []
    previous = timetable.previous(spec.since - timedelta(milliseconds=1))
    for one in timetable.between(spec.since, spec.until):
        if len(found) == MAX_OCCURRENCES:
            detail = f"a backfill has at most {MAX_OCCURRENCES} occurrences: take a shorter range"
            raise InvalidField("/to", detail)
        found.append(
            PlannedOccurrence(
                nominal=one.nominal,
                nominal_at=one.nominal_at,
                effective_at=one.effective_at,
                number=0,
                misfire_at=None,
                previous_nominal_at=previous,
            )
        )
        previous = one.nominal_at
    return found
