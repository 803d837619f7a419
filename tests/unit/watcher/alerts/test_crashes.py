"""Whatever dies where: a notification is a job of one id, and it comes to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.model.alerts import moves
from shared.model.alerts.alert import AlertState
from shared.model.alerts.escalation import Step
from shared.model.errors import StoreUnavailable
from shared.model.maintenance_window import Scope
from shared.ports.alerts import DueKind, DueLook, Standing
from tests.alerting import BOSS, CHAT, PAGER, Alerting, a_policy, a_rule
from tests.jobs import START, TENANT, at
from tests.windows import a_window

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.alerts.alert import Alert


def told_alerting(*steps: Step) -> Alerting:
    return Alerting(a_rule(policy_id="p1", grace_seconds=0), policy=a_policy(*steps))


def dies(at_call: int, original: Callable[..., object], *, done: bool) -> Callable[..., object]:
    """`original`, which fails at its call of that number, before or after it was `done`."""
    calls = 0

    def call(*args: object, **facts: object) -> object:
        nonlocal calls
        calls += 1
        if calls != at_call:
            return original(*args, **facts)
        if done:
            original(*args, **facts)
        raise StoreUnavailable("gone", outcome_unknown=True)

    return call


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize(("store", "method", "number"), [
    ("jobs", "create", 1),
    ("jobs", "create", 2),
    ("alerts", "record", 1),
    ("alerts", "record", 2),
])  # fmt: skip
def test_a_journal_that_dies_anywhere_tells_everybody_once(
    monkeypatch: pytest.MonkeyPatch, store: str, method: str, number: int, done: bool
) -> None:
    alerting = told_alerting(Step(0, (PAGER, CHAT)))
    change = alerting.fail()
    with monkeypatch.context() as patch:
        original = getattr(getattr(alerting, store), method)
        patch.setattr(getattr(alerting, store), method, dies(number, original, done=done))
        with pytest.raises(StoreUnavailable):
            alerting.judge(change)

    alerting.judge(change, parts=alerting.process())
    alerting.minutes(2)

    assert sorted(alerting.told()) == [("alert.opened", CHAT), ("alert.opened", PAGER)]
    assert (alerting.only().count, alerting.only().pending) == (1, ())


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize(("store", "method", "number"), [
    ("jobs", "create", 1),
    ("alerts", "record", 1),
    ("alerts", "record", 2),
    ("alerts", "forget_look", 1),
])  # fmt: skip
def test_a_watcher_that_dies_anywhere_leaves_the_step_to_the_next(
    monkeypatch: pytest.MonkeyPatch, store: str, method: str, number: int, done: bool
) -> None:
    alerting = told_alerting(Step(0, (PAGER,)), Step(60, (BOSS,)))
    alerting.failure()
    alerting.clock.advance(60)
    with monkeypatch.context() as patch:
        original = getattr(getattr(alerting, store), method)
        patch.setattr(getattr(alerting, store), method, dies(number, original, done=done))
        alerting.look()

    alerting.minutes(2)

    assert alerting.told() == [("alert.opened", PAGER), ("alert.escalated", BOSS)]
    assert (alerting.only().state, alerting.only().pending) == (AlertState.ESCALATED, ())


def test_two_watchers_at_once_take_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    alerting = told_alerting(Step(0, (PAGER,)), Step(60, (BOSS,)), Step(120, (CHAT,)))
    alerting.failure()
    alerting.clock.advance(60)
    record, other = alerting.alerts.record, alerting.process()
    met: list[int] = []

    def meet(alert: Alert, *, seen: Standing, **facts: object) -> None:
        if not met:
            met.append(1)
            other.look_after(lambda: 60)
        record(alert, seen=seen, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(alerting.alerts, "record", meet)
    alerting.look()

    assert alerting.told() == [("alert.opened", PAGER), ("alert.escalated", BOSS)]
    assert len([one for one in alerting.only().history if one.move == "escalate"]) == 1
    assert "look_left_out" not in alerting.telemetry.actions()


def test_one_alert_with_a_defect_does_not_stand_before_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    alerting = told_alerting(Step(0, (PAGER,)), Step(60, (BOSS,)))
    broken, _ = alerting.fail(template="broken"), alerting.failure(template="payroll")
    alerting.judge(broken)
    get_alert = alerting.alerts.get_alert

    def get(tenant: str, alert_id: str) -> Alert:
        alert = get_alert(tenant, alert_id)
        if alert.subject.id == "broken":
            raise ValueError("a newer version wrote it")
        return alert

    with monkeypatch.context() as patch:
        patch.setattr(alerting.alerts, "get_alert", get)
        alerting.minutes(1)
        assert alerting.told().count(("alert.escalated", BOSS)) == 1
    alerting.minutes(11)

    assert alerting.told().count(("alert.escalated", BOSS)) == 2


def test_a_look_at_what_is_gone_is_forgotten() -> None:
    alerting = Alerting()
    alerting.alerts.plan_look(DueLook(START, TENANT, DueKind.ALERT, "gone"))

    alerting.look()

    assert alerting.alerts.looks(until=at(999), limit=10) == []


def test_a_watcher_without_time_leaves_the_rest_to_the_next() -> None:
    alerting = told_alerting(Step(0, (PAGER,)), Step(60, (BOSS,)))
    alerting.failure()
    alerting.clock.advance(60)

    report = alerting.parts.look_after(lambda: 1)

    assert report["looked_at"] == 0
    alerting.look()
    assert alerting.told()[-1] == ("alert.escalated", BOSS)


def test_an_alert_opens_silenced_in_a_maintenance_window_and_is_told_when_that_is_over() -> None:
    alerting = told_alerting()
    alerting.windows.create_window(a_window())

    alerting.failure()

    assert (alerting.only().state, alerting.told()) == (AlertState.SILENCED, [])
    alerting.minutes(60)
    assert alerting.told() == [("alert.opened", PAGER)]


def test_a_window_that_some_of_the_jobs_are_not_in_silences_nothing() -> None:
    alerting = told_alerting()
    alerting.windows.create_window(a_window(scope=Scope(tags={"team": "payroll"})))

    alerting.judge(alerting.fail(), alerting.fail(tags={"team": "payroll"}))

    assert alerting.told() == [("alert.opened", PAGER)]


def test_an_acknowledgement_that_comes_while_a_step_is_taken_stops_the_next() -> None:
    alerting = told_alerting(Step(0, (PAGER,)), Step(60, (BOSS,)))
    alerting.failure()
    alert = alerting.only()
    alerting.alerts.record(moves.acknowledged(alert, by="key", note=None, now=START), seen=Standing.of(alert))

    alerting.minutes(5)

    assert alerting.told() == [("alert.opened", PAGER)]
