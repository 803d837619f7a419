"""Prints how much was explored, and for each guard of the moves how few steps it takes without it to break something.

`python -m tests.model_checking [--large] [--traces]`: with more of everything (minutes), and with those steps.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tests.model_checking.explore import Exploration, Finding, examine, explore
from tests.model_checking.mutants import redundant
from tests.model_checking.present import STEP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def lines(exploration: Exploration, findings: Sequence[Finding], *, traces: bool) -> Iterator[str]:
    """The report, line by line."""
    yield f"{'scenario':<50} {'states':>10} {'transitions':>12} {'ended after':>12}"
    for run in exploration.runs:
        ended = f"{run.steps_to_end * STEP.total_seconds():.0f} s"
        yield f"{run.scenario:<50} {run.states:>10,} {run.transitions:>12,} {run.broken or ended:>12}"
    yield f"{'all':<50} {exploration.states:>10,} {exploration.transitions:>12,}"
    yield from exploration.trace
    known = redundant()
    needed = sum(one.counterexample is not None for one in findings)
    yield ""
    yield f"{len(findings)} guards, {needed} of them needed: without one, after so many steps, what breaks first"
    for finding in findings:
        run = finding.counterexample
        why = known.get(finding.mutant, "nothing breaks, and no reason is known") if run is None else run.broken
        yield f"{finding.mutant!s:<60} {'' if run is None else len(run.trace):>3} {why}"
        if traces and run is not None:
            yield from (f"    {line}" for line in run.trace)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="more of everything: takes minutes")
    parser.add_argument("--traces", action="store_true", help="print each counterexample")
    wanted = parser.parse_args()
    usual, findings = examine()
    exploration = explore(large=True) if wanted.large else usual
    unknown = {one.mutant for one in findings if one.counterexample is None} ^ set(redundant())
    sys.stdout.writelines(f"{line}\n" for line in lines(exploration, findings, traces=wanted.traces))
    return 1 if exploration.broken or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
