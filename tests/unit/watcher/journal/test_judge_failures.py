from __future__ import annotations

import pytest

from shared.model.alerts.alert import AlertState, SubjectKind
from shared.model.execution import Failure
from shared.model.groups import EVENTS, NOTIFICATIONS
from shared.model.lanes import Priority
from tests.alerting import PAGER, Alerting, a_policy, a_rule
from tests.jobs import NOT_FOUND

REFUSED = Failure("http_403", "no entry", retryable=False)


def test_a_job_that_fails_for_good_opens_an_alert_and_a_job_tells_it() -> None:
    alerting = Alerting(a_rule(policy_id="p1"), policy=a_policy())

    job = alerting.failure(name="rotate-logs")

    alert = alerting.only()
    (told,) = alerting.notifications()
    assert (alert.state, alert.count, alert.samples[0].job_id) == (AlertState.OPEN, 1, job.id)
    assert (told.target, told.priority) == ({"type": "channel", "channel_id": PAGER}, Priority.HIGH)
    document = alerting.document(told)
    assert (document["id"], document["type"]) == (told.id, "alert.opened")
    assert document["summary"] == "rotate-logs failed for good: http_404, no such page"
    assert document["alert"]["id"] == alert.id


def test_a_failure_that_is_told_again_is_counted_once() -> None:
    alerting = Alerting(a_rule(policy_id="p1"), policy=a_policy())
    first, second = alerting.fail(), alerting.fail()

    alerting.judge(first)
    alerting.judge(first, second)
    alerting.judge(second, parts=alerting.process())

    assert alerting.only().count == 2
    assert alerting.told() == [("alert.opened", PAGER)]


def test_a_tenant_without_rules_sees_its_failures_and_nobody_is_told() -> None:
    alerting = Alerting()

    alerting.failure()

    assert alerting.only().rule_id == "built-in-failed-for-good"
    assert alerting.notifications() == []


def test_a_rule_that_is_switched_off_takes_the_built_in_one_with_it() -> None:
    alerting = Alerting(a_rule(is_enabled=False))

    alerting.failure()

    assert alerting.all() == []


@pytest.mark.parametrize("group", [NOTIFICATIONS, EVENTS])
def test_the_schedulers_own_jobs_are_never_judged(group: str) -> None:
    alerting = Alerting(a_rule(policy_id="p1"), policy=a_policy())

    alerting.failure(group=group)

    assert alerting.all() == []


def test_failures_of_a_template_are_one_alert_and_those_of_others_are_others() -> None:
    alerting = Alerting(a_rule())

    alerting.judge(*(alerting.fail(template=one) for one in ("payroll", "backup", "payroll")))

    found = {alert.subject.id: alert.count for alert in alerting.all()}
    assert found == {"payroll": 2, "backup": 1}


def test_jobs_on_their_own_are_grouped_by_the_cause_of_their_failure() -> None:
    alerting = Alerting(a_rule())

    alerting.judge(*(alerting.fail(failure) for failure in (NOT_FOUND, NOT_FOUND, REFUSED)))

    assert sorted(alert.count for alert in alerting.all()) == [1, 2]
    assert {alert.subject.kind for alert in alerting.all()} == {SubjectKind.ERROR}
