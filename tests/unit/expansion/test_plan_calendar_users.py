"""What a calendar's change does to the templates that use it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.expansion.plan_calendar_users import CHANGE
from shared.model.errors import CalendarNotFound, StoreUnavailable, TemplateChanged
from shared.model.lifecycle import Status
from shared.model.stored_calendar import StoredCalendar
from shared.model.template import TemplateStatus, expand_shard_of
from shared.ports.templates import ExpandEntry, Planned
from tests.unit.recurring import START, TENANT, Recurring, plenty

if TYPE_CHECKING:
    from shared.model.template import Template, TemplateKey

# The first of March 2026 is a Sunday; at START it is 12:00:10.
MONDAY = START.date() + timedelta(days=1)
DAILY = {"cron": "0 9 * * *", "timezone": "UTC", "calendars": ["office"]}


class Office(Recurring):
    """Recurring work by a calendar that excludes nothing at first."""

    def __init__(self, start: datetime = START, document: dict[str, Any] | None = None) -> None:
        super().__init__(start)
        now = self.clock.now()
        calendar = StoredCalendar(
            tenant=TENANT, id="office", document=document or {}, created_at=now, changed_at=now, changed_by="a"
        )
        self.calendars.create_calendar(calendar)

    @property
    def calendar(self) -> StoredCalendar:
        return self.calendars.get_calendar(TENANT, "office")

    def change(self, document: dict[str, Any]) -> None:
        """The calendar after a client's change."""
        calendar, now = self.calendar, self.clock.now()
        changed = replace(
            calendar,
            document=document,
            was=calendar.document if calendar.expand_at is None else calendar.was,
            version=calendar.version + 1,
            revision=calendar.revision + 1,
            changed_by="acme_boss",
            planned_user=None,
            expand_at=now,
            expand_shard=expand_shard_of(TENANT, "office"),
        )
        self.calendars.replace_calendar(changed)

    def waiting(self, template_id: str = "t1") -> list[str]:
        """When the jobs of a template are due that have not begun."""
        jobs = [job for job in self.jobs.all_jobs() if job.template_id == template_id]
        return sorted(f"{job.run_at:%d %H:%M}" for job in jobs if job.status is Status.SCHEDULED)


@pytest.fixture
def office() -> Office:
    return Office()


def test_after_a_change_the_next_job_is_that_of_the_new_calendar(office: Office) -> None:
    office.create(DAILY)
    office.tick()
    assert office.waiting() == ["02 09:00"]

    office.change({"dates": [str(MONDAY)]})
    office.tick()

    assert office.waiting() == ["03 09:00"]
    template = office.template()
    assert (template.version, template.change, template.changed_by) == (2, CHANGE, "acme_boss")
    # The occurrence that fell away is not counted.
    assert template.progress.number == 1
    assert [one.version for one in office.templates.archived_versions(template.key, before=None, limit=9)] == [1]


def test_a_change_back_brings_back_the_job_and_its_number(office: Office) -> None:
    office.create(DAILY)
    office.tick()
    for document in ({"dates": [str(MONDAY)]}, {}):
        office.change(document)
        office.tick()

    job = office.job_at(datetime.combine(MONDAY, datetime.min.time(), START.tzinfo) + timedelta(hours=9))
    assert job.status is Status.SCHEDULED
    # That of the day after is an occurrence as well, and stays.
    assert office.waiting() == ["02 09:00", "03 09:00"]
    assert (office.template().version, office.template().progress.number) == (3, 1)


def test_when_the_turn_is_over_the_calendar_is_no_longer_due(office: Office) -> None:
    office.create(DAILY)
    office.change({"dates": [str(MONDAY)]})
    office.tick()
    calendar = office.calendar

    office.tick()
    office.plan_calendar_users(entry_of(office), plenty)  # the index lags

    assert (calendar.expand_at, calendar.was, calendar.planned_user, calendar.version) == (None, None, None, 2)
    assert (office.calendar, office.template().version) == (calendar, 2)


@pytest.mark.parametrize(
    "fields",
    [{"schedule": {"cron": "0 9 * * *", "timezone": "UTC"}}, {"status": TemplateStatus.DELETED}],
    ids=["uses it no more", "is deleted"],
)
def test_a_template_that_does_not_go_by_the_calendar_is_left_alone(office: Office, fields: dict[str, Any]) -> None:
    office.create(DAILY, expand_at=None, **({} if "schedule" in fields else fields))
    if "schedule" in fields:
        office.edit(**fields)
    version = office.template().version

    office.change({"dates": [str(MONDAY)]})
    office.tick()

    assert office.template().version == version
    assert office.calendar.expand_at is None


