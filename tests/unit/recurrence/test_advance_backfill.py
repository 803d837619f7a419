"""A backfill runs what it is asked to, a few at a time, and resumes wherever it stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.model.backfill import (
    Backfill,
    BackfillOnly,
    BackfillOrder,
    BackfillSpec,
    BackfillStatus,
    aborted,
    duration_of,
)
from shared.model.errors import BackfillChanged, InvalidField, StoreUnavailable
from shared.model.lanes import Priority
from shared.model.lifecycle import Status
from shared.model.schedule.timetable import Timetable
from shared.model.template import JobDefinition, expand_shard_of
from tests.unit.recurring import BOOM, TENANT, Recurring

if TYPE_CHECKING:
    from shared.model.job import Job

DAY = datetime(2026, 2, 1, tzinfo=UTC)
DAILY = {"cron": "0 9 * * *", "timezone": "UTC"}


def day(number: int) -> datetime:
    """Nine o'clock of a day of February, before the templates here were created."""
    return datetime(2026, 2, number, 9, tzinfo=UTC)


def started(recurring: Recurring, **spec: Any) -> Backfill:
    """A stored backfill over the first ten days of February, to be stepped at the next tick."""
    wanted = BackfillSpec(
        **{"template_id": "t1", "template_version": 1, "since": DAY, "until": day(10), "per_minute": 2, **spec}
    )
    return recurring.backfills.create_backfill(
        Backfill(
            tenant=TENANT,
            id="b1",
            spec=wanted,
            created_at=recurring.clock.now(),
            created_by="key",
            total=10,
            step_at=recurring.clock.now(),
            step_shard=expand_shard_of(TENANT, "b1"),
        )
    )


def made(recurring: Recurring) -> list[Job]:
    """The jobs of the backfill, in the order of their times."""
    jobs = [job for job in recurring.jobs.all_jobs() if job.correlation_id == "b1"]
    return sorted(jobs, key=lambda job: job.run_at)


def run_to_the_end(recurring: Recurring, *, minutes: int = 60) -> Backfill:
    """Ticks each minute; every job that is made succeeds within its minute."""
    for _ in range(minutes):
        recurring.tick()
        for job in made(recurring):
            if job.status is Status.SCHEDULED:
                recurring.end(job)
        recurring.clock.advance(60)
    return recurring.backfills.get_backfill(TENANT, "b1")


def test_missing_occurrences_run_once_each_oldest_first() -> None:
    recurring = Recurring()
    recurring.create(DAILY)
    started(recurring)

    ended = run_to_the_end(recurring)

    assert [job.nominal_at for job in made(recurring)] == [day(number) for number in range(1, 11)]
    assert (ended.status, ended.made, ended.succeeded, ended.failed) == (BackfillStatus.DONE, 10, 10, 0)
    assert ended.step_at is None


def test_the_newest_may_come_first() -> None:
    recurring = Recurring()
    recurring.create(DAILY)
    started(recurring, order=BackfillOrder.NEWEST_FIRST)

    run_to_the_end(recurring)

    assert [job.nominal_at for job in made(recurring)] == [day(number) for number in range(10, 0, -1)]


def test_no_more_are_made_in_a_minute_than_the_rate_says_and_they_are_spaced() -> None:
    recurring = Recurring()
    recurring.create(DAILY)
    started(recurring, per_minute=4)

    recurring.tick()

    assert [(job.run_at - recurring.clock.now()).total_seconds() for job in made(recurring)] == [0, 15, 30, 45]


def test_no_more_are_open_at_once_than_it_may_have() -> None:
    recurring = Recurring()
    recurring.create(DAILY)
    started(recurring, per_minute=5, at_once=3)

    recurring.pass_minutes(5)
    assert len(made(recurring)) == 3
    recurring.end(made(recurring)[0])
    recurring.pass_minutes(1)

    assert len(made(recurring)) == 4


def test_its_jobs_go_through_the_queue_of_its_priority() -> None:
    recurring = Recurring()
    recurring.create(DAILY, job=JobDefinition(target={"type": "scripted"}, priority=Priority.HIGH))
    started(recurring)

    recurring.tick()

    assert {job.lane for job in made(recurring)} == {"low"}


def test_what_has_run_is_not_missing_and_what_was_skipped_is() -> None:
    recurring = Recurring()
    recurring.create(DAILY)
    started(recurring)
    run_to_the_end(recurring)
    recurring.backfills.create_backfill(
        replace(recurring.backfills.get_backfill(TENANT, "b1"), id="b2", step_at=recurring.clock.now(), position=None)
    )

    again = [
        choice.is_wanted
        for choice in recurring.choose(
            recurring.template().key,
            recurring.backfills.get_backfill(TENANT, "b1").spec,
            Timetable(*_daily()),
            backfill_id="b2",
            after=None,
        )
    ]

    assert again == [False] * 10


