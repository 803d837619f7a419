"""Whatever happens on the way, templates end up with the jobs of their calendars as they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.expansion.timetables import timetable_of
from shared.model.lifecycle import Status
from tests.unit.expansion.test_plan_calendar_users import DAILY, Office, entry_of
from tests.unit.recurring import START

DAYS = [str((START + timedelta(days=number)).date()) for number in range(9)]
DOCUMENTS = st.sets(st.sampled_from(DAYS), max_size=5).map(lambda days: {"dates": sorted(days)})
POLICIES = st.sampled_from(["skip", "next_business_day", "previous_business_day", "run"])
CRONS = st.sampled_from(["0 9 * * *", "*/20 * * * *", "0 12 */2 * *", "59 23 * * *"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), DOCUMENTS),
        # A turn that ends when it has asked for the time so often.
        st.tuples(st.just("turn"), st.integers(0, 12)),
        st.tuples(st.just("pass"), st.integers(1, 60 * 30)),
        st.tuples(st.just("edit"), CRONS),
    ),
    max_size=8,
)


@settings(max_examples=150)
# Planned further ahead than usual, at a time that a later change takes away.
@example(
    templates=[("0 12 */2 * *", "next_business_day")],
    steps=[
        ("change", {"dates": ["2026-03-01", "2026-03-03", "2026-03-04", "2026-03-07"]}),
        ("pass", 2),
        ("change", {"dates": []}),
    ],
)
@given(st.lists(st.tuples(CRONS, POLICIES), min_size=1, max_size=3), STEPS)
def test_after_any_changes_what_waits_is_what_the_calendar_says(
    templates: list[tuple[str, str]], steps: list[tuple[str, Any]]
) -> None:
    office = Office()
    names = [f"t{number}" for number in range(len(templates))]
    for name, (cron, policy) in zip(names, templates, strict=True):
        office.create({**DAILY, "cron": cron, "on_excluded": policy}, template_id=name)
    office.tick()

    for step, what in steps:
        if step == "change":
            office.change(what)
        elif step == "turn":
            answers = iter([60.0] * what)
            office.plan_calendar_users(entry_of(office), lambda answers=answers: next(answers, 0.0))
        elif step == "pass":
            office.pass_minutes(1)
            office.clock.advance(what * 60)
            office.tick()
        else:
            office.edit(names[0], schedule={**office.template(names[0]).schedule, "cron": what})
    office.pass_minutes(4)

    assert (office.calendar.expand_at, office.calendar.was) == (None, None)
    now = office.clock.now()
    for name in names:
        timetable = timetable_of(office.template(name), office.calendars)
        waiting = {
            job.nominal_at: job.run_at
            for job in office.jobs.all_jobs()
            if job.template_id == name and job.status is Status.SCHEDULED and job.run_at > now
        }
        ahead = list(timetable.between(now - timedelta(days=9), now + timedelta(days=40)))
        effective = {one.nominal_at: one.effective_at for one in ahead if one.effective_at > now}
        # Each that waits is one of the schedule's, at the time that it has now; and the next ones wait.
        assert waiting.items() <= effective.items()
        soon = {at: run_at for at, run_at in effective.items() if run_at <= now + timedelta(minutes=15)}
        assert soon.items() <= waiting.items()
        assert waiting
