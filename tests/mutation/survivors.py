"""The mutants that no test of behaviour notices, each with the reason why none can.

A clause of a move that stands here is one that something else implies. It stays in the code all the same: each
condition is true to the table of legal moves by itself, and none depends on what another writer is known to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.model.lifecycle import TERMINAL, Move, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEASE: Final = "it compares lease_until with a time, and no job has one that is not running"
_VERSION: Final = "it compares the version, which every change of status raises"
_WAKE: Final = "it compares wake_at and due_shard, and no job that has ended has any"
_BLOCKED: Final = "no move leads to blocked yet"
_BEGUN: Final = "it asks that no attempt counts, and one does in a job that runs, has succeeded or has failed"
_WITHDRAWN: Final = "it asks for the reason that only a withdrawn job has, which is skipped and has not begun"

SURVIVORS: Final[Mapping[str, str]] = {
    # Clauses and sources that another clause implies
    "heartbeat without status =": _LEASE,
    **{f"heartbeat also from {status}": _LEASE for status in (Status.SCHEDULED, *sorted(TERMINAL))},
    **{f"reap ({move}) without status =": _LEASE for move in (Move.RETRY, Move.FAIL, Move.STOP)},
    "edit without status =": _VERSION,
    "run_now (edit) without status =": _VERSION,
    "cancel (request_cancel) without status =": _VERSION,
    "cancel without status in": _VERSION,
    "skip without status =": _VERSION,
    "redrive without status =": _VERSION,
    "discard without status =": _VERSION,
    **{f"claim also from {status}": _WAKE for status in sorted(TERMINAL)},
    **{
        f"{move} also from blocked": _BLOCKED
        for move in (
            Move.EDIT,
            Move.CLAIM,
            Move.DEFER,
            Move.DECLINE,
            Move.HEARTBEAT,
            Move.SUCCEED,
            Move.RETRY,
            Move.FAIL,
            Move.STOP,
            Move.SKIP,
            Move.REPLAN,
            Move.WITHDRAW,
            Move.REINSTATE,
            Move.AWAIT,
            Move.CHECKPOINT,
            Move.WATCH,
            Move.REDRIVE,
            Move.DISCARD,
        )
    },
    **{
        f"{move} also from {status}": _BEGUN
        for move in (Move.REPLAN, Move.WITHDRAW)
        for status in (Status.RUNNING, Status.SUCCEEDED, Status.FAILED)
    },
    **{
        f"replan (reinstate) without {clause}": _WITHDRAWN for clause in ("status =", "attempt =", "redriven_at absent")
    },
    **{
        f"reinstate also from {status}": _WITHDRAWN
        for status in Status
        if status not in {Status.BLOCKED, Status.SKIPPED}
    },
    "cancel also from running": "whoever cancels a running job is made a request to its executor instead",
    # Python that asks what the types do not know
    "a job that has no lease is called": "a claim gives a lease, and only a claimed job gets there",
    "the stream sends through no lane": "a scheduled job is in the due index: it has a shard, and so a lane",
    "the stream sends what never wakes": "a scheduled job has a time to wake",
    "the sweep sends what never wakes": "a scheduled job has a time to wake",
    "the sweep reaps what does not run": "only a running job has a lease that could be over",
    "whatever says that it was withdrawn is reinstated": "only a skipped job has that reason",
    # Guards behind which another stands
    "a refused retry cancels the job unasked": (
        "a cancel is all that a retry minds and a stop does not: what refused the retry refuses the stop as well"
    ),
    "another's later version is one's own": (
        "the time of the change is compared too: only a change of the same millisecond to the same values passes for it"
    ),
    "dynamodb: a refused create has to read the job": "the refusal brings the item to save that read, no more",
}
