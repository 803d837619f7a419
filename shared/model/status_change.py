"""What all moves that change a job's status have in common."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.model import limits
from shared.model.change import Change, Clause, Condition, Op
from shared.model.errors import IllegalTransition
from shared.model.lifecycle import Move, legal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.model.job import Job


def status_change(
    move: Move,
    *,
    when: tuple[Condition, ...],
    now: datetime,
    values: Mapping[str, Any],
    add: Mapping[str, int] | None = None,
) -> Change:
    """A change of status or by a client: it is a new version, and the table says where it starts and leads to."""
    row = legal(move)
    return Change(
        move=move,
        when=(status_in(move), *when),
        set={**values, "status": row.target, "updated_at": now},
        add={"version": 1, **(add or {})},
    )


def status_in(move: Move) -> Clause:
    """The condition that the job is in a status from which the table has `move`."""
    sources = sorted(legal(move).sources)
    return Clause("status", Op.EQ, sources[0]) if len(sources) == 1 else Clause("status", Op.IN, tuple(sources))


def terminal(job: Job, now: datetime, retention: timedelta) -> Mapping[str, Any]:
    """Out of the due index; the item outlives its end, the time for which its Idempotency-Key must be known, and that
    until which a template could make it anew. TTL is in whole seconds: up, so that nothing goes before its retention is
    over."""
    remembered_until = job.created_at + timedelta(seconds=limits.IDEMPOTENCY_SECONDS)
    if job.nominal_at is not None:
        remembered_until = max(remembered_until, job.nominal_at)
    gone_at = max(now, remembered_until) + retention
    return {
        "wake_at": None,
        "due_shard": None,
        "ended_at": now,
        "expire_item_at": gone_at + timedelta(microseconds=-gone_at.microsecond % 1_000_000),
    }


def check_source(job: Job, move: Move) -> None:
    """
    Raises:
        IllegalTransition: the table has no such move from the job's status.
    """
    if job.status not in legal(move).sources:
        raise IllegalTransition(move, job)
