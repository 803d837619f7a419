"""Takes each guard away in turn, and prints what notices: a test, a seed of the simulation, an invariant of the model.

Fails when a guard can go unnoticed by the tests and is not listed in `survivors.py`, or is listed and does not survive.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tests.mutation import layers
from tests.mutation.catalogue import GROUPS
from tests.mutation.survivors import SURVIVORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.mutation.layers import Killers
    from tests.mutation.mutant import Mutant

_COLUMNS = "{:<64} {:<10} {:<7} {}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--only", default="", metavar="WORDS", help="the mutants whose name contains this")
    options = parser.parse_args()
    groups = {title: [one for one in group if options.only in one.name] for title, group in GROUPS.items()}
    mutants = [one for group in groups.values() for one in group]
    found = {layer.__name__: layer(mutants) for layer in (layers.tests, layers.simulation, layers.model)}
    found["witness"] = layers.witness([one for one in mutants if found["tests"][one.name] is None])
    problems = list(_problems(mutants, found))
    for line in (*_table(groups, found), "", *_summary(mutants, found), *problems):
        sys.stdout.write(f"{line}\n")
    return 1 if problems else 0


def _table(groups: dict[str, list[Mutant]], found: dict[str, Killers]) -> Iterator[str]:
    for title, group in groups.items():
        if group:
            yield ""
            yield _COLUMNS.format(
                f"{title} ({len(group)})", "simulation", "model", "first test that fails, or why none can"
            )
        for mutant in group:
            seed, invariant, test = (
                found[layer].get(mutant.name, "not met") or "" for layer in ("simulation", "model", "tests")
            )
            said = (
                test.rpartition("::")[2] or f"- {SURVIVORS.get(mutant.name, 'NOTHING NOTICES, AND NO REASON IS KNOWN')}"
            )
            yield _COLUMNS.format(mutant.name, seed.partition(":")[0], invariant.partition(":")[0], said)


def _summary(mutants: Sequence[Mutant], found: dict[str, Killers]) -> Iterator[str]:
    yield f"{len(mutants)} mutants"
    for layer, killers in found.items():
        noticed = sum(killer is not None for killer in killers.values())
        yield f"{layer}: {noticed} noticed of {len(killers)}"


def _problems(mutants: Sequence[Mutant], found: dict[str, Killers]) -> Iterator[str]:
    for mutant in mutants:
        killers = {layer: killers.get(mutant.name) for layer, killers in found.items() if layer != "witness"}
        by = ", ".join(layer for layer, killer in killers.items() if killer)
        if killers["tests"] is None and mutant.name not in SURVIVORS:
            yield f"no test notices, and it is not listed: {mutant.name}" + (f" (noticed by {by})" if by else "")
        elif by and mutant.name in SURVIVORS:
            yield f"listed as a survivor, but noticed by {by}: {mutant.name}"


if __name__ == "__main__":
    sys.exit(main())
