"""Every occurrence, past and future, has its job or the reason why there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from functions.api.explain_occurrences import Explained, ExplainOccurrences, Fate
from shared.model.errors import TemplateNotFound
from shared.model.lifecycle import Status
from shared.model.occurrence_job import triggered_job
from shared.model.schedule.calendar import Calendar
from shared.model.template import Misfire, MisfirePolicy, Missed, TemplateKey
from tests.unit.recurring import RETENTION, SHARDING, START, TENANT, Recurring

if TYPE_CHECKING:
    from functions.api.explain_occurrences import ExplainedPage
    from shared.model.template import Template

KEY = TemplateKey(TENANT, "t1")


def minute(number: int) -> datetime:
    """So many minutes after noon of the first day; the templates here are created ten seconds after noon."""
    return datetime(2026, 3, 1, 12, 0, tzinfo=UTC) + timedelta(minutes=number)


def explained(
    recurring: Recurring, since: datetime, until: datetime, *, after: datetime | None = None, limit: int = 100
) -> ExplainedPage:
    use_case = ExplainOccurrences(
        templates=recurring.templates,
        calendars=recurring.calendars,
        jobs=recurring.jobs,
        clock=recurring.clock,
        retention=RETENTION,
    )
    return use_case(KEY, since=since, until=until, after=after, limit=limit)


def row_at(recurring: Recurring, at: datetime) -> Explained:
    (row,) = explained(recurring, at, at).rows
    return row


def test_an_occurrence_that_is_planned_shows_its_job() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.tick()

    row = row_at(recurring, minute(5))

    assert row.job == recurring.job_at(minute(5))
    assert (row.fate, row.reason) == (None, None)


def test_an_occurrence_beyond_what_is_planned_is_expected() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.tick()

    row = row_at(recurring, minute(90))

    assert (row.job, row.fate, row.reason) == (None, Fate.EXPECTED, None)


def test_an_occurrence_that_should_be_planned_and_is_not_is_overdue() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.clock.advance(600)

    assert row_at(recurring, minute(5)).fate is Fate.OVERDUE


def test_nothing_is_said_about_the_time_before_the_template() -> None:
    recurring = Recurring()
    recurring.create()

    assert [row.at for row in explained(recurring, minute(-60), minute(2)).rows] == [minute(1), minute(2)]


def test_an_occurrence_in_a_pause_says_so_with_the_note() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.tick()
    recurring.pause(note="the bank is closed")
    recurring.clock.advance(600)
    recurring.resume(Missed.SKIP)

    row = row_at(recurring, minute(5))

    assert (row.fate, row.reason, row.detail) == (Fate.SKIPPED, "paused", "the bank is closed")


def test_what_comes_after_the_end_of_a_pause_is_expected() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.tick()
    recurring.pause(until=minute(10))

    assert row_at(recurring, minute(9)).reason == "paused"
    assert row_at(recurring, minute(11)).fate is Fate.EXPECTED


def test_a_missed_occurrence_says_so_by_the_record_of_its_gap() -> None:
    recurring = Recurring()
    recurring.create(misfire=Misfire(policy=MisfirePolicy.SKIP))
    recurring.clock.advance(600)
    recurring.tick()

    row = row_at(recurring, minute(3))

    assert (row.job, row.fate, row.reason) == (None, Fate.SKIPPED, "missed")


def test_an_occurrence_that_a_client_took_out_says_so() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.tick()
    recurring.edit(skipped=(minute(5),))

    row = row_at(recurring, minute(5))

    assert (row.fate, row.reason) == (Fate.SKIPPED, "skipped_by_client")
    assert row.job is not None
    assert row.job.status is Status.SKIPPED


def test_what_an_edit_took_away_is_told_as_withdrawn() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.tick()
    recurring.edit(schedule={"cron": "*/10 * * * *", "timezone": "UTC"})

    row = row_at(recurring, minute(5))

    assert row.occurrence is None
    assert row.job is not None
    assert (row.job.status, row.job.reason) == (Status.SKIPPED, "withdrawn")


def test_the_past_is_explained_by_the_version_that_held_then() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.tick()
    recurring.pass_minutes(4)
    recurring.edit(schedule={"cron": "*/10 * * * *", "timezone": "UTC"})
    recurring.pass_minutes(30)

    rows = [row for row in explained(recurring, minute(1), minute(31)).rows if row.occurrence is not None]

    assert [row.at for row in rows] == [*map(minute, (1, 2, 3, 4, 10, 20, 30))]
    assert [row.by.version for row in rows] == [1, 1, 1, 1, 2, 2, 2]


def test_a_day_that_a_calendar_excludes_is_explained_by_the_calendar() -> None:
    recurring = Recurring()
    recurring.calendars.kept[(TENANT, "office")] = Calendar(weekend=frozenset({5, 6}))
    recurring.create({"cron": "0 9 * * *", "timezone": "UTC", "calendars": ["office"]})

    row = row_at(recurring, datetime(2026, 3, 7, 9, tzinfo=UTC))

    assert (row.fate, row.reason, row.detail) == (Fate.EXCLUDED, "calendar", "Saturday")


def test_what_a_calendar_took_away_is_told_once() -> None:
    recurring = Recurring()
    recurring.calendars.kept[(TENANT, "office")] = Calendar()
    recurring.create({"cron": "0 9 * * *", "timezone": "UTC", "calendars": ["office"]})
    recurring.tick()
    recurring.calendars.kept[(TENANT, "office")] = Calendar(weekend=frozenset({0}))
    recurring.edit(misfire=Misfire(policy=MisfirePolicy.SKIP))

    row = row_at(recurring, datetime(2026, 3, 2, 9, tzinfo=UTC))

    assert (row.fate, row.reason, row.job) == (Fate.EXCLUDED, "calendar", None)


def test_a_triggered_job_stands_beside_the_schedule() -> None:
    recurring = Recurring()
    template = recurring.create({"cron": "0 9 * * *", "timezone": "UTC"})
    job = triggered_job(template, "manual", target={}, payload=template.job.payload, now=minute(3), sharding=SHARDING)
    recurring.jobs.create(job)

    row = row_at(recurring, minute(3))

    assert (row.occurrence, row.job) == (None, job)


def test_a_job_that_is_not_kept_any_more_is_forgotten() -> None:
    recurring = Recurring()
    template = recurring.create({"cron": "0 9 * * *", "timezone": "UTC"})
    later = template.progress.expanded_until + timedelta(days=60)
    recurring.clock.advance(60 * 86_400)
    recurring.edit(misfire=Misfire(policy=MisfirePolicy.SKIP))

    fates = [row.fate for row in explained(recurring, START, later).rows]

    assert fates[0] is Fate.SKIPPED  # by the record of the gap, which is kept as long as jobs are
    recurring.templates._gaps.clear()
    assert [row.fate for row in explained(recurring, START, START + timedelta(days=2)).rows] == [Fate.FORGOTTEN] * 2


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_hold_every_row_once(limit: int) -> None:
    recurring = Recurring()
    recurring.create()
    recurring.tick()
    recurring.pass_minutes(3)
    recurring.edit(schedule={"cron": "*/2 * * * *", "timezone": "UTC"})
    whole = explained(recurring, minute(0), minute(40))
    pages, after = [], None

    while True:
        page = explained(recurring, minute(0), minute(40), after=after, limit=limit)
        pages += page.rows
        after = page.next
        if after is None:
            break

    assert pages == whole.rows
    assert whole.next is None


def test_there_is_nothing_to_explain_about_a_template_that_is_not_there() -> None:
    with pytest.raises(TemplateNotFound):
        explained(Recurring(), minute(0), minute(1))


def test_a_time_whose_version_cannot_be_read_is_not_explained_by_the_version_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recurring = Recurring()
    recurring.create()
    recurring.tick()
    recurring.clock.advance(600)
    recurring.edit(schedule={"cron": "*/10 * * * *", "timezone": "UTC"})
    recurring.clock.advance(600)
    recurring.edit(schedule={"cron": "*/15 * * * *", "timezone": "UTC"})
    all_versions = recurring.templates.archived_versions

    def readable(key: TemplateKey, *, before: int | None, limit: int) -> list[Template]:
        return [one for one in all_versions(key, before=before, limit=limit) if one.version != 2]

    monkeypatch.setattr(recurring.templates, "archived_versions", readable)

    rows = explained(recurring, minute(12), minute(18)).rows

    assert len(rows) == 7
    assert all(row.occurrence is None and row.job is not None for row in rows)