def test_what_was_late_is_dealt_with_before_the_new_version_begins() -> None:
    office = Office()
    office.create({**DAILY, "cron": "*/10 * * * *"})
    office.tick()
    before = len(office.jobs.all_jobs())
    # For an hour nobody expands.
    office.clock.advance(3_700)

    office.change({"dates": [str(MONDAY)]})
    office.plan_calendar_users(entry_of(office), plenty)

    gaps = office.templates.gaps(office.template().key, since=START, until=office.clock.now())
    runs = {job.nominal_at for job in office.jobs.all_jobs()}
    dealt_with = sum(gap.count for gap in gaps) + len([at for at in runs if at <= office.clock.now()])
    assert before == 4
    assert dealt_with == 6


def entry_of(office: Office) -> ExpandEntry:
    return ExpandEntry(office.clock.now(), TENANT, Planned.CALENDAR, "office")


def test_what_is_not_done_in_time_goes_on_where_it_stopped(office: Office) -> None:
    for number in range(5):
        office.create(DAILY, template_id=f"t{number}")
    office.tick()
    office.change({"dates": [str(MONDAY)]})
    found: dict[int, list[int]] = {}

    for turn in range(3):
        # Asked before each template, and by the expansion of each.
        asked = iter([60.0, 60.0, 60.0, 60.0])
        office.plan_calendar_users(entry_of(office), lambda: next(asked, 0.0))  # noqa: B023 - called at once
        found[turn] = [office.template(f"t{number}").version for number in range(5)]

    assert found[0].count(2) < 5
    assert found[2] == [2] * 5
    assert office.calendar.expand_at is None


def test_a_change_in_the_middle_of_a_turn_begins_it_anew(office: Office) -> None:
    for number in range(3):
        office.create(DAILY, template_id=f"t{number}")
    office.tick()
    office.change({"dates": [str(MONDAY)]})
    tuesday = str(MONDAY + timedelta(days=1))
    asked = 0

    def left() -> float:
        nonlocal asked
        asked += 1
        if asked == 2:
            office.change({"dates": [str(MONDAY), tuesday]})
        return 60.0

    office.plan_calendar_users(entry_of(office), left)
    assert office.calendar.expand_at is not None
    assert office.calendar.was == {}
    office.tick()

    assert [office.waiting(f"t{number}") for number in range(3)] == [["04 09:00"]] * 3
    assert office.calendar.expand_at is None


def test_what_is_wrong_with_one_template_does_not_stop_the_others(office: Office) -> None:
    office.create(DAILY, template_id="t0")
    office.create({**DAILY, "calendars": ["office", "gone"]}, template_id="t1", expand_at=None)
    unreadable = office.create(DAILY, template_id="t2", expand_at=None)
    office.templates.replace_template(replace(unreadable, schedule={**DAILY, "cron": "nonsense"}, revision=2))
    office.create(DAILY, template_id="t3")
    office.calendars.note_use(TENANT, "t-never-made", ["office"])
    office.tick()

    office.change({"dates": [str(MONDAY)]})
    office.tick()

    assert [office.waiting(name) for name in ("t0", "t3")] == [["03 09:00"]] * 2
    assert office.calendar.expand_at is None


def test_a_race_with_another_is_lost_and_the_template_is_looked_at_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.create(DAILY)
    office.tick()
    office.change({"dates": [str(MONDAY)]})
    replace_template, races = office.templates.replace_template, [1]

    def raced(template: Template) -> None:
        if races and template.change == CHANGE:
            races.pop()
            other = office.template(template.id)
            replace_template(replace(other, name="renamed", revision=other.revision + 1))
        replace_template(template)

    monkeypatch.setattr(office.templates, "replace_template", raced)
    office.tick()

    assert (office.template().name, office.template().change) == ("renamed", CHANGE)
    assert office.waiting() == ["03 09:00"]


@pytest.mark.parametrize("error", [StoreUnavailable("away", outcome_unknown=True), TemplateChanged(None)])
def test_when_the_table_is_away_the_calendar_stays_due(
    office: Office, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    office.create(DAILY)
    office.tick()
    office.change({"dates": [str(MONDAY)]})

    def away(key: TemplateKey) -> Template:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(office.templates, "get_template", away)
        office.tick()
    assert office.calendar.expand_at is not None
    office.tick()

    assert office.waiting() == ["03 09:00"]
    assert office.calendar.expand_at is None


def test_the_turn_of_a_calendar_that_is_gone_is_over(office: Office) -> None:
    office.change({})
    office.calendars.delete_calendar(TENANT, "office", revision=office.calendar.revision)

    assert office.plan_calendar_users(entry_of(office), plenty) == 0
    with pytest.raises(CalendarNotFound):
        office.calendar  # noqa: B018 - it raises
