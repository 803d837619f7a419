"""The jobs of planned occurrences: created once, and brought up to the template's version."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.memory.jobs import MemoryJobStore
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.expansion.plan_jobs import PlanJobs, facts_of, job_of
from shared.model import moves
from shared.model.errors import ChangeRefused, PayloadUnavailable
from shared.model.expansion import expand
from shared.model.job import JobKey, Payload
from shared.model.lifecycle import Status
from shared.model.occurrence_job import WITHDRAWN, occurrence_job_id, withdraw
from tests.jobs import RETENTION, SHARDING, claim_of
from tests.templates import CREATED, TEMPLATE_ID, TENANT, a_template, at, minutes, timetable_of

if TYPE_CHECKING:
    from shared.model.change import Change
    from shared.model.job import Job
    from shared.model.occurrence_job import PlannedOccurrence
    from shared.model.template import Template


class Planner:
    def __init__(self) -> None:
        self.jobs = MemoryJobStore()
        self.templates = MemoryTemplateStore()
        self.plan_jobs = PlanJobs(jobs=self.jobs, templates=self.templates, sharding=SHARDING)

    def plan(self, template: Template, count: int = 3) -> int:
        return self.plan_jobs(template, occurrences(template)[:count], now=CREATED)

    def job(self, minute: int) -> Job:
        key = JobKey(TENANT, occurrence_job_id(a_template().key, minutes(minute)))
        return self.jobs.get(key)


def occurrences(template: Template) -> tuple[PlannedOccurrence, ...]:
    return expand(template, timetable_of(template), now=CREATED).planned


def changed(template: Template, version: int, url: str = "https://example.com/new") -> Template:
    return replace(template, version=version, job=replace(template.job, target={"type": "http", "url": url}))


def test_each_occurrence_becomes_a_job_that_says_whose_it_is() -> None:
    planner = Planner()

    assert planner.plan(a_template(tags={"team": "data"})) == 3

    job = planner.job(2)
    assert (job.template_id, job.template_version, job.name, job.tags) == (TEMPLATE_ID, 1, "report", {"team": "data"})
    assert (job.status, job.nominal_at, job.run_at, job.wake_at) == (Status.SCHEDULED, *[minutes(2)] * 3)
    assert job.misfire_at == minutes(3)


def test_planned_twice_the_second_time_does_nothing() -> None:
    planner = Planner()
    planner.plan(a_template())
    before = planner.jobs.all_jobs()

    assert planner.plan(a_template(), count=4) == 1

    assert planner.jobs.all_jobs()[:3] == before


def test_a_job_that_has_not_begun_is_brought_up_to_a_newer_version() -> None:
    planner = Planner()
    planner.plan(a_template())

    assert planner.plan(changed(a_template(), 2)) == 3

    assert planner.job(1).target["url"] == "https://example.com/new"
    assert planner.job(1).template_version == 2


def test_an_older_version_changes_nothing_that_a_newer_one_planned() -> None:
    planner = Planner()
    planner.plan(changed(a_template(), 2))
    before = planner.jobs.all_jobs()

    assert planner.plan(a_template()) == 0

    assert planner.jobs.all_jobs() == before


def test_a_withdrawn_job_is_reinstated_and_one_that_a_client_cancelled_is_not() -> None:
    planner = Planner()
    planner.plan(a_template())
    gone, cancelled = planner.job(1), planner.job(2)
    planner.jobs.change(gone.key, withdraw(gone, version=2, now=at(1), retention=RETENTION))
    planner.jobs.change(cancelled.key, moves.cancel(cancelled, now=at(1), retention=RETENTION))

    assert planner.plan(changed(a_template(), 3)) == 2

    assert (planner.job(1).status, planner.job(1).reason, planner.job(1).ended_at) == (Status.SCHEDULED, None, None)
    assert planner.job(2).status is Status.CANCELLED


def test_what_an_equal_version_withdrew_stays_withdrawn() -> None:
    planner = Planner()
    planner.plan(a_template())
    job = planner.job(1)
    planner.jobs.change(job.key, withdraw(job, version=2, now=at(1), retention=RETENTION))

    assert planner.plan(changed(a_template(), 2)) == 2

    assert planner.job(1).reason == WITHDRAWN


def test_a_job_that_has_begun_stays_as_it_is() -> None:
    planner = Planner()
    planner.plan(a_template(), count=1)
    running = planner.jobs.change_and_get(planner.job(1).key, claim_of(planner.job(1)))

    assert planner.plan(changed(a_template(), 2), count=1) == 0

    assert planner.job(1) == running


@pytest.mark.parametrize(("races", "planned"), [(2, 1), (3, 0)])
def test_a_job_that_moves_meanwhile_is_looked_at_again_up_to_three_times(
    races: int, planned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = Planner()
    planner.plan(a_template(), count=1)
    original, left = planner.jobs.change, races

    def change(key: JobKey, wanted: Change) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise ChangeRefused(planner.jobs.get(key))
        original(key, wanted)

    monkeypatch.setattr(planner.jobs, "change", change)

    assert planner.plan(changed(a_template(), 2), count=1) == planned


def test_a_job_that_is_gone_meanwhile_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    planner = Planner()
    planner.plan(a_template(), count=1)

    def change(key: JobKey, wanted: Change) -> None:
        raise ChangeRefused(None)

    monkeypatch.setattr(planner.jobs, "change", change)

    assert planner.plan(changed(a_template(), 2), count=1) == 0


def test_a_large_payload_lies_beside_each_job_and_one_that_cannot_be_read_stops_the_planning() -> None:
    planner = Planner()
    template = a_template()
    large = replace(template, job=replace(template.job, payload=Payload(b'"' + b"x" * 900 + b'"')))

    planner.plan(planner.templates.place_template_payload(large))

    assert planner.jobs.load_payload(planner.job(1)) == large.job.payload.data
    with pytest.raises(PayloadUnavailable):
        planner.plan(replace(template, job=replace(template.job, payload=Payload(ref="nothing"))))


def test_an_occurrence_that_runs_once_more_is_a_job_under_an_id_of_its_own() -> None:
    template, occurrence = a_template(), occurrences(a_template())[0]

    job = job_of(template, b'{"a":1}', occurrence, now=CREATED, sharding=SHARDING, job_id="again")

    assert (job.id, job.nominal_at, job.payload.data) == ("again", minutes(1), b'{"a":1}')
    assert facts_of(template, occurrence, "again").job_id == "again"


def test_parameters_may_refer_to_what_is_known_of_the_occurrence() -> None:
    template = a_template({"cron": "30 14 * * *", "timezone": "Europe/Berlin", "spread": "10m"})
    occurrence = occurrences(template)[0]

    facts = facts_of(template, occurrence)

    assert (facts.tenant, facts.template_id, facts.template_name, facts.template_version) == (
        TENANT,
        TEMPLATE_ID,
        "report",
        1,
    )
    assert (facts.nominal_at, facts.nominal_local.hour, facts.timezone) == (minutes(90), 14, "Europe/Berlin")
    assert (facts.number, facts.previous_nominal_at) == (1, None)
    assert timedelta() < facts.run_at - facts.nominal_at < timedelta(minutes=10)
    assert facts.job_id == occurrence_job_id(template.key, minutes(90))


@given(st.permutations([1, 2, 3, 4]), st.lists(st.integers(1, 4), max_size=3))
def test_whoever_comes_last_the_newest_version_holds(order: list[int], withdrawn_by: list[int]) -> None:
    planner = Planner()

    for version in order:
        planner.plan(changed(a_template(), version, url=f"https://example.com/{version}"), count=2)
        for other in withdrawn_by:
            job = planner.job(1)
            change = withdraw(job, version=other, now=at(1), retention=RETENTION)
            try:
                planner.jobs.change(job.key, change)
            except ChangeRefused:
                assert other <= (job.template_version or 0) or job.status is Status.SKIPPED

    assert planner.job(2).target["url"] == "https://example.com/4"
    assert (planner.job(1).status, planner.job(1).template_version) in {
        (Status.SCHEDULED, 4),
        *((Status.SKIPPED, 4) for other in withdrawn_by if other == 4),
    }
