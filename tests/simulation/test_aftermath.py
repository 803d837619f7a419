"""What follows from jobs in whatever weather a seed brings: all of it does, and nothing that nobody brought about."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache

from shared.model.alerts.alert import AlertMove, NotificationKind
from shared.model.groups import EVENTS
from tests.simulation import seeds
from tests.simulation.aftermath import AftermathRun, simulate_aftermath
from tests.simulation.aftermath_scenario import aftermath_scenario_of

FIXED = range(40)
FRESH = 30
LOOKED_AT = range(30)


def test_fixed_seeds_break_nothing() -> None:
    tally = seeds.run_side_by_side(FIXED, simulate_aftermath)

    assert [seeds.report(*one, simulate_aftermath) for one in tally.broken[:3]] == []
    assert tally.jobs > 300
    assert tally.faults > 500


def test_fresh_seeds_break_nothing() -> None:
    first = random.SystemRandom().randrange(1_000_000, 1_000_000_000)

    tally = seeds.run_side_by_side(range(first, first + FRESH), simulate_aftermath)

    assert [seeds.report(*one, simulate_aftermath) for one in tally.broken[:3]] == []


@cache
def runs() -> list[AftermathRun]:
    found = []
    for seed in LOOKED_AT:
        run = AftermathRun(seed, aftermath_scenario_of(seed))
        run.begin()
        run.go_on(run.scenario.faults_end)
        run.faults.stop()
        run.settle()
        found.append(run)
    return found


def test_what_they_are_about_happens_in_them() -> None:
    happened: Counter[str] = Counter()
    for run in runs():
        happened["jobs went while others were under way"] += len(run.aftermath.old)
        happened["ends"] += len(run.facts.ends)
        happened["deliveries"] += sum(one.job.group == EVENTS for one in run.facts.gone.values())
        happened["events told twice"] += sum(len(copies) > 1 for copies in run.beside.bus.told.values())
        notes = Counter(line[2] for line in run.kernel.log if str(line[1]).startswith("journal-"))
        happened["batches that come again"] += notes["journal_held_up"] + notes["killed"]

        happened["redrives"] += len(run.facts.redrives)
        happened["jobs redriven more than once"] += sum(number > 1 for _, number in run.facts.redrives)
        happened["discarded"] += sum(one.job.discarded_at is not None for one in run.facts.gone.values())
        happened["bulk actions"] += len(run.facts.actions)
        happened["alerts"] += len(run.alerts.opened)
        happened["overflows"] += sum(one.is_overflow for one in run.alerts.opened)
        for alert in run.beside.alerts.all_alerts():
            happened.update(f"alert: {one.move}" for one in alert.history)
        happened.update(f"told: {one.kind}" for one in run.alerts.decided)

    assert len(happened) == 11 + len(AlertMove) + len(NotificationKind) - 1
    assert min(happened.values()) > 1, happened
