"""Each move of an alert is told as an event, at least once, whoever made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.watcher.alerts import look_after_alerts
from shared.model.alerts import moves
from shared.model.alerts.alert_event import events_of
from shared.model.alerts.rule import RuleScope
from shared.ports.alerts import Standing
from tests.alerting import BOSS, Alerting, a_policy, a_rule

if TYPE_CHECKING:
    import pytest


def types(alerting: Alerting) -> list[str]:
    return [event.type for event in alerting.events]


def test_an_alert_that_opens_is_told_at_once_also_when_nobody_is_to_be_notified() -> None:
    alerting = Alerting(a_rule())

    alerting.failure()

    (event,) = alerting.events
    alert = alerting.only()
    assert (event.type, event.id, event.tenant) == ("alert.opened", f"{alert.id}.1", alert.tenant)
    assert (event.document["alert"]["state"], event.document["alert"]["count"]) == ("open", 1)
    assert not alert.is_news


def test_finding_it_again_is_no_event() -> None:
    alerting = Alerting(a_rule())
    for _ in range(3):
        alerting.failure()

    assert types(alerting) == ["alert.opened"]


def test_escalation_and_recovery_are_told_as_they_come() -> None:
    alerting = Alerting(a_rule(policy_id="p1"), policy=a_policy())
    alerting.failure()
    alerting.minutes(16)
    alert = alerting.only()
    alerting.alerts.record(
        moves.resolved(alert, by="key-1", note="fixed", now=alerting.clock.now()), seen=Standing.of(alert)
    )

    alerting.minutes()

    versions = [event.document["alert"]["version"] for event in alerting.events]
    assert types(alerting) == ["alert.opened", "alert.escalated", "alert.resolved"]
    assert versions == [1, 2, 3]
    last = alerting.events[-1].document["alert"]
    assert (last["state"], last["by"], last["note"]) == ("resolved", "key-1", "fixed")


def test_moves_of_one_write_are_told_each() -> None:
    alerting = Alerting(a_rule())
    alerting.failure()
    alert = alerting.only()
    now = alerting.clock.now()
    twice = moves.resolved(moves.acknowledged(alert, by="key-1", note=None, now=now), by="key-1", note=None, now=now)

    assert [event.type for event in events_of(twice)] == ["alert.acknowledged", "alert.resolved"]
    assert [event.id for event in events_of(twice)] == [f"{alert.id}.2", f"{alert.id}.3"]


def test_a_bus_that_is_away_holds_up_nobody_who_is_on_call_and_is_told_when_it_is_back() -> None:
    alerting = Alerting(a_rule(policy_id="p1"), policy=a_policy())
    alerting.is_bus_away = True
    alerting.failure()
    alerting.minutes(16)
    notified = len(alerting.told())

    alerting.is_bus_away = False
    alerting.minutes()

    assert notified == 2
    assert types(alerting) == ["alert.opened", "alert.escalated"]
    assert not alerting.only().is_news


def test_however_many_wait_for_the_bus_whoever_is_on_call_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_after_alerts, "_PAGE", 3)
    alerting = Alerting(
        a_rule(), a_rule(id="paged", scope=RuleScope(group="payroll"), policy_id="p1"), policy=a_policy()
    )
    alerting.is_bus_away = True
    for number in range(5):
        alerting.failure(template=f"nobody-is-told-{number}")
    alerting.clock.advance(1)
    alerting.failure(group="payroll")

    # The boss is told after a quarter of an hour.
    alerting.clock.advance(15 * 60 - 30)
    alerting.look()
    alerting.clock.advance(40)
    alerting.look()

    assert ("alert.escalated", BOSS) in alerting.told()