def test_failed_occurrences_run_again_unless_they_succeeded_since() -> None:
    recurring = Recurring(datetime(2026, 2, 1, tzinfo=UTC))
    recurring.create(DAILY)
    for number in range(1, 5):
        recurring.pass_minutes(1)
        recurring.clock.advance((day(number) - recurring.clock.now()).total_seconds())
        recurring.end(recurring.job_at(day(number)), BOOM if number in {2, 4} else None)
        recurring.tick()
    started(recurring, only=BackfillOnly.FAILED, until=day(4))

    ended = run_to_the_end(recurring)

    assert [job.nominal_at for job in made(recurring)] == [day(2), day(4)]
    assert (ended.made, ended.passed_over, ended.succeeded) == (2, 2, 2)


def test_a_step_that_is_repeated_makes_the_same_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    recurring = Recurring()
    recurring.create(DAILY)
    started(recurring)

    def away(_: Backfill) -> None:
        raise StoreUnavailable("the table is away", outcome_unknown=False)

    with monkeypatch.context() as broken:
        broken.setattr(recurring.backfills, "replace_backfill", away)
        recurring.tick()
        recurring.tick()
    ended = run_to_the_end(recurring)

    assert len(made(recurring)) == 10
    assert (ended.made, ended.succeeded) == (10, 10)


def test_two_that_step_at_once_make_one_step() -> None:
    recurring = Recurring()
    recurring.create(DAILY)
    stored = started(recurring)
    (entry,) = recurring.templates.to_expand(
        expand_shard_of(TENANT, "b1"), until=recurring.clock.now(), after=None, limit=10
    ).entries
    recurring.advance_backfill(entry, lambda: 60)

    recurring.backfills._backfills[(TENANT, "b1")] = replace(stored, revision=7)
    with pytest.raises(BackfillChanged):
        recurring.backfills.replace_backfill(replace(stored, revision=3))
    assert recurring.advance_backfill(entry, lambda: 60) == 2  # by the former state: the same two jobs
    assert len(made(recurring)) == 2


def test_an_aborted_backfill_makes_no_more_and_counts_what_still_ends() -> None:
    recurring = Recurring()
    recurring.create(DAILY)
    started(recurring)
    recurring.tick()
    recurring.backfills.replace_backfill(aborted(recurring.backfills.get_backfill(TENANT, "b1"), recurring.clock.now()))

    ended = run_to_the_end(recurring, minutes=5)

    assert (ended.status, ended.made, ended.succeeded, ended.step_at) == (BackfillStatus.ABORTED, 2, 2, None)


def test_it_runs_what_the_template_was_when_it_was_created() -> None:
    recurring = Recurring()
    recurring.create(DAILY)
    started(recurring)
    recurring.edit(job=JobDefinition(target={"type": "other"}), schedule={"cron": "0 8 * * *", "timezone": "UTC"})

    run_to_the_end(recurring)

    assert {job.target["type"] for job in made(recurring)} == {"http"}
    assert {job.nominal_at.hour for job in made(recurring) if job.nominal_at} == {9}


def test_when_its_template_is_gone_it_ends_with_a_note() -> None:
    recurring = Recurring()
    started(recurring)

    ended = run_to_the_end(recurring, minutes=2)

    assert (ended.status, ended.made) == (BackfillStatus.DONE, 0)
    assert ended.note is not None


def test_a_range_with_too_many_occurrences_is_refused() -> None:
    recurring = Recurring()
    template = recurring.create()
    spec = BackfillSpec(template_id="t1", template_version=1, since=DAY, until=DAY + timedelta(days=8))

    with pytest.raises(InvalidField, match="at most 10000"):
        next(
            recurring.choose(
                template.key,
                spec,
                Timetable(_minutely(), {}, "t1"),
                backfill_id="b1",
                after=None,
            )
        )


def test_its_duration_goes_by_the_narrower_of_its_bounds() -> None:
    spec = BackfillSpec(template_id="t1", template_version=1, since=DAY, until=DAY, per_minute=60, at_once=10)

    assert duration_of(95, spec) == timedelta(minutes=10)


def _daily() -> tuple[Any, dict[str, Any], str]:
    from shared.model.schedule.documents import read_schedule

    return read_schedule(DAILY), {}, "t1"


def _minutely() -> Any:
    from shared.model.schedule.documents import read_schedule

    return read_schedule({"cron": "* * * * *"})
