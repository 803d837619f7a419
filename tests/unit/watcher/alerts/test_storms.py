"""Many failures at once: each is counted once, and few people are told."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from shared.model.alerts.alert import AlertState, SubjectKind
from shared.model.alerts.errors import AlertChanged
from shared.model.alerts.escalation import Step
from shared.model.alerts.notification import summary_of
from shared.model.alerts.rule import RuleKind, RuleScope, StormCap
from shared.model.errors import StoreUnavailable
from shared.ports.alerts import DueKind, DueLook
from tests.alerting import PAGER, Alerting, a_policy, a_rule
from tests.jobs import START, TENANT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pytest

    from shared.model.alerts.alert import Alert
    from shared.model.job_change import JobChange
    from shared.ports.alerts import Standing

BATCH = 500


def delivered(alerting: Alerting, changes: list[JobChange], rng: random.Random) -> None:
    """Every change at least once, in batches of any order by one of three processes; a third of all twice."""
    again = [change for change in changes if rng.random() < 0.3]
    told = [*changes, *again]
    rng.shuffle(told)
    processes = [alerting.process() for _ in range(3)]
    for start in range(0, len(told), BATCH):
        alerting.judge(*told[start : start + BATCH], parts=rng.choice(processes))


def test_a_burst_of_5000_failures_of_one_cause_is_one_alert_and_one_notification() -> None:
    alerting = Alerting(a_rule(policy_id="p1"), policy=a_policy())
    changes = [alerting.fail() for _ in range(5_000)]

    delivered(alerting, changes, random.Random(1))

    assert alerting.only().count == 5_000
    assert alerting.told() == [("alert.opened", PAGER)]


def test_a_burst_of_5000_failures_of_5000_causes_tells_no_more_than_the_cap_and_one_overflow() -> None:
    alerting = Alerting(a_rule(policy_id="p1", storm_cap=StormCap(20, 600)), policy=a_policy())
    changes = [alerting.fail(group=f"group-{number}") for number in range(5_000)]

    delivered(alerting, changes, random.Random(2))

    alerts = alerting.all()
    storm = [alert for alert in alerts if alert.is_overflow]
    assert sum(alert.count for alert in alerts) == 5_000
    assert (len(alerts), len(storm)) == (21, 1)
    assert sorted(alerting.told()) == [("alert.opened", PAGER)] * 20 + [("alert.overflow", PAGER)]


def test_what_is_above_the_cap_is_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    alerting = Alerting(a_rule(storm_cap=StormCap(20, 600)))
    record, written = alerting.alerts.record, []

    def count(alert: Alert, **facts: Any) -> None:
        record(alert, **facts)
        if facts.get("marks"):
            written.append(alert.subject.kind)

    monkeypatch.setattr(alerting.alerts, "record", count)
    alerting.judge(*(alerting.fail(group=f"group-{number}") for number in range(BATCH)))

    assert (written.count(SubjectKind.GROUP), written.count(SubjectKind.STORM)) == (20, 6)


def test_a_failure_that_is_twice_in_one_batch_is_counted_once() -> None:
    alerting = Alerting(a_rule())
    change = alerting.fail()

    alerting.judge(change, change)

    assert alerting.only().count == 1


def test_what_was_counted_in_an_overflow_is_not_counted_again_when_the_storm_is_over() -> None:
    alerting = Alerting(a_rule(storm_cap=StormCap(1, 60)))
    changes = [alerting.fail(template=name) for name in ("one", "two")]
    alerting.judge(*changes)
    alerting.minutes(3)

    alerting.judge(*changes)
    alerting.judge(alerting.fail(template="two"))

    assert {(alert.subject.kind, alert.subject.id, alert.count) for alert in alerting.all()} == {
        (SubjectKind.TEMPLATE, "one", 1),
        (SubjectKind.STORM, "r1", 1),
        (SubjectKind.TEMPLATE, "two", 1),
    }


def test_a_storm_lasts_until_it_was_quiet_for_a_window_however_many_windows_it_takes() -> None:
    alerting = Alerting(a_rule(policy_id="p1", storm_cap=StormCap(2, 120)), policy=a_policy())

    for minute in range(10):
        alerting.judge(
            *(alerting.fail(group=f"group-{minute}-{number}") for number in range(3)), parts=alerting.process()
        )
        alerting.minutes(1)

    assert sorted(alerting.told()) == [("alert.opened", PAGER)] * 2 + [("alert.overflow", PAGER)]
    assert sum(alert.count for alert in alerting.all()) == 30


def test_a_storm_of_what_counts_nothing_lasts_as_long_as_it_is_found() -> None:
    scope = RuleScope(template_ids=tuple(f"template-{number}" for number in range(6)))
    rule = a_rule(
        RuleKind.NOTHING_SUCCEEDED, scope=scope, seconds=60, policy_id="p1", storm_cap=StormCap(2, 120), grace_seconds=0
    )
    alerting = Alerting(rule, policy=a_policy(Step(0, (PAGER,))))
    alerting.alerts.plan_look(DueLook(START, TENANT, DueKind.RULE, rule.id))

    alerting.minutes(30)
    assert sorted(alerting.told()) == [("alert.opened", PAGER)] * 2 + [("alert.overflow", PAGER)]
    assert summary_of(storm_of(alerting), is_over=False).endswith("all that it finds beyond is in this one")
    for template in scope.template_ids or ():
        alerting.succeed(template=template)
    alerting.rules.delete(rule)
    alerting.minutes(30)

    assert {alert.state for alert in alerting.all()} == {AlertState.RESOLVED}


def test_one_storm_is_asked_for_once_in_a_pass_and_not_for_each_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    alerting = Alerting(a_rule(storm_cap=StormCap(1, 600)))
    alerting.judge(*(alerting.fail(group=name) for name in ("one", "two")))
    standings, asked = alerting.alerts.standings, []

    def count(tenant: str, keys: Collection[str]) -> Mapping[str, Standing]:
        asked.append(list(keys))
        return standings(tenant, keys)

    monkeypatch.setattr(alerting.alerts, "standings", count)
    alerting.judge(*(alerting.fail(group=f"group-{number}") for number in range(100)), parts=alerting.process())

    assert [len(keys) for keys in asked] == [101]
    assert len(alerting.all()) == 2


def test_what_has_an_alert_is_counted_in_it_however_stormy_it_is() -> None:
    alerting = Alerting(a_rule(storm_cap=StormCap(1, 600)))
    alerting.judge(*(alerting.fail(template=name) for name in ("one", "two", "one")))

    alerting.judge(alerting.fail(template="one"))

    assert {alert.subject.id: alert.count for alert in alerting.all()} == {"one": 3, "r1": 1}


def test_an_overflow_alert_recovers_when_its_window_was_quiet() -> None:
    alerting = Alerting(a_rule(storm_cap=StormCap(1, 120), grace_seconds=0))
    alerting.judge(*(alerting.fail(template=name) for name in ("one", "two")))

    alerting.minutes(3)

    assert storm_of(alerting).state is AlertState.RESOLVED


def storm_of(alerting: Alerting) -> Alert:
    (storm,) = [alert for alert in alerting.all() if alert.is_overflow]
    return storm


def test_a_burst_of_5000_failures_of_40_causes_in_batches_that_come_twice_and_in_parts_is_counted_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = random.Random(3)
    alerting = Alerting(a_rule(policy_id="p1", storm_cap=StormCap(20, 600)), policy=a_policy())
    changes = [alerting.fail(group=f"cause-{number % 40}") for number in range(5_000)]
    rng.shuffle(changes)
    record = alerting.alerts.record

    def lossy(alert: Alert, **facts: Any) -> None:
        fate = rng.random()
        if fate < 0.02:
            raise StoreUnavailable("away", outcome_unknown=True)
        record(alert, **facts)
        if fate < 0.04:
            raise StoreUnavailable("the answer is lost", outcome_unknown=True)

    monkeypatch.setattr(alerting.alerts, "record", lossy)
    for start in range(0, 5_000, BATCH):
        in_parts(alerting, changes[start : start + BATCH], rng)
    monkeypatch.setattr(alerting.alerts, "record", record)
    delivered(alerting, changes, rng)
    alerting.minutes(3)

    alerts = alerting.all()
    assert (len(alerts), sum(alert.count for alert in alerts)) == (21, 5_000)
    assert storm_of(alerting).count == 20 * 125
    assert sorted(alerting.told()) == [("alert.opened", PAGER)] * 20 + [("alert.overflow", PAGER)]


def in_parts(alerting: Alerting, batch: list[JobChange], rng: random.Random) -> None:
    """What Lambda does with a batch that fails: it comes again, in halves."""
    try:
        alerting.judge(*batch, parts=alerting.process())
    except StoreUnavailable:
        halves = (batch[: len(batch) // 2], batch[len(batch) // 2 :]) if len(batch) > 1 else (batch,)
        for half in halves:
            in_parts(alerting, half, rng)


def test_parts_of_one_burst_that_meet_at_the_alert_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    alerting = Alerting(a_rule(policy_id="p1"), policy=a_policy())
    first, second = alerting.fail(), alerting.fail()
    record, met = alerting.alerts.record, []

    def meet(*args: object, **facts: object) -> None:
        if not met:
            met.append(1)
            alerting.judge(second, parts=alerting.process())
            raise AlertChanged("alert")
        record(*args, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(alerting.alerts, "record", meet)
    alerting.judge(first)

    assert alerting.only().count == 2
    assert alerting.told() == [("alert.opened", PAGER)]
