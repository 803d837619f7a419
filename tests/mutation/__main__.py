"""Takes each guard away in turn, and prints what notices: a test, a seed of the simulation, an invariant of the model.

Fails when a guard can go unnoticed by the tests and is not listed in `survivors.py`, or is listed and does not survive.
Which test noticed it is written to `noticed_by.json`, where `--fast` looks first.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.mutation import layers
from tests.mutation.catalogue import GROUPS, MUTANTS, ON_AWS
from tests.mutation.survivors import SURVIVORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.mutation.layers import Killers
    from tests.mutation.mutant import Mutant

NOTICED_BY: Final = Path(__file__).with_name("noticed_by.json")
_ROW: Final = "{:<64} {:<10} {:<8} {}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--only", default="", metavar="WORDS", help="the mutants whose name contains this")
    parser.add_argument("--fast", action="store_true", help="tests alone, without AWS, without those known to survive")
    parser.add_argument("--seeds", type=int, default=25, help="how many the simulation tries for each mutant")
    options = parser.parse_args()
    groups = {
        title: [one for one in group if options.only in one.name and not (options.fast and one.name in SURVIVORS)]
        for title, group in GROUPS.items()
        if not (options.fast and title == ON_AWS)
    }
    mutants = [one for group in groups.values() for one in group]
    found = {"tests": _noticed_by_a_known_test_or_any(mutants) if options.fast else layers.tests(mutants, on_aws=True)}
    _remember(found["tests"])
    if not options.fast:
        found["simulation"] = layers.simulation(mutants, seeds=options.seeds)
        found["model"] = layers.model(mutants)
        found["witness"] = layers.witness([one for one in mutants if found["tests"][one.name] is None])
    problems = list(_problems(mutants, found))
    for line in (*_table(groups, found), "", *_summary(mutants, found), *problems):
        sys.stdout.write(f"{line}\n")
    return 1 if problems else 0


def _noticed_by_a_known_test_or_any(mutants: Sequence[Mutant]) -> Killers:
    found = layers.known_tests(mutants, _remembered())
    missed = [one for one in mutants if found[one.name] is None]
    return {**found, **layers.tests(missed, on_aws=False)} if missed else found


def _remembered() -> dict[str, str]:
    return json.loads(NOTICED_BY.read_text("utf-8")) if NOTICED_BY.exists() else {}


def _remember(killers: Killers) -> None:
    """Of the mutants that were looked at; those that are no more are forgotten."""
    every: Killers = {**_remembered(), **killers}
    known = {one.name: killer for one in MUTANTS if "::" in (killer := every.get(one.name) or "")}
    if known != _remembered():
        NOTICED_BY.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")


def _table(groups: Mapping[str, list[Mutant]], found: Mapping[str, Killers]) -> Iterator[str]:
    for title, group in groups.items():
        if group:
            yield ""
            yield _ROW.format(
                f"{title}: {len(group)}", "simulation", "model", "the first test that fails, or why none can"
            )
        for mutant in group:
            test = (found["tests"][mutant.name] or "").rpartition("::")[2]
            reason = SURVIVORS.get(mutant.name, "no reason is known")
            why = f"only its witness: {reason}" if found.get("witness", {}).get(mutant.name) else f"nothing: {reason}"
            yield _ROW.format(
                mutant.name, _short("simulation", mutant, found), _short("model", mutant, found), test or why
            )


def _short(layer: str, mutant: Mutant, found: Mapping[str, Killers]) -> str:
    """The seed or the invariant, `-` when nothing broke, empty when the mutated code is not met there."""
    killers = found.get(layer, {})
    return (killers[mutant.name] or "-").partition(":")[0] if mutant.name in killers else ""


def _summary(mutants: Iterable[Mutant], found: Mapping[str, Killers]) -> Iterator[str]:
    yield f"{sum(1 for _ in mutants)} mutants"
    for layer, killers in found.items():
        yield f"{layer}: {sum(one is not None for one in killers.values())} noticed of {len(killers)} that it meets"


def _problems(mutants: Iterable[Mutant], found: Mapping[str, Killers]) -> Iterator[str]:
    for mutant in mutants:
        by = [layer for layer, killers in found.items() if layer != "witness" and killers.get(mutant.name)]
        if "tests" not in by and mutant.name not in SURVIVORS:
            yield f"no test notices, and it is not listed: {mutant.name} (noticed by {', '.join(by) or 'nothing'})"
        if by and mutant.name in SURVIVORS:
            yield f"listed as a survivor, and noticed by {', '.join(by)}: {mutant.name}"


if __name__ == "__main__":
    sys.exit(main())
