"""Who is called when the watcher itself was away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.watcher.alerts import look_after_alerts
from shared.every_shard import on_every_shard
from shared.model.alerts.alert import AlertState
from shared.model.alerts.escalation import Step
from shared.ports.alerts import DueKind, DueLook
from tests.alerting import BOSS, CHAT, PAGER, Alerting, a_policy, a_rule
from tests.jobs import TENANT, at

if TYPE_CHECKING:
    import pytest


def escalating(**job: str) -> Alerting:
    """An alert that the pager was told of; next are the chat after a quarter of an hour, and the boss ten minutes
    later."""
    policy = a_policy(Step(0, (PAGER,)), Step(900, (CHAT,)), Step(1_500, (BOSS,)))
    alerting = Alerting(a_rule(policy_id="p1"), policy=policy)
    alerting.failure(**job)
    return alerting


def test_after_an_outage_the_next_are_called_and_have_their_time_before_those_behind_them() -> None:
    alerting = escalating()
    alerting.clock.advance(2 * 3_600)
    alerting.look()
    assert alerting.told()[1:] == [("alert.escalated", CHAT)]

    alerting.minutes(9)
    assert alerting.told()[2:] == []
    alerting.minutes(1)

    assert alerting.told()[2:] == [("alert.escalated", BOSS)]


def test_whoever_acknowledges_after_an_outage_spares_those_behind_them() -> None:
    alerting = escalating()
    alerting.clock.advance(2 * 3_600)
    alerting.look()
    alerting.acknowledge()

    alerting.minutes(60)

    assert alerting.told()[1:] == [("alert.escalated", CHAT)]


def test_nobody_is_called_for_what_is_over_when_they_would_be() -> None:
    alerting = escalating(template="payroll")
    alerting.clock.advance(1_000)
    alerting.succeed(template="payroll")

    alerting.look()

    assert [step for step, _ in alerting.told() if step != "alert.resolved"] == ["alert.opened"]
    assert alerting.only().state is AlertState.RESOLVED


def test_one_pass_takes_one_step_however_often_the_alert_is_to_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_after_alerts, "_PAGE", 1)
    policy = a_policy(Step(0, (PAGER,)), Step(1, (CHAT,)), Step(2, (BOSS,)))
    alerting = Alerting(a_rule(policy_id="p1"), policy=policy)
    alerting.failure()
    for _ in range(3):
        alerting.clock.advance(1)
        alerting.alerts.plan_look(DueLook(alerting.clock.now(), TENANT, DueKind.ALERT, alerting.only().id))
    alerting.clock.advance(30)

    alerting.look()
    assert [channel for _, channel in alerting.told()] == [PAGER, CHAT]
    alerting.look()

    assert [channel for _, channel in alerting.told()] == [PAGER, CHAT, BOSS]


def test_by_threads_as_in_production_each_alert_takes_its_step_once_although_two_watchers_look() -> None:
    alerting = Alerting(a_rule(policy_id="p1"), policy=a_policy(Step(0, (PAGER,)), Step(60, (BOSS,))))
    alerting.judge(*(alerting.fail(template=f"template-{number}") for number in range(20)))
    alerting.clock.advance(60)
    watchers = [alerting.process(on_every_shard) for _ in range(2)]

    reports = on_every_shard(lambda watcher: watcher.look_after(lambda: 60), watchers)
    alerting.minutes(1)

    assert sum(report["looked_at"] for report in reports) >= 20
    assert sorted(alerting.told()) == [("alert.escalated", BOSS)] * 20 + [("alert.opened", PAGER)] * 20
    assert {alert.pending for alert in alerting.all()} == {()}


def test_alerts_are_looked_after_before_rules_although_those_were_due_long_ago() -> None:
    alerting = escalating()
    for number in range(5):
        alerting.alerts.plan_look(DueLook(at(-60), TENANT, DueKind.RULE, f"gone-{number}"))
    alerting.clock.advance(900)
    time_for_one = iter([60.0, *[0.0] * 20])

    alerting.parts.look_after(lambda: next(time_for_one))

    assert alerting.told()[1:] == [("alert.escalated", CHAT)]
    left = alerting.alerts.looks(until=alerting.clock.now(), limit=100)
    assert len([look for look in left if look.kind is DueKind.RULE]) == 5
