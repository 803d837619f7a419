"""What each kind of alert recovers by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.model import moves
from shared.model.alerts.alert import AlertState
from shared.model.alerts.moves import silenced
from shared.model.alerts.rule import RuleKind, RuleScope
from shared.model.dead_letters import discard
from shared.model.execution import Failure
from shared.ports.alerts import Standing
from tests.alerting import BOSS, PAGER, Alerting, a_policy, a_rule
from tests.jobs import RETENTION, START, at

if TYPE_CHECKING:
    from shared.model.job import Job

TOLD = {"policy_id": "p1", "grace_seconds": 0}


def alerting_about(kind: RuleKind = RuleKind.FAILED_FOR_GOOD, **facts: object) -> Alerting:
    nothing_else = a_rule(id="off", is_enabled=False)
    return Alerting(a_rule(kind, **{**TOLD, **facts}), nothing_else, policy=a_policy())


@pytest.mark.parametrize("subject", [{"template": "payroll"}, {"group": "nightly"}])
def test_a_later_success_of_the_same_jobs_ends_it_and_is_told_once(subject: dict[str, str]) -> None:
    alerting = alerting_about()
    alerting.failure(**subject)
    alerting.minutes(1)
    assert alerting.only().state is AlertState.OPEN
    alerting.succeed(**subject)

    alerting.minutes(20)

    alert = alerting.only()
    assert (alert.state, alert.history[-1].note) == (AlertState.RESOLVED, "a later job succeeded")
    assert alerting.told() == [("alert.opened", PAGER), ("alert.resolved", PAGER)]


def test_an_earlier_success_ends_nothing() -> None:
    alerting = alerting_about()
    alerting.succeed(template="payroll")
    alerting.clock.advance(60)
    alerting.failure(template="payroll")

    alerting.minutes(5)

    assert alerting.only().state is AlertState.OPEN


def test_a_success_of_others_ends_nothing() -> None:
    alerting = alerting_about()
    alerting.failure(template="payroll")
    alerting.clock.advance(60)
    alerting.succeed(template="backup")
    alerting.succeed(group="payroll")

    alerting.minutes(5)

    assert alerting.only().state is AlertState.OPEN


def test_a_success_that_is_known_before_the_failure_before_it_is_judged_ends_it() -> None:
    alerting = alerting_about()
    failure = alerting.fail(template="payroll")
    alerting.clock.advance(60)
    alerting.succeed(template="payroll")
    alerting.clock.advance(3_600)

    alerting.judge(failure)
    alerting.minutes(1)

    assert alerting.only().state is AlertState.RESOLVED


def test_failures_on_their_own_are_over_when_no_dead_letter_is_left() -> None:
    alerting = alerting_about()
    jobs = [alerting.failure() for _ in range(2)]
    alerting.minutes(2)
    assert alerting.only().state is AlertState.OPEN

    for job in jobs:
        discarded(alerting, job)
    alerting.minutes(1)

    assert alerting.only().history[-1].note == "all of its dead letters were redriven or discarded"


def test_failures_with_one_dead_letter_left_among_those_that_no_sample_shows_are_not_over() -> None:
    alerting = alerting_about()
    alerting.fail(Failure("http_403", "another cause, which nobody has judged", retryable=False))
    first = alerting.failure()
    others = [alerting.failure() for _ in range(12)]
    for job in others:
        discarded(alerting, job)

    alerting.minutes(1)
    before = alerting.only().state
    discarded(alerting, first)
    alerting.minutes(2)

    assert (before, alerting.only().state) == (AlertState.OPEN, AlertState.RESOLVED)


def discarded(alerting: Alerting, job: Job) -> None:
    """The job is no dead letter any more."""
    alerting.judge(alerting.change(job, discard(job, by="key", reason="known", now=alerting.clock.now())))


def test_failures_in_a_row_are_an_alert_at_the_last_of_them_and_over_at_the_next_success() -> None:
    alerting = alerting_about(RuleKind.FAILURES_IN_A_ROW, count=3)
    for number in range(3):
        assert alerting.all() == [], number
        alerting.clock.advance(60)
        alerting.failure(template="payroll")
    assert alerting.only().count == 1
    alerting.clock.advance(60)
    alerting.succeed(template="payroll")

    alerting.minutes(1)

    assert alerting.only().state is AlertState.RESOLVED


def test_a_success_between_them_breaks_a_row() -> None:
    alerting = alerting_about(RuleKind.FAILURES_IN_A_ROW, count=2)
    for _ in range(3):
        alerting.clock.advance(60)
        alerting.failure(template="payroll")
        alerting.clock.advance(60)
        alerting.succeed(template="payroll")

    assert alerting.all() == []


def test_so_many_dead_letters_are_an_alert_until_there_are_fewer() -> None:
    alerting = alerting_about(RuleKind.DEAD_LETTER_COUNT, count=3)
    first, _, _ = (alerting.failure() for _ in range(3))
    alerting.minutes(1)
    assert alerting.only().state is AlertState.OPEN

    discarded(alerting, first)
    alerting.minutes(1)

    assert alerting.only().history[-1].note == "there are fewer dead letters"


def test_fewer_dead_letters_are_none() -> None:
    alerting = alerting_about(RuleKind.DEAD_LETTER_COUNT, count=3)

    alerting.failure()
    alerting.failure()

    assert alerting.all() == []


def test_a_job_that_misses_its_start_deadline_is_an_alert_until_the_next_succeeds() -> None:
    alerting = alerting_about(RuleKind.DEADLINE_MISSED)
    job = alerting.job(template="payroll", expires_after_seconds=60)
    skip = moves.skip(job, reason="expired", now=at(61), retention=RETENTION)
    alerting.clock.advance(61)
    alerting.judge(alerting.change(job, skip))
    assert alerting.only().samples[0].error_type == "expired"
    alerting.clock.advance(60)
    alerting.succeed(template="payroll")

    alerting.minutes(1)

    assert alerting.only().state is AlertState.RESOLVED


def test_a_job_that_is_withdrawn_has_missed_nothing() -> None:
    alerting = alerting_about(RuleKind.DEADLINE_MISSED)
    job = alerting.job(template="payroll")

    alerting.judge(alerting.change(job, moves.skip(job, reason="withdrawn", now=START, retention=RETENTION)))

    assert alerting.all() == []


def test_a_late_start_is_an_alert_until_none_was_late_for_a_while() -> None:
    alerting = alerting_about(RuleKind.LATE_START, seconds=60, resolve_after_seconds=600)
    on_time, late = alerting.job(), alerting.job()
    alerting.clock.advance(60)
    alerting.judge(alerting.start(on_time))
    alerting.clock.advance(1)
    alerting.judge(alerting.start(late))
    assert [one.job_id for one in alerting.only().samples] == [late.id]

    alerting.minutes(8)
    before = alerting.only().state
    alerting.minutes(4)

    assert (before, alerting.only().state) == (AlertState.OPEN, AlertState.RESOLVED)


def test_a_silenced_alert_recovers_as_well_and_those_who_knew_are_told() -> None:
    alerting = alerting_about()
    alerting.failure(template="payroll")
    alert = alerting.only()
    alerting.alerts.record(silenced(alert, until=at(7_200), by="key", note=None, now=START), seen=Standing.of(alert))
    alerting.clock.advance(60)
    alerting.succeed(template="payroll")

    alerting.minutes(30)

    assert alerting.told() == [("alert.opened", PAGER), ("alert.resolved", PAGER)]
    assert BOSS not in [channel for _, channel in alerting.told()]


def test_a_rule_of_one_template_decides_before_one_of_all() -> None:
    narrow = a_rule(id="r2", scope=RuleScope(template_ids=("payroll",)))
    alerting = Alerting(a_rule(), narrow)

    alerting.failure(template="payroll")
    alerting.clock.advance(1)
    alerting.failure(template="backup")

    assert [(alert.subject.id, alert.rule_id) for alert in alerting.all()] == [("backup", "r1"), ("payroll", "r2")]
