"""What an expansion makes of a template's next occurrences."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.model import expansion
from shared.model.expansion import MAX_LOOKED_AT, MAX_PLANNED, MISSED, REFILL_BEFORE, expand
from shared.model.gap import Gap
from shared.model.schedule.bounds import SearchTooLong
from shared.model.schedule.calendar import Calendar
from shared.model.template import Misfire, MisfirePolicy
from tests.templates import CREATED, a_template, at, minutes, timetable_of
from tests.unit.model.schedule.strategies import SCHEDULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.occurrence_job import PlannedOccurrence
    from shared.model.schedule.occurrences import Occurrence
    from shared.model.template import Template

FIRE_ALL = Misfire(policy=MisfirePolicy.FIRE_ALL)
SKIP = Misfire(policy=MisfirePolicy.SKIP)
# Each occurrence is of the template's own schedule; how far ahead a run of a test goes at the most.
FAR = timedelta(days=40)
LONGEST_SPREAD = timedelta(minutes=45)
STEPS = st.lists(st.integers(1, 5 * 86_400), min_size=1, max_size=8)
DENSE = st.sampled_from(
    [
        {"cron": "* * * * *"},
        {"every": "10s"},
        {"every": "90s", "spread": "45m"},
        {"cron": "*/7 * * * *", "timezone": "Europe/Berlin"},
        {"cron": "0 */5 * * * ?", "spread": "5m"},
        {"cron": "17 3,15 * * *", "calendars": ["c"], "on_excluded": "previous_business_day", "spread": "20m"},
        {"cron": "0 9 * * *", "calendars": ["c"], "on_excluded": "next_business_day"},
        {"cron": "*/30 8-10 * * SAT", "calendars": ["c"], "on_excluded": "previous_business_day"},
        {"any_of": [{"cron": "*/2 * * * *"}, {"every": "5m"}], "calendars": ["c"]},
    ]
)


class Turned(NamedTuple):
    """What some turns came to, and the template as they leave it."""

    template: Template
    planned: list[PlannedOccurrence]
    gaps: list[Gap]


def turns(template: Template, now: datetime) -> Turned:
    """Expansions at `now` until there is nothing more to do then."""
    planned: list[PlannedOccurrence] = []
    gaps: list[Gap] = []
    while template.expand_at is not None and template.expand_at <= now:
        found = expand(template, timetable_of(template), now=now)
        planned += found.planned
        gaps += found.gaps
        template = replace(template, progress=found.progress, expand_at=found.expand_at)
    return Turned(template, planned, gaps)


def scheduled(template: Template, until: datetime) -> list[Occurrence]:
    """What the schedule has between the template's creation and `until`, and after its creation in effect as well."""
    found = []
    with suppress(SearchTooLong):
        for occurrence in timetable_of(template).occurrences(after=template.created_at):
            if occurrence.nominal_at > until:
                break
            if occurrence.effective_at > template.created_at:
                found.append(occurrence)
    return found


def next_and_soon(template: Template, now: datetime) -> Iterator[datetime]:
    """The next occurrence that runs, and what is effective in the next quarter of an hour."""
    timetable = timetable_of(template)
    rolls = timedelta(days=4) if template.calendars else timedelta()
    near = timetable.between(
        max(CREATED + timedelta(milliseconds=1), now - LONGEST_SPREAD - rolls), now + REFILL_BEFORE + rolls
    )
    yield from (one.nominal_at for one in near if now < one.effective_at <= now + REFILL_BEFORE)
    ahead = timetable.occurrences(after=now)
    yield next(one.nominal_at for one in ahead if one.effective_at > CREATED)


def nominals(planned: list[PlannedOccurrence]) -> list[datetime]:
    return [one.nominal_at for one in planned]


def after_an_outage(misfire: Misfire, now: datetime, schedule: dict[str, Any] | None = None) -> Turned:
    """A template that nobody has expanded since its creation."""
    return turns(a_template(schedule or {"cron": "* * * * *"}, misfire=misfire), now)


def test_occurrences_become_jobs_half_an_hour_ahead_and_the_rest_waits_until_a_quarter_of_it_is_left() -> None:
    found = expand(a_template(), timetable_of(a_template()), now=CREATED)

    # And one beyond, whose time says when to look again.
    assert nominals(list(found.planned)) == [minutes(1 + number) for number in range(31)]
    assert found.expand_at == minutes(31) - REFILL_BEFORE
    assert found.progress.expanded_until == minutes(31)


def test_the_next_occurrence_is_planned_however_far_it_is() -> None:
    template = a_template({"cron": "0 0 29 2 *"})

    found = expand(template, timetable_of(template), now=CREATED)

    assert nominals(list(found.planned)) == [datetime(2028, 2, 29, tzinfo=UTC)]
    assert found.expand_at == datetime(2028, 2, 29, tzinfo=UTC) - REFILL_BEFORE


