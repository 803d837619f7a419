"""The guards of the moves: each can be taken away, and what then breaks shows what it is for.

A guard is a clause of a move's condition, an alternative within one, or that a move is not made from some status.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from unittest import mock

from shared.model import lifecycle
from shared.model.change import AnyOf, Change, Condition
from shared.model.lifecycle import LEGAL_MOVES, TERMINAL, Move, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager


def name_of(condition: Condition) -> str:
    """What a condition asks, without the value: it names it among the others of its change."""
    if isinstance(condition, AnyOf):
        return " or ".join(map(name_of, condition.clauses))
    return f"{condition.field} {condition.op}"


@dataclass(frozen=True, slots=True)
class DroppedClause:
    """The condition of `guard` (the move; "reap_" before it when it is the watcher's) without `clause`, or without one
    `alternative` of it."""

    guard: str
    clause: str
    alternative: str | None = None

    def __str__(self) -> str:
        if self.alternative is None:
            return f"{self.guard}: {self.clause}"
        return f"{self.guard}: {self.alternative}, beside {self.clause.partition(' ')[0]}"

    def weakened(self, guard: str, change: Change) -> Change:
        """`change` without the clause, if it is one of this guard."""
        if guard != self.guard:
            return change
        return replace(change, when=tuple(self._left(change.when)))

    def _left(self, when: Iterable[Condition]) -> Iterator[Condition]:
        for condition in when:
            if name_of(condition) != self.clause:
                yield condition
            elif self.alternative is not None and isinstance(condition, AnyOf):
                yield AnyOf(tuple(one for one in condition.clauses if name_of(one) != self.alternative))

    def in_force(self) -> AbstractContextManager[object]:
        return nullcontext()


@dataclass(frozen=True, slots=True)
class WidenedMove:
    """The legal move `move`, made from `source` as well."""

    move: Move
    source: Status

    def __str__(self) -> str:
        return f"{self.move}: not from {self.source}"

    def weakened(self, guard: str, change: Change) -> Change:
        del guard
        return change

    def in_force(self) -> AbstractContextManager[object]:
        """While the block runs, the table of legal moves has the wider row."""
        row = lifecycle.legal(self.move)
        wider = replace(row, sources=row.sources | {self.source})
        return mock.patch.dict(lifecycle._BY_MOVE, {self.move: wider})


Mutant = DroppedClause | WidenedMove


def dropped_clauses(guard: str, when: Iterable[Condition]) -> Iterator[DroppedClause]:
    """Every way to make the condition `when` of `guard` weaker by a clause, or stricter by an alternative."""
    for condition in when:
        name = name_of(condition)
        yield DroppedClause(guard, name)
        if isinstance(condition, AnyOf):
            yield from (DroppedClause(guard, name, name_of(one)) for one in condition.clauses)


def widened_moves() -> Iterator[WidenedMove]:
    """Every status from which a move is not made. A creation has no source: it is a put that must not find an item."""
    for row in LEGAL_MOVES:
        if row.move is not Move.CREATE:
            yield from (WidenedMove(row.move, status) for status in Status if status not in row.sources)


_VERSION: Final = "it compares the version, which every change of status raises"
_LEASE: Final = "it compares lease_until with a time, and no job has one that is not running"
_WAKE: Final = "it compares wake_at and due_shard, and no job that has ended has any"
_BLOCKED: Final = "no move leads to blocked yet"
_NOT_BEGUN_YET: Final = "only the attempt's own executor puts it back, before anything could succeed under its fence"
_SPARES_A_WRITE: Final = "an earlier look does no harm: it spares the write that would change nothing"
_NOT_BEGUN: Final = "the last attempt of a skipped job, if any, was deferred or declined, and has no other outcome"
_ANSWERED: Final = "a client who cancels a cancelled job is answered without a write"
_NEVER_ASKED: Final = "a client who cancels a running job is made a request to its executor instead"
_BEGUN: Final = "it asks that no attempt counts, and one does in a job that runs, has succeeded or has failed"
_WITHDRAWN: Final = "it asks for the reason that only a withdrawn job has, which is skipped and has not begun"
_EXPIRED: Final = "an executor skips only a job that still waits for its message's time, and then by its version"


def redundant() -> dict[Mutant, str]:
    """The guards that something else implies, each with the reason. They stand in the code all the same: each makes its
    move's condition true to the table of legal moves by itself."""
    reaps = ("reap_retry", "reap_fail", "reap_stop")
    clauses = {
        **dict.fromkeys([("edit", "status ="), ("cancel", "status in"), ("request_cancel", "status =")], _VERSION),
        **dict.fromkeys([(guard, "status =") for guard in ("skip", "redrive", "discard")], _VERSION),
        **dict.fromkeys([(guard, "status =") for guard in ("heartbeat", *reaps)], _LEASE),
        ("watch", "wake_at <"): _SPARES_A_WRITE,
        **dict.fromkeys(
            [("reinstate", clause) for clause in ("status =", "attempt =", "redriven_at absent")], _WITHDRAWN
        ),
    }
    ended = sorted(TERMINAL)
    sources = {
        **dict.fromkeys([(Move.CLAIM, status) for status in ended], _WAKE),
        **dict.fromkeys([(Move.HEARTBEAT, status) for status in (Status.SCHEDULED, *ended)], _LEASE),
        **dict.fromkeys([(Move.WATCH, status) for status in ended], _WAKE),
        (Move.CHECKPOINT, Status.SCHEDULED): _LEASE,
        **dict.fromkeys([(move, Status.SUCCEEDED) for move in (Move.DEFER, Move.DECLINE)], _NOT_BEGUN_YET),
        **dict.fromkeys([(move, Status.SKIPPED) for move in (*_OUTCOMES, Move.AWAIT, Move.CHECKPOINT)], _NOT_BEGUN),
        **dict.fromkeys([(move, status) for move in (Move.REPLAN, Move.WITHDRAW) for status in _WITH_ATTEMPTS], _BEGUN),
        **dict.fromkeys([(Move.REINSTATE, status) for status in Status if status is not Status.SKIPPED], _WITHDRAWN),
        (Move.REQUEST_CANCEL, Status.CANCELLED): _ANSWERED,
        (Move.CANCEL, Status.CANCELLED): _ANSWERED,
        (Move.CANCEL, Status.RUNNING): _NEVER_ASKED,
        **dict.fromkeys([(Move.SKIP, status) for status in (Status.RUNNING, *ended)], _EXPIRED),
        **dict.fromkeys([(one.move, one.source) for one in widened_moves() if one.source is Status.BLOCKED], _BLOCKED),
    }
    return {
        **{DroppedClause(guard, clause): why for (guard, clause), why in clauses.items()},
        **{WidenedMove(move, status): why for (move, status), why in sources.items()},
    }


_OUTCOMES: Final = (Move.SUCCEED, Move.RETRY, Move.FAIL, Move.STOP)
_WITH_ATTEMPTS: Final = (Status.RUNNING, Status.SUCCEEDED, Status.FAILED)
