"""Every clause of every change that the model makes of a job, as mutants without it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final

from shared.model import dead_letters, long_work, moves, occurrence_job
from shared.model.change import AnyOf, Clause
from shared.model.execution import NO_OUTPUT
from shared.model.job import Completion
from shared.model.retry import RetryPolicy
from tests.jobs import (
    RETENTION,
    SHARDING,
    a_job,
    after,
    at,
    awaiting,
    cancel_of,
    claim_of,
    claimed,
    dead,
    discard_of,
    failed_once,
    redrive_of,
)
from tests.mutation.mutant import ClauseMutant, Place
from tests.occurrences import planned, replanning_of, withdrawal_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.change import Change, Condition
    from shared.model.job import Job

_WAITING: Final = a_job()
_RUNNING: Final = claimed()
_LAST_ATTEMPT: Final = claimed(a_job(retry=RetryPolicy(max_attempts=1)))
_CANCEL_REQUESTED: Final = after(_RUNNING, cancel_of(_RUNNING))
_ACCEPTED: Final = claimed(a_job(completion=Completion.CALLBACK))
_AWAITING: Final = awaiting(_ACCEPTED)
_PLANNED: Final = planned()
_WITHDRAWN: Final = after(_PLANNED, withdrawal_of(_PLANNED))


def _reap(job: Job) -> Change:
    return moves.reap(job, now=at(200), chance=0.5, retention=RETENTION, sharding=SHARDING)


# Which function makes it, and one of each kind of change that it makes.
MADE: Final[tuple[tuple[str, Change], ...]] = (
    ("claim", claim_of(_WAITING)),
    ("heartbeat", moves.heartbeat(_RUNNING, now=at(1))),
    ("defer", moves.defer(_RUNNING, until=at(60), reason="gate_closed", now=at(1))),
    ("decline", moves.decline(_RUNNING, reason="gate_closed", now=at(1), retention=RETENTION)),
    ("succeed", moves.succeed(_RUNNING, output=NO_OUTPUT, now=at(1), retention=RETENTION)),
    ("fail", failed_once(_RUNNING)),
    ("fail", failed_once(_LAST_ATTEMPT)),
    ("fail", failed_once(_CANCEL_REQUESTED)),
    ("stop", moves.stop(_CANCEL_REQUESTED, now=at(1), retention=RETENTION)),
    ("reap", _reap(_RUNNING)),
    ("reap", _reap(_LAST_ATTEMPT)),
    ("reap", _reap(_CANCEL_REQUESTED)),
    ("edit", moves.edit(_WAITING, {"name": "renamed"}, now=at(1), sharding=SHARDING)),
    ("run_now", moves.run_now(_WAITING, now=at(1), sharding=SHARDING)),
    ("cancel", cancel_of(_RUNNING)),
    ("cancel", cancel_of(_WAITING)),
    ("skip", moves.skip(_WAITING, reason="expired", now=at(1), retention=RETENTION)),
    ("await_outcome", long_work.await_outcome(_ACCEPTED, now=at(1))),
    ("save_checkpoint", long_work.save_checkpoint(_AWAITING, now=at(2))),
    ("watch", long_work.watch(_AWAITING)),
    ("replan", replanning_of(_PLANNED)),
    ("replan", replanning_of(_WITHDRAWN, version=3)),
    ("withdraw", withdrawal_of(_PLANNED)),
    ("redrive", redrive_of(dead())),
    ("discard", discard_of(dead())),
)

MAKERS: Final = {
    name: Place(module.__name__, name)
    for module in (moves, occurrence_job, long_work, dead_letters)
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__
    and not name.startswith("_")
    and function.__annotations__["return"] in {"Change", "Change | None"}
    and "change" not in function.__annotations__
}
"""Where each public function stands that makes a change of a job, and does not just narrow one."""


def _mutants(maker: str, change: Change) -> Iterator[ClauseMutant]:
    for number, condition in enumerate(change.when):
        yield ClauseMutant(MAKERS[maker], change.move, number, name_of(condition))
        if isinstance(condition, AnyOf):
            for alternative, clause in enumerate(condition.clauses):
                yield ClauseMutant(MAKERS[maker], change.move, number, name_of(condition), alternative, name_of(clause))


def name_of(condition: Condition) -> str:
    """What a condition asks, without its value: that differs from job to job."""
    if isinstance(condition, Clause):
        return f"{condition.field} {condition.op}"
    return " or ".join(name_of(clause) for clause in condition.clauses)


CLAUSE_MUTANTS: Final = tuple(mutant for maker, change in MADE for mutant in _mutants(maker, change))
