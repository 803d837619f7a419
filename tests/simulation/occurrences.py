"""I2: each occurrence of a template has one job, none is missing, and none is outside of the schedules that were in
force around it; judged by what was written when, against the naive oracle."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.model.template import MisfirePolicy, TemplateStatus
from tests.simulation.naive_schedule import due_between, spread_of
from tests.simulation.ports import START

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from shared.model.gap import Gap
    from shared.model.job import Job
    from shared.model.template import Template, TemplateKey

# Two clocks, and a call, are not further apart: so near to a change either version may have its way.
SLACK: Final = timedelta(seconds=15)
_WITHDRAWN: Final = "withdrawn"


class Reign(NamedTuple):
    """A version from `since` to `until`; `settled_at` is when nothing of it went on any more (None: it did to the end).
    `dealt_until`: how far it was expanded when it was replaced. `gives_up`: what of it was not expanded by then need
    not be any more."""

    template: Template
    since: datetime
    until: datetime
    settled_at: datetime | None
    dealt_until: datetime
    gives_up: bool


@dataclass
class History:
    """What was written of one template: the first revision of each version, the last before the next, and when the
    store saw that a version had settled."""

    first: dict[int, Template] = field(default_factory=dict)
    last: dict[int, Template] = field(default_factory=dict)
    settled: dict[int, datetime] = field(default_factory=dict)

    def write(self, before: Template | None, after: Template, now: int) -> Iterator[str]:
        """Note a write at `now` (true milliseconds), and say what it must not do."""
        self.first.setdefault(after.version, after)
        self.last[after.version] = after
        if not after.progress.is_stale and after.progress.settle_at is None:
            self.settled.setdefault(after.version, START + timedelta(milliseconds=now))
        if before is None:
            return
        if after.revision != before.revision + 1 or after.version not in (before.version, before.version + 1):
            yield f"version {before.version}.{before.revision} became {after.version}.{after.revision}"
        if before.status is TemplateStatus.DELETED and after.status is not TemplateStatus.DELETED:
            yield f"it was deleted, and is {after.status}"

    def reigns(self, end: datetime) -> list[Reign]:
        found = []
        for version, template in self.first.items():
            later = self.first.get(version + 1)
            settled = [at for other, at in self.settled.items() if other > version]
            last = self.last[version]
            found.append(
                Reign(
                    template,
                    template.changed_at,
                    end if later is None else later.changed_at,
                    min(settled, default=None),
                    last.progress.expanded_until,
                    later is not None and _gives_up(last, later),
                )
            )
        return found


def _gives_up(before: Template, after: Template) -> bool:
    return (
        after.schedule != before.schedule
        or after.status is TemplateStatus.DELETED
        or (after.change == "resume" and after.progress.since >= after.changed_at)
    )


@dataclass
class Occurrences:
    """What is known of all templates; `broken` says what must not be, when all is over."""

    histories: dict[TemplateKey, History] = field(default_factory=lambda: defaultdict(History))

    def broken(
        self, jobs: list[Job], gaps: Mapping[TemplateKey, list[Gap]], end: datetime, *, nobody_is_late: bool
    ) -> Iterator[str]:
        """`end`: up to when all is to be explained. `nobody_is_late`: no write took effect long after it was sent, so
        that nothing of a version goes on after it settled."""
        planned: dict[str, dict[datetime, Job]] = defaultdict(dict)
        counts = Counter((job.template_id, job.nominal_at) for job in jobs if job.nominal_at is not None)
        for (template_id, nominal_at), count in counts.items():
            if count > 1:
                yield f"{count} jobs of the occurrence {nominal_at} of {template_id}"
        for job in jobs:
            if job.template_id is not None and job.nominal_at is not None:
                planned[job.template_id][job.nominal_at] = job
        for key, history in self.histories.items():
            reigns = _with_missed_pauses(history.reigns(end))
            own = planned.pop(key.template_id, {})
            for what in (
                *_missing(reigns, own, gaps[key], end),
                *(_outside(reigns, own, end) if nobody_is_late else ()),
                *_wrongly_missed(reigns, gaps[key]),
            ):
                yield f"template {key.template_id}: {what}"
        for template_id in planned:
            yield f"template {template_id} is not there, and has jobs"


def _with_missed_pauses(reigns: list[Reign]) -> list[Reign]:
    """The reigns, with pauses whose occurrences are to be dealt with as if there had been none."""
    found: list[Reign] = []
    for number, reign in enumerate(reigns):
        template = reign.template
        resumed = next((one.template for one in reigns[number:] if one.template.status is not template.status), None)
        is_made_up_for = resumed is not None and resumed.change == "resume" and resumed.progress.since <= reign.since
        if template.status is TemplateStatus.PAUSED and is_made_up_for:
            template = replace(template, status=TemplateStatus.ACTIVE)
        found.append(reign._replace(template=template))
    return found


def _missing(reigns: list[Reign], jobs: Mapping[datetime, Job], gaps: list[Gap], end: datetime) -> Iterator[str]:
    for reign in reigns:
        template = reign.template
        if template.status is not TemplateStatus.ACTIVE:
            continue
        latest = min(reign.until, end) - spread_of(template.schedule) - SLACK
        for one in sorted(due_between(template.schedule, reign.since + SLACK, latest)):
            is_explained = (
                one in template.skipped
                or _has_job(jobs.get(one))
                or any(gap.first <= one <= gap.last for gap in gaps)
                or any(other.gives_up and other.dealt_until < one <= other.until for other in reigns)
            )
            if not is_explained:
                yield f"the occurrence {one} of version {template.version} is missing: {_told(jobs.get(one))}"


def _outside(reigns: list[Reign], jobs: Mapping[datetime, Job], end: datetime) -> Iterator[str]:
    allowed = set().union(*(_may_have(reign, end) for reign in reigns))
    for one, job in jobs.items():
        if _has_job(job) and one not in allowed:
            yield f"no schedule that was in force around {one} says so, and there is: {_told(job)}"


def _may_have(reign: Reign, end: datetime) -> set[datetime]:
    """The occurrences of which there may be jobs by this version."""
    template = reign.template
    if template.status is not TemplateStatus.ACTIVE:
        return set()
    since = reign.since - spread_of(template.schedule) - SLACK
    until = end if reign.settled_at is None else min(end, reign.settled_at + SLACK)
    return due_between(template.schedule, since, until) - set(template.skipped)


def _wrongly_missed(reigns: list[Reign], gaps: list[Gap]) -> Iterator[str]:
    """Nothing is left out before it is late, nor where everything is to run however late."""
    policies = {reign.template.misfire for reign in reigns}
    for gap in gaps:
        if gap.recorded_at < gap.last + timedelta(seconds=min(one.after_seconds for one in policies)):
            yield f"{gap} was not late yet"
    all_run = all(
        one.policy is MisfirePolicy.FIRE_ALL and not one.max_runs and not one.within_seconds for one in policies
    )
    if gaps and all_run:
        yield f"{gaps[0]} though all are to run"


def _has_job(job: Job | None) -> bool:
    return job is not None and job.reason != _WITHDRAWN


def _told(job: Job | None) -> str:
    return "no job" if job is None else f"job {job.id} of version {job.template_version} is {job.status} ({job.reason})"
