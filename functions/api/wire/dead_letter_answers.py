"""Dead letters and bulk actions as they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from functions.api.wire.answers import listed_answer
from shared.model.attention import fingerprint_of, last_error
from shared.model.bulk_action import BulkKind
from shared.model.job import Delivery
from shared.model.target_identity import target_identity
from shared.model.times import format_time

if TYPE_CHECKING:
    from datetime import datetime

    from functions.api.begin_bulk_action import Estimate
    from functions.api.list_dead_letters import DeadLetterCounts
    from shared.model.bulk_action import BulkAction, BulkSpec
    from shared.model.job import Job

_ADVICE: Final = {
    "attempts_exhausted": "All attempts failed. Redrive it once the cause is gone; `error` and `executions` tell it.",
    "not_retryable": "The error is none that another attempt helps against. Redrive it with an edit, or discard it.",
    "time_exhausted": "Its limit of time was over. Redrive it once the cause is gone, or with another retry policy.",
    "at_most_once": "Its one attempt failed, and may have done its work. Look at the target before you redrive it.",
}
_OTHERWISE: Final = "Redrive it once the cause is gone, with an edit where that helps, or discard it."


def dead_letter_facts(job: Job) -> dict[str, Any]:
    """What there is to say of a failed job beside what any job's answer says."""
    error = last_error(job.executions)
    return {
        "fingerprint": fingerprint_of(job.target, job.executions),
        "target_identity": target_identity(job.target),
        "error": None if error is None else {"type": error.error_type, "message": error.error_message or ""},
    }


def listed_dead_letter(job: Job) -> dict[str, Any]:
    return {**listed_answer(job), **dead_letter_facts(job)}


def advice_of(job: Job) -> dict[str, Any]:
    """What may be done about it."""
    return {
        "advice": _ADVICE.get(job.reason or "", _OTHERWISE),
        "needs_confirmation": job.delivery is Delivery.AT_MOST_ONCE,
    }


def groups_answer(counts: DeadLetterCounts) -> dict[str, Any]:
    return {
        "items": [
            {
                "count": group.count,
                "first_failed_at": format_time(group.first_failed_at),
                "last_failed_at": format_time(group.last_failed_at),
                # The group's own, though the sample may have been redriven and failed otherwise since.
                **dead_letter_facts(group.sample),
                "fingerprint": group.fingerprint,
                "sample": {"id": group.sample.id, "name": group.sample.name, "template_id": group.sample.template_id},
            }
            for group in counts.groups
        ],
        "looked_at": counts.looked_at,
    }


def bulk_action_answer(action: BulkAction) -> dict[str, Any]:
    """A bulk action and how far it is."""
    return {
        "id": action.id,
        **_spec(action.spec),
        "status": action.status,
        "progress": {
            "matched": action.matched,
            "done": action.done,
            "refused": action.refused,
            "failed": action.failed,
        },
        "refusals": [{"id": one.job_id, "why": one.why} for one in action.refusals],
        "canary_job_id": action.canary_job_id,
        "note": action.note,
        "created_at": format_time(action.created_at),
        "created_by": action.created_by,
        "ended_at": _time(action.ended_at),
    }


def estimate_answer(spec: BulkSpec, found: Estimate) -> dict[str, Any]:
    """What a bulk action would be about."""
    return {
        **_spec(spec),
        "dry_run": True,
        "matched": found.matched,
        "is_complete": found.is_complete,
        "first": list(found.first),
    }


def _spec(spec: BulkSpec) -> dict[str, Any]:
    wanted = spec.wanted
    asked = {
        "fingerprint": wanted.fingerprint,
        "template_id": wanted.template_id,
        "target": wanted.target,
        "error_type": wanted.error_type,
        "tags": dict(wanted.tags) or None,
        "from": _time(wanted.failed_from),
        "to": _time(wanted.failed_before),
        "ids": list(wanted.job_ids) or None,
    }
    is_redrive = spec.kind is BulkKind.REDRIVE
    return {
        "action": spec.kind,
        "filter": {name: value for name, value in asked.items() if value is not None},
        "rate_per_second": spec.rate_per_second if is_redrive else None,
        "canary": spec.has_canary,
        "payload": spec.payload_patch,
        "confirm_at_most_once": spec.may_begin_again,
        "reason": spec.reason,
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else format_time(time)
