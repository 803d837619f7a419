"""The life of a job: its statuses and the one table of legal moves.

`moves` makes each move's condition from this table, `docs/state-machine.md` is checked against it, and the tests
enumerate it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """Where a job stands. The comment says who moves it on."""

    BLOCKED = "blocked"  # a client, by cancelling it; no job is put here yet
    SCHEDULED = "scheduled"  # an executor, when its time has come
    RUNNING = "running"  # who holds the lease, an executor or a worker; the watcher when the lease is over
    SUCCEEDED = "succeeded"  # nobody
    FAILED = "failed"  # a person, by having it run again; it is listed for that until its item goes
    CANCELLED = "cancelled"  # nobody
    SKIPPED = "skipped"  # nobody; only one that its template withdrew may be reinstated by it

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL


TERMINAL: Final = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.SKIPPED})
LIVE: Final = frozenset(Status) - TERMINAL


class Move(StrEnum):
    """What may happen to a job."""

    CREATE = "create"
    EDIT = "edit"
    CLAIM = "claim"
    DEFER = "defer"
    DECLINE = "decline"
    HEARTBEAT = "heartbeat"
    AWAIT = "await"
    CHECKPOINT = "checkpoint"
    WATCH = "watch"
    SUCCEED = "succeed"
    RETRY = "retry"
    FAIL = "fail"
    STOP = "stop"
    REQUEST_CANCEL = "request_cancel"
    CANCEL = "cancel"
    SKIP = "skip"
    REPLAN = "replan"
    WITHDRAW = "withdraw"
    REINSTATE = "reinstate"
    REDRIVE = "redrive"
    DISCARD = "discard"


class Actor(StrEnum):
    """Who makes a move; the name of its folder in `functions/`."""

    API = "api"
    EXECUTOR = "executor"
    WATCHER = "watcher"
    RECURRENCE = "recurrence"


@dataclass(frozen=True, slots=True)
class LegalMove:
    """One row of the table: `move` takes a job from any of `sources` to `target`; `meaning` is for people."""

    move: Move
    sources: frozenset[Status]
    target: Status
    actors: tuple[Actor, ...]
    meaning: str


_WAITING: Final = frozenset({Status.BLOCKED, Status.SCHEDULED})
_RUNNING: Final = frozenset({Status.RUNNING})
_SCHEDULED: Final = frozenset({Status.SCHEDULED})
_FAILED: Final = frozenset({Status.FAILED})
_NEW: Final[frozenset[Status]] = frozenset()

LEGAL_MOVES: Final[tuple[LegalMove, ...]] = (
    LegalMove(
        Move.CREATE,
        _NEW,
        Status.SCHEDULED,
        (Actor.API, Actor.RECURRENCE),
        "a client asks for a job, or a template is due",
    ),
    LegalMove(
        Move.EDIT, _SCHEDULED, Status.SCHEDULED, (Actor.API,), "a client changes it, moves its time or runs it now"
    ),
    LegalMove(Move.CLAIM, _SCHEDULED, Status.RUNNING, (Actor.EXECUTOR,), "its time has come: an attempt begins"),
    LegalMove(Move.DEFER, _RUNNING, Status.SCHEDULED, (Actor.EXECUTOR,), "it cannot run now; this was not an attempt"),
    LegalMove(Move.HEARTBEAT, _RUNNING, Status.RUNNING, (Actor.EXECUTOR, Actor.API), "the lease is extended"),
    LegalMove(Move.SUCCEED, _RUNNING, Status.SUCCEEDED, (Actor.EXECUTOR, Actor.API), "the attempt succeeded"),
    LegalMove(
        Move.RETRY,
        _RUNNING,
        Status.SCHEDULED,
        (Actor.EXECUTOR, Actor.WATCHER, Actor.API),
        "the attempt failed, or its lease ran out, and another follows",
    ),
    LegalMove(
        Move.FAIL,
        _RUNNING,
        Status.FAILED,
        (Actor.EXECUTOR, Actor.WATCHER, Actor.API),
        "the attempt failed, or its lease ran out, and none is left",
    ),
    LegalMove(
        Move.STOP,
        _RUNNING,
        Status.CANCELLED,
        (Actor.EXECUTOR, Actor.WATCHER, Actor.API),
        "a requested cancel takes effect: the attempt ended without success",
    ),
    LegalMove(Move.REQUEST_CANCEL, _RUNNING, Status.RUNNING, (Actor.API,), "a client cancels a job while it runs"),
    LegalMove(Move.CANCEL, _WAITING, Status.CANCELLED, (Actor.API,), "a client cancels it before it runs"),
    LegalMove(
        Move.SKIP,
        _SCHEDULED,
        Status.SKIPPED,
        (Actor.EXECUTOR,),
        "its start deadline has passed, or a missed occurrence is not to run any more",
    ),
    LegalMove(
        Move.REPLAN,
        _SCHEDULED,
        Status.SCHEDULED,
        (Actor.API, Actor.RECURRENCE),
        "its template has changed: it is planned as the new version says",
    ),
    LegalMove(
        Move.WITHDRAW,
        _SCHEDULED,
        Status.SKIPPED,
        (Actor.API, Actor.RECURRENCE),
        "its template has changed, was paused or deleted, and has no such occurrence any more",
    ),
    LegalMove(
        Move.REINSTATE,
        frozenset({Status.SKIPPED}),
        Status.SCHEDULED,
        (Actor.API, Actor.RECURRENCE),
        "its template has the withdrawn occurrence again",
    ),
    LegalMove(
        Move.DECLINE,
        _RUNNING,
        Status.SKIPPED,
        (Actor.EXECUTOR,),
        "it is not to run, as a gate found once it was claimed; this was not an attempt",
    ),
    LegalMove(
        Move.AWAIT,
        _RUNNING,
        Status.RUNNING,
        (Actor.EXECUTOR, Actor.API),
        "the target has accepted the work, whose outcome will be reported",
    ),
    LegalMove(Move.CHECKPOINT, _RUNNING, Status.RUNNING, (Actor.API,), "the attempt leaves a checkpoint"),
    LegalMove(
        Move.WATCH, _RUNNING, Status.RUNNING, (Actor.WATCHER,), "its lease has been extended: it is looked at later"
    ),
    LegalMove(
        Move.REDRIVE,
        _FAILED,
        Status.SCHEDULED,
        (Actor.API, Actor.WATCHER),
        "a person has it run again, with a fresh budget of attempts",
    ),
    LegalMove(
        Move.DISCARD, _FAILED, Status.FAILED, (Actor.API, Actor.WATCHER), "a person gives it up: it is listed no more"
    ),
)


def legal(move: Move) -> LegalMove:
    """The table's row of `move`."""
    return _BY_MOVE[move]


_BY_MOVE: Final = {row.move: row for row in LEGAL_MOVES}
