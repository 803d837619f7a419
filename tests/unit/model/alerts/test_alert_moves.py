from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.model.alerts import moves
from shared.model.alerts.alert import (
    HISTORY_KEPT,
    SAMPLES_KEPT,
    Alert,
    AlertMove,
    AlertState,
    NotificationKind,
    Occurrence,
    Subject,
    SubjectKind,
)
from shared.model.alerts.escalation import EscalationPolicy, Step
from shared.model.alerts.rule import QuietHours, Severity, StormCap
from shared.model.alerts.transitions import LEGAL_MOVES, IllegalAlertMove
from tests.alerting import BOSS, CHAT, PAGER, a_policy, a_rule
from tests.jobs import START, at

PAYROLL = Subject(SubjectKind.TEMPLATE, "payroll")
POLICY = a_policy()
MINUTE, QUARTER = 60, 900
# What is looked for in some minute is due before that begins.
EARLY = 10


def found(*names: str, seconds: float = 0) -> list[Occurrence]:
    return [Occurrence(name, "3", at(seconds)) for name in names]


def an_alert(policy: EscalationPolicy | None = POLICY, **facts: object) -> Alert:
    return moves.opened(a_rule(**facts), PAYROLL, found("job-1"), now=START, policy=policy)


def in_state(state: AlertState) -> Alert:
    alert = an_alert()
    match state:
        case AlertState.OPEN:
            return alert
        case AlertState.ESCALATED:
            return moves.advanced(alert, POLICY, at(QUARTER))
        case AlertState.ACKNOWLEDGED:
            return moves.acknowledged(alert, by="key", note=None, now=at(1))
        case AlertState.SILENCED:
            return moves.silenced(alert, until=at(3_600), by="key", note=None, now=at(1))
        case AlertState.RESOLVED:
            return moves.resolved(alert, by="key", note=None, now=at(1))


def announced(alert: Alert) -> Alert:
    """Once its moves have been told as events."""
    return moves.handed_over(alert, (), announced=alert.version)


def kinds(alert: Alert) -> list[NotificationKind]:
    return [one.kind for one in alert.pending]


def test_every_state_is_what_its_maker_says() -> None:
    assert [in_state(state).state for state in AlertState] == list(AlertState)


@pytest.mark.parametrize("state", AlertState)
@pytest.mark.parametrize("move", [AlertMove.ACKNOWLEDGE, AlertMove.SILENCE, AlertMove.RESOLVE, AlertMove.REOPEN])
def test_what_the_table_does_not_have_is_refused_or_changes_nothing(state: AlertState, move: AlertMove) -> None:
    alert = in_state(state)
    do = {
        AlertMove.ACKNOWLEDGE: lambda: moves.acknowledged(alert, by="me", note="n", now=at(2)),
        AlertMove.SILENCE: lambda: moves.silenced(alert, until=at(99), by="me", note="n", now=at(2)),
        AlertMove.RESOLVE: lambda: moves.resolved(alert, by="me", note="n", now=at(2)),
        AlertMove.REOPEN: lambda: moves.reopened(alert, found("job-2"), now=at(2), policy=POLICY),
    }[move]
    is_again = (move, state) in {
        (AlertMove.ACKNOWLEDGE, AlertState.ACKNOWLEDGED),
        (AlertMove.RESOLVE, AlertState.RESOLVED),
    }

    if is_again:
        assert do() is alert
    elif state in LEGAL_MOVES[move]:
        moved = do()
        assert (moved.version, moved.history[-1].move) == (alert.version + 1, move)
        assert moved.history[-1].at == at(2)
    else:
        with pytest.raises(IllegalAlertMove):
            do()


def test_an_alert_that_opens_tells_the_first_step_at_once() -> None:
    alert = an_alert()

    assert [(one.number, one.kind, one.channels) for one in alert.pending] == [(1, NotificationKind.OPENED, (PAGER,))]
    assert (alert.told, alert.step_at) == ((PAGER,), at(QUARTER))


def test_without_a_policy_nobody_is_told() -> None:
    alert = moves.advanced(an_alert(policy=None), None, at(999_999))

    assert (alert.pending, alert.told, alert.step_at) == ((), (), None)


def test_finding_it_again_is_counted_and_tells_nobody() -> None:
    alert = moves.counted(an_alert(), found("job-2", "job-3", seconds=9), now=at(10))

    assert (alert.count, alert.last_at, alert.version, alert.notified) == (3, at(9), 1, 1)
    assert [one.job_id for one in alert.samples] == ["job-1", "job-2", "job-3"]


def test_what_counts_nothing_is_still_so_when_it_is_found_again() -> None:
    before = an_alert()

    alert = moves.counted(before, [], now=at(10))

    assert (alert.count, alert.last_at, alert.version) == (1, at(10), before.version)
    assert alert.revision == before.revision + 1


def test_the_latest_samples_are_kept() -> None:
    names = [f"job-{number}" for number in range(SAMPLES_KEPT + 5)]

    alert = moves.counted(an_alert(), found(*names), now=at(1))

    assert [one.job_id for one in alert.samples] == names[5:]
    assert alert.count == len(names) + 1


