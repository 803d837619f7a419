"""Maintenance windows that keep alerts from being told, whatever they do to jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.model.alerts.alert import AlertState
from shared.model.alerts.moves import silenced
from shared.model.alerts.rule import RuleKind, RuleScope, StormCap
from shared.model.breaker import Breaker, BreakerState
from shared.model.maintenance_window import Effect, Scope, Span, TargetScope, ended_early
from shared.ports.alerts import DueKind, DueLook, Standing
from tests.alerting import PAGER, Alerting, a_policy, a_rule
from tests.jobs import START, TENANT, at
from tests.windows import a_window

TOLD: dict[str, Any] = {"policy_id": "p1", "grace_seconds": 0}
HOUR = Span(START, at(3_600))
# Jobs run, and nobody is told of what becomes of them.
SILENCE: dict[str, Any] = {"effect": Effect.RUN, "silences_alerts": True}


def alerting_in(*windows: dict[str, Any], kind: RuleKind = RuleKind.FAILED_FOR_GOOD, **facts: Any) -> Alerting:
    rule = a_rule(kind, **{**TOLD, **facts})
    alerting = Alerting(rule, a_rule(id="off", is_enabled=False), policy=a_policy())
    alerting.alerts.plan_look(DueLook(START, TENANT, DueKind.RULE, rule.id))
    for number, window in enumerate(windows):
        alerting.windows.create_window(a_window(HOUR, id=f"w{number}", **window))
    return alerting


def an_open_breaker() -> Breaker:
    return Breaker(
        tenant=TENANT,
        target="http:example.com:443",
        state=BreakerState.OPEN,
        version=1,
        changed_at=START,
        cool_down_seconds=10,
    )


@pytest.mark.parametrize(
    ("window", "state"),
    [
        ({}, AlertState.SILENCED),
        ({"effect": Effect.SKIP}, AlertState.SILENCED),
        ({"effect": Effect.RUN}, AlertState.OPEN),
        (SILENCE, AlertState.SILENCED),
        ({"silences_alerts": False}, AlertState.OPEN),
        ({"effect": Effect.SKIP, "silences_alerts": False}, AlertState.OPEN),
        ({**SILENCE, "scope": Scope(template_ids=("payroll",))}, AlertState.SILENCED),
        ({**SILENCE, "scope": Scope(template_ids=("backup",))}, AlertState.OPEN),
        ({**SILENCE, "scope": Scope(target=TargetScope(type="sqs"))}, AlertState.OPEN),
    ],
)
def test_an_alert_opens_silenced_in_a_window_that_silences(window: dict[str, Any], state: AlertState) -> None:
    alerting = alerting_in(window)

    alerting.failure(template="payroll")

    assert alerting.only().state is state
    assert alerting.told() == ([] if state is AlertState.SILENCED else [("alert.opened", PAGER)])


def test_what_still_goes_on_when_the_window_is_over_is_told_then() -> None:
    alerting = alerting_in(SILENCE)
    alerting.failure(template="payroll")

    alerting.minutes(59)
    before = alerting.told()
    alerting.minutes(1)

    assert (before, alerting.told()) == ([], [("alert.opened", PAGER)])


def test_what_is_over_before_the_window_is_was_never_told() -> None:
    alerting = alerting_in(SILENCE)
    alerting.failure(template="payroll")
    alerting.clock.advance(60)
    alerting.succeed(template="payroll")

    alerting.minutes(90)

    assert (alerting.only().state, alerting.told()) == (AlertState.RESOLVED, [])


def test_what_is_over_by_the_first_look_after_the_window_was_never_told() -> None:
    alerting = alerting_in(SILENCE)
    alerting.failure(template="payroll")
    alerting.clock.advance(2 * 3_600)
    alerting.succeed(template="payroll")

    alerting.look()

    assert (alerting.only().state, alerting.told()) == (AlertState.RESOLVED, [])


def test_the_window_that_decides_about_a_job_decides_about_its_alerts() -> None:
    urgent = {"effect": Effect.RUN, "scope": Scope(tags={"urgency": "high"})}
    alerting = alerting_in({}, urgent)

    alerting.failure(template="payroll", tags={"urgency": "high"})
    alerting.failure(template="backup")

    states = {alert.subject.id: alert.state for alert in alerting.all()}
    assert states == {"payroll": AlertState.OPEN, "backup": AlertState.SILENCED}


def test_what_nobody_executes_in_a_window_is_silent() -> None:
    alerting = alerting_in(SILENCE, kind=RuleKind.LATE_START, seconds=60)
    job = alerting.job(template="payroll")

    alerting.overdue(job, after=START, until=at(61))

    assert alerting.only().state is AlertState.SILENCED


@pytest.mark.parametrize("jobs", [0, 3])
def test_that_nothing_succeeds_in_a_window_is_silent(jobs: int) -> None:
    scope = RuleScope(template_ids=("payroll",))
    window = {**SILENCE, "scope": Scope(template_ids=("payroll",))}
    alerting = alerting_in(window, kind=RuleKind.NOTHING_SUCCEEDED, scope=scope, seconds=600)
    for _ in range(jobs):
        alerting.fail(template="payroll")

    alerting.minutes(11)

    assert (alerting.only().state, alerting.told()) == (AlertState.SILENCED, [])


def test_that_nothing_of_a_group_succeeds_is_silent_by_what_its_newest_job_is() -> None:
    window = {**SILENCE, "scope": Scope(tags={"team": "payroll"})}
    alerting = alerting_in(window, kind=RuleKind.NOTHING_SUCCEEDED, scope=RuleScope(group="nightly"), seconds=600)
    alerting.fail(group="nightly", tags={"team": "payroll"})

    alerting.minutes(11)

    assert alerting.only().state is AlertState.SILENCED


def test_long_runs_in_a_window_are_silent() -> None:
    scope = RuleScope(template_ids=("payroll",))
    alerting = alerting_in(SILENCE, kind=RuleKind.RUNNING_LONG, scope=scope, factor=2.0, min_samples=1)
    alerting.succeed(template="payroll", after_seconds=1)
    alerting.start(alerting.job(template="payroll"))

    alerting.minutes(1)

    assert alerting.only().state is AlertState.SILENCED


@pytest.mark.parametrize(
    ("scope", "state"),
    [(Scope(), AlertState.SILENCED), (Scope(tags={"team": "payroll"}), AlertState.OPEN)],
    ids=["everything", "some jobs"],
)
def test_breakers_and_dead_letters_are_silent_in_a_window_over_all_jobs(scope: Scope, state: AlertState) -> None:
    alerting = alerting_in({**SILENCE, "scope": scope}, kind=RuleKind.BREAKER_OPEN)
    alerting.breakers.put_breaker(an_open_breaker(), is_news=True)

    alerting.minutes(1)

    assert alerting.only().state is state


def test_an_alert_that_was_open_before_the_window_goes_on() -> None:
    alerting = alerting_in()
    alerting.failure(template="payroll")
    alerting.windows.create_window(a_window(HOUR, **SILENCE))

    alerting.clock.advance(20)
    alerting.failure(template="payroll")

    assert (alerting.only().state, alerting.only().count) == (AlertState.OPEN, 2)


def test_what_is_above_the_cap_is_as_silent_as_what_is_below() -> None:
    alerting = alerting_in(SILENCE, storm_cap=StormCap(1, 600))

    alerting.judge(*(alerting.fail(template=name) for name in ("one", "two", "three")))

    assert {alert.state for alert in alerting.all()} == {AlertState.SILENCED}
    assert (len(alerting.all()), alerting.told()) == (2, [])


def test_of_what_is_above_the_cap_one_that_is_to_be_told_is_enough() -> None:
    alerting = alerting_in({**SILENCE, "scope": Scope(template_ids=("one", "two"))}, storm_cap=StormCap(1, 600))

    alerting.judge(*(alerting.fail(template=name) for name in ("one", "two", "three")))

    assert alerting.told() == [("alert.overflow", PAGER)]


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (RuleKind.FAILED_FOR_GOOD, {}),
        (RuleKind.NOTHING_SUCCEEDED, {"scope": RuleScope(template_ids=("payroll",)), "seconds": 60}),
        (RuleKind.BREAKER_OPEN, {}),
    ],
)
def test_when_the_window_is_ended_early_what_still_goes_on_is_told(kind: RuleKind, facts: dict[str, Any]) -> None:
    alerting = alerting_in(SILENCE, kind=kind, **facts)
    alerting.breakers.put_breaker(an_open_breaker(), is_news=True)
    alerting.failure(template="payroll")
    alerting.minutes(5)
    assert (alerting.only().state, alerting.told()) == (AlertState.SILENCED, [])
    window = alerting.windows.get_window(TENANT, "w0")
    alerting.windows.replace_window(ended_early(window, by="key", now=alerting.clock.now()))

    alerting.minutes(2)

    assert alerting.told() == [("alert.opened", PAGER)]


def test_when_the_window_is_prolonged_nobody_is_told_at_its_former_end() -> None:
    alerting = alerting_in(SILENCE)
    alerting.failure(template="payroll")
    window = alerting.windows.get_window(TENANT, "w0")
    longer = replace(window, spans=(Span(START, at(7_200)),), version=window.version + 1)
    alerting.windows.replace_window(longer)

    alerting.minutes(119)
    before = alerting.told()
    alerting.minutes(1)

    assert (before, alerting.told()) == ([], [("alert.opened", PAGER)])
    assert [one.move for one in alerting.only().history] == ["open", "silence", "unsilence"]


def test_what_a_person_has_silenced_stays_silent_whatever_windows_there_are() -> None:
    alerting = alerting_in()
    alerting.failure(template="payroll")
    alert = alerting.only()
    asked = silenced(alert, until=at(7_200), by="key", note=None, now=alerting.clock.now())
    alerting.alerts.record(asked, seen=Standing.of(alert))

    alerting.minutes(110)

    assert alerting.only().state is AlertState.SILENCED
