"""`make simulate`: run many seeds and every crash point, and say what was tried and what broke.

`SEED`: one seed only, with its whole log; `RECURRING`: it is one with templates; `AFTERMATH`: it is one with what
follows from jobs. `SEEDS`: how many, from 0; for 25 of them one more with templates, and for 5 one with an aftermath.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from tests.simulation import crash_points, seeds, template_stories
from tests.simulation.aftermath import simulate_aftermath
from tests.simulation.faults import MINUTE
from tests.simulation.recurring import simulate_recurring
from tests.simulation.run import simulate

if TYPE_CHECKING:
    from tests.simulation.seeds import Simulate

_SHOWN = 5


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--recurring", action="store_const", dest="run", const=simulate_recurring, default=simulate)
    parser.add_argument("--aftermath", action="store_const", dest="run", const=simulate_aftermath)
    options = parser.parse_args()
    if options.seed is not None:
        return _one(options.seed, options.run)
    return (
        _crash_points()
        + _seeds("seeds", options.seeds, simulate)
        + _seeds("seeds with templates", options.seeds // 25, simulate_recurring)
        + _seeds("seeds with an aftermath", options.seeds // 5, simulate_aftermath)
    )


def _one(seed: int, run: Simulate) -> int:
    result = run(seed)
    _say(*result.log)
    _say(seeds.report(seed, result.broken, run) if result.broken else f"seed {seed} breaks nothing")
    return 1 if result.broken else 0


def _crash_points() -> int:
    stories = (*crash_points.STORIES, *template_stories.STORIES)
    single = sum(map(crash_points.each_call, stories), crash_points.Enumeration())
    pairs = sum(map(crash_points.each_pair, crash_points.STORIES), crash_points.Enumeration())
    broken = (*single.broken, *pairs.broken)
    _say(
        f"crash points: {single.calls} calls in {len(stories)} stories, struck in {single.runs} ways; "
        f"{pairs.runs} pairs of deaths; {len(broken)} broken",
        *broken[:_SHOWN],
    )
    return len(broken)


def _seeds(name: str, count: int, run: Simulate) -> int:
    began = time.monotonic()
    tally = seeds.run_side_by_side(range(count), run)
    _say(
        f"{name}: {tally.seeds:,} with {tally.jobs:,} jobs, {tally.effects:,} effects and {tally.faults:,} faults in "
        f"{time.monotonic() - began:.0f} s; {len(tally.broken)} broken",
        f"    the last job ended {tally.settled_ms // MINUTE} minutes after the last fault, at the latest",
        f"    beside them {tally.zombies} effects of attempts whose lease was taken, by clocks too far apart",
        *(seeds.report(*one, run) for one in tally.broken[:_SHOWN]),
    )
    return len(tally.broken)


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
