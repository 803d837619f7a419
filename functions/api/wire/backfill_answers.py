"""Backfills as they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.model.backfill import duration_of
from shared.model.durations import format_seconds
from shared.model.times import format_time

if TYPE_CHECKING:
    from functions.api.create_backfill import Estimate
    from shared.model.backfill import Backfill, BackfillSpec


def backfill_answer(backfill: Backfill) -> dict[str, Any]:
    """A backfill and how far it is."""
    left = max(backfill.total - backfill.made, 0)
    return {
        "id": backfill.id,
        **_spec(backfill.spec),
        "status": backfill.status,
        "progress": {
            "total": backfill.total,
            "made": backfill.made,
            "passed_over": backfill.passed_over,
            "open": len(backfill.open),
            "succeeded": backfill.succeeded,
            "failed": backfill.failed,
            "position": None if backfill.position is None else format_time(backfill.position),
        },
        "takes_at_least": format_seconds(duration_of(left, backfill.spec).total_seconds()),
        "note": backfill.note,
        "created_at": format_time(backfill.created_at),
        "created_by": backfill.created_by,
        "ended_at": None if backfill.ended_at is None else format_time(backfill.ended_at),
    }


def estimate_answer(found: Estimate) -> dict[str, Any]:
    """What a backfill would do."""
    return {
        **_spec(found.spec),
        "dry_run": True,
        "total": found.total,
        "passed_over": found.passed_over,
        "first": [format_time(at) for at in found.first],
        "takes_at_least": format_seconds(duration_of(found.total, found.spec).total_seconds()),
    }


def _spec(spec: BackfillSpec) -> dict[str, Any]:
    return {
        "template_id": spec.template_id,
        "template_version": spec.template_version,
        "from": format_time(spec.since),
        "to": format_time(spec.until),
        "only": spec.only,
        "order": spec.order,
        "per_minute": spec.per_minute,
        "at_once": spec.at_once,
        "priority": spec.priority,
    }
