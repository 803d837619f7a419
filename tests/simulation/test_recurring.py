"""Templates in whatever weather a seed brings: each occurrence has its one job, none is missing, none is outside."""

from __future__ import annotations

import random
from functools import cache

import pytest

from shared.model.occurrence_job import WITHDRAWN
from tests.simulation import crash_points, seeds
from tests.simulation.crash_points import Enumeration
from tests.simulation.faults import FAIR, MINUTE, SECOND, Climate, Spell, Weather
from tests.simulation.naive_schedule import EACH_MINUTE
from tests.simulation.ports import START
from tests.simulation.recurring import RecurringRun, simulate_recurring
from tests.simulation.scenario import Scenario
from tests.simulation.template_clients import TemplateWish
from tests.simulation.template_scenario import TemplateScenario
from tests.simulation.template_stories import CALLS, RUNS, STORIES

FIXED = range(30)
FRESH = 15
ALL = range(len(STORIES))
OUTAGE = (10 * MINUTE + 30 * SECOND, 70 * MINUTE + 30 * SECOND)


@cache
def each_call(number: int) -> Enumeration:
    return crash_points.each_call(STORIES[number])


def test_fixed_seeds_break_nothing() -> None:
    tally = seeds.run_side_by_side(FIXED, simulate_recurring)

    assert [seeds.report(*one, simulate_recurring) for one in tally.broken[:3]] == []
    assert tally.jobs > 500
    assert tally.effects > 200
    assert tally.faults > 300


def test_fresh_seeds_break_nothing() -> None:
    first = random.SystemRandom().randrange(1_000_000, 1_000_000_000)

    tally = seeds.run_side_by_side(range(first, first + FRESH), simulate_recurring)

    assert [seeds.report(*one, simulate_recurring) for one in tally.broken[:3]] == []


@pytest.mark.parametrize("number", ALL, ids=lambda number: STORIES[number].name)
def test_whatever_happens_to_one_call_each_occurrence_has_its_job(number: int) -> None:
    assert STORIES[number].run().result().broken is None
    assert each_call(number).broken == ()


def test_no_call_is_left_out() -> None:
    total = sum(map(each_call, ALL), Enumeration())

    assert (total.calls, total.runs) == (CALLS, RUNS)


def an_outage(misfire: dict[str, object], *spells: Weather, until: int = 75) -> RecurringRun:
    """A template of each minute, created at 12:00, and an hour from 12:10:30 in which these are away."""
    body = {
        "name": "report",
        "schedule": {"cron": EACH_MINUTE},
        "misfire": misfire,
        "job": {"target": {"type": "http", "url": "https://example.com/50/ok"}},
    }
    climate = Climate(spells=[Spell(weather, *OUTAGE) for weather in spells]) if spells else FAIR
    rest = Scenario((), climate, faults_end=until * MINUTE, skew_ms=0)
    run = RecurringRun(0, TemplateScenario([TemplateWish("acme", 0, body, ())], 0, rest))
    run.catch_up_ms = 0
    run.begin()
    run.go_on(rest.faults_end)
    run.settle()
    assert run.result().broken is None
    return run


def minutes_run(run: RecurringRun) -> list[int]:
    """Which minutes' occurrences ran, in their order; each had one effect."""
    assert all(len(effects) == 1 for effects in run.observed.effects.values())
    jobs = [run.cloud.jobs.get(key) for key in run.observed.effects]
    return sorted(int((job.nominal_at - START).total_seconds() // 60) for job in jobs if job.nominal_at)


def minutes_left_out(run: RecurringRun) -> list[int]:
    """Which minutes' occurrences are told as missed, by a job that was skipped or by a record."""
    (template,) = run.cloud.templates.all_templates()
    gaps = run.cloud.templates.gaps(template.key, since=START, until=template.changed_at)
    jobs = run.cloud.jobs.all_jobs()
    skipped = [job.nominal_at for job in jobs if job.status == "skipped" and job.reason != WITHDRAWN and job.nominal_at]
    told = {int((one - START).total_seconds() // 60) for one in skipped}
    for gap in gaps:
        first, last = ((one - START).total_seconds() // 60 for one in (gap.first, gap.last))
        told.update(range(int(first), int(last) + 1))
    return sorted(told)


# In time up to 12:10, then the outage from 12:10:30 to 13:10:30, and in time again.
BEFORE, DURING, AFTER = list(range(1, 11)), list(range(11, 71)), list(range(71, 76))
# When the expander is away alone, the half hour that it had planned by 12:00 runs in time.
OUTAGES = {
    "the expander": ([Weather.NO_EXPANSIONS], list(range(11, 32))),
    "the executor": ([Weather.QUEUE_AWAY], []),
    "both": ([Weather.NO_EXPANSIONS, Weather.QUEUE_AWAY], []),
}
# At 13:11, when the first tick looks, 13:10 is missed by the default of a minute, and 13:11 is due.
POLICIES: list[tuple[dict[str, object], list[int]]] = [
    ({"policy": "skip"}, []),
    ({"policy": "fire_latest"}, []),
    ({"policy": "fire_all"}, DURING),
    ({"policy": "fire_all", "max": 5}, DURING[-4:]),
    ({"policy": "fire_all", "within": "15m"}, DURING[-14:]),
]


@pytest.mark.parametrize("away", OUTAGES)
@pytest.mark.parametrize(("misfire", "made_up_for"), POLICIES, ids=[str(misfire) for misfire, _ in POLICIES])
def test_an_hour_of_outage_comes_to_what_the_policy_says(
    away: str, misfire: dict[str, object], made_up_for: list[int]
) -> None:
    spells, in_time = OUTAGES[away]

    run = an_outage(misfire, *spells)

    ran = sorted({*BEFORE, *in_time, *made_up_for, *AFTER})
    assert minutes_run(run) == ran
    assert minutes_left_out(run) == [minute for minute in range(1, 76) if minute not in ran]
