from __future__ import annotations

from dataclasses import replace

import pytest

from shared.model.change import AnyOf, Change, Clause, Op, applied, holds
from shared.model.lifecycle import Move, Status
from tests.jobs import START, a_job, at

YES = Clause("status", Op.EQ, Status.SCHEDULED)
NO = Clause("status", Op.EQ, Status.RUNNING)


@pytest.mark.parametrize(
    ("clause", "true"),
    [
        (Clause("version", Op.EQ, 1), True),
        (Clause("version", Op.EQ, 2), False),
        (Clause("wake_at", Op.LT, at(1)), True),
        (Clause("wake_at", Op.LT, START), False),
        (Clause("wake_at", Op.GT, at(-1)), True),
        (Clause("wake_at", Op.GT, START), False),
        (Clause("status", Op.IN, (Status.BLOCKED, Status.SCHEDULED)), True),
        (Clause("status", Op.IN, (Status.RUNNING,)), False),
        (Clause("expires_at", Op.ABSENT), True),
        (Clause("wake_at", Op.ABSENT), False),
        (Clause("due_shard", Op.BEGINS_WITH, "normal#"), True),
        (Clause("due_shard", Op.BEGINS_WITH, "high#"), False),
    ],
)
def test_a_clause_compares_one_field(clause: Clause, true: bool) -> None:
    assert holds(clause, a_job()) is true


@pytest.mark.parametrize("op", [Op.EQ, Op.LT, Op.GT])
def test_no_comparison_with_what_is_not_there_is_true(op: Op) -> None:
    assert not holds(Clause("lease_until", op, START), a_job())


def test_membership_and_beginning_of_what_is_not_there_are_false() -> None:
    ended = replace(a_job(), due_shard=None)

    assert not holds(Clause("claim_id", Op.IN, ("claim-1",)), ended)
    assert not holds(Clause("due_shard", Op.BEGINS_WITH, "None"), ended)


def test_any_of_is_true_when_one_of_its_clauses_is() -> None:
    assert holds(AnyOf((NO, YES)), a_job())
    assert not holds(AnyOf((NO, NO)), a_job())
    assert not holds(AnyOf(()), a_job())


def test_a_change_sets_removes_and_adds_and_leaves_the_rest() -> None:
    job = a_job(name="before", correlation_id="order-7")

    changed = applied(Change(move=Move.EDIT, when=(), set={"name": "after", "wake_at": None}, add={"version": 2}), job)

    assert changed == replace(job, name="after", wake_at=None, version=3)
