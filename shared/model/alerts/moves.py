"""How an alert goes on: pure functions of (alert, what happens, now).

Finding something again is no move: it is counted in whatever state the alert is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model.alerts.alert import (
    PUNCTUAL,
    SAMPLES_KEPT,
    Alert,
    AlertMove,
    AlertState,
    Occurrence,
    Subject,
    SubjectKind,
    Transition,
    alert_id,
    alert_key,
)
from shared.model.alerts.quiet_hours import told_at
from shared.model.alerts.telling import escalating, recovered, stepped
from shared.model.alerts.transitions import UNSEEN, moved

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from shared.model.alerts.escalation import EscalationPolicy
    from shared.model.alerts.rule import AlertRule


def opened(
    rule: AlertRule,
    subject: Subject,
    found: Sequence[Occurrence],
    *,
    now: datetime,
    policy: EscalationPolicy | None,
    silenced_until: datetime | None = None,
) -> Alert:
    """The alert that `found` is the beginning of. When a maintenance window lies over all of it, it is silenced until
    then."""
    key = alert_key(rule.id, subject)
    alert = Alert(
        tenant=rule.tenant,
        id=alert_id(rule.tenant, key, now),
        key=key,
        rule_id=rule.id,
        rule_name=rule.name,
        kind=rule.kind,
        subject=subject,
        severity=rule.severity,
        opened_at=now,
        last_at=max((one.at for one in found), default=now),
        changed_at=now,
        begun_at=now,
        policy_id=None if policy is None else policy.id,
        quiet_hours=rule.quiet_hours,
        grace_seconds=rule.grace_seconds,
        resolve_after_seconds=(
            rule.storm_cap.window_seconds if subject.kind is SubjectKind.STORM else rule.resolve_after_seconds
        ),
        history=(Transition(AlertMove.OPEN, AlertState.OPEN, now, PUNCTUAL, None),),
        check_at=_next_check(now, now),
    )
    alert = escalating(_with(alert, found), policy, now)
    if silenced_until is not None and silenced_until > now:
        return silenced(alert, until=silenced_until, by=PUNCTUAL, note="in a maintenance window", now=now)
    return advanced(alert, policy, now)


def counted(alert: Alert, found: Sequence[Occurrence], *, now: datetime) -> Alert:
    """The same thing was found again; without anything `found` that could be counted it is still so at `now`."""
    alert = _with(alert, found) if found else replace(alert, last_at=max(alert.last_at, now))
    return alert.written(changed_at=now)


def is_to_be_reopened(alert: Alert, now: datetime) -> bool:
    """Whether something found at `now` belongs to an alert that is resolved, and is no new one."""
    if alert.resolved_at is None:
        return False
    # The very millisecond that names it can name no other.
    return now < alert.resolved_at + timedelta(seconds=alert.grace_seconds) or now <= alert.opened_at


def reopened(alert: Alert, found: Sequence[Occurrence], *, now: datetime, policy: EscalationPolicy | None) -> Alert:
    """It has come back so soon that it was never over: whoever was told of it is told neither of its recovery nor of
    its return, unless the recovery was told already."""
    begun_at = alert.begun_at if alert.told else now
    alert = moved(
        _with(alert, found),
        AlertMove.REOPEN,
        AlertState.OPEN,
        now,
        resolved_at=None,
        recover_at=None,
        acknowledged_at=None,
        acknowledged_by=None,
        begun_at=begun_at,
        steps_taken=alert.steps_taken if alert.told else 0,
        check_at=_next_check(now, now),
    )
    return advanced(escalating(alert, policy, now), policy, now)


def acknowledged(alert: Alert, *, by: str, note: str | None, now: datetime) -> Alert:
    """Somebody looks after it: nobody else is told, but for its recovery. Acknowledging it again changes nothing.

    Raises:
        IllegalAlertMove: it is resolved.
    """
    if alert.state is AlertState.ACKNOWLEDGED:
        return alert
    return moved(
        alert,
        AlertMove.ACKNOWLEDGE,
        AlertState.ACKNOWLEDGED,
        now,
        by=by,
        note=note,
        acknowledged_at=now,
        acknowledged_by=by,
        silenced_at=None,
        silenced_until=None,
    )


def silenced(alert: Alert, *, until: datetime, by: str, note: str | None, now: datetime) -> Alert:
    """Nobody is told anything until then, but those who know of it that it has recovered.

    Raises:
        IllegalAlertMove: it is resolved.
    """
    return moved(
        alert,
        AlertMove.SILENCE,
        AlertState.SILENCED,
        now,
        by=by,
        note=note,
        silenced_at=alert.silenced_at or now,
        silenced_until=until,
    )


def silent_until(alert: Alert, until: datetime | None, now: datetime) -> Alert:
    """An alert that a maintenance window silences, when that is over at `until`, or is over at `now`: windows are
    prolonged and ended early. That is no move."""
    return alert if (until or now) == alert.silenced_until else alert.written(silenced_until=until or now)


def resolved(alert: Alert, *, by: str, note: str | None, now: datetime) -> Alert:
    """It is over. Those who were told of it are told so when the grace period is, and no quiet hours are in the way.
    Resolving it again changes nothing."""
    if alert.state is AlertState.RESOLVED:
        return alert
    over_at = now + timedelta(seconds=alert.grace_seconds)
    alert = moved(
        alert,
        AlertMove.RESOLVE,
        AlertState.RESOLVED,
        now,
        by=by,
        note=note,
        resolved_at=now,
        recover_at=told_at(over_at, alert.quiet_hours, alert.severity) if alert.told else None,
        silenced_at=None,
        silenced_until=None,
        check_at=None,
        step_at=None,
    )
    return recovered(alert, now)


def looked_at(alert: Alert, *, now: datetime) -> Alert:
    """It has not recovered: when to look again, later the longer it lasts."""
    return alert.written(check_at=_next_check(alert.opened_at, now), changed_at=now) if alert.check_at else alert


def advanced(alert: Alert, policy: EscalationPolicy | None, now: datetime) -> Alert:
    """The alert after what is due at `now`: the end of its silence, one step of its policy, its recovery notice.

    One step at a time, whatever was missed: if nobody looked for an hour, those of the next step have as long as ever
    before those of the one behind it are told.
    """
    if alert.state is AlertState.SILENCED and alert.silenced_until is not None and alert.silenced_until <= now:
        alert = _unsilenced(alert, policy, now)
    if alert.state in UNSEEN and alert.step_at is not None and alert.step_at <= now:
        alert = stepped(alert, policy, now)
    return recovered(alert, now)


def handed_over(alert: Alert, numbers: Collection[int], *, announced: int) -> Alert:
    """The alert once the jobs exist that tell what `numbers` of its pending notifications say, and its moves up to the
    version `announced` have been told as events."""
    left = tuple(one for one in alert.pending if one.number not in numbers)
    if left == alert.pending and announced <= alert.announced:
        return alert
    return alert.written(pending=left, announced=max(alert.announced, announced))


def _unsilenced(alert: Alert, policy: EscalationPolicy | None, now: datetime) -> Alert:
    """Its escalation goes on where it was interrupted."""
    interrupted_for = now - (alert.silenced_at or now)
    alert = moved(
        alert,
        AlertMove.UNSILENCE,
        AlertState.ACKNOWLEDGED if alert.acknowledged_at else AlertState.OPEN,
        now,
        silenced_at=None,
        silenced_until=None,
        begun_at=alert.begun_at + interrupted_for,
    )
    return escalating(alert, policy, now)


def _with(alert: Alert, found: Sequence[Occurrence]) -> Alert:
    return replace(
        alert,
        count=alert.count + len(found),
        samples=(*alert.samples, *found)[-SAMPLES_KEPT:],
        last_at=max((alert.last_at, *(one.at for one in found))),
    )


_SOONEST_CHECK: Final = timedelta(minutes=1)
_LATEST_CHECK: Final = timedelta(minutes=10)
# The watcher's minutes begin some milliseconds early or late: what is due just after one would wait for the next.
_EARLY: Final = timedelta(seconds=10)


def _next_check(opened_at: datetime, now: datetime) -> datetime:
    """In the watcher's minute that follows on a tenth of how long it has lasted, between one minute and ten."""
    return now + min(max((now - opened_at) / 10, _SOONEST_CHECK), _LATEST_CHECK) - _EARLY
