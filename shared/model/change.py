"""A move of a job as a value: under which condition it applies, and what it changes.

Adapters carry a `Change` out: the DynamoDB one renders it as one conditional UpdateItem, the memory one evaluates it
with the functions below. So both ask the same questions, and a test can remove any clause and see what breaks.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.model.job import Job
    from shared.model.lifecycle import Move


class Op(StrEnum):
    EQ = "="
    LT = "<"
    GT = ">"
    IN = "in"
    ABSENT = "absent"
    BEGINS_WITH = "begins_with"


@dataclass(frozen=True, slots=True)
class Clause:
    """`field op value`, about one field of the job. Any comparison with a field that is None is false."""

    field: str
    op: Op
    value: Any = None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when at least one of its clauses is."""

    clauses: tuple[Clause, ...]


Condition = Clause | AnyOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One conditional write of one job.

    `when`: all of them must hold (that the job exists goes without saying). `set`: new values by field; None removes
    the field. `add`: increments by field, of integers only.
    """

    move: Move
    when: tuple[Condition, ...]
    set: Mapping[str, Any]
    add: Mapping[str, int] = field(default_factory=dict)


def holds(condition: Condition, job: Job) -> bool:
    """Whether `condition` is true of `job`."""
    if isinstance(condition, AnyOf):
        return any(holds(clause, job) for clause in condition.clauses)
    actual = getattr(job, condition.field)
    match condition.op:
        case Op.ABSENT:
            result = actual is None
        case _ if actual is None:
            result = False
        case Op.EQ:
            result = actual == condition.value
        case Op.LT:
            result = actual < condition.value
        case Op.GT:
            result = actual > condition.value
        case Op.IN:
            result = actual in condition.value
        case Op.BEGINS_WITH:
            result = str(actual).startswith(condition.value)
    return bool(result)


def applied(change: Change, job: Job) -> Job:
    """`job` after `change`. The caller has checked the condition. A removed field has its default again."""
    defaults = {one.name: one for one in fields(job)}
    values = {name: _default_of(defaults[name]) if value is None else value for name, value in change.set.items()}
    counters = {name: getattr(job, name) + step for name, step in change.add.items()}
    return replace(job, **values, **counters)


def is_made_by(change: Change, before: Job, current: Job) -> bool:
    """Whether `current` is what `change`, which makes a new version, makes of `before`: then a refused write has met
    itself, sent twice on its way."""
    return current.version == before.version + 1 and all(
        getattr(current, field) == value for field, value in change.set.items()
    )


def _default_of(one: Field[Any]) -> Any:
    return one.default if one.default_factory is MISSING else one.default_factory()
