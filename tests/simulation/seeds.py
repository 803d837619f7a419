"""Many seeds, on all processors; and what is said about one that breaks."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from tests.simulation.run import simulate
from tests.simulation.shrink import shrunk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tests.simulation.run import Result

_AT_ONCE: Final = 10


class Simulate(Protocol):
    """Makes the run of a seed, with whatever strikes, or with exactly these faults."""

    __name__: str

    def __call__(self, seed: int, *, only: Collection[str] | None = None) -> Result: ...


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over runs, and the longest time to settle. `broken`: the seeds of those that broke, with what was seen."""

    seeds: int = 0
    jobs: int = 0
    effects: int = 0
    faults: int = 0
    zombies: int = 0
    settled_ms: int = 0
    broken: tuple[tuple[int, str], ...] = ()

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.seeds + other.seeds,
            self.jobs + other.jobs,
            self.effects + other.effects,
            self.faults + other.faults,
            self.zombies + other.zombies,
            max(self.settled_ms, other.settled_ms),
            self.broken + other.broken,
        )


def run_one_after_another(seeds: Iterable[int], run: Simulate = simulate) -> Tally:
    tally = Tally()
    for seed in seeds:
        one = run(seed)
        broken = () if one.broken is None else ((seed, one.broken),)
        tally += Tally(1, one.jobs, one.effects, len(one.faults), one.zombies, one.settled_ms, broken)
    return tally


def run_side_by_side(seeds: range, run: Simulate = simulate) -> Tally:
    """The same on every processor."""
    parts = [seeds[begin : begin + _AT_ONCE] for begin in range(0, len(seeds), _AT_ONCE)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(partial(run_one_after_another, run=run), parts), Tally())


def report(seed: int, broken: str, run: Simulate = simulate) -> str:
    """One line that repeats the run, what broke, and the few faults that it takes."""
    faults = shrunk(run(seed).faults, lambda some: run(seed, only=some).broken is not None)
    kind = run.__name__.removeprefix("simulate").removeprefix("_").upper()
    command = f"make simulate {kind}=1" if kind else "make simulate"
    return "\n".join((f"{command} SEED={seed}  # {broken}", *map("    {}".format, faults)))
