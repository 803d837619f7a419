"""Each clause of each condition, removed one at a time, lets something through that must not pass."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.model.change import AnyOf, Change, Condition, Op
from shared.model.lifecycle import Move, legal
from tests.jobs import is_accepted
from tests.witnesses import CASES, DEADLINE_CASES, Case

if TYPE_CHECKING:
    from shared.model.job import Job

CLAUSES = [
    pytest.param(case, number, id=f"{case} {number}") for case in CASES for number in range(len(case.change.when))
]


def without(change: Change, number: int) -> Change:
    return replace(change, when=change.when[:number] + change.when[number + 1 :])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_move_is_accepted_where_all_of_its_clauses_hold(case: Case) -> None:
    assert is_accepted(case.change, case.accepted)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_clause_has_a_job_that_needs_it(case: Case) -> None:
    assert len(case.refused) == len(case.change.when)


@pytest.mark.parametrize(("case", "number"), CLAUSES)
def test_a_condition_without_one_of_its_clauses_would_accept_too_much(case: Case, number: int) -> None:
    job = case.refused[number]

    assert not is_accepted(case.change, job)
    assert is_accepted(without(case.change, number), job)


def test_every_move_of_a_stored_job_is_in_the_table_of_cases() -> None:
    assert {case.change.move for case in CASES} == set(Move) - {Move.CREATE}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_first_clause_is_the_table_of_legal_moves(case: Case) -> None:
    clause = case.change.when[0]
    sources = set(clause.value) if clause.op is Op.IN else {clause.value}

    assert clause.field == "status"
    assert sources == legal(case.change.move).sources


@pytest.mark.parametrize(
    ("deadline", "change", "job"),
    [pytest.param(deadline, *made, id=name) for deadline, cases in DEADLINE_CASES.items() for name, *made in cases],
)
def test_each_way_to_be_within_a_deadline_is_needed(deadline: str, change: Change, job: Job) -> None:
    number = next(number for number, condition in enumerate(change.when) if is_about(deadline, condition))
    condition = change.when[number]

    needed = [
        clause
        for clause in condition.clauses
        if not is_accepted(with_condition(change, number, without_clause(condition, clause)), job)
    ]

    assert is_accepted(change, job)
    assert len(needed) == 1


def test_each_deadline_of_a_claim_has_three_ways_to_be_within_it() -> None:
    conditions = [condition for condition in CASES[0].change.when if isinstance(condition, AnyOf)]

    assert [deadline for one in conditions for deadline in DEADLINE_CASES if is_about(deadline, one)] == [
        *DEADLINE_CASES
    ]
    assert [len(one.clauses) for one in conditions] == [len(cases) for cases in DEADLINE_CASES.values()]


def is_about(field: str, condition: Condition) -> bool:
    return isinstance(condition, AnyOf) and any(clause.field == field for clause in condition.clauses)


def with_condition(change: Change, number: int, condition: Condition) -> Change:
    return replace(change, when=(*change.when[:number], condition, *change.when[number + 1 :]))


def without_clause(condition: AnyOf, clause: Condition) -> AnyOf:
    return AnyOf(tuple(one for one in condition.clauses if one is not clause))
