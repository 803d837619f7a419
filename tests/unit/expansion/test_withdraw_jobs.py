"""Jobs of occurrences that a template has no more are taken back, and no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.memory.jobs import MemoryJobStore
from shared.expansion import withdraw_jobs
from shared.expansion.withdraw_jobs import WithdrawJobs
from shared.model.backfill import backfill_job_id
from shared.model.errors import ChangeRefused
from shared.model.expansion import expand
from shared.model.job import NO_PAYLOAD, JobKey
from shared.model.lifecycle import Status
from shared.model.occurrence_job import WITHDRAWN, occurrence_job, triggered_job
from shared.model.template import TemplateStatus
from shared.model.template_changes import planned_anew
from tests.jobs import RETENTION, SHARDING, claim_of
from tests.templates import CREATED, a_template, at, minutes, timetable_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.job import Job
    from shared.model.occurrence_job import PlannedOccurrence
    from shared.model.template import Template

NO_MORE = {"cron": "0 0 1 1 *"}


class Planned:
    """A template of each minute with its jobs planned at its creation."""

    def __init__(self, schedule: dict[str, Any] | None = None) -> None:
        template = a_template(schedule or {"cron": "* * * * *"})
        found = expand(template, timetable_of(template), now=CREATED)
        self.template = replace(template, progress=found.progress)
        self.occurrences = found.planned
        self.jobs = MemoryJobStore()
        for one in found.planned:
            self.create(self.template, one)
        self.withdraw_jobs = WithdrawJobs(jobs=self.jobs, retention=RETENTION)

    def create(self, template: Template, one: PlannedOccurrence, job_id: str | None = None) -> Job:
        target = template.job.target
        job = occurrence_job(
            template, one, target=target, payload=NO_PAYLOAD, now=CREATED, sharding=SHARDING, job_id=job_id
        )
        return self.jobs.create(job).job

    def change(self, now: datetime, **fields: Any) -> Template:
        template, becomes = self.template, timetable_of(replace(self.template, **fields))
        self.template = planned_anew(
            template, timetable_of(template), becomes, by="key", change="edit", now=now, **fields
        )
        return self.template

    def withdraw(self, now: datetime, seconds_left: Sequence[float] = ()) -> bool:
        left = iter(seconds_left)
        return self.withdraw_jobs(
            self.template, timetable_of(self.template), now=now, seconds_left=lambda: next(left, 60)
        )

    def withdrawn(self) -> list[datetime]:
        return sorted(job.nominal_at for job in self.jobs.all_jobs() if job.nominal_at and job.reason == WITHDRAWN)


def test_what_the_new_version_has_no_more_is_withdrawn_and_what_it_has_stays() -> None:
    planned = Planned()
    planned.change(at(90), schedule={"cron": "*/10 * * * *"})

    assert planned.withdraw(at(91))

    assert planned.withdrawn() == [minutes(one) for one in range(2, 32) if one % 10]
    job = next(job for job in planned.jobs.all_jobs() if job.nominal_at == minutes(2))
    assert (job.status, job.template_version, job.ended_at) == (Status.SKIPPED, 2, at(91))


def test_what_was_due_before_the_change_stays_also_when_it_has_not_begun() -> None:
    planned = Planned()
    planned.change(minutes(5), schedule=NO_MORE)

    planned.withdraw(minutes(9))

    assert planned.withdrawn()[0] == minutes(6)


@pytest.mark.parametrize("status", [TemplateStatus.PAUSED, TemplateStatus.DELETED])
def test_a_template_that_is_not_active_has_no_occurrence(status: TemplateStatus) -> None:
    planned = Planned()
    planned.change(CREATED, status=status)

    planned.withdraw(CREATED)

    assert len(planned.withdrawn()) == 31


def test_what_a_client_takes_out_is_withdrawn() -> None:
    planned = Planned()
    planned.change(CREATED, skipped=(minutes(7),))

    planned.withdraw(CREATED)

    assert planned.withdrawn() == [minutes(7)]


def test_a_job_that_has_begun_or_was_planned_by_this_or_a_newer_version_stays() -> None:
    planned = Planned()
    running, newer = (job for job in planned.jobs.all_jobs()[:2])
    planned.jobs.change(running.key, claim_of(running))
    planned.change(CREATED, schedule=NO_MORE)
    for one in (2, 3):
        planned.create(replace(planned.template, version=one), replace(planned.occurrences[0], nominal_at=at(one)))

    planned.withdraw(CREATED)

    kept = {job.nominal_at for job in planned.jobs.all_jobs() if job.status is not Status.SKIPPED}
    assert kept == {minutes(1), at(2), at(3)}
    assert newer.nominal_at in planned.withdrawn()


def test_what_was_triggered_or_belongs_to_a_backfill_is_no_plan_of_the_schedule() -> None:
    planned = Planned({"cron": "* * * * *", "spread": "1h"})
    first = next(one for one in planned.occurrences if one.effective_at > minutes(20))
    target, key = planned.template.job.target, planned.template.key
    beside = [
        triggered_job(planned.template, "t", target=target, payload=NO_PAYLOAD, now=minutes(30), sharding=SHARDING),
        planned.create(planned.template, first, backfill_job_id(key, first.nominal_at, "b")),
    ]
    planned.jobs.create(beside[0])
    planned.change(first.nominal_at, schedule=NO_MORE)

    planned.withdraw(first.nominal_at)

    assert [planned.jobs.get(job.key).status for job in beside] == [Status.SCHEDULED] * 2


def test_what_is_spread_beyond_the_change_is_found_though_its_nominal_time_was_before() -> None:
    planned = Planned({"cron": "* * * * *", "spread": "1h"})
    now = minutes(15)
    late = [one.nominal_at for one in planned.occurrences if one.nominal_at <= now < one.effective_at]
    planned.change(now, schedule=NO_MORE)

    planned.withdraw(now)

    assert late
    assert set(late) <= set(planned.withdrawn())


def test_of_many_jobs_those_that_are_due_soonest_are_withdrawn_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withdraw_jobs, "_PAGE", 10)
    planned = Planned()
    planned.change(CREATED, schedule=NO_MORE)
    looking_through = [60.0] * 4

    assert not planned.withdraw(CREATED, seconds_left=[60, 60, 5])
    assert planned.withdrawn() == []
    assert not planned.withdraw(CREATED, seconds_left=[*looking_through, 60, 60, 5])
    assert planned.withdrawn() == [minutes(one) for one in range(1, 12)]
    assert planned.withdraw(CREATED)
    assert len(planned.withdrawn()) == 31


def test_a_job_that_moves_meanwhile_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = Planned()
    planned.change(CREATED, schedule=NO_MORE)
    original = planned.jobs.change
    moved = planned.jobs.all_jobs()[3].key

    def change(key: JobKey, wanted: Any) -> None:
        if key == moved:
            raise ChangeRefused(planned.jobs.get(key))
        original(key, wanted)

    monkeypatch.setattr(planned.jobs, "change", change)

    assert planned.withdraw(CREATED)
    assert len(planned.withdrawn()) == 30


def test_a_withdrawn_job_is_kept_beyond_the_time_at_which_it_was_to_run() -> None:
    planned = Planned()
    planned.change(CREATED, schedule=NO_MORE)
    planned.withdraw(CREATED)

    job = max(planned.jobs.all_jobs(), key=lambda one: one.run_at)

    assert job.expire_item_at is not None
    assert job.expire_item_at >= job.run_at + timedelta(days=30)
