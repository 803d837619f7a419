"""The tick: what others do, or what ends, while it goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.model.errors import StoreUnavailable, TemplateChanged, UnreadableTemplate
from tests.unit.recurring import START, Recurring, plenty

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.model.template import Template

# A calendar that is not there.
BROKEN = {"cron": "* * * * *", "calendars": ["gone"]}


def create_in_one_shard(recurring: Recurring, names: Sequence[str]) -> None:
    for name in names:
        recurring.create(template_id=name, expand_shard=3)


def jobs_of(recurring: Recurring, template_id: str) -> int:
    return sum(job.template_id == template_id for job in recurring.jobs.all_jobs())


@pytest.mark.parametrize(
    "error", [TemplateChanged(None), StoreUnavailable("injected", outcome_unknown=True), UnreadableTemplate("t1")]
)
def test_a_failure_that_cannot_be_written_stops_no_other_of_its_shard(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    recurring = Recurring()
    create_in_one_shard(recurring, ["t1", "t2"])
    broken = replace(recurring.template(), schedule=BROKEN, revision=2)
    recurring.templates.replace_template(broken)
    write = recurring.templates.replace_template

    def replace_template(template: Template) -> None:
        if template.id == "t1":
            raise error
        write(template)

    monkeypatch.setattr(recurring.templates, "replace_template", replace_template)

    report = recurring.tick()

    assert (report.expanded, report.failed, jobs_of(recurring, "t2")) == (1, 1, 31)
    # It stays due: the next tick tries it again.
    assert recurring.template() == broken


def test_of_two_ticks_at_once_the_later_leaves_the_template_to_the_other() -> None:
    recurring = Recurring()
    recurring.create()

    def expand_after_another(template: Template, seconds_left: Callable[[], float]) -> Any:
        recurring.tick()
        recurring.clock.advance(60)
        return recurring.expand(template, seconds_left)

    report = recurring.tick(expand=expand_after_another)

    assert (report.expanded, report.of_another) == (0, 1)
    # What it made before it was refused, a minute further ahead, is what the next tick would have made.
    nominal = sorted(job.nominal_at for job in recurring.jobs.all_jobs() if job.nominal_at)
    assert nominal == [START.replace(second=0) + timedelta(minutes=minute) for minute in range(1, 33)]


def test_when_time_runs_out_what_is_left_waits_for_the_next_tick() -> None:
    recurring = Recurring()
    names = [f"t{number}" for number in range(5)]
    create_in_one_shard(recurring, names)
    seconds = iter([12.0, 11.0, 10.0, 9.9])

    report = recurring.tick(expand=lambda template, _: recurring.expand(template, plenty), left=seconds.__next__)

    assert (report.expanded, report.failed) == (3, 0)
    assert recurring.tick().expanded == 2
    assert [jobs_of(recurring, name) for name in names] == [31] * 5
