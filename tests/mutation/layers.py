"""What a mutant has to get past.

`tests`: those that show behaviour, by a scheduler in memory and by the adapters on a simulated AWS. `known_tests`: of
those the one that noticed it when it was last looked for.
`simulation`: seeds of the whole system under faults, and seeds of what follows from jobs there. `model`: every
interleaving of a small one.
`witness`: the tests that look at the conditions themselves, at their text, and at the page that has the table of moves.
They notice any change of these by construction, so they say nothing about what a guard is good for, and come last.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Final

import pytest

from tests.model_checking.explore import examine
from tests.model_checking.mutants import DroppedClause, WidenedMove
from tests.mutation.mutant import ROOT, ClauseMutant, TableMutant, probe
from tests.mutation.runner import OPTIONS, Hung, MutantRunner, in_children
from tests.simulation.aftermath import simulate_aftermath
from tests.simulation.run import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.mutation.mutant import Mutant, Place

# For each mutant's name what noticed it, None where nothing did.
Killers = dict[str, str | None]

IN_MEMORY: Final = (
    "tests/unit/model/test_laws.py",
    "tests/unit/model/test_moves_of_a_client.py",
    "tests/unit/model/test_moves_of_an_attempt.py",
    "tests/unit/model/test_occurrence_job.py",
    "tests/unit/model/test_long_work.py",
    "tests/unit/model/test_dead_letters.py",
    "tests/unit/dead_letters",
    "tests/unit/model/test_job.py",
    "tests/unit/model/test_leftovers.py",
    "tests/unit/model/test_archived_job.py",
    "tests/unit/model/test_maintenance_window.py",
    "tests/unit/model/test_retry.py",
    "tests/unit/model/test_next_attempt.py",
    "tests/unit/model/test_breaker.py",
    "tests/unit/model/test_failing_template.py",
    "tests/unit/recurrence/test_extend_windows.py",
    "tests/unit/executor",
    "tests/unit/populator",
    "tests/unit/watcher",
    "tests/unit/test_dispatch.py",
    "tests/unit/api/test_authorize.py",
    "tests/unit/api/test_preconditions.py",
    "tests/unit/model/alerts",
    "tests/unit/model/test_subscription.py",
    "tests/unit/model/test_lifecycle_event.py",
    "tests/contract/test_alert_store.py",
    "tests/contract/test_job_store.py",
    "tests/contract/test_job_store_payloads.py",
    "tests/contract/test_bulk_actions.py",
    "tests/contract/test_checkpoint_store.py",
    "tests/contract/test_control_store.py",
    "tests/contract/test_maintenance_windows.py",
    "tests/contract/test_archive.py",
    "tests/contract/test_breakers.py",
    "tests/contract/test_versioned.py",
    "tests/contract/test_template_store.py",
    "tests/contract/test_calendars.py",
    "tests/contract/test_backfill_store.py",
    "tests/integration/api/test_idempotency.py",
    "tests/integration/api/test_changing_jobs.py",
    "tests/integration/api/test_jobs.py",
    "tests/integration/api/test_executions.py",
    "tests/integration/api/test_execution_races.py",
    "tests/integration/api/test_bulk.py",
)
ON_AWS: Final = (
    "tests/contract/test_job_store_indexes.py",
    "tests/contract/test_output_store.py",
    "tests/contract/test_work_queue.py",
    "tests/integration/adapters",
    "tests/integration/handlers",
    "tests/integration/api/test_on_aws.py",
)
WITNESSES: Final = (
    "tests/unit/model/test_move_conditions.py",
    "tests/unit/model/test_lifecycle.py",
    "tests/unit/adapters/test_update_expressions.py",
    "tests/architecture/test_state_machine_page.py",
)


_RUNS: Final = {"seed": simulate, "aftermath": simulate_aftermath}


def tests(mutants: Sequence[Mutant], *, on_aws: bool) -> Killers:
    """The first test of behaviour that fails. Raises when one fails without any mutant."""
    runner = MutantRunner(mutants)
    wanted = (*IN_MEMORY, *ON_AWS) if on_aws else (*IN_MEMORY, "-k", "not dynamodb")
    status = pytest.main([*OPTIONS, *wanted], plugins=[runner])
    if len(runner.killed_by) < len(mutants):
        raise RuntimeError(f"the tests could not be run: pytest ended with {status!r}")
    return runner.killed_by


def known_tests(mutants: Sequence[Mutant], known: Mapping[str, str]) -> Killers:
    """What `known` names as the test that notices a mutant, None where it does so no more, or is not there."""
    runner = MutantRunner([one for one in mutants if one.name in known], known)
    files = sorted({known[one.name].partition("::")[0] for one in runner.mutants})
    status = pytest.main([*OPTIONS, *(one for one in files if (ROOT / one).exists())], plugins=[runner])
    if len(runner.killed_by) < len(runner.mutants):
        raise RuntimeError(f"the tests could not be run: pytest ended with {status!r}")
    return {one.name: runner.killed_by.get(one.name) for one in mutants}


def simulation(mutants: Sequence[Mutant], *, seeds: int) -> Killers:
    """The first of so many seeds that breaks an invariant, or the scheduler."""
    places = {place for one in mutants for place in one.places}
    ((_, reached),) = in_children(partial(_reached_in_simulation, seeds), [places])
    if isinstance(reached, Hung):
        raise reached
    return _each(partial(_first_broken_seed, seeds), [one for one in mutants if one.places & reached])


def _reached_in_simulation(seeds: int, places: Iterable[Place]) -> set[Place]:
    reached: set[Place] = set()
    probe(places, reached.add)
    for seed in range(seeds):
        for run in _RUNS.values():
            run(seed)
    return reached


def _first_broken_seed(seeds: int, mutant: Mutant) -> str | None:
    mutant.apply()
    for name, seed in product(_RUNS, range(seeds)):
        try:
            broken = _RUNS[name](seed).broken
        except Exception as error:
            broken = repr(error)
        if broken:
            return f"{name} {seed}: {broken}"
    return None


def model(mutants: Sequence[Mutant]) -> Killers:
    """The invariant that the shortest way to break one breaks. The model knows the moves and their table alone."""
    guards = {mutant.name: guard for mutant in mutants if (guard := _guard_of(mutant))}
    if not guards:
        return {}
    _, findings = examine()
    counterexamples = {finding.mutant: finding.counterexample for finding in findings}
    found = {name: counterexamples[guard] for name, guard in guards.items() if guard in counterexamples}
    return {name: None if run is None else run.broken for name, run in found.items()}


def _guard_of(mutant: Mutant) -> DroppedClause | WidenedMove | None:
    """The same mutant as the model has it."""
    if isinstance(mutant, ClauseMutant):
        guard = f"reap_{mutant.move}" if mutant.maker == "reap" else str(mutant.move)
        return DroppedClause(guard, mutant.clause, mutant.alternative_clause)
    return WidenedMove(mutant.move, mutant.status) if isinstance(mutant, TableMutant) else None


def witness(mutants: Sequence[Mutant]) -> Killers:
    """The first of `WITNESSES` that fails."""
    return _each(_first_failing_witness, mutants)


def _first_failing_witness(mutant: Mutant) -> str | None:
    # A process of its own, since these tests compute what they compare when they are imported.
    command = (sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", "-p", "tests.mutation.plugin")
    environment = {**os.environ, "MUTANT": mutant.name}
    run = subprocess.run([*command, *WITNESSES], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return None
    failures = [line.split()[1] for line in run.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return failures[0] if failures else run.stdout.strip()[-200:]


def _each(work: Callable[[Mutant], str | None], mutants: Sequence[Mutant]) -> Killers:
    return {
        mutant.name: "it hangs" if isinstance(killer, Hung) else killer for mutant, killer in in_children(work, mutants)
    }
