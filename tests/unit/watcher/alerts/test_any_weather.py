"""Any call may fail, before or after it was done: journals and watchers in any order, until all is told."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from shared.model.alerts.alert import AlertState
from shared.model.alerts.escalation import Step
from shared.model.errors import StoreUnavailable
from tests.alerting import BOSS, CHAT, PAGER, Alerting, a_policy, a_rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.job_change import JobChange

_CALLS = {
    "alerts": ("standing", "standings", "get_alert", "record", "looks", "looks_at_jobs", "plan_look", "forget_look"),
    "jobs": ("create", "list_group", "get_many"),
    "rules": ("all_of",),
    "windows": ("windows",),
}
_TEMPLATES = ("payroll", "backup", "report")


class Weather:
    """Makes one call in twelve fail, half of them after they were done, while it is `bad`."""

    def __init__(self, alerting: Alerting, rng: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bad = True
        self._rng = rng
        for name, methods in _CALLS.items():
            store = getattr(alerting, name)
            for method in methods:
                monkeypatch.setattr(store, method, self._through(getattr(store, method)))

    def _through(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **facts: Any) -> Any:
            fate = self._rng.random() if self.bad else 1.0
            if fate < 1 / 24:
                raise StoreUnavailable("away", outcome_unknown=True)
            answer = original(*args, **facts)
            if fate < 1 / 12:
                raise StoreUnavailable("the answer is lost", outcome_unknown=True)
            return answer

        return call


def until_it_is_read(alerting: Alerting, batch: list[JobChange], rng: random.Random) -> None:
    """What Lambda does with a batch of the stream: again and again, by any process, sometimes once more."""
    told = False
    while not told or rng.random() < 0.2:
        try:
            alerting.judge(*batch, parts=alerting.process())
            told = True
        except StoreUnavailable:
            continue


@pytest.mark.parametrize("seed", range(60))
def test_counts_are_exact_and_everybody_is_told_everything_once(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    policy = a_policy(Step(0, (PAGER, CHAT)), Step(120, (BOSS,)))
    alerting = Alerting(a_rule(policy_id="p1", grace_seconds=rng.choice([0, 300])), policy=policy)
    failures = [alerting.fail(template=rng.choice(_TEMPLATES)) for _ in range(rng.randrange(1, 200))]
    expected = Counter(change.new.template_id for change in failures if change.new is not None)
    weather = Weather(alerting, rng, monkeypatch)

    rng.shuffle(failures)
    while failures:
        size = rng.randrange(1, 120)
        batch, failures = failures[:size], failures[size:]
        until_it_is_read(alerting, batch, rng)
        if rng.random() < 0.3:
            minute_of_two_watchers(alerting)
    for _ in range(8):
        alerting.clock.advance(60)
        minute_of_two_watchers(alerting)
    weather.bad = False
    alerting.minutes(3)
    for template in _TEMPLATES:
        alerting.succeed(template=template)
    alerting.minutes(30)

    alerts = alerting.all()
    assert {alert.subject.id: alert.count for alert in alerts} == expected
    assert {alert.state for alert in alerts} == {AlertState.RESOLVED}
    assert {alert.pending for alert in alerts} == {()}
    assert Counter(alerting.told()) == {
        ("alert.opened", PAGER): len(alerts),
        ("alert.opened", CHAT): len(alerts),
        ("alert.escalated", BOSS): len(alerts),
        ("alert.resolved", PAGER): len(alerts),
        ("alert.resolved", CHAT): len(alerts),
        ("alert.resolved", BOSS): len(alerts),
    }


def minute_of_two_watchers(alerting: Alerting) -> None:
    for _ in range(2):
        try:
            alerting.process().look_after(lambda: 60)
        except StoreUnavailable:
            continue
