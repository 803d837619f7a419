"""A model of a job's life, explored until it shows nothing new.

What is real and what is made up. The jobs are the real values (`shared.model.job`), every change of them is made by
`shared.model.moves` and `shared.model.occurrence_job` (for clients by the API's own use cases) and judged by
`shared.model.change`: a clause dropped or a status added to a legal move there changes what is explored here. Made up
are time, the network, and where executors stand; each is as small as it can be, and may do everything bad that a real
one can:

* an executor dies or freezes anywhere: before its claim is sent, with the claim applied and its answer lost, before the
  effect, after the effect and before the outcome is written, with the outcome written and its answer lost;
* a message is lost, comes late, comes twice, comes when its job has long been moved;
* a request that its sender gave up is held by the network and applied later, once, more often, or never; one whose
  answer is lost is sent again;
* the watcher's write comes from a read that is old; clients cancel, run at once, postpone and edit at any time;
* who does work that is reported sends signs of life, checkpoints and its end at any time, before it is known that the
  work was accepted and after its attempt was given up, or dies;
* planners at older and newer versions of a template plan the job of its occurrence, withdraw it and reinstate it;
* time passes at any moment, however long.

Every state that can be reached by any order of these is visited (`search`), the invariants are checked at each write,
each beginning of an effect and each state (`invariants`), and each guard of the moves is taken away in turn to see
something break (`mutants`).

What a *beginning of an effect* is (I7): an executor looks at its lease by its clock one last time and then calls the
target; the effect begins with that look. So it is shown: no effect begins after its job was cancelled for good, nor
under an attempt that the table does not hold any more; and once a cancel was requested, no other attempt begins. It is
not shown, since it is not so, that an effect which began earlier has ended by then: see `test_not_promised.py`.

That nothing is lost (I1): from every state, once nothing goes wrong any more and everybody does his part, each job
comes to an end, in whatever order things are done; time passes when nobody has anything to do.

Two jobs meet in nothing but in that an executor has one message at a time: every step but the passing of time changes
one job, with at most one executor. What either job meets beside the other it therefore meets alone too, where another
job's step is no step, and what a job meets alone is explored with any number of faults. `test_explore.py` checks it.

Bounds: two executors, two attempts, one deferral, one request held by the network for each job (`--large`: two, where
that takes minutes and not hours), times told apart as far back as a scenario says. Nothing else is bounded but, for two
jobs side by side, the number of faults. Not in the model: clocks that disagree (there is one; the seconds that a
watcher waits beyond a lease are fewer than a step), the due index, cursors, and all that is not a job's own item.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tests.model_checking.mutants import Mutant, WidenedMove, dropped_clauses, widened_moves
from tests.model_checking.scenarios import LARGE, SCENARIOS, Scenario
from tests.model_checking.search import Run, Search

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.model_checking.table import Table


@dataclass(frozen=True, slots=True)
class Exploration:
    """One run for each scenario, the last of which may have broken something: then `trace` tells how, line by line."""

    runs: tuple[Run, ...]

    @property
    def states(self) -> int:
        return sum(run.states for run in self.runs)

    @property
    def transitions(self) -> int:
        return sum(run.transitions for run in self.runs)

    @property
    def broken(self) -> str | None:
        """The invariant's name, and what was seen."""
        return self.runs[-1].broken

    @property
    def trace(self) -> tuple[str, ...]:
        return self.runs[-1].trace


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of a guard: the exploration without it, up to what broke; None when nothing depends on it."""

    mutant: Mutant
    counterexample: Run | None


def explore(*, mutant: Mutant | None = None, large: bool = False) -> Exploration:
    """Explore every scenario, with the guard `mutant` taken away; stop at the first invariant that breaks."""
    runs = []
    for scenario in LARGE if large else SCENARIOS:
        runs.append(Search(scenario, mutant).run())
        if runs[-1].broken:
            break
    return Exploration(tuple(runs))


@cache
def explored(scenario: Scenario) -> tuple[Search, Run]:
    """The search through a scenario as the code is, and what it found: gone through once, however many ask for it."""
    search = Search(scenario)
    return search, search.run()


@cache
def examine() -> tuple[Exploration, tuple[Finding, ...]]:
    """The exploration of every scenario as the code is, and what it and further ones show of each guard."""
    exploration = Exploration(tuple(explored(scenario)[1] for scenario in SCENARIOS))
    tables = [(scenario, explored(scenario)[0].table) for scenario in SCENARIOS]
    return exploration, tuple(Finding(mutant, _counterexample(mutant, tables)) for mutant in _guards(tables))


def _guards(tables: Iterable[tuple[Scenario, Table]]) -> list[Mutant]:
    """The guards of all changes that were made anywhere."""
    conditions = {request.guard: request.change.when for _, table in tables for request in table.requests}
    clauses = [one for guard in sorted(conditions) for one in dropped_clauses(guard, conditions[guard])]
    return [*clauses, *widened_moves()]


def _counterexample(mutant: Mutant, tables: Iterable[tuple[Scenario, Table]]) -> Run | None:
    for scenario, table in tables:
        if not _may_matter(mutant, table):
            continue
        run = Search(scenario, mutant).run()
        if run.broken:
            return run
    return None


def _may_matter(mutant: Mutant, table: Table) -> bool:
    """Whether taking the guard away would let anything go otherwise in the scenario that `table` has seen.

    Where no request would have fared otherwise in all that can be reached, and nobody would have asked for anything
    else, there is nothing else to reach: the exploration without the guard would be the same, state by state.
    """
    return mutant in table.decisive or (isinstance(mutant, WidenedMove) and table.makes_otherwise(mutant))
