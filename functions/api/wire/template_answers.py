"""Templates as they are answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions.api.wire.answers import completion_answer, retry_answer
from shared.model.durations import format_seconds
from shared.model.hidden import shown_target
from shared.model.times import format_time

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.job import Job
    from shared.model.template import Misfire, Pause, Progress, Template


def template_document(template: Template, payload: Any) -> dict[str, Any]:
    """What a client may write of a template, nothing hidden: a merge patch is applied to it, and versions compared."""
    job = template.job
    return {
        "name": template.name,
        "external_key": template.external_key,
        "schedule": dict(template.schedule),
        "misfire": _misfire(template.misfire),
        "pause_after_failures": template.pause_after_failures,
        "job": {
            "target": dict(job.target),
            "payload": payload,
            "priority": job.priority,
            "timeout": format_seconds(job.timeout_seconds),
            **completion_answer(job),
            "expires_after": _duration(job.expires_after_seconds),
            "retry": retry_answer(job.retry),
            "delivery": job.delivery,
        },
        "tags": dict(template.tags),
    }


def state_document(template: Template) -> dict[str, Any]:
    """What clients change of a template by actions."""
    return {
        "status": template.status,
        "pause": None if template.pause is None else _pause(template.pause),
        "skipped": [format_time(time) for time in template.skipped],
    }


def version_answer(template: Template, payload: Any) -> dict[str, Any]:
    """A template as it is, or was, at its version."""
    document = template_document(template, payload)
    document["job"]["target"] = shown_target(template.job.target)
    return {
        "id": template.id,
        **document,
        **state_document(template),
        "created_at": format_time(template.created_at),
        **version_line(template),
    }


def template_answer(template: Template, payload: Any, next_run_at: datetime | None) -> dict[str, Any]:
    """A template as it stands, without its last run."""
    return {
        **version_answer(template, payload),
        "next_run_at": _time(next_run_at),
        "expansion": _expansion(template.progress),
    }


def listed_template(template: Template, next_run_at: datetime | None) -> dict[str, Any]:
    """A template in a list: with its payload if that is at hand, without the member if it lies elsewhere."""
    payload = template.job.payload
    answer = template_answer(template, None if payload.data is None else json.loads(payload.data), next_run_at)
    if payload.ref is not None:
        del answer["job"]["payload"]
    return answer


def last_run_answer(job: Job | None) -> dict[str, Any] | None:
    if job is None:
        return None
    return {
        "job_id": job.id,
        "nominal_at": _time(job.nominal_at),
        "status": job.status,
        "ended_at": _time(job.ended_at),
    }


def version_line(template: Template) -> dict[str, Any]:
    """One line of a template's history."""
    return {
        "version": template.version,
        "change": template.change,
        "changed_at": format_time(template.changed_at),
        "changed_by": template.changed_by,
    }


def _misfire(misfire: Misfire) -> dict[str, Any]:
    return {
        "policy": misfire.policy,
        "after": format_seconds(misfire.after_seconds),
        "max": misfire.max_runs,
        "within": _duration(misfire.within_seconds),
    }


def _pause(pause: Pause) -> dict[str, Any]:
    return {"at": format_time(pause.at), "note": pause.note, "until": _time(pause.until), "missed": pause.missed}


def _expansion(progress: Progress) -> dict[str, Any]:
    failure = progress.failure
    return {
        "expanded_until": format_time(progress.expanded_until),
        "failure": failure and {"detail": failure.detail, "since": format_time(failure.since), "count": failure.count},
    }


def _duration(seconds: int | None) -> str | None:
    return None if seconds is None else format_seconds(seconds)


def _time(time: datetime | None) -> str | None:
    return None if time is None else format_time(time)
