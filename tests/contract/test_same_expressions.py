"""Each question that a clause can ask of a job, and each value that a change can write, by themselves and of any job:
what the model makes of them (`holds` and `applied`, which the memory store uses) is what DynamoDB makes of the rendered
expressions.

Left out, since the two would differ and no move asks it (`tests/unit/adapters/test_job_items.py` sees to that):

* comparing a field whose default is not stored (`priority`, `timeout_seconds`, `delivery`): to DynamoDB, which does not
  know the default, it is absent;
* comparing what is stored as JSON (`target`, `tags`, `payload`, `retry`, `executions`): one value has several texts;
* `begins_with` about numbers and times: DynamoDB has it for text only;
* an empty text in the key of an index: AWS refuses it.
"""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.dynamodb.codec import is_stored
from shared.model.change import AnyOf, Change, Clause, Condition, Op
from shared.model.errors import ChangeRefused
from shared.model.job import Job
from shared.model.lanes import DueShard
from shared.model.lifecycle import Move
from tests.contract.budget import share_of_budget
from tests.contract.peers import memory_and
from tests.strategies import JOBS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.jobs import JobStore

    Stores = tuple[JobStore, JobStore]

_JSON: Final = frozenset({"target", "tags", "payload", "retry", "executions"})
_KEYS_OF_INDEXES: Final = ("group_pk", "group_sk", "attention_pk", "attention_sk")
_COUNTERS: Final = ("version", "fence", "attempt")
_WRITTEN: Final = tuple(one.name for one in fields(Job) if one.name not in {"tenant", "id"})
_REMOVABLE: Final = tuple(one.name for one in fields(Job) if (one.default, one.default_factory) != (MISSING, MISSING))


def _is_comparable(field: str) -> bool:
    default = next(one.default for one in fields(Job) if one.name == field)
    return field not in _JSON and (default is MISSING or default is None or is_stored(field, default))


_COMPARED: Final = tuple(field for field in _WRITTEN if _is_comparable(field))
_CONDITIONS: Final = 6
_numbers: Final = count()


@pytest.fixture(scope="module", params=["emulator", "moto"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    with memory_and(request.param) as both:
        yield both[0].jobs, both[1].jobs


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    """Any job that has not been stored before."""
    job = draw(JOBS)
    keys = {name: getattr(job, name) or None for name in _KEYS_OF_INDEXES}
    return replace(job, id=f"job-{next(_numbers)}", **keys)


@st.composite
def clauses(draw: st.DrawFn, job: Job, other: Job) -> Clause:
    """About any field; the value is that of `job`, one close to it, or another."""
    field = draw(st.sampled_from(_COMPARED))
    values = [_near(getattr(one, field), step) for one in (job, other) for step in (0, -1, 1)]
    values = [value for value in values if value is not None]
    if not values:
        return Clause(field, Op.ABSENT)
    op = draw(
        st.sampled_from([one for one in Op if one is not Op.BEGINS_WITH or isinstance(values[0], str | DueShard)])
    )
    match op:
        case Op.ABSENT:
            return Clause(field, op)
        case Op.IN:
            return Clause(field, op, tuple(draw(st.lists(st.sampled_from(values), min_size=1, max_size=3))))
        case Op.BEGINS_WITH:
            text = str(draw(st.sampled_from(values)))
            return Clause(field, op, text[draw(st.integers(0, 1)) : draw(st.integers(0, len(text)))])
        case _:
            return Clause(field, op, draw(st.sampled_from(values)))


def _near(value: Any, step: int) -> Any:
    if isinstance(value, datetime):
        # By what it is stored in: whole seconds, or milliseconds.
        return value + step * timedelta(milliseconds=1 if value.microsecond else 1_000)
    return value + step if isinstance(value, int) else value


@st.composite
def conditions(draw: st.DrawFn, job: Job, other: Job) -> Condition:
    several = draw(st.lists(clauses(job, other), min_size=1, max_size=2))
    return several[0] if len(several) == 1 else AnyOf(tuple(several))


@st.composite
def writes(draw: st.DrawFn) -> Change:
    """A change without a condition: any values and none, and steps of the counters. Something is set by every move."""
    other = draw(jobs())
    names = draw(st.lists(st.sampled_from(_WRITTEN), unique=True, max_size=8))
    removed = draw(st.lists(st.sampled_from(_REMOVABLE), unique=True, max_size=4))
    values = {name: getattr(other, name) for name in ("updated_at", *names)} | dict.fromkeys(removed)
    added = draw(st.lists(st.sampled_from(_COUNTERS), unique=True))
    steps = {name: draw(st.integers(-1, 3)) for name in added if name not in values}
    return Change(move=Move.EDIT, when=(), set=values, add=steps)


@share_of_budget(0.1, operations_each=_CONDITIONS)
@given(data=st.data(), job=jobs(), other=jobs())
def test_a_condition_means_the_same(stores: Stores, data: st.DataObject, job: Job, other: Job) -> None:
    several = data.draw(st.lists(conditions(job, other), min_size=_CONDITIONS, max_size=_CONDITIONS))
    # They write what is there, so that each meets the same job.
    changes = [Change(move=Move.EDIT, when=(one,), set={"updated_at": job.updated_at}) for one in several]

    memory, dynamodb = (_results(store, job, changes) for store in stores)

    assert dynamodb == memory


@share_of_budget(0.03)
@given(job=jobs(), change=writes())
def test_a_change_writes_the_same(stores: Stores, job: Job, change: Change) -> None:
    memory, dynamodb = (_results(store, job, [change]) for store in stores)

    assert dynamodb == memory


def _results(store: JobStore, job: Job, changes: list[Change]) -> list[tuple[str, Job | None]]:
    assert store.create(job).created
    return [_result(store, job, change) for change in changes]


def _result(store: JobStore, job: Job, change: Change) -> tuple[str, Job | None]:
    try:
        return "changed", store.change_and_get(job.key, change)
    except ChangeRefused as refusal:
        return "refused", refusal.current
