"""Why did it run, why did it not: a template's occurrences, past and future, each with its job or the reason why there
is none."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from shared.expansion.timetables import timetable_of
from shared.model.errors import InvalidField
from shared.model.job import JobKey, epoch_ms, template_partition
from shared.model.occurrence_job import WITHDRAWN, occurrence_job_id
from shared.model.schedule.bounds import SearchTooLong
from shared.model.template import Template, TemplateKey, TemplateStatus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from shared.model.gap import Gap
    from shared.model.job import Job
    from shared.model.schedule.occurrences import Occurrence
    from shared.ports.calendars import Calendars
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore
    from shared.ports.retentions import Retentions
    from shared.ports.templates import TemplateStore

_STEP: Final = timedelta(milliseconds=1)
_VERSIONS: Final = 50
# Of jobs that stand beside the schedule: triggered ones, or those of a version that was replaced.
_ENTRIES: Final = 500


class Fate(StrEnum):
    """What became, or becomes, of an occurrence that has no job."""

    EXPECTED = "expected"  # it is ahead, and its job is made shortly before it is due
    EXCLUDED = "excluded"  # the schedule itself leaves it out: a calendar, or a change of the clocks
    SKIPPED = "skipped"  # it did not run, or will not
    OVERDUE = "overdue"  # its job should be there and is not yet: the expansion is behind
    FORGOTTEN = "forgotten"  # it is so long ago that its job is not kept any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One row: an occurrence by the version `by` of the template, a job of it, or both.

    `occurrence` is None for a job beside the schedule: a triggered one, or one of a version that was replaced. Where
    there is no `job`, or a withdrawn one, `fate` and `reason` say why, and `detail` is for people.
    """

    at: datetime
    by: Template
    occurrence: Occurrence | None = None
    job: Job | None = None
    fate: Fate | None = None
    reason: str | None = None
    detail: str | None = None

    @property
    def is_expected(self) -> bool:
        """Whether it is ahead, and its job is not made yet."""
        return self.fate is Fate.EXPECTED


@dataclass(frozen=True, slots=True)
class ExplainedPage:
    """Rows in the order of their instants; `next` is the instant after which they go on, None at the end."""

    rows: list[Explained]
    next: datetime | None


