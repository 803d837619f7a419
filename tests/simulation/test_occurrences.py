"""The judge of I2 sees what must not be, and the naive oracle says what it is told to by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.model.gap import Gap
from shared.model.lifecycle import Status
from shared.model.occurrence_job import occurrence_job_id
from shared.model.template import Misfire, MisfirePolicy, Progress, Template, TemplateStatus
from tests.jobs import a_job
from tests.simulation.naive_schedule import AROUND_THE_NIGHT, due_between
from tests.simulation.occurrences import History, Occurrences
from tests.templates import CREATED, EACH_MINUTE, a_template, minutes

if TYPE_CHECKING:
    from shared.model.job import Job

END = minutes(30)
TEMPLATE = replace(a_template(), progress=Progress(expanded_until=END, since=CREATED))
EACH_SEVENTH = {"every": "7m", "timezone": "UTC"}


def job(minute: int, **fields: Any) -> Job:
    made = a_job(job_id=occurrence_job_id(TEMPLATE.key, minutes(minute)), run_at=minutes(minute))
    return replace(made, template_id=TEMPLATE.id, template_version=1, nominal_at=minutes(minute), **fields)


ALL = [job(minute) for minute in range(1, 31)]


def version(number: int, minute: int, **fields: Any) -> Template:
    """One that was changed then, and settled at once."""
    progress = replace(TEMPLATE.progress, since=minutes(minute))
    return replace(TEMPLATE, version=number, revision=number, changed_at=minutes(minute), progress=progress, **fields)


def broken(jobs: list[Job], *versions: Template, gaps: tuple[Gap, ...] = (), is_fair: bool = True) -> list[str]:
    occurrences, before = Occurrences(), None
    for one in versions or (TEMPLATE,):
        now = int((one.changed_at - CREATED) / timedelta(milliseconds=1))
        assert list(occurrences.histories[one.key].write(before, one, now)) == []
        before = one
    return list(occurrences.broken(jobs, {TEMPLATE.key: list(gaps)}, END, nobody_is_late=is_fair))


def without(*minutes_left_out: int) -> list[Job]:
    return [one for number, one in enumerate(ALL, 1) if number not in minutes_left_out]


def test_a_job_for_each_occurrence_is_what_must_be() -> None:
    assert broken(ALL) == []


def test_a_missing_one_is_seen_and_so_is_one_that_was_withdrawn() -> None:
    withdrawn = job(7, status=Status.SKIPPED, reason="withdrawn")

    assert "is missing" in broken(without(7))[0]
    assert "is missing" in broken([*without(7), withdrawn])[0]


def test_one_that_nobody_asked_for_is_seen_unless_a_write_was_late() -> None:
    stray = replace(job(3), id="stray", nominal_at=minutes(3.5))

    assert "no schedule" in broken([*ALL, stray])[0]
    assert broken([*ALL, stray], is_fair=False) == []


def test_two_jobs_of_an_occurrence_are_seen() -> None:
    assert "2 jobs" in broken([*ALL, replace(job(3), id="another")])[0]


def test_a_record_explains_what_was_missed_and_must_not_come_too_early_or_where_all_run() -> None:
    gap = Gap(first=minutes(3), last=minutes(7), count=5, reason="missed", recorded_at=minutes(8))
    run_all = replace(TEMPLATE, misfire=Misfire(policy=MisfirePolicy.FIRE_ALL))
    left = without(3, 4, 5, 6, 7)

    assert broken(left, gaps=(gap,)) == []
    assert "was not late yet" in broken(left, gaps=(replace(gap, recorded_at=minutes(7)),))[0]
    assert "though all are to run" in broken(left, run_all, gaps=(gap,))[0]


def test_what_lies_in_a_pause_or_was_taken_out_need_not_be_and_must_not_be() -> None:
    paused = version(2, 5.5, status=TemplateStatus.PAUSED)
    active = version(3, 10.5, change="resume", skipped=(minutes(20),))

    assert broken(without(6, 7, 8, 9, 10, 20), TEMPLATE, paused, active) == []
    assert "no schedule" in broken(without(7, 8, 9, 10, 20), TEMPLATE, paused, active)[0]
    assert "no schedule" in broken(without(6, 7, 8, 9, 10), TEMPLATE, paused, active)[0]
    assert "is missing" in broken(without(6, 7, 8, 9, 10, 12, 20), TEMPLATE, paused, active)[0]


def test_the_pause_is_judged_when_the_resume_was_to_make_up_for_it() -> None:
    paused = version(2, 5.5, status=TemplateStatus.PAUSED)
    active = replace(version(3, 10.5, change="resume"), progress=paused.progress)

    assert broken(ALL, TEMPLATE, paused, active) == []
    assert "is missing" in broken(without(8), TEMPLATE, paused, active)[0]


def test_each_version_is_judged_by_its_own_schedule_and_what_was_not_expanded_may_be_given_up() -> None:
    edited = version(2, 14.5, schedule=EACH_SEVENTH)
    behind = replace(TEMPLATE, progress=replace(TEMPLATE.progress, expanded_until=minutes(9)))
    # 7 minutes are counted from the epoch: 12:20 and 12:27 are whole multiples, as 12:06 and 12:13 are.
    later = [job(one) for one in range(15, 31) if minutes(one).timestamp() % 420 == 0]

    assert broken([*ALL[:14], *later], TEMPLATE, edited) == []
    assert "is missing" in broken([*ALL[:9], *later], TEMPLATE, edited)[0]
    assert broken([*ALL[:9], *later], behind, edited) == []
    assert "no schedule" in broken(ALL, TEMPLATE, edited)[0]


def test_a_template_does_not_come_back_nor_skip_a_version() -> None:
    history, gone = History(), replace(TEMPLATE, revision=2, status=TemplateStatus.DELETED)

    assert list(history.write(TEMPLATE, gone, 0)) == []
    assert list(history.write(gone, replace(TEMPLATE, revision=3), 0)) != []
    assert list(history.write(TEMPLATE, replace(TEMPLATE, version=3, revision=2), 0)) != []
    assert list(history.write(TEMPLATE, replace(TEMPLATE, revision=3), 0)) != []


def night(day: str, zone: str, **policies: str) -> list[str]:
    schedule = {"cron": AROUND_THE_NIGHT, "timezone": zone, **policies}
    since = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return [f"{one:%H:%M}" for one in sorted(due_between(schedule, since, since + timedelta(hours=4)))]


@pytest.mark.parametrize(
    ("policies", "due"),
    [
        ({}, "06:00 06:20 06:40 07:00 07:20 07:40"),
        ({"dst_gap": "skip"}, "06:00 06:20 06:40 07:00 07:20 07:40"),
    ],
)
def test_the_oracle_knows_the_hour_that_is_left_out(policies: dict[str, str], due: str) -> None:
    # At 07:00 UTC the clocks of New York go from 02:00 to 03:00, which fires by itself.
    assert night("2026-03-08T05:00", "America/New_York", **policies)[:6] == due.split()


@pytest.mark.parametrize(
    ("overlap", "due"),
    [
        ("first", "05:00 05:20 05:40 07:00 07:20 07:40"),
        ("last", "06:00 06:20 06:40 07:00 07:20 07:40"),
        ("both", "05:00 05:20 05:40 06:00 06:20 06:40"),
    ],
)
def test_the_oracle_knows_the_hour_that_is_there_twice(overlap: str, due: str) -> None:
    assert night("2026-11-01T04:00", "America/New_York", dst_overlap=overlap)[:6] == due.split()


def test_the_oracle_keeps_bounds() -> None:
    schedule = {**EACH_MINUTE, "start_at": "2026-03-01T12:02:30Z", "end_at": "2026-03-01T12:06:00Z"}

    assert sorted(due_between(schedule, CREATED, END)) == [minutes(one) for one in (3, 4, 5, 6)]
    assert sorted(due_between({**schedule, "max_occurrences": 2}, minutes(3), END)) == [minutes(4)]
