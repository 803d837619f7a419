"""Whoever ends a job keeps it for as long as its tenant says: each function on moto, after a change over the API."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.api import handler as api
from functions.executor import handler as executor
from functions.executor import wiring
from functions.executor.targets.protocol import Answer, Call, Deadline
from functions.recurrence import handler as recurrence
from functions.watcher import handler as watcher
from shared.adapters.dynamodb.calendars import DynamoCalendars
from shared.adapters.system import SystemClock
from shared.expansion.timetables import timetable_of
from shared.model import moves
from shared.model.job import Completion, JobKey
from shared.model.lifecycle import Status
from shared.model.occurrence_job import occurrence_job_id
from shared.model.retry import RetryPolicy
from shared.model.template import expand_shard_of
from shared.model.template_changes import deleted
from tests.aws import TEMPLATES_TABLE
from tests.http_api import LambdaContext, http_event
from tests.jobs import NOT_FOUND
from tests.templates import TENANT, a_template

if TYPE_CHECKING:
    from shared.model.job import Job
    from tests.integration.handlers.conftest import Account, Context

DAYS = {Status.SUCCEEDED: 2, Status.FAILED: 100, Status.CANCELLED: 4, Status.SKIPPED: 5}
ONCE = RetryPolicy(max_attempts=1)


class Scripted:
    """A target that answers as it is told to."""

    answer = Answer()
    calls: list[Call]

    def call(self, call: Call, deadline: Deadline) -> Answer:
        del deadline
        self.calls = [call]
        return self.answer


@pytest.fixture(autouse=True)
def target(account: Account, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    del account  # its environment must be there before anything is wired
    scripted = Scripted()
    monkeypatch.setenv("ARCHIVE_DAYS", "365")
    monkeypatch.setattr(wiring, "targets", lambda *_: {"scripted": scripted}.get)
    said = request("PUT", "/v1/retention", {end: f"{days}d" for end, days in DAYS.items()})
    assert said["applies"] == {end: f"{days}d" for end, days in DAYS.items()}
    return scripted


def request(method: str, path: str, body: Any = None) -> Any:
    headers = {} if body is None else {"content-type": "application/json"}
    sent = None if body is None else json.dumps(body).encode()
    answer = api.lambda_handler(http_event(method, path, headers=headers, body=sent), LambdaContext())
    assert answer["statusCode"] == 200, answer["body"]
    return json.loads(answer["body"])


def is_kept_as_said(job: Job) -> bool:
    """Its retention counts from when its key need not be known any more; TTL is in whole seconds."""
    assert job.expire_item_at is not None
    remembered = max(job.created_at + timedelta(days=1), job.nominal_at or job.created_at, job.ended_at or job.run_at)
    return timedelta() <= job.expire_item_at - remembered - timedelta(days=DAYS[job.status]) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(b"done"), Status.SUCCEEDED),
        (Answer(b"", NOT_FOUND), Status.FAILED),
    ],
    ids=lambda value: value if isinstance(value, Status) else "",
)
def test_the_executor_keeps_a_job_as_long_as_its_tenant_says(
    account: Account, context: Context, target: Scripted, answer: Answer, status: Status
) -> None:
    target.answer = answer
    job = account.create(retry=ONCE)

    executor.lambda_handler(account.sqs_event(job), context)

    ended = account.jobs.get(job.key)
    assert ended.status is status
    assert is_kept_as_said(ended)


def test_the_executor_keeps_what_it_skips_as_long_as_its_tenant_says(account: Account, context: Context) -> None:
    job = account.create(due_in=-100, expires_after_seconds=10)

    executor.lambda_handler(account.sqs_event(job), context)

    ended = account.jobs.get(job.key)
    assert ended.status is Status.SKIPPED
    assert is_kept_as_said(ended)


def test_the_api_keeps_what_is_cancelled_or_reported_as_long_as_its_tenant_says(
    account: Account, context: Context, target: Scripted
) -> None:
    waiting, worked = account.create(due_in=600), account.create(completion=Completion.CALLBACK, timeout_seconds=3_600)
    executor.lambda_handler(account.sqs_event(worked), context)
    reporting = target.calls[-1].reporting
    assert reporting is not None

    request("POST", f"/v1/jobs/{waiting.id}/cancel")
    request("POST", f"/v1/executions/{reporting.token}/complete", {"output": "done"})

    ended = [account.jobs.get(job.key) for job in (waiting, worked)]
    assert [job.status for job in ended] == [Status.CANCELLED, Status.SUCCEEDED]
    assert all(map(is_kept_as_said, ended))


def test_the_watcher_keeps_what_it_reaps_as_long_as_its_tenant_says(account: Account, context: Context) -> None:
    job = account.create(due_in=-100, retry=ONCE)
    long_ago = SystemClock().now() - timedelta(seconds=90)
    claim = moves.claim(lane=job.lane, wake_at=job.run_at, claim_id="gone", now=long_ago)
    account.jobs.change(job.key, claim)

    watcher.lambda_handler({}, context)

    ended = account.jobs.get(job.key)
    assert ended.status is Status.FAILED
    assert is_kept_as_said(ended)


def test_recurrence_keeps_what_it_withdraws_as_long_as_its_tenant_says(account: Account, context: Context) -> None:
    now = SystemClock().now()
    template_id = "1" * 24
    created = a_template(
        id=template_id, now=now - timedelta(seconds=30), expand_shard=expand_shard_of(TENANT, template_id)
    )
    account.templates.create_template(created)
    recurrence.lambda_handler({}, context)
    template = account.templates.get_template(created.key)
    timetable = timetable_of(template, DynamoCalendars(account.dynamodb, TEMPLATES_TABLE))
    gone = deleted(template, timetable, by="key", now=SystemClock().now(), retention=timedelta(days=9))
    account.templates.replace_template(replace(gone, expand_at=now))

    recurrence.lambda_handler({}, context)

    last = account.jobs.get(JobKey(TENANT, occurrence_job_id(template.key, template.progress.expanded_until)))
    assert (last.status, last.reason) == (Status.SKIPPED, "withdrawn")
    assert is_kept_as_said(last)


def test_what_is_left_of_a_deleted_template_explains_as_long_as_its_jobs_stay(account: Account) -> None:
    created = a_template(now=SystemClock().now())
    account.templates.create_template(created)

    request("DELETE", f"/v1/templates/{created.id}")

    left = account.templates.get_template(created.key)
    assert left.expire_item_at is not None
    assert left.expire_item_at - left.changed_at > timedelta(days=max(DAYS.values()))


def test_a_word_that_cannot_be_read_holds_up_no_end(
    account: Account, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    key = {"pk": {"S": f"retention#{TENANT}"}, "sk": {"S": "jobs"}}
    unreadable = {**key, "v": {"N": "2"}, "doc": {"S": '{"changes": "of a newer version"}'}}
    account.dynamodb.put_item(TableName="control", Item=unreadable)
    jobs = [account.create() for _ in range(3)]

    executor.lambda_handler(account.sqs_event(*jobs), context)

    ended = [account.jobs.get(job.key) for job in jobs]
    assert {job.status for job in ended} == {Status.SUCCEEDED}
    assert {(job.expire_item_at - job.created_at).days for job in ended if job.expire_item_at} == {31}
    told = [vars(record) for record in caplog.records if record.message == "retention_not_read"]
    assert [one["tenant"] for one in told] == [TENANT]
