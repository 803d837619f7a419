"""What alerts cost when a tenant has as many rules as it may have: calls of the stores, counted."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.every_shard import on_every_shard
from shared.model.alerts.rule import MOST_OF_A_KIND, AlertRule, RuleKind, RuleScope, StormCap
from shared.model.errors import StoreUnavailable
from shared.model.limits import MAX_ALERT_RULES, MAX_RULE_TEMPLATES
from shared.ports.alerts import DueKind, DueLook
from tests.alerting import Alerting, a_rule
from tests.jobs import START, TENANT, at

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.alerts.alert import Alert
    from shared.model.job import Job

_STORES = {
    "jobs": ("list_group", "list_attention", "get_many", "create"),
    "alerts": ("standing", "standings", "get_alert", "record", "plan_look", "forget_look"),
    "rules": ("get", "all_of"),
    "windows": ("windows",),
}


def counted(alerting: Alerting, monkeypatch: pytest.MonkeyPatch, *, seconds_each: float = 0) -> Counter[str]:
    """How often each call is made from now on, each of which takes so long."""
    calls: Counter[str] = Counter()
    lock = threading.Lock()

    def through(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **facts: Any) -> Any:
            with lock:
                calls[name] += 1
                alerting.clock.advance(seconds_each)
            return original(*args, **facts)

        return call

    for store, methods in _STORES.items():
        owner = getattr(alerting, store)
        for method in methods:
            monkeypatch.setattr(owner, method, through(method, getattr(owner, method)))
    return calls


def rules(kind: RuleKind, **facts: Any) -> list[AlertRule]:
    return [a_rule(kind, id=f"r{number:03d}", **facts) for number in range(MAX_ALERT_RULES)]


def overdue(alerting: Alerting, count: int = 100) -> list[Job]:
    return [alerting.job(template=f"template-{number:03d}") for number in range(count)]


def watched(*of: AlertRule) -> Alerting:
    alerting = Alerting(*of)
    for rule in of:
        alerting.alerts.plan_look(DueLook(START, TENANT, DueKind.RULE, rule.id))
    return alerting


def sums(alerting: Alerting) -> Counter[str]:
    """How much each rule has counted in all."""
    counts: Counter[str] = Counter()
    for alert in alerting.all():
        counts[alert.rule_id] += alert.count
    return counts


def test_a_page_of_overdue_jobs_of_a_hundred_templates_and_rules_is_judged_in_bounded_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alerting = Alerting(*rules(RuleKind.LATE_START, seconds=60))
    jobs = overdue(alerting)
    calls = counted(alerting, monkeypatch)

    alerting.overdue(*jobs, after=START, until=at(61))

    assert sums(alerting) == {f"r{number:03d}": 100 for number in range(MOST_OF_A_KIND)}
    assert (calls["standing"], calls["standings"]) == (0, 10)
    # Of each rule twenty alerts and an overflow alert, each written and then told; and one try that meets the cap.
    assert calls["record"] == 10 * (21 * 2 + 1)
    assert calls["all_of"] == calls["windows"] == 1


def test_rules_that_find_nothing_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    alerting = Alerting(*rules(RuleKind.LATE_START, seconds=3_600), a_rule(RuleKind.UNDELIVERABLE, id="u"))
    jobs = overdue(alerting)
    calls = counted(alerting, monkeypatch)

    alerting.overdue(*jobs, after=START, until=at(61))

    assert calls == {"all_of": 1}


def test_what_a_page_has_no_time_for_is_judged_in_the_next_minutes_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alerting = Alerting(*rules(RuleKind.LATE_START, seconds=60))
    jobs = overdue(alerting)
    alerting.clock.advance(61)
    with monkeypatch.context() as patch:
        counted(alerting, patch, seconds_each=0.05)
        alerting.overdue(*jobs, after=START, until=at(61))
    judged = sum(sums(alerting).values())

    # A call more than the two seconds, and what it takes to remember a hundred jobs.
    assert (alerting.clock.now() - at(61)).total_seconds() < 2 + 0.5 + 100 * 0.05
    assert 0 < judged < 1_000
    assert len(alerting.alerts.looks_at_jobs(until=at(999), limit=1_000)) == 100
    alerting.minutes(1)

    assert sums(alerting) == {f"r{number:03d}": 100 for number in range(MOST_OF_A_KIND)}
    assert alerting.alerts.looks_at_jobs(until=at(9_999), limit=10) == []


@pytest.mark.parametrize("error", [StoreUnavailable("throttled", outcome_unknown=False), ValueError("a defect")])
def test_what_comes_up_about_one_tenant_keeps_no_other_from_being_judged(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    alerting = Alerting()
    jobs = [alerting.job(tenant=tenant) for tenant in ("a", TENANT, "z")]
    record = alerting.alerts.record

    def fails(alert: Alert, **facts: Any) -> None:
        if alert.tenant == "a":
            raise error
        record(alert, **facts)

    alerting.clock.advance(901)
    with monkeypatch.context() as patch:
        patch.setattr(alerting.alerts, "record", fails)
        with pytest.raises(type(error)):
            alerting.overdue(*jobs, after=START, until=at(901))
        alerting.minutes(1)
    counts = {tenant: alerting.alerts.list_alerts(tenant, before=None, limit=9).alerts for tenant in ("a", TENANT, "z")}
    assert {tenant: len(alerts) for tenant, alerts in counts.items()} == {"a": 0, TENANT: 1, "z": 1}

    alerting.minutes(1)

    # What the store did not take is tried again; a defect is left out, and found when the age has doubled.
    found = alerting.alerts.list_alerts("a", before=None, limit=9).alerts
    assert len(found) == isinstance(error, StoreUnavailable)
    assert alerting.alerts.looks_at_jobs(until=at(9_999), limit=10) == []


def test_jobs_of_one_tenant_that_cannot_be_judged_do_not_stand_before_those_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alerting = Alerting()
    alerting.clock.advance(901)
    for place, tenant in enumerate(("a",) * 250 + (TENANT,)):
        job = alerting.job(tenant=tenant, run_at=START)
        due_at = START + timedelta(milliseconds=place)
        alerting.alerts.plan_look(DueLook(due_at, tenant, DueKind.JOB, f"{job.id}:"))
    record, tried = alerting.alerts.record, Counter[str]()

    def fails(alert: Alert, **facts: Any) -> None:
        tried[alert.tenant] += 1
        if alert.tenant == "a":
            raise StoreUnavailable("throttled", outcome_unknown=False)
        record(alert, **facts)

    monkeypatch.setattr(alerting.alerts, "record", fails)
    report = alerting.parts.look_after(lambda: 60)

    assert (alerting.only().count, tried["a"]) == (1, 1)
    assert report == {"looked_at": 101, "left": 250}
    assert len(alerting.alerts.looks_at_jobs(until=at(9_999), limit=999)) == 250


def test_failures_of_other_tenants_are_counted_although_those_of_one_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    alerting = Alerting()
    changes = [alerting.fail(tenant=tenant) for tenant in ("a", TENANT, "z")]
    record = alerting.alerts.record

    def fails(alert: Alert, **facts: Any) -> None:
        if alert.tenant == "a":
            raise StoreUnavailable("throttled", outcome_unknown=False)
        record(alert, **facts)

    monkeypatch.setattr(alerting.alerts, "record", fails)
    with pytest.raises(StoreUnavailable):
        alerting.judge(*changes)

    found = {one: alerting.alerts.list_alerts(one, before=None, limit=9).alerts for one in ("a", TENANT, "z")}
    assert {tenant: len(alerts) for tenant, alerts in found.items()} == {"a": 0, TENANT: 1, "z": 1}


def test_one_rule_does_not_take_more_time_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    alerting = Alerting(a_rule(RuleKind.LATE_START, seconds=60, storm_cap=StormCap(100, 600)))
    jobs = overdue(alerting)
    with monkeypatch.context() as patch:
        counted(alerting, patch, seconds_each=0.1)
        alerting.overdue(*jobs, after=START, until=at(61))
    judged = len(alerting.all())

    # Each alert is written and then told.
    assert 5 < judged < 15
    assert len(alerting.alerts.looks_at_jobs(until=at(999), limit=1_000)) == 100 - judged
    alerting.minutes(2)

    assert len(alerting.all()) == 100


def test_what_is_judged_later_is_judged_by_rules_whose_time_has_come_and_no_others() -> None:
    alerting = Alerting(
        a_rule(RuleKind.UNDELIVERABLE, id="r1", seconds=60), a_rule(RuleKind.UNDELIVERABLE, id="r2", seconds=3_600)
    )
    job = alerting.job()
    alerting.clock.advance(120)
    alerting.alerts.plan_look(DueLook(alerting.clock.now(), TENANT, DueKind.JOB, f"{job.id}:r1"))

    alerting.look()

    assert [alert.rule_id for alert in alerting.all()] == ["r1"]


def test_what_one_minute_has_no_time_for_either_goes_on_in_those_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    alerting = Alerting(*rules(RuleKind.LATE_START, seconds=60))
    jobs = overdue(alerting)
    alerting.clock.advance(61)
    with monkeypatch.context() as patch:
        counted(alerting, patch, seconds_each=0.02)
        alerting.overdue(*jobs, after=START, until=at(61))
        minutes = 0
        while alerting.alerts.looks_at_jobs(until=at(999_999), limit=1):
            alerting.clock.advance(60)
            ends_at = alerting.clock.now() + timedelta(seconds=15)
            alerting.parts.look_after(lambda ends_at=ends_at: (ends_at - alerting.clock.now()).total_seconds())
            minutes += 1

    assert 1 < minutes < 20
    assert sums(alerting) == {f"r{number:03d}": 100 for number in range(MOST_OF_A_KIND)}


def test_jobs_that_have_begun_before_there_was_time_for_them_are_not_judged_as_overdue() -> None:
    alerting = Alerting()
    jobs = overdue(alerting, 2)
    alerting.clock.advance(901)
    for job in jobs:
        look = DueLook(alerting.clock.now(), TENANT, DueKind.JOB, f"{job.id}:built-in-undeliverable")
        alerting.alerts.plan_look(look)
    alerting.start(jobs[0])

    alerting.look()

    assert [one.job_id for one in alerting.only().samples] == [jobs[1].id]
    assert alerting.alerts.looks_at_jobs(until=at(9_999), limit=10) == []


def test_a_batch_of_500_failures_under_a_hundred_rules_of_each_kind_is_judged_in_bounded_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds = (RuleKind.FAILED_FOR_GOOD, RuleKind.FAILURES_IN_A_ROW, RuleKind.DEAD_LETTER_COUNT)
    every = [a_rule(kind, id=f"{kind.value[:9]}{n:02d}", count=1) for kind in kinds for n in range(33)]
    alerting = Alerting(*every)
    changes = [alerting.fail(template=f"template-{number:03d}") for number in range(500)]
    calls = counted(alerting, monkeypatch)

    alerting.judge(*changes)

    assert set(sums(alerting).values()) == {500}
    assert len(sums(alerting)) == 3 * MOST_OF_A_KIND
    # What lies before the failures is read once for each template, whatever number of rules asks.
    assert (calls["list_group"], calls["list_attention"]) == (500, 0)
    assert calls["get_many"] == 500 + 10
    assert (calls["standing"], calls["standings"]) == (0, 30)
    # Twenty alerts, a try that meets the cap, an overflow of 480 in six parts; of dead letters one alert of 500 in six:
    # and each alert is told once.
    assert calls["record"] == 20 * (20 + 1 + 6 + 21) + 10 * (6 + 1)


def test_rules_about_the_same_templates_read_them_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = RuleScope(template_ids=tuple(f"template-{number:02d}" for number in range(MAX_RULE_TEMPLATES)))
    alerting = watched(*rules(RuleKind.RUNNING_LONG, scope=scope, factor=2.0, min_samples=1))
    for template in scope.template_ids or ():
        alerting.succeed(template=template)
    calls = counted(alerting, monkeypatch)

    alerting.minutes(1)

    assert (calls["list_group"], calls["get_many"]) == (MAX_RULE_TEMPLATES, MAX_RULE_TEMPLATES)
    assert (calls["get"], calls["plan_look"], calls["forget_look"]) == (MAX_ALERT_RULES,) * 3


def test_rules_that_are_looked_at_by_threads_share_what_they_read(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = RuleScope(template_ids=tuple(f"template-{number:02d}" for number in range(MAX_RULE_TEMPLATES)))
    alerting = watched(*rules(RuleKind.NOTHING_SUCCEEDED, scope=scope, seconds=60))
    alerting.clock.advance(61)
    calls = counted(alerting, monkeypatch)

    alerting.process(on_every_shard).look_after(lambda: 60)

    assert calls["list_group"] == MAX_RULE_TEMPLATES
    assert len([alert for alert in alerting.all() if not alert.is_overflow]) == MAX_ALERT_RULES * MAX_RULE_TEMPLATES


def test_a_template_that_has_succeeded_is_not_read_before_that_is_too_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = RuleScope(template_ids=tuple(f"template-{number:02d}" for number in range(MAX_RULE_TEMPLATES)))
    alerting = watched(*rules(RuleKind.NOTHING_SUCCEEDED, scope=scope, seconds=600))
    alerting.clock.advance(601)
    for template in scope.template_ids or ():
        alerting.succeed(template=template)
    calls = counted(alerting, monkeypatch)

    alerting.minutes(10)
    assert (calls["list_group"], alerting.all()) == (MAX_RULE_TEMPLATES, [])
    alerting.minutes(1)

    assert calls["list_group"] == 2 * MAX_RULE_TEMPLATES
    assert len(alerting.all()) == MAX_ALERT_RULES * MAX_RULE_TEMPLATES
