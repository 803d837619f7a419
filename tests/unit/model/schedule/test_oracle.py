"""No difference to the oracle around the changes of the clocks: a sample of it here, all of it with `ORACLE=full`."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from importlib.resources import files
from itertools import product, takewhile

import pytest

from shared.model.schedule.documents import read_schedule
from shared.model.schedule.occurrences import occurrences
from shared.model.time_zones import zone_names
from tests.unit.model.schedule.oracle import Clock, changes_of, random_expression

FULL = os.environ.get("ORACLE") == "full"
SEED = int(os.environ.get("ORACLE_SEED", "4"))
FIRST_YEAR, YEARS = 2020, 10
BEFORE, MINUTES = timedelta(hours=13), 38 * 60
# The window's edges are left out, so that each change's gap and overlap lie in it whole.
EDGE = timedelta(hours=6)
POLICIES = list(product(["shift_forward", "skip"], ["first", "last", "both"]))

EXPRESSIONS = [random_expression(random.Random(f"{SEED}/{number}")) for number in range(1_000)]
# Changes of every size, at every hour, on every day.
SAMPLE = [
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Casablanca",
    "Asia/Gaza",
    "America/Nuuk",
    "Antarctica/Troll",
    "Pacific/Norfolk",
    "Africa/Juba",
]


def zones_of_their_own() -> list[str]:
    """One name for each set of rules that change in these years: the others are links to it, or never change."""
    names = {(files("tzdata") / "zoneinfo" / name).read_bytes(): name for name in sorted(zone_names())}.values()
    return sorted(name for name in names if changes_of(name, FIRST_YEAR, YEARS))


@pytest.mark.parametrize("zone", zones_of_their_own() if FULL else SAMPLE)
@pytest.mark.timeout(7_200)
def test_around_each_change_the_instants_are_those_of_the_oracle(zone: str) -> None:
    changes = changes_of(zone, FIRST_YEAR, YEARS)
    chance = random.Random(f"{SEED}/{zone}")
    clocks = {change: Clock(zone, change - BEFORE, MINUTES) for change in changes}
    cases = list(product(changes, EXPRESSIONS))

    differences = [
        (expression, str(change), *policies)
        for change, expression in (cases if FULL else chance.sample(cases, 1_000))
        for policies in [chance.choice(POLICIES)]
        if ours(expression, zone, policies, change) != theirs(expression, clocks[change], policies, change)
    ]

    assert differences == []


def ours(expression, zone, policies, change):
    gap, overlap = policies
    schedule = read_schedule({"cron": expression, "timezone": zone, "dst_gap": gap, "dst_overlap": overlap})
    start, end = change - BEFORE + EDGE, change - BEFORE + timedelta(minutes=MINUTES) - EDGE
    found = occurrences(schedule, seed="t", calendars={}, after=start - timedelta(milliseconds=1))
    return [one.nominal_at for one in takewhile(lambda one: one.nominal_at < end, found)]


def theirs(expression, clock, policies, change):
    start, end = change - BEFORE + EDGE, change - BEFORE + timedelta(minutes=MINUTES) - EDGE
    return [instant for instant in clock.instants(expression, *policies) if start <= instant < end]
