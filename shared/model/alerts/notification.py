"""What somebody is told about an alert: a document, and the job that carries it to one channel."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model.alerts.alert import Alert, NotificationKind, Occurrence, Pending, SubjectKind
from shared.model.alerts.rule import RuleKind
from shared.model.groups import NOTIFICATIONS
from shared.model.job import JobKey, JobSpec, Sharding, hashed_id, new_job
from shared.model.lanes import Priority
from shared.model.retry import RetryPolicy
from shared.model.times import format_time

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.job import Job

DOCUMENT_VERSION: Final = 1
"""Of the document. Members are added under the same number; it rises when one is changed or taken away."""

_RETRY: Final = RetryPolicy(max_attempts=12, initial_seconds=5.0, multiplier=2.0, max_delay_seconds=600.0)
_EXPIRES_AFTER_SECONDS: Final = 6 * 3_600
_TIMEOUT_SECONDS: Final = 15
_JOBS_SHOWN: Final = 5

_PHRASES: Final = {
    RuleKind.FAILED_FOR_GOOD: "failed for good",
    RuleKind.FAILURES_IN_A_ROW: "failed several times in a row",
    RuleKind.DEADLINE_MISSED: "missed the time until which to start",
    RuleKind.LATE_START: "started late",
    RuleKind.RUNNING_LONG: "runs longer than usual",
    RuleKind.UNDELIVERABLE: "cannot be delivered to an executor",
    RuleKind.DEAD_LETTER_COUNT: "has many dead letters",
    RuleKind.NOTHING_SUCCEEDED: "has not succeeded for long",
    RuleKind.BREAKER_OPEN: "is not called: its circuit breaker is open",
}


def notification_id(alert_id: str, number: int, channel_id: str) -> str:
    """The id of the job by which a channel is told the notification of that number, and of the event in it: the same
    however often it is made."""
    return hashed_id("notification", alert_id, str(number), channel_id)


def notification_job(alert: Alert, pending: Pending, channel_id: str, *, now: datetime, sharding: Sharding) -> Job:
    """The job that tells `channel_id` what is pending, with its payload inline."""
    job_id = notification_id(alert.id, pending.number, channel_id)
    return channel_job(
        alert_document(alert, pending, event_id=job_id),
        channel_id,
        key=JobKey(alert.tenant, job_id),
        correlation_id=alert.id,
        now=now,
        sharding=sharding,
    )


def channel_job(
    document: dict[str, Any],
    channel_id: str,
    *,
    key: JobKey,
    correlation_id: str,
    now: datetime,
    sharding: Sharding,
) -> Job:
    """A job of the scheduler's own that tells a channel what is in `document`. After six hours it is no news."""
    spec = JobSpec(
        target={"type": "channel", "channel_id": channel_id},
        run_at=now,
        name=str(document["type"]),
        payload=json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(),
        priority=Priority.HIGH,
        timeout_seconds=_TIMEOUT_SECONDS,
        expires_after_seconds=_EXPIRES_AFTER_SECONDS,
        retry=_RETRY,
        group=NOTIFICATIONS,
        correlation_id=correlation_id,
    )
    return new_job(spec, key=key, now=now, sharding=sharding)


def alert_document(alert: Alert, pending: Pending, *, event_id: str) -> dict[str, Any]:
    """The event as everybody is told it, whatever the channel: no payload and no address of a job's target."""
    return {
        "id": event_id,
        "type": f"alert.{pending.kind}",
        "document_version": DOCUMENT_VERSION,
        "occurred_at": format_time(alert.changed_at),
        "tenant": alert.tenant,
        "summary": summary_of(alert, is_over=pending.kind is NotificationKind.RESOLVED),
        "severity": alert.severity,
        "alert": {**described_alert(alert), "notification": pending.number},
    }


def described_alert(alert: Alert) -> dict[str, Any]:
    """The alert as it stands, for a document about it."""
    return {
        "id": alert.id,
        "state": alert.state,
        "kind": alert.kind,
        "rule_id": alert.rule_id,
        "rule_name": alert.rule_name,
        "subject": {"type": alert.subject.kind, "id": alert.subject.id},
        "count": alert.count,
        "opened_at": format_time(alert.opened_at),
        "last_at": format_time(alert.last_at),
        "resolved_at": _time(alert.resolved_at),
        "url": f"/v1/alerts/{alert.id}",
        "jobs": [_sample(one) for one in alert.samples[-_JOBS_SHOWN:]],
    }


def trial_document(tenant: str, *, event_id: str, now: datetime) -> dict[str, Any]:
    """What a channel is told when somebody tries it."""
    return {
        "id": event_id,
        "type": f"alert.{NotificationKind.TEST}",
        "document_version": DOCUMENT_VERSION,
        "occurred_at": format_time(now),
        "tenant": tenant,
        "summary": "This is a test: alerts would arrive here",
        "severity": "info",
        "alert": None,
    }


def summary_of(alert: Alert, *, is_over: bool = False) -> str:
    """One line for people."""
    if alert.is_overflow:
        more = f"{alert.count} more findings are" if alert.count else "all that it finds beyond is"
        text = f"Too many alerts at once by the rule {alert.rule_name}: {more} in this one"
    else:
        text = f"{_named(alert)} {_PHRASES[alert.kind]}{_often(alert)}{_error(alert)}"
    if not is_over:
        return text
    lasted = (alert.resolved_at or alert.changed_at) - alert.opened_at
    return f"Over after {timedelta(seconds=int(lasted.total_seconds()))}: {text}"


def _named(alert: Alert) -> str:
    name = next((one.name for one in reversed(alert.samples) if one.name), None)
    match alert.subject.kind:
        case SubjectKind.TEMPLATE:
            return f"{name} (template {alert.subject.id})" if name else f"Template {alert.subject.id}"
        case SubjectKind.GROUP:
            return f"Group {alert.subject.id}"
        case SubjectKind.TENANT:
            return f"Tenant {alert.subject.id}"
        case SubjectKind.TARGET:
            return f"Target {alert.subject.id}"
        case _:
            return name or "Jobs"


def _often(alert: Alert) -> str:
    return f" ({alert.count} times)" if alert.count > 1 else ""


def _error(alert: Alert) -> str:
    last = alert.samples[-1] if alert.samples else None
    if last is None or last.error_type is None:
        return ""
    return f": {last.error_type}" + (f", {last.error_message}" if last.error_message else "")


def _sample(one: Occurrence) -> dict[str, Any]:
    error = None if one.error_type is None else {"type": one.error_type, "message": one.error_message or ""}
    return {
        "id": one.job_id,
        "name": one.name,
        "at": format_time(one.at),
        "error": error,
        "url": f"/v1/jobs/{one.job_id}",
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else format_time(time)
