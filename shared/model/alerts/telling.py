"""Who is told of an alert next: its escalation and its recovery notice.

What is to be told is decided here and kept in the alert (`pending`), so that the write that decides it is the one that
remembers it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model.alerts.alert import Alert, AlertMove, AlertState, NotificationKind, Pending
from shared.model.alerts.quiet_hours import told_at
from shared.model.alerts.transitions import moved

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.alerts.escalation import EscalationPolicy

# The watcher looks once a minute, and one minute may be missed.
_IN_TIME: Final = timedelta(minutes=2)


def escalating(alert: Alert, policy: EscalationPolicy | None, now: datetime) -> Alert:
    """With the time of the next step; quiet hours hold it, and all that follow it by as much."""
    due = None if policy is None else policy.step_at(alert.steps_taken, alert.begun_at)
    if due is None:
        return replace(alert, step_at=None)
    soonest = max(due, now)
    step_at = told_at(soonest, alert.quiet_hours, alert.severity)
    if step_at == soonest:
        return replace(alert, step_at=due)
    return replace(alert, step_at=step_at, begun_at=alert.begun_at + (step_at - due))


def stepped(alert: Alert, policy: EscalationPolicy | None, now: datetime) -> Alert:
    """The alert after the step of its policy that is due, and with the time of the one after it."""
    step = None if policy is None else policy.step(alert.steps_taken)
    if policy is None or step is None:
        return alert.written(step_at=None)
    if told_at(now, alert.quiet_hours, alert.severity) > now:
        # It is looked at later than planned, and quiet hours have begun.
        return escalating(alert.written(), policy, now)
    if not policy.is_first_of_a_round(alert.steps_taken):
        kind = NotificationKind.ESCALATED
        alert = moved(alert, AlertMove.ESCALATE, AlertState.ESCALATED, now)
    elif alert.steps_taken:
        kind = NotificationKind.REMINDER
    else:
        kind = NotificationKind.OVERFLOW if alert.is_overflow else NotificationKind.OPENED
    told = tuple(dict.fromkeys((*alert.told, *step.channels)))
    late = now - (alert.step_at or now)
    alert = _notifying(alert, kind, step.channels, now).written(
        steps_taken=alert.steps_taken + 1,
        told=told,
        # Whoever is told late has the time that the policy gives them before the next are.
        begun_at=alert.begun_at + late if late > _IN_TIME else alert.begun_at,
    )
    return escalating(alert, policy, now)


def recovered(alert: Alert, now: datetime) -> Alert:
    """With its recovery notice, once: whoever has been told is forgotten."""
    if alert.recover_at is None or alert.recover_at > now:
        return alert
    return _notifying(alert, NotificationKind.RESOLVED, alert.told, now).written(told=(), recover_at=None)


def _notifying(alert: Alert, kind: NotificationKind, channels: tuple[str, ...], now: datetime) -> Alert:
    if not channels:
        return alert
    number = alert.notified + 1
    return alert.written(pending=(*alert.pending, Pending(number, kind, channels)), notified=number, changed_at=now)