def test_a_schedule_that_ends_needs_no_look_any_more() -> None:
    template = a_template({"at": ["2026-03-01T12:01:00Z", "2026-03-01T11:59:00Z"]})

    found = expand(template, timetable_of(template), now=CREATED)

    assert nominals(list(found.planned)) == [minutes(1)]
    assert found.expand_at is None


def test_a_schedule_whose_next_run_is_not_found_is_looked_at_again_in_a_day() -> None:
    template = a_template({"cron": "0 9 * * *", "calendars": ["c"]})
    never = timetable_of(template, {"c": Calendar(weekend=frozenset(range(7)))})

    found = expand(template, never, now=CREATED)

    assert found.planned == ()
    assert found.expand_at == CREATED + timedelta(days=1)


def test_what_a_client_takes_out_is_not_planned_and_keeps_its_number() -> None:
    template = a_template(skipped=(minutes(2),))

    first, second = turns(template, CREATED).planned[:2]

    assert (first.nominal_at, first.number) == (minutes(1), 1)
    assert (second.nominal_at, second.number, second.previous_nominal_at) == (minutes(3), 3, minutes(1))


def test_what_a_new_template_rolls_back_to_before_its_creation_does_not_run_and_is_not_the_next_one() -> None:
    # Saturdays run on Fridays; it is created on a Friday, after the time.
    created = datetime(2026, 3, 6, 18, tzinfo=UTC)
    schedule = {"cron": "0 9 * * SAT", "calendars": ["c"], "on_excluded": "previous_business_day"}

    planned = turns(a_template(schedule, now=created), created).planned

    assert [one.effective_at for one in planned] == [datetime(2026, 3, 13, 9, tzinfo=UTC)]


def test_what_does_not_run_makes_nothing_superfluous() -> None:
    # Saturday's 09:00 would run on Friday at 09:00, before the creation: so Friday's 11:00 has no successor there.
    created = datetime(2026, 3, 6, 10, tzinfo=UTC)
    triggers = [{"cron": "0 11 * * FRI"}, {"cron": "0 9 * * SAT"}]
    schedule = {"any_of": triggers, "calendars": ["c"], "on_excluded": "previous_business_day"}

    first, second = turns(a_template(schedule, now=created), created).planned[:2]

    assert first.effective_at == datetime(2026, 3, 6, 11, tzinfo=UTC)
    assert first.misfire_at == second.effective_at


@given(SCHEDULES | DENSE, STEPS)
def test_in_whatever_turns_all_occurrences_since_the_creation_are_planned_once_and_in_order(document, steps) -> None:
    template = a_template(document, misfire=FIRE_ALL)
    now, planned = CREATED, []

    for step in (0, *steps):
        now += timedelta(seconds=step)
        assume(now < CREATED + FAR)
        template, more, gaps = turns(template, now)
        planned += more
        assert gaps == []

    until = max(now, template.progress.expanded_until)
    assert nominals(planned) == [one.nominal_at for one in scheduled(template, until)]
    assert all(earlier.number < later.number for earlier, later in pairwise(planned))


@given(DENSE, STEPS, st.integers(1, 40), st.integers(1, 9))
def test_the_bounds_of_a_turn_change_nothing(document, steps, looked_at, planned) -> None:
    template = a_template(document, misfire=Misfire(policy=MisfirePolicy.FIRE_LATEST))
    now = CREATED + timedelta(seconds=sum(steps) % 86_400)

    whole = turns(template, now)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expansion, "MAX_LOOKED_AT", looked_at)
        patch.setattr(expansion, "MAX_PLANNED", planned)
        parts = turns(template, now)

    # A last turn of its own may plan one further ahead.
    assert parts.planned[: len(whole.planned)] == whole.planned
    assert len(parts.planned) - len(whole.planned) in (0, 1)
    assert sum(gap.count for gap in parts.gaps) == sum(gap.count for gap in whole.gaps)


@given(DENSE, STEPS)
def test_whatever_is_effective_in_a_quarter_of_an_hour_and_the_next_one_in_any_case_is_planned(document, steps) -> None:
    template, planned = a_template(document, misfire=FIRE_ALL), set()
    now = CREATED

    for step in (0, *steps):
        # The tick comes when the template is due, or a little later; and any time may be in between.
        for at_last in (template.expand_at, now + timedelta(seconds=step % 7_200)):
            now = max(now, at_last or now)
            template, more, _ = turns(template, now)
            planned.update(nominals(more))
            assert planned.issuperset(next_and_soon(template, now))


@settings(max_examples=30)
@given(DENSE, STEPS)
def test_numbers_are_consecutive_and_each_names_the_one_before(document, steps) -> None:
    template, planned = a_template(document, misfire=FIRE_ALL), []

    for step in steps:
        template, more, _ = turns(template, min(CREATED + FAR, (template.expand_at or CREATED) + timedelta(0, step)))
        planned += more

    first = planned[0].number if planned else 1
    assert [one.number for one in planned] == list(range(first, first + len(planned)))
    assert [one.previous_nominal_at for one in planned[1:]] == nominals(planned)[:-1]


