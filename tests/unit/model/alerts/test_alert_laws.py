"""Whatever happens to an alert, in whatever order: how often somebody is told of it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from shared.model.alerts import moves
from shared.model.alerts.alert import Alert, AlertState, NotificationKind, Occurrence, Subject, SubjectKind
from shared.model.alerts.escalation import EscalationPolicy, Step
from shared.model.alerts.rule import QuietHours, Severity
from shared.model.alerts.transitions import IllegalAlertMove
from tests.alerting import a_policy, a_rule
from tests.jobs import START

if TYPE_CHECKING:
    from datetime import datetime

SUBJECT = Subject(SubjectKind.TEMPLATE, "payroll")
FOUND = [Occurrence("job-1", "3", START)]

policies = st.builds(
    lambda gaps, repeats: a_policy(
        *(Step(sum(gaps[: place + 1]), (f"c{place}",)) for place in range(len(gaps))),
        repeats=repeats,
        repeat_seconds=sum(gaps) + 60,
    ),
    st.lists(st.integers(0, 1_200), min_size=1, max_size=4),
    st.integers(0, 3),
)
quiet = st.none() | st.builds(QuietHours, st.just("UTC"), st.integers(0, 1_439), st.integers(0, 1_439))
happenings = st.lists(
    st.tuples(
        st.sampled_from(["find", "acknowledge", "silence", "resolve", "advance", "advance", "advance", "hand over"]),
        st.integers(0, 2_000),
    ),
    max_size=40,
)


def after(alert: Alert, what: str, policy: EscalationPolicy, now: datetime) -> Alert:
    if what == "find" and alert.state.is_live:
        return moves.counted(alert, FOUND, now=now)
    if what == "find" and moves.is_to_be_reopened(alert, now):
        return moves.reopened(alert, FOUND, now=now, policy=policy)
    if what == "acknowledge":
        return moves.acknowledged(alert, by="key", note=None, now=now)
    if what == "silence":
        return moves.silenced(alert, until=now + timedelta(minutes=10), by="key", note=None, now=now)
    if what == "resolve":
        return moves.resolved(alert, by="key", note=None, now=now)
    return moves.advanced(alert, policy, now) if what == "advance" else alert


@given(policies, quiet, st.sampled_from(Severity), st.integers(0, 900), happenings)
def test_steps_are_told_at_most_once_each_and_recovery_exactly_once_to_those_who_know(
    policy: EscalationPolicy, hours: QuietHours | None, severity: Severity, grace: int, events: list[tuple[str, int]]
) -> None:
    rule = a_rule(policy_id="p1", quiet_hours=hours, severity=severity, grace_seconds=grace)
    now = START
    alert = moves.opened(rule, SUBJECT, FOUND, now=now, policy=policy)
    told = list(alert.pending)
    for what, seconds in [*events, ("resolve", 1), *[("advance", 86_400)] * 3]:
        now += timedelta(seconds=seconds)
        before = alert
        with suppress(IllegalAlertMove):
            alert = after(alert, what, policy, now)
        told += [one for one in alert.pending if one not in before.pending]
        assert alert is before or alert.revision > before.revision
        assert (alert.state is AlertState.SILENCED) == (alert.silenced_until is not None)
        assert alert.due_at is not None or alert.state is AlertState.RESOLVED
        if what == "hand over":
            alert = moves.handed_over(alert, {one.number for one in alert.pending}, announced=alert.version)

    steps = [one for one in told if one.kind is not NotificationKind.RESOLVED]
    over = [one for one in told if one.kind is NotificationKind.RESOLVED]
    assert [one.number for one in told] == list(range(1, len(told) + 1))
    assert len(steps) <= len(policy.steps) * (policy.repeats + 1)
    assert len(over) == (1 if steps else 0)
    assert alert.state is AlertState.RESOLVED
    if over:
        assert told[-1] is over[0]
        assert set(over[0].channels) == {channel for one in steps for channel in one.channels}