@dataclass(frozen=True, slots=True)
class Reign:
    """The time from `since` to `until` in which a version of a template held."""

    template: Template
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainOccurrences:
    templates: TemplateStore
    calendars: Calendars
    jobs: JobStore
    clock: Clock
    retention: Retentions

    def __call__(
        self, key: TemplateKey, *, since: datetime, until: datetime, after: datetime | None, limit: int
    ) -> ExplainedPage:
        """About `limit` rows of the nominal instants from `since` to `until`, both included, or after `after`.

        A past occurrence is explained by the version that held at its time. (Of an edited calendar only the present
        days are known.)

        Raises:
            TemplateNotFound: there is none.
        """
        template = self.templates.get_template(key)
        start = since if after is None else max(since, after + _STEP)
        rows = self._of_schedule(template, start, until, limit)
        # Rows of one instant stay together, so that an instant is a position.
        last = rows[-1].at if len(rows) >= limit else until
        rows = self._with_jobs(template, rows, start, last)
        return ExplainedPage(self._with_reasons(template, rows, start, last), last if last < until else None)

    def _of_schedule(self, template: Template, start: datetime, until: datetime, limit: int) -> list[Explained]:
        """The occurrences by their schedules alone; at least `limit` of them, if there are so many."""
        rows: list[Explained] = []
        for reign in self._reigns(template, start, until):
            timetable = timetable_of(reign.template, self.calendars)
            found = timetable.occurrences(after=max(start, reign.since) - _STEP, with_excluded=True)
            # What is not found within the step budget is not in the reign either; and a former version may name a
            # calendar that is gone, and then only its jobs can be told.
            with suppress(SearchTooLong, InvalidField):
                for one in found:
                    if one.nominal_at > reign.until or (len(rows) >= limit and one.nominal_at > rows[-1].at):
                        break
                    rows.append(Explained(at=one.nominal_at, by=reign.template, occurrence=one))
            if len(rows) >= limit:
                break
        return rows

    def _reigns(self, template: Template, since: datetime, until: datetime) -> Iterator[Reign]:
        """Those of the versions that touch the span and that have occurrences, oldest first; without those that cannot
        be read, and those that they followed, of which nobody can tell until when they were in force."""
        versions = [template]
        while versions[-1].changed_at > since:
            older = self.templates.archived_versions(template.key, before=versions[-1].version, limit=_VERSIONS)
            if not older:
                break
            versions += older
        # What is due at the very moment of a change was planned before it.
        ends = [until, *(version.changed_at for version in versions)]
        followers = [versions[0].version + 1, *(version.version for version in versions)]
        for version, end, follower in reversed(list(zip(versions, ends, followers, strict=False))):
            if follower != version.version + 1:
                continue
            if version.status is not TemplateStatus.DELETED and version.changed_at < until and end >= since:
                yield Reign(version, version.changed_at + _STEP, min(end, until))

    def _with_jobs(self, template: Template, rows: list[Explained], start: datetime, last: datetime) -> list[Explained]:
        """The rows with their jobs, read by their ids, and rows for the jobs that the template has beside them."""
        ids = [occurrence_job_id(template.key, row.at) for row in rows]
        listed = self.jobs.list_group(
            template_partition(template.tenant, template.id),
            before=f"{epoch_ms(last) + 1:013d}",
            not_before=f"{epoch_ms(start):013d}",
            limit=_ENTRIES,
        )
        keys = dict.fromkeys(JobKey(template.tenant, one) for one in (*ids, *(entry.job_id for entry in listed)))
        jobs = {job.id: job for job in self.jobs.get_many(list(keys), consistent=True)}
        found = [
            replace(row, job=None if _runs_elsewhere(row) else jobs.pop(job_id, None))
            for row, job_id in zip(rows, ids, strict=True)
        ]
        excluded = {row.at for row in rows if _runs_elsewhere(row)}
        beside = [
            Explained(at=job.nominal_at or job.created_at, by=template, job=job)
            for job in jobs.values()
            # What was withdrawn since its day is excluded now is told by that.
            if job.reason != WITHDRAWN or job.nominal_at not in excluded
        ]
        return sorted([*found, *beside], key=lambda row: row.at)

    def _with_reasons(
        self, template: Template, rows: list[Explained], start: datetime, last: datetime
    ) -> list[Explained]:
        gaps = self.templates.gaps(template.key, since=start, until=last)
        now = self.clock.now()
        return [row if _has_run(row) else self._reason(template, row, gaps, now) for row in rows]

    def _reason(  # noqa: PLR0911 (one return per reason is the clearest table)
        self, template: Template, row: Explained, gaps: list[Gap], now: datetime
    ) -> Explained:
        assert row.occurrence is not None
        effective_at, by = row.occurrence.effective_at, row.by
        if row.occurrence.excluded is not None:
            return replace(row, fate=Fate.EXCLUDED, reason=row.occurrence.excluded, detail=row.occurrence.day_excluded)
        if row.at in by.skipped:
            return replace(row, fate=Fate.SKIPPED, reason="skipped_by_client")
        if by.pause is not None and (by.pause.until is None or row.at <= by.pause.until):
            return replace(row, fate=Fate.SKIPPED, reason="paused", detail=by.pause.note)
        gap = next((gap for gap in gaps if gap.first <= row.at <= gap.last), None)
        if gap is not None:
            return replace(row, fate=Fate.SKIPPED, reason=gap.reason)
        if effective_at <= by.progress.since < row.at:
            return replace(row, fate=Fate.SKIPPED, reason="before_change", detail="its day was before this version")
        if row.at > template.progress.expanded_until:
            return replace(row, fate=Fate.EXPECTED if effective_at > now else Fate.OVERDUE)
        if now - max(row.at, effective_at) > self.retention.shortest_of(template.tenant):
            return replace(row, fate=Fate.FORGOTTEN)
        return replace(row, fate=Fate.SKIPPED, reason=WITHDRAWN if row.job is not None else "missed")


def _has_run(row: Explained) -> bool:
    """Whether the row's job speaks for itself; one that was withdrawn says no more than that."""
    return row.job is not None and (row.occurrence is None or row.job.reason != WITHDRAWN)


def _runs_elsewhere(row: Explained) -> bool:
    """An occurrence that does not run may share its instant with one that does: the job is that one's."""
    return row.occurrence is not None and row.occurrence.excluded is not None
