from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from shared.model.lifecycle import Move
from tests.mutation.catalogue import GROUPS, MUTANTS, ON_AWS, named
from tests.mutation.clauses import MADE, MAKERS
from tests.mutation.mutant import ROOT, Place, SourceMutant, functions_of
from tests.mutation.survivors import SURVIVORS


def test_there_are_no_fewer_mutants_than_there_were() -> None:
    assert {title: len(group) for title, group in GROUPS.items()} == {
        "clauses of the moves": 76,
        "table of legal moves": 140,
        "rules of the moves": 33,
        "jobs of occurrences": 26,
        "executor": 52,
        "work that outlives its call": 41,
        "gates and maintenance windows": 28,
        "retries": 13,
        "breakers": 33,
        "templates that keep failing": 10,
        "alerts": 61,
        "events": 22,
        "dead letters": 25,
        "dispatch, ticks, stream, sweep": 47,
        "archive and cleaning up": 5,
        "API": 27,
        "stores in memory": 20,
        "adapters and handlers on AWS": 116,
    }


def test_every_mutant_has_a_name_of_its_own_and_so_has_every_survivor() -> None:
    assert all(named(one.name) is one for one in MUTANTS)
    assert all(named(name) for name in SURVIVORS)


def test_every_function_that_makes_a_move_loses_its_clauses() -> None:
    assert {maker for maker, _ in MADE} == set(MAKERS)
    assert {change.move for _, change in MADE} == set(Move) - {Move.CREATE}


def test_every_function_that_writes_on_a_condition_loses_it() -> None:
    mutated = {place for mutant in GROUPS[ON_AWS] for place in mutant.places}

    conditional = {
        Place(str(path.relative_to(ROOT).with_suffix("")).replace("/", "."), name)
        for path in (ROOT / "shared/adapters/dynamodb").glob("*.py")
        for name, node in functions_of(str(path.relative_to(ROOT)))
        if any("attribute_exists(" in text or "attribute_not_exists(" in text for text in _texts_in(node))
    }

    assert conditional
    assert conditional <= mutated


@pytest.mark.parametrize("mutant", [one for one in MUTANTS if isinstance(one, SourceMutant)], ids=lambda one: one.name)
def test_what_a_mutant_replaces_is_there_once_and_what_it_puts_there_can_be_compiled(mutant: SourceMutant) -> None:
    assert len(mutant.places) == 1
    assert mutant.mutated_tree()


@pytest.mark.timeout(900)  # a minute when nothing else runs
def test_every_guard_is_missed_by_a_test_when_it_is_taken_away_unless_it_is_listed() -> None:
    command = [sys.executable, "-m", "tests.mutation", "--fast"]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout[-3_000:] + run.stderr[-3_000:]


def _texts_in(node: ast.AST) -> list[str]:
    constants = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    return [one for one in constants if isinstance(one, str)]
