"""Alerts, their rules and escalation policies as they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.model.alerts.notification import summary_of
from shared.model.durations import format_seconds
from shared.model.times import format_time

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.alerts.alert import Alert, Occurrence, Transition
    from shared.model.alerts.escalation import EscalationPolicy
    from shared.model.alerts.rule import AlertRule, QuietHours, RuleScope


def listed_alert(alert: Alert) -> dict[str, Any]:
    """An alert in a list: without its history and its jobs."""
    return {
        "id": alert.id,
        "summary": summary_of(alert),
        "state": alert.state,
        "severity": alert.severity,
        "kind": alert.kind,
        "rule_id": alert.rule_id,
        "rule_name": alert.rule_name,
        "subject": {"type": alert.subject.kind, "id": alert.subject.id},
        "count": alert.count,
        "opened_at": format_time(alert.opened_at),
        "last_at": format_time(alert.last_at),
        "acknowledged_at": _time(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by,
        "silenced_until": _time(alert.silenced_until),
        "resolved_at": _time(alert.resolved_at),
        "escalation_policy_id": alert.policy_id,
        "next_step_at": _time(alert.step_at) if alert.state in ("open", "escalated") else None,
        "notifications": alert.notified,
        "told": list(alert.told),
        "version": alert.version,
    }


def alert_answer(alert: Alert) -> dict[str, Any]:
    return {
        **listed_alert(alert),
        "jobs": [_job(one) for one in alert.samples],
        "history": [_transition(one) for one in alert.history],
    }


def rule_answer(rule: AlertRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "kind": rule.kind,
        "scope": _scope(rule.scope),
        "severity": rule.severity,
        "enabled": rule.is_enabled,
        "count": rule.count,
        "threshold": None if rule.seconds is None else format_seconds(rule.seconds),
        "factor": rule.factor,
        "min_samples": rule.min_samples,
        "escalation_policy_id": rule.policy_id,
        "quiet_hours": None if rule.quiet_hours is None else _quiet(rule.quiet_hours),
        "storm_cap": {"alerts": rule.storm_cap.alerts, "per": format_seconds(rule.storm_cap.window_seconds)},
        "grace": format_seconds(rule.grace_seconds),
        "resolve_after": format_seconds(rule.resolve_after_seconds),
        **_changes(rule),
    }


def policy_answer(policy: EscalationPolicy) -> dict[str, Any]:
    repeat = {"every": format_seconds(policy.repeat_seconds), "times": policy.repeats}
    return {
        "id": policy.id,
        "name": policy.name,
        "steps": [
            {"after": format_seconds(step.after_seconds), "channels": list(step.channels)} for step in policy.steps
        ],
        "repeat": repeat if policy.repeats else None,
        **_changes(policy),
    }


def _changes(item: AlertRule | EscalationPolicy) -> dict[str, Any]:
    return {
        "version": item.version,
        "created_at": format_time(item.created_at),
        "changed_at": format_time(item.changed_at),
        "changed_by": item.changed_by,
    }


def _scope(scope: RuleScope) -> dict[str, Any] | None:
    if scope.template_ids is not None:
        return {"template_ids": list(scope.template_ids)}
    if scope.group is not None:
        return {"group": scope.group}
    return None if scope.tags is None else {"tags": dict(scope.tags)}


def _quiet(quiet: QuietHours) -> dict[str, str]:
    return {"timezone": quiet.timezone, "from": _clock(quiet.starts), "to": _clock(quiet.ends)}


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _job(one: Occurrence) -> dict[str, Any]:
    error = None if one.error_type is None else {"type": one.error_type, "message": one.error_message or ""}
    return {"id": one.job_id, "name": one.name, "at": format_time(one.at), "error": error}


def _transition(one: Transition) -> dict[str, Any]:
    return {"move": one.move, "state": one.state, "at": format_time(one.at), "by": one.by, "note": one.note}


def _time(time: datetime | None) -> str | None:
    return None if time is None else format_time(time)
