"""From a record of the stream to the job that tells a channel, and what the watcher's minutes add, on the tables."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from functions.watcher import handler, journal_handler
from shared.adapters.dynamodb.alert_rules import ALERT_RULES, ESCALATION_POLICIES
from shared.adapters.dynamodb.alerts import DynamoAlertStore
from shared.adapters.dynamodb.versioned import DynamoVersionedStore
from shared.model.alerts.alert import AlertState
from shared.model.alerts.escalation import Step
from shared.model.alerts.notification import notification_id
from shared.model.job import JobKey
from shared.model.lanes import Priority
from tests import aws
from tests.alerting import BOSS, PAGER, a_policy, a_rule
from tests.integration.handlers.conftest import stream_event
from tests.jobs import NOT_FOUND, TENANT, a_job, after, claimed, failed_once

if TYPE_CHECKING:
    from shared.model.alerts.alert import Alert
    from shared.model.job import Job
    from tests.integration.handlers.conftest import Account, Context


def have_rule(account: Account, *steps: Step) -> None:
    rule, policy = a_rule(policy_id="p1"), a_policy(*steps)
    DynamoVersionedStore(account.dynamodb, aws.CONTROL_TABLE, ALERT_RULES).create(rule)
    DynamoVersionedStore(account.dynamodb, aws.CONTROL_TABLE, ESCALATION_POLICIES).create(policy)


def only_alert(account: Account) -> Alert:
    (alert,) = DynamoAlertStore(account.dynamodb, aws.CONTROL_TABLE).list_alerts(TENANT, before=None, limit=9).alerts
    return alert


def failure(job: Job) -> tuple[str, Job, Job]:
    running = claimed(job)
    return "MODIFY", running, after(running, failed_once(running, failure=NOT_FOUND))


def test_a_failure_in_the_stream_becomes_a_job_that_tells_the_channel(account: Account, context: Context) -> None:
    have_rule(account)

    answer = journal_handler.lambda_handler(stream_event(failure(a_job(name="rotate-logs"))), context)

    alert = only_alert(account)
    job = account.jobs.get(JobKey(TENANT, notification_id(alert.id, 1, PAGER)))
    document = json.loads(account.jobs.load_payload(job) or b"")
    assert answer == {"batchItemFailures": []}
    assert (alert.state, alert.count, alert.pending) == (AlertState.OPEN, 1, ())
    assert (job.target, job.priority) == ({"type": "channel", "channel_id": PAGER}, Priority.HIGH)
    assert (document["type"], document["alert"]["jobs"][0]["name"]) == ("alert.opened", "rotate-logs")


def test_a_batch_that_comes_again_counts_nothing_again(account: Account, context: Context) -> None:
    have_rule(account)
    event = stream_event(*(failure(a_job(job_id=f"job-{number}")) for number in range(120)))

    for _ in range(2):
        journal_handler.lambda_handler(event, context)

    alert = only_alert(account)
    assert (alert.count, alert.notified) == (120, 1)


def test_the_watchers_minute_takes_the_next_step(account: Account, context: Context) -> None:
    have_rule(account, Step(0, (PAGER,)), Step(0, (BOSS,)))
    failed = failure(a_job())
    # It is still there, so that it is not over.
    account.jobs.create(failed[-1])
    journal_handler.lambda_handler(stream_event(failed), context)

    report = handler.lambda_handler({}, context)

    alert = only_alert(account)
    assert report["alerts"]["left"] == 0
    assert alert.state is AlertState.ESCALATED
    assert account.jobs.get(JobKey(TENANT, notification_id(alert.id, 2, BOSS))).target["channel_id"] == BOSS


def test_jobs_that_tell_of_alerts_are_no_alerts_when_they_fail(account: Account, context: Context) -> None:
    have_rule(account)
    job = replace(a_job(), group="punctual.notifications")

    journal_handler.lambda_handler(stream_event(failure(job)), context)

    alerts = DynamoAlertStore(account.dynamodb, aws.CONTROL_TABLE).list_alerts(TENANT, before=None, limit=9).alerts
    assert list(alerts) == []
