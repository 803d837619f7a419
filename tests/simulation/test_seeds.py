"""The whole scheduler, in whatever weather a seed brings: nothing is lost, nothing is committed twice."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.model import moves
from shared.model.change import Change
from tests.simulation import seeds
from tests.simulation.faults import FAIR
from tests.simulation.run import Run, simulate
from tests.simulation.scenario import scenario_of

if TYPE_CHECKING:
    import pytest

FIXED = range(300)
FRESH = 300


def test_fixed_seeds_break_nothing() -> None:
    tally = seeds.run_side_by_side(FIXED)

    assert [seeds.report(*one) for one in tally.broken[:3]] == []
    assert tally.seeds == len(FIXED)
    assert tally.jobs > 1_000
    assert tally.faults > 3_000


def test_fresh_seeds_break_nothing() -> None:
    first = random.SystemRandom().randrange(1_000_000, 1_000_000_000)

    tally = seeds.run_side_by_side(range(first, first + FRESH))

    assert [seeds.report(*one) for one in tally.broken[:3]] == []


def test_a_seed_gives_the_same_log_each_time_byte_for_byte() -> None:
    def log(hash_seed: str) -> bytes:
        command = [sys.executable, "-m", "tests.simulation", "--seed", "0"]
        return subprocess.run(command, env={"PYTHONHASHSEED": hash_seed}, check=True, capture_output=True).stdout

    assert len(log("1")) > 10_000
    assert log("1") == log("2")


def test_the_faults_of_a_run_repeat_it() -> None:
    for seed in range(20):
        struck = simulate(seed).faults

        assert sorted(simulate(seed, only=struck).faults) == sorted(struck)


def test_a_broken_run_is_told_in_one_line_and_shrunk_to_the_faults_that_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = moves.succeed

    def without_fence(*arguments: object, **named: object) -> Change:
        change = original(*arguments, **named)  # type: ignore[arg-type]
        return Change(move=change.move, when=change.when[:1], set=change.set, add=change.add)

    monkeypatch.setattr(moves, "succeed", without_fence)
    runs = ((seed, simulate(seed)) for seed in range(5_000))
    seed, result = next((seed, one) for seed, one in runs if one.broken and len(one.faults) > 10)

    told = seeds.report(seed, result.broken or "").splitlines()

    assert told[0].startswith(f"make simulate SEED={seed}  # I")
    assert 0 < len(told) - 1 < len(result.faults)


def test_in_fair_weather_every_job_is_on_time() -> None:
    latest = []
    for seed in range(100):
        fair = Run(seed, replace(scenario_of(seed), climate=FAIR, skew_ms=0))
        fair.begin()
        fair.settle()
        latest.append(fair.observed.latest_ms)
        assert fair.result().broken is None

    assert 0 < max(latest) < 1_000
