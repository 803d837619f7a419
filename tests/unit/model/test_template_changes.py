"""What a change makes of a template, and of where its expansion stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model.expansion import expand
from shared.model.template import ExpansionFailure, Misfire, MisfirePolicy, Missed, Pause, TemplateStatus
from shared.model.template_changes import SETTLE, changed, deleted, paused, planned_anew, resumed
from tests.templates import CREATED, EACH_MINUTE, a_template, at, minutes, timetable_of

if TYPE_CHECKING:
    from shared.model.occurrence_job import PlannedOccurrence
    from shared.model.template import Template

FIRE_ALL = Misfire(policy=MisfirePolicy.FIRE_ALL)
EACH_HOUR = {"cron": "0 * * * *", "timezone": "UTC", "spread": "1h"}
SCHEDULES = st.sampled_from(
    [EACH_MINUTE, {"every": "7m"}, {"every": "40s", "spread": "20m"}, {"every": "10m", "spread": "3h"}]
)
TIMES = st.lists(st.integers(1, 7_200), min_size=1, max_size=5)


def expanded(template: Template, now: datetime) -> tuple[Template, list[PlannedOccurrence]]:
    """The template after its turns at `now`, and what they planned."""
    planned: list[PlannedOccurrence] = []
    while template.expand_at is not None and template.expand_at <= now:
        found = expand(template, timetable_of(template), now=now)
        planned += found.planned
        template = replace(template, progress=found.progress, expand_at=found.expand_at)
    return template, planned


def edited(template: Template, now: datetime, **fields: Any) -> Template:
    becomes = timetable_of(replace(template, **fields))
    return planned_anew(template, timetable_of(template), becomes, by="key", change="edit", now=now, **fields)


def stopped(template: Template, now: datetime) -> Template:
    return paused(template, Pause(at=now), timetable_of(template), by="key")


def gone_on(template: Template, now: datetime, missed: Missed = Missed.SKIP) -> Template:
    return resumed(template, missed, timetable_of(template), by="key", now=now)


def test_what_does_not_matter_to_its_jobs_leaves_the_plans_as_they_are() -> None:
    template, _ = expanded(a_template(), CREATED)

    renamed = changed(template, by="other", change="edit", now=at(5), name="daily report")

    assert (renamed.version, renamed.revision) == (2, 2)
    assert (renamed.changed_at, renamed.changed_by, renamed.change, renamed.name) == (
        at(5),
        "other",
        "edit",
        "daily report",
    )
    assert (renamed.progress, renamed.expand_at) == (template.progress, template.expand_at)


def test_what_matters_to_its_jobs_makes_the_plans_stale_from_now_on() -> None:
    failure = ExpansionFailure(detail="no calendar", since=CREATED)
    template, _ = expanded(a_template(), CREATED)
    template = replace(template, progress=replace(template.progress, failure=failure))

    again = edited(template, at(90), misfire=FIRE_ALL)

    assert (again.version, again.misfire, again.expand_at) == (2, FIRE_ALL, at(90))
    progress = again.progress
    assert (progress.is_stale, progress.stale_since, progress.settle_at) == (True, at(90), at(90) + SETTLE)
    assert (progress.expanded_until, progress.number, progress.previous_at) == (at(90), 1, minutes(1))
    assert progress.failure is None


def test_a_paused_template_says_since_when_and_a_resumed_one_is_paused_no_more() -> None:
    template, _ = expanded(a_template(), CREATED)

    still = stopped(template, at(90))
    active = gone_on(still, at(400))

    assert (still.status, still.pause, still.change) == (TemplateStatus.PAUSED, Pause(at=at(90)), "pause")
    assert (active.status, active.pause, active.change, active.version) == (TemplateStatus.ACTIVE, None, "resume", 3)


def test_what_is_left_of_a_deleted_template_stays_as_long_as_its_jobs() -> None:
    template, _ = expanded(a_template({"cron": "0 0 1 1 *"}), CREATED)

    left = deleted(template, timetable_of(template), by="key", now=at(5), retention=timedelta(days=30))

    assert left.status is TemplateStatus.DELETED
    assert left.expire_item_at == datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=31)
    assert left.progress.is_stale


def test_a_resume_that_skips_goes_on_behind_the_pause() -> None:
    template, _ = expanded(a_template(), CREATED)

    active = gone_on(stopped(template, at(90)), at(400))

    _, planned = expanded(active, at(400))
    assert [(one.nominal_at, one.number) for one in planned[:2]] == [(minutes(7), 2), (minutes(8), 3)]
    assert planned[0].previous_nominal_at == minutes(6)


def test_a_resume_that_applies_the_misfire_policy_treats_the_pause_like_an_outage() -> None:
    template, _ = expanded(a_template(misfire=FIRE_ALL), CREATED)

    active = gone_on(stopped(template, at(90)), at(400), Missed.APPLY_MISFIRE)

    _, planned = expanded(active, at(400))
    assert [(one.nominal_at, one.number) for one in planned[:2]] == [(minutes(2), 2), (minutes(3), 3)]


def test_the_name_of_the_one_before_is_not_that_of_one_that_was_taken_out_or_came_before_the_template() -> None:
    template, _ = expanded(a_template(skipped=(minutes(2),)), CREATED)

    after_three, after_one = (edited(template, at(second), misfire=FIRE_ALL) for second in (150, 30))

    assert after_three.progress.previous_at == minutes(1)
    assert after_one.progress.previous_at is None


def test_under_the_same_schedule_an_outage_before_the_edit_is_still_to_be_dealt_with() -> None:
    # Saturdays run on Fridays. Nobody has expanded it since Thursday; on Friday evening its payload is changed.
    created = datetime(2026, 3, 5, 12, tzinfo=UTC)
    schedule = {"cron": "0 9 * * SAT", "calendars": ["c"], "on_excluded": "previous_business_day"}
    template = a_template(schedule, now=created, misfire=FIRE_ALL)
    now = datetime(2026, 3, 6, 18, tzinfo=UTC)

    _, planned = expanded(edited(template, now, name="with another payload"), now)

    assert [one.effective_at.day for one in planned] == [6, 13]


def test_another_schedule_has_no_occurrence_before_the_edit() -> None:
    template = a_template({"cron": "0 9 * * *"}, misfire=FIRE_ALL)
    now = minutes(3 * 24 * 60)

    again, planned = expanded(edited(template, now, schedule=EACH_MINUTE), now)

    assert planned[0].nominal_at == now + timedelta(minutes=1)
    assert planned[0].number == 1
    assert again.progress.counted_from == now


def test_what_the_former_schedule_ran_before_the_edit_is_not_run_again_by_the_new_one() -> None:
    # The new one would run at 12:40 what the former ran at 12:00; it is its next one that counts.
    template, _ = expanded(a_template({"every": "1h"}), CREATED)

    _, planned = expanded(edited(template, minutes(70), schedule=EACH_HOUR), minutes(70))

    assert all(one.effective_at > minutes(70) for one in planned)
    assert planned[0].nominal_at == minutes(120)


@pytest.mark.parametrize("how", ["edit and back", "pause and resume"])
def test_what_is_spread_beyond_the_change_is_planned_again(how: str) -> None:
    template, before = expanded(a_template(EACH_HOUR), CREATED)
    first = before[0]
    now = first.nominal_at + timedelta(minutes=1)
    assert now < first.effective_at
    template, more = expanded(template, now)

    if how == "edit and back":
        template, _ = expanded(edited(template, now, schedule=EACH_MINUTE), now)
        template = edited(template, now, schedule=EACH_HOUR)
    else:
        template = gone_on(stopped(template, now), now)

    assert expanded(template, now)[1][: 1 + len(more)] == [*before, *more][: 1 + len(more)]


@given(SCHEDULES, TIMES, st.data())
def test_edited_and_edited_back_or_stopped_and_gone_on_it_plans_what_it_would_have_planned(schedule, steps, data):
    untouched = touched = a_template(schedule, misfire=FIRE_ALL)
    wanted, planned = {}, {}
    now = CREATED

    def keep(kept: dict, more: list[PlannedOccurrence]) -> None:
        kept.update({one.nominal_at: one for one in more})

    for step in steps:
        now += timedelta(seconds=step)
        untouched, more = expanded(untouched, now)
        keep(wanted, more)
        touched, more = expanded(touched, now)
        keep(planned, more)
        match data.draw(st.sampled_from(["nothing", "edit", "pause", "misfire"])):
            case "edit":
                other = data.draw(SCHEDULES)
                touched, _ = expanded(edited(touched, now, schedule=other), now)
                touched = edited(touched, now, schedule=schedule)
            case "pause":
                touched = gone_on(stopped(touched, now), now, data.draw(st.sampled_from(Missed)))
            case "misfire":
                touched = edited(edited(touched, now, misfire=Misfire()), now, misfire=FIRE_ALL)
    now += timedelta(hours=4)
    keep(wanted, expanded(untouched, now)[1])
    keep(planned, expanded(touched, now)[1])

    until = min(max(wanted), max(planned))
    assert [one for one in planned.values() if one.nominal_at <= until] == [
        one for one in wanted.values() if one.nominal_at <= until
    ]


@given(st.integers(1, 7), TIMES, st.booleans())
def test_however_often_it_is_edited_a_schedule_has_as_many_runs_as_it_says(most, steps, is_unlimited_between) -> None:
    schedule = {"every": "7m", "start_at": "2026-03-01T12:00:00Z", "max_occurrences": most, "spread": "5m"}
    template = a_template(schedule, misfire=FIRE_ALL)
    now, runs = CREATED, set()

    for step in steps:
        template, planned = expanded(template, now)
        runs.update(one.nominal_at for one in planned)
        now += timedelta(seconds=step)
        template, planned = expanded(template, now)
        runs.update(one.nominal_at for one in planned)
        if is_unlimited_between:
            template = edited(template, now, schedule={**schedule, "max_occurrences": 10_000})
        template = edited(template, now, schedule={**schedule, "max_occurrences": most})
    _, planned = expanded(template, now + timedelta(days=1))
    runs.update(one.nominal_at for one in planned)

    # The first is at the creation itself, so it is none of the template's.
    assert sorted(runs) == [minutes(7 * number) for number in range(1, most)]


@settings(max_examples=50)
@given(
    st.lists(st.integers(3_600, 7_200), min_size=1, max_size=4),
    st.lists(st.sampled_from(["60s", "90s", "7m", "1h"]), min_size=4, max_size=4),
)
def test_numbers_go_on_by_one_and_each_names_the_one_before_also_across_edits(steps, spacings) -> None:
    template, now, ran = a_template(misfire=FIRE_ALL), CREATED, []
    template, ahead = expanded(template, now)

    for step, every in zip(steps, spacings, strict=False):
        now += timedelta(seconds=step)
        template, more = expanded(template, now)
        ran += [one for one in (*ahead, *more) if one.nominal_at <= now]
        template, ahead = expanded(edited(template, now, schedule={"every": every}), now)

    plans = [*ran, *ahead]
    assert [one.number for one in plans] == list(range(1, len(plans) + 1))
    assert [one.previous_nominal_at for one in ran[1:]] == [one.nominal_at for one in ran[:-1]]
