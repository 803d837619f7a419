"""Many failures at once: each is counted once, and few people are told."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from shared.model.alerts.alert import AlertState, SubjectKind
from shared.model.alerts.errors import AlertChanged
from shared.model.alerts.rule import StormCap
from tests.alerting import PAGER, Alerting, a_policy, a_rule

if TYPE_CHECKING:
    import pytest

    from shared.model.alerts.alert import Alert
    from shared.model.job_change import JobChange

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


def test_what_has_an_alert_is_counted_in_it_however_stormy_it_is() -> None:
    alerting = Alerting(a_rule(storm_cap=StormCap(1, 600)))
    alerting.judge(*(alerting.fail(template=name) for name in ("one", "two", "one")))

    alerting.judge(alerting.fail(template="one"))

    assert {alert.subject.id: alert.count for alert in alerting.all()} == {"one": 3, "r1": 1}


def test_an_overflow_alert_recovers_when_its_window_was_quiet() -> None:
    alerting = Alerting(a_rule(storm_cap=StormCap(1, 120), grace_seconds=0))
    alerting.judge(*(alerting.fail(template=name) for name in ("one", "two")))

    alerting.minutes(3)

    (storm,) = [alert for alert in alerting.all() if alert.is_overflow]
    assert storm.state is AlertState.RESOLVED


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