def test_the_next_step_escalates_when_its_time_has_come_and_not_before() -> None:
    alert = an_alert()

    early = moves.advanced(alert, POLICY, at(QUARTER) - timedelta(milliseconds=1))
    late = moves.advanced(alert, POLICY, at(QUARTER))

    assert early is alert
    assert (late.state, kinds(late)[-1], late.told) == (AlertState.ESCALATED, NotificationKind.ESCALATED, (PAGER, BOSS))


def test_acknowledgement_stops_the_escalation() -> None:
    alert = moves.acknowledged(an_alert(), by="key-1", note="on it", now=at(MINUTE))

    assert moves.advanced(alert, POLICY, at(999_999)) is alert
    assert (alert.acknowledged_at, alert.acknowledged_by) == (at(MINUTE), "key-1")
    assert alert.history[-1].note == "on it"


def test_rounds_are_repeated_as_often_as_the_policy_says() -> None:
    policy = a_policy(Step(0, (PAGER,)), Step(60, (BOSS,)), repeats=1, repeat_seconds=600)
    alert = an_alert(policy)
    for minute in range(1, 60):
        alert = moves.advanced(alert, policy, at(minute * MINUTE))

    told = [(one.kind, one.channels) for one in alert.pending]
    assert told == [
        (NotificationKind.OPENED, (PAGER,)),
        (NotificationKind.ESCALATED, (BOSS,)),
        (NotificationKind.REMINDER, (PAGER,)),
        (NotificationKind.ESCALATED, (BOSS,)),
    ]
    assert alert.step_at is None


def test_after_an_hour_without_a_look_one_step_is_taken_and_those_behind_it_keep_their_distance() -> None:
    policy = a_policy(Step(0, (PAGER,)), Step(900, (CHAT,)), Step(1_500, (BOSS,)))

    once = moves.advanced(an_alert(policy), policy, at(3_600))
    early = moves.advanced(once, policy, at(4_199))
    twice = moves.advanced(once, policy, at(4_200))

    assert (once.told, once.step_at) == ((PAGER, CHAT), at(4_200))
    assert early is once
    assert twice.told == (PAGER, CHAT, BOSS)


def test_a_step_that_is_taken_by_the_next_minute_does_not_move_those_behind_it() -> None:
    policy = a_policy(Step(0, (PAGER,)), Step(900, (CHAT,)), Step(1_500, (BOSS,)))

    assert moves.advanced(an_alert(policy), policy, at(1_020)).step_at == at(1_500)
    assert moves.advanced(an_alert(policy), policy, at(1_021)).step_at == at(1_621)


def test_recovery_is_told_once_after_the_grace_period_to_all_that_knew() -> None:
    alert = moves.resolved(in_state(AlertState.ESCALATED), by="punctual", note="a later job succeeded", now=at(1_000))

    early = moves.advanced(alert, POLICY, at(1_299))
    once = moves.advanced(alert, POLICY, at(1_300))
    again = moves.advanced(once, POLICY, at(9_999))

    assert early is alert
    assert (kinds(once)[-1], once.pending[-1].channels) == (NotificationKind.RESOLVED, (PAGER, BOSS))
    assert again is once
    assert moves.handed_over(once, {1, 2, 3}, announced=once.version).due_at is None


def test_without_a_grace_period_recovery_is_told_at_once() -> None:
    alert = moves.resolved(an_alert(grace_seconds=0), by="key", note=None, now=at(1))

    assert kinds(alert) == [NotificationKind.OPENED, NotificationKind.RESOLVED]


def test_whoever_was_told_of_nothing_is_told_of_no_recovery() -> None:
    silent = moves.opened(a_rule(), PAYROLL, found("a"), now=START, policy=POLICY, silenced_until=at(600))

    alert = announced(moves.resolved(silent, by="punctual", note=None, now=at(1)))

    assert (alert.pending, alert.due_at) == ((), None)


def test_a_move_is_to_be_looked_at_until_it_has_been_told_as_an_event() -> None:
    alert = announced(moves.handed_over(an_alert(), {1}, announced=0))

    moved = moves.acknowledged(alert, by="key", note=None, now=at(7))

    assert (alert.is_news, moved.is_news, moved.due_at) == (False, True, at(7))
    assert announced(moved).due_at == alert.check_at
    assert moves.handed_over(announced(moved), (), announced=1) == announced(moved)


def test_what_comes_back_within_the_grace_period_is_the_same_alert_and_tells_nobody() -> None:
    alert = moves.resolved(an_alert(), by="punctual", note=None, now=at(100))
    assert moves.is_to_be_reopened(alert, at(399))

    back = moves.reopened(alert, found("job-2", seconds=399), now=at(399), policy=POLICY)

    assert (back.state, back.count, back.notified, back.recover_at) == (AlertState.OPEN, 2, 1, None)
    assert not moves.is_to_be_reopened(alert, at(400))
    assert moves.advanced(back, POLICY, at(QUARTER)).told == (PAGER, BOSS)