@given(st.integers(61, 3 * 86_400))
def test_under_skip_nothing_that_an_outage_missed_runs(outage: int) -> None:
    planned, gaps = after_an_outage(SKIP, at(outage))[1:]

    late_by_a_minute = at(outage - 60)
    assert [one for one in nominals(planned) if one <= late_by_a_minute] == []
    assert sum(gap.count for gap in gaps) == (outage - 60) // 60


@given(st.integers(61, 3 * 86_400), st.sampled_from([60, 900, 3_600]))
def test_under_fire_latest_one_runs_for_all_that_was_missed_unless_the_next_is_due(outage: int, every: int) -> None:
    planned, gaps = after_an_outage(Misfire(), at(outage), {"every": f"{every}s"})[1:]

    late = [one for one in nominals(planned) if one <= at(outage - 60)]
    assert late == ([at(outage // every * every)] if outage >= every and outage % every >= 60 else [])
    assert sum(gap.count for gap in gaps) == max(outage // every - (outage >= every), 0)


@given(st.integers(61, 86_400), st.sampled_from([10, 60, 900]), st.none() | st.integers(1, 300))
def test_under_fire_all_all_run_or_so_many_of_the_latest(outage: int, every: int, most: int | None) -> None:
    misfire = replace(FIRE_ALL, max_runs=most)

    planned, gaps = after_an_outage(misfire, at(outage), {"every": f"{every}s"})[1:]

    due = [at(number * every) for number in range(1, outage // every + 1)]
    missed = [one for one in due if one <= at(outage - 60)]
    # Those that are due and not missed are the latest of all.
    run = [one for one in due if most is None or one in due[-most:] or one not in missed]
    assert [one for one in nominals(planned) if one <= at(outage)] == run
    assert sum(gap.count for gap in gaps) == len(due) - len(run)


@given(st.integers(61, 86_400), st.integers(1, 7_200))
def test_under_fire_all_within_a_time_nothing_runs_that_is_later_than_that(outage: int, within: int) -> None:
    planned = after_an_outage(replace(FIRE_ALL, within_seconds=within), at(outage))[1]

    assert nominals(planned)[0] == next(
        minutes(number) for number in range(1, 9_999) if minutes(number) > at(outage - max(within, 60))
    )
    assert planned[0].misfire_at == planned[0].effective_at + timedelta(seconds=max(within, 60))


@pytest.mark.parametrize(
    ("misfire", "seconds"),
    [
        (SKIP, 60),
        (replace(SKIP, after_seconds=5), 5),
        (Misfire(), 600),
        (Misfire(after_seconds=900), 900),
        (FIRE_ALL, None),
        (replace(FIRE_ALL, max_runs=3), 1_800),
        (replace(FIRE_ALL, within_seconds=700), 700),
        (replace(FIRE_ALL, max_runs=2, within_seconds=1_500), 1_200),
        (replace(FIRE_ALL, max_runs=1, within_seconds=1), 60),
    ],
)
def test_a_job_carries_the_time_from_which_on_its_first_attempt_is_too_late(
    misfire: Misfire, seconds: int | None
) -> None:
    (first, *_) = turns(a_template({"every": "10m"}, misfire=misfire), CREATED).planned

    assert first.misfire_at == (None if seconds is None else first.effective_at + timedelta(seconds=seconds))


def test_the_last_occurrence_of_all_is_never_superfluous() -> None:
    template = a_template({"at": ["2026-03-01T12:01:00Z", "2026-03-01T12:02:00Z"]})

    found = turns(template, at(86_400))

    assert [(one.nominal_at, one.misfire_at) for one in found.planned] == [(minutes(2), None)]


def test_a_run_of_missed_occurrences_is_one_record_that_says_when_it_was_decided() -> None:
    _, planned, gaps = after_an_outage(Misfire(), minutes(60))

    assert gaps == [Gap(first=minutes(1), last=minutes(59), count=59, reason=MISSED, recorded_at=minutes(60))]
    assert nominals(planned)[0] == minutes(60)


def test_hundreds_of_thousands_of_missed_occurrences_are_caught_up_in_bounded_turns() -> None:
    template = a_template({"every": "1s"})
    now, rounds, missed = at(200_000), 0, 0

    while template.expand_at is not None and template.expand_at <= now:
        found = expand(template, timetable_of(template), now=now)
        seen = sum(gap.count for gap in found.gaps) + len(found.planned)
        assert seen <= MAX_LOOKED_AT
        assert len(found.planned) <= MAX_PLANNED
        template = replace(template, progress=found.progress, expand_at=found.expand_at)
        rounds, missed = rounds + 1, missed + sum(gap.count for gap in found.gaps)

    assert missed == 200_000 - 60
    assert rounds <= 200_000 // MAX_LOOKED_AT + 2_000 // MAX_PLANNED
