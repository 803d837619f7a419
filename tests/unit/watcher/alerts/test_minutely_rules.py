"""Rules that no change of a job can answer, and jobs that do not begin."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.watcher.alerts.evaluate_rule import next_minute
from shared.model.alerts.alert import AlertState, SubjectKind
from shared.model.alerts.rule import AlertRule, RuleKind, RuleScope
from shared.model.breaker import Breaker, BreakerState
from shared.model.canary import SYSTEM_TENANT
from shared.model.groups import NOTIFICATIONS
from shared.ports.alerts import DueKind, DueLook
from tests.alerting import Alerting, a_rule
from tests.jobs import START, TENANT, at

PAYROLL = RuleScope(template_ids=("payroll",))


def watching(kind: RuleKind, **facts: object) -> Alerting:
    """A rule that is looked at from now on, as the API plans it."""
    rule = a_rule(kind, **{"grace_seconds": 0, "scope": PAYROLL, **facts})
    alerting = Alerting(rule, a_rule(id="off", is_enabled=False))
    alerting.alerts.plan_look(DueLook(START, TENANT, DueKind.RULE, rule.id))
    return alerting


def rule_looks(alerting: Alerting) -> list[DueLook]:
    looks = alerting.alerts.looks(until=at(999_999), limit=100)
    return [look for look in looks if look.kind is DueKind.RULE]


def test_a_template_that_succeeds_often_enough_is_no_alert_and_one_that_stops_is() -> None:
    alerting = watching(RuleKind.NOTHING_SUCCEEDED, seconds=600)
    for _ in range(4):
        alerting.succeed(template="payroll")
        alerting.minutes(5)
        assert alerting.all() == []

    alerting.minutes(6)

    assert (alerting.only().subject.id, alerting.only().count) == ("payroll", 0)
    alerting.succeed(template="payroll")
    alerting.minutes(10)
    assert alerting.only().state is AlertState.RESOLVED


def test_a_rule_is_not_held_against_the_time_before_it_was_there() -> None:
    alerting = watching(RuleKind.NOTHING_SUCCEEDED, seconds=600)

    alerting.minutes(9)
    assert alerting.all() == []
    alerting.minutes(2)
    assert len(alerting.all()) == 1


def test_each_template_of_a_rule_has_an_alert_of_its_own() -> None:
    scope = RuleScope(template_ids=("payroll", "backup"))
    alerting = watching(RuleKind.NOTHING_SUCCEEDED, seconds=60, scope=scope)

    alerting.minutes(3)

    assert sorted(alert.subject.id for alert in alerting.all()) == ["backup", "payroll"]


@pytest.mark.parametrize(("runs", "found"), [(9, 0), (10, 1)])
def test_a_job_that_runs_longer_than_usual_is_found_once_enough_is_known(runs: int, found: int) -> None:
    alerting = watching(RuleKind.RUNNING_LONG, factor=3.0, min_samples=10)
    for _ in range(runs):
        alerting.succeed(template="payroll", after_seconds=60)
    alerting.clock.advance(100)
    job = alerting.job(template="payroll")
    alerting.start(job)
    alerting.minutes(3)
    assert alerting.all() == []

    alerting.minutes(2)

    assert [alert.samples[0].job_id for alert in alerting.all()] == [job.id] * found
    assert [alert.count for alert in alerting.all()] == [1] * found


def test_a_long_run_is_over_when_it_has_ended_and_not_before() -> None:
    alerting = watching(RuleKind.RUNNING_LONG, factor=1.5, min_samples=1, resolve_after_seconds=60)
    alerting.succeed(template="payroll", after_seconds=60)
    running = alerting.start(alerting.job(template="payroll"))

    alerting.minutes(60)
    before = alerting.only().state

    alerting.end(running)
    alerting.minutes(11)

    assert (before, alerting.only().state) == (AlertState.OPEN, AlertState.RESOLVED)


def test_an_open_breaker_is_an_alert_until_it_closes() -> None:
    alerting = watching(RuleKind.BREAKER_OPEN, scope=RuleScope())
    breaker = Breaker(
        tenant=TENANT,
        target="http:example.com:443",
        state=BreakerState.OPEN,
        version=1,
        changed_at=START,
        cool_down_seconds=10,
    )
    alerting.breakers.put_breaker(breaker, is_news=True)
    alerting.minutes(1)
    opened = alerting.only()
    alerting.breakers.put_breaker(
        Breaker(
            tenant=TENANT,
            target=breaker.target,
            state=BreakerState.CLOSED,
            version=2,
            changed_at=at(90),
            cool_down_seconds=10,
        ),
        is_news=True,
    )

    alerting.minutes(2)

    assert (opened.state, opened.subject) == (AlertState.OPEN, (SubjectKind.TARGET, breaker.target))
    assert alerting.only().history[-1].note == "the breaker has closed"


def test_a_rule_is_looked_at_once_a_minute_whoever_looks() -> None:
    alerting = watching(RuleKind.NOTHING_SUCCEEDED, seconds=600)
    other = alerting.process()

    for _ in range(3):
        alerting.clock.advance(61)
        alerting.look()
        other.look_after(lambda: 60)

    assert rule_looks(alerting) == [DueLook(at(240), TENANT, DueKind.RULE, "r1")]


@pytest.mark.parametrize("changed", [{"is_enabled": False}, {"kind": RuleKind.FAILED_FOR_GOOD}, None])
def test_a_rule_that_is_gone_or_has_no_use_for_it_is_looked_at_no_more(changed: dict[str, object] | None) -> None:
    alerting = watching(RuleKind.NOTHING_SUCCEEDED, seconds=600)
    rule = alerting.rules.get(TENANT, "r1")
    if changed is None:
        alerting.rules.delete(rule)
    else:
        alerting.rules.replace(changed_rule(rule, **changed))

    alerting.minutes(2)

    assert rule_looks(alerting) == []
    assert alerting.all() == []


def changed_rule(rule: AlertRule, **facts: object) -> AlertRule:
    known = {name: getattr(rule, name) for name in AlertRule.__dataclass_fields__}
    return AlertRule(**{**known, "version": rule.version + 1, **facts})


def test_the_next_minute_begins_on_a_minute() -> None:
    assert next_minute(at(0)) == at(60)
    assert next_minute(at(59.999)) == at(60)


def test_a_job_that_does_not_begin_is_found_by_the_sweep_once_it_is_old_enough() -> None:
    alerting = Alerting()
    job = alerting.job()

    alerting.overdue(job, after=at(0), until=at(899))
    assert alerting.all() == []
    alerting.overdue(job, after=at(899), until=at(960))
    alerting.overdue(job, after=at(960), until=at(1_020))
    alerting.overdue(job, after=at(1_740), until=at(1_860))

    alert = alerting.only()
    assert (alert.kind, alert.count, alert.samples[0].job_id) == (RuleKind.UNDELIVERABLE, 1, job.id)


def test_what_could_not_be_delivered_is_over_when_it_has_begun() -> None:
    alerting = Alerting()
    job = alerting.job()
    alerting.clock.advance(901)
    alerting.overdue(job, after=at(840), until=at(901))

    alerting.minutes(60)
    before = alerting.only().state

    alerting.start(job)
    alerting.minutes(11)

    assert (before, alerting.only().state) == (AlertState.OPEN, AlertState.RESOLVED)


def test_a_job_that_is_late_is_counted_once_whether_it_begins_at_last_or_not() -> None:
    alerting = Alerting(a_rule(RuleKind.LATE_START, seconds=120))
    job = alerting.job()
    alerting.overdue(job, after=at(60), until=at(121))
    assert alerting.only().count == 1

    alerting.clock.advance(300)
    alerting.judge(alerting.start(job))

    assert alerting.only().count == 1


def test_overdue_jobs_of_the_schedulers_own_and_those_that_run_are_not_found() -> None:
    alerting = Alerting()
    own = [alerting.job(group=NOTIFICATIONS), alerting.job(tenant=SYSTEM_TENANT)]
    running = alerting.start(alerting.job()).new
    assert running is not None

    alerting.overdue(*own, running, after=START, until=START + timedelta(days=1))

    assert alerting.all() == []


def test_a_rule_with_a_defect_is_not_looked_at_more_and_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    alerting = watching(RuleKind.NOTHING_SUCCEEDED, seconds=600)

    def fail(*_: object, **__: object) -> None:
        alerting.clock.advance(0.007)
        raise OverflowError("a defect")

    monkeypatch.setattr(alerting.jobs, "list_group", fail)

    alerting.minutes(60)

    assert len(rule_looks(alerting)) <= 11