def test_a_silence_stops_the_escalation_and_its_end_goes_on_where_it_was() -> None:
    alert = moves.silenced(an_alert(), until=at(1_300), by="key", note=None, now=at(300))

    assert moves.advanced(alert, POLICY, at(QUARTER)) is alert
    woken = moves.advanced(alert, POLICY, at(1_300))
    assert (woken.state, woken.step_at, woken.history[-1].move) == (
        AlertState.OPEN,
        at(QUARTER + 1_000),
        AlertMove.UNSILENCE,
    )


def test_a_silence_may_be_made_longer_and_is_counted_from_its_beginning() -> None:
    alert = moves.silenced(an_alert(), until=at(400), by="key", note=None, now=at(300))
    alert = moves.silenced(alert, until=at(1_300), by="key", note=None, now=at(350))

    assert moves.advanced(alert, POLICY, at(1_300)).step_at == at(QUARTER + 1_000)


def test_an_acknowledged_alert_that_is_silenced_is_acknowledged_afterwards() -> None:
    alert = moves.silenced(in_state(AlertState.ACKNOWLEDGED), until=at(60), by="key", note=None, now=at(2))

    assert moves.advanced(alert, POLICY, at(60)).state is AlertState.ACKNOWLEDGED


def test_what_opens_in_a_maintenance_window_is_told_when_that_is_over_if_it_still_goes_on() -> None:
    alert = moves.opened(a_rule(), PAYROLL, found("a"), now=START, policy=POLICY, silenced_until=at(600))

    assert (alert.state, alert.pending) == (AlertState.SILENCED, ())
    assert kinds(moves.advanced(alert, POLICY, at(600))) == [NotificationKind.OPENED]


def test_an_overflow_alert_is_told_as_such_and_is_over_when_its_window_was_quiet() -> None:
    storm = Subject(SubjectKind.STORM, "r1")
    rule = a_rule(storm_cap=StormCap(2, 120))

    alert = moves.opened(rule, storm, found("a"), now=START, policy=POLICY)

    assert (kinds(alert), alert.resolve_after_seconds) == ([NotificationKind.OVERFLOW], 120)


# START is 13:00 in Berlin.
NOON = QuietHours("Europe/Berlin", 12 * 60, 14 * 60)


def test_quiet_hours_hold_the_first_step_and_move_all_that_follow() -> None:
    alert = announced(an_alert(quiet_hours=NOON))

    told = moves.advanced(alert, POLICY, at(3_600))

    assert (alert.pending, alert.due_at) == ((), at(MINUTE - EARLY))
    assert (kinds(told), told.step_at) == ([NotificationKind.OPENED], at(3_600 + QUARTER))


def test_quiet_hours_hold_nothing_that_is_critical() -> None:
    assert kinds(an_alert(quiet_hours=NOON, severity=Severity.CRITICAL)) == [NotificationKind.OPENED]


def test_quiet_hours_hold_a_recovery_notice() -> None:
    later = QuietHours("Europe/Berlin", 13 * 60 + 5, 14 * 60)

    alert = moves.resolved(an_alert(quiet_hours=later), by="key", note=None, now=at(MINUTE))

    assert alert.recover_at == at(3_600)


def test_what_is_over_before_the_quiet_hours_are_is_never_told() -> None:
    alert = announced(moves.resolved(an_alert(quiet_hours=NOON), by="punctual", note=None, now=at(MINUTE)))

    assert (alert.pending, alert.due_at) == ((), None)


def test_a_step_that_is_looked_at_late_does_not_fall_into_quiet_hours() -> None:
    later = QuietHours("Europe/Berlin", 13 * 60 + 20, 14 * 60)
    alert = an_alert(quiet_hours=later)
    assert alert.step_at == at(QUARTER)

    held = moves.advanced(alert, POLICY, at(QUARTER + 600))

    assert (held.told, held.step_at) == ((PAGER,), at(3_600))


def test_its_recovery_is_looked_for_less_often_the_longer_it_lasts() -> None:
    alert = an_alert()

    waits = [
        (moves.looked_at(alert, now=at(lasted)).check_at or START) - at(lasted) for lasted in (0, 600, 1_800, 86_400)
    ]

    assert [wait.total_seconds() for wait in waits] == [50, 50, 170, 590]


def test_the_history_has_an_end() -> None:
    alert = replace(an_alert(), grace_seconds=10_000)
    for number in range(HISTORY_KEPT):
        alert = moves.resolved(alert, by="key", note=str(number), now=at(number))
        alert = moves.reopened(alert, found("x"), now=at(number), policy=POLICY)

    assert len(alert.history) == HISTORY_KEPT
    assert alert.version == 2 * HISTORY_KEPT + 1


def test_a_policy_that_is_gone_ends_the_escalation() -> None:
    alert = moves.advanced(an_alert(), None, at(QUARTER))

    assert (alert.state, alert.step_at, alert.told) == (AlertState.OPEN, None, (PAGER,))
