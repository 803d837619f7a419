"""Templates whose jobs keep failing: paused for a while, tried again, paused for longer, and going on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.watcher.journal.pause_failing_templates import PauseFailingTemplates
from shared.model.errors import StoreUnavailable, TemplateChanged
from shared.model.job_change import JobChange
from shared.model.lifecycle import Status
from shared.model.template import BY_ITSELF, Misfire, Template, TemplateStatus
from tests.unit.recurring import BOOM, Recurring

if TYPE_CHECKING:
    from shared.model.execution import Failure
    from shared.model.job import Job

MINUTE = timedelta(minutes=1)


class Failing(Recurring):
    """A template, whose jobs end as a test says, and the reader of the journal that is told so."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[JobChange] = []

    def reader(self) -> PauseFailingTemplates:
        return PauseFailingTemplates(
            templates=self.templates,
            jobs=self.jobs,
            clock=self.clock,
            telemetry=self.telemetry,
        )

    def run(self, failure: Failure | None = BOOM) -> None:
        """The occurrence of the present minute runs and ends so, which the journal tells."""
        self.clock.advance(60)
        self.tick()
        now = self.clock.now()
        job = self.job_at(now.replace(second=0, microsecond=0))
        self.end(job, failure)
        change = JobChange(job, self.jobs.get(job.key))
        self.told.append(change)
        self.reader()([change])
        self.tick()

    def pass_pause(self) -> None:
        """Until the template goes on by itself."""
        until = self.template().pause.until
        self.clock.advance((until - self.clock.now()).total_seconds())
        self.tick()


@pytest.fixture
def failing() -> Failing:
    return Failing()


def a_failing(failing: Failing, runs: int = 3, **fields: Any) -> Template:
    failing.create(**{"pause_after_failures": 3, **fields})
    failing.tick()
    for _ in range(runs):
        failing.run()
    return failing.template()


def test_it_is_paused_with_a_note_when_so_many_runs_in_a_row_have_failed(failing: Failing) -> None:
    assert a_failing(failing, runs=2).status is TemplateStatus.ACTIVE

    failing.run()

    template = failing.template()
    assert (template.status, template.changed_by, template.change) == (TemplateStatus.PAUSED, BY_ITSELF, "pause")
    assert template.pause.note == "3 runs in a row have failed, the last with http_404"
    assert template.pause.until == failing.clock.now() + timedelta(minutes=5)
    assert "template_keeps_failing" in failing.telemetry.actions()


def test_its_versions_tell_of_the_pause(failing: Failing) -> None:
    template = a_failing(failing)

    versions = failing.templates.archived_versions(template.key, before=None, limit=9)

    assert [one.version for one in versions] == [template.version - 1]


def test_a_success_begins_the_row_anew(failing: Failing) -> None:
    a_failing(failing, runs=2)
    failing.run(None)
    failing.run()
    failing.run()

    assert failing.template().status is TemplateStatus.ACTIVE
    failing.run()
    assert failing.template().status is TemplateStatus.PAUSED


def test_a_template_that_does_not_ask_for_it_is_never_paused(failing: Failing) -> None:
    assert a_failing(failing, runs=9, pause_after_failures=None).status is TemplateStatus.ACTIVE


def test_no_occurrence_of_the_pause_runs(failing: Failing) -> None:
    a_failing(failing)
    paused_at = failing.clock.now()
    failing.tick()

    planned = [job for job in failing.jobs.all_jobs() if job.run_at > paused_at]

    assert {job.status for job in planned} == {Status.SKIPPED}
    assert {job.reason for job in planned} == {"withdrawn"}


def test_after_the_pause_it_runs_again_and_the_first_failure_pauses_it_for_longer(failing: Failing) -> None:
    a_failing(failing, pause_after_failures=3)
    pauses = []
    for _ in range(4):
        pauses.append(round((failing.template().pause.until - failing.clock.now()) / MINUTE))
        failing.pass_pause()
        assert failing.template().status is TemplateStatus.ACTIVE
        failing.run()
        assert failing.template().status is TemplateStatus.PAUSED

    assert pauses == [5, 5, 8, 16]


def test_a_run_that_goes_well_after_the_pause_ends_the_matter(failing: Failing) -> None:
    a_failing(failing)
    failing.pass_pause()

    failing.run(None)
    failing.run()
    failing.run()

    assert failing.template().status is TemplateStatus.ACTIVE


def test_told_the_same_again_it_does_nothing(failing: Failing) -> None:
    template = a_failing(failing)

    failing.reader()(failing.told)
    assert failing.template() == template

    failing.pass_pause()
    resumed = failing.template()
    failing.reader()(failing.told)
    assert failing.template() == resumed


def test_a_template_that_a_client_resumed_has_a_row_of_its_own(failing: Failing) -> None:
    a_failing(failing)
    failing.clock.advance(1)
    failing.resume()

    failing.run()
    failing.run()
    assert failing.template().status is TemplateStatus.ACTIVE
    failing.run()

    assert failing.template().status is TemplateStatus.PAUSED


def test_jobs_of_no_template_and_what_has_not_failed_are_passed_over(
    failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_failing(failing, runs=2)
    last: Job = failing.told[-1].new
    monkeypatch.setattr(failing.templates, "get_template", None)

    failing.reader()(
        [
            JobChange(last, None),
            JobChange(None, replace(last, template_id=None)),
            JobChange(None, replace(last, status=Status.SUCCEEDED)),
            JobChange(None, replace(last, group="punctual.events")),
        ]
    )


def test_a_template_that_is_gone_is_passed_over(failing: Failing) -> None:
    a_failing(failing, runs=2)
    lost = replace(failing.told[-1].new, template_id="gone")

    failing.reader()([JobChange(None, lost)])

    assert failing.template().status is TemplateStatus.ACTIVE


def test_a_pause_that_meets_another_change_is_decided_anew(failing: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    a_failing(failing, runs=2)
    write, others = failing.templates.replace_template, iter(range(1))

    def late(template: Template) -> None:
        if template.failing is not None and next(others, None) is not None:
            raise TemplateChanged(failing.template())
        write(template)

    monkeypatch.setattr(failing.templates, "replace_template", late)

    failing.run()

    assert failing.template().status is TemplateStatus.PAUSED


def test_a_template_that_does_not_hold_still_is_looked_at_again_later(
    failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_failing(failing, runs=2)
    write = failing.templates.replace_template

    def never(template: Template) -> None:
        if template.failing is not None:
            raise TemplateChanged(failing.template())
        write(template)

    monkeypatch.setattr(failing.templates, "replace_template", never)

    with pytest.raises(StoreUnavailable):
        failing.run()


def test_a_client_who_changes_it_before_it_is_paused_has_the_last_word(failing: Failing) -> None:
    a_failing(failing, runs=2)
    failing.clock.advance(60)
    job = failing.job_at(failing.clock.now().replace(second=0, microsecond=0))
    failing.end(job, BOOM)
    failing.reader()([JobChange(job, failing.jobs.get(job.key))])
    assert failing.template().failing is not None

    failing.clock.advance(1)
    failing.edit(misfire=Misfire(after_seconds=5))

    assert (failing.template().status, failing.template().failing) == (TemplateStatus.ACTIVE, None)
