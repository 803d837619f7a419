from __future__ import annotations

import json
from typing import TYPE_CHECKING

from functions.populator import handler, stream_handler
from shared.adapters.sqs.work_queue import read_hint
from shared.model import moves
from shared.model.change import applied
from shared.model.lanes import Lane, Priority
from tests.integration.handlers.conftest import logged, stream_event
from tests.jobs import RETENTION

if TYPE_CHECKING:
    import pytest

    from tests.integration.handlers.conftest import Account, Context

EVENTBRIDGE_EVENT = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-03-01T12:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/tick"],
    "detail": {},
}


def test_a_tick_sends_due_jobs_with_their_tenant_as_message_group(account: Account, context: Context) -> None:
    job = account.create(priority=Priority.HIGH)
    account.create(due_in=3_600)

    report = handler.lambda_handler(EVENTBRIDGE_EVENT, context)

    (message,) = account.messages(Lane.HIGH)
    assert report == {"sent": 1, "unsent": 0, "shards_of_another": 0}
    assert read_hint(message["Body"]) == (job.tenant, job.id, job.wake_at)
    assert message["Attributes"]["MessageGroupId"] == "acme"


def test_a_tick_that_comes_twice_sends_once(account: Account, context: Context) -> None:
    account.create()

    handler.lambda_handler(EVENTBRIDGE_EVENT, context)
    report = handler.lambda_handler(EVENTBRIDGE_EVENT, context)

    assert report["sent"] == 0


def test_a_tick_tells_how_many_it_sent(account: Account, context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    account.create()

    handler.lambda_handler(EVENTBRIDGE_EVENT, context)

    lines = logged(capsys.readouterr().out)
    assert [line["sent"] for line in lines if line.get("action") == "ticked"] == [1]
    assert [line["dispatched"] for line in lines if "_aws" in line] == [[1.0]]


def test_a_created_job_that_is_due_is_sent_from_the_stream(account: Account, context: Context) -> None:
    job = account.create()

    answer = stream_handler.lambda_handler(stream_event(("INSERT", None, job)), context)

    (message,) = account.messages(Lane.NORMAL)
    assert answer == {"batchItemFailures": []}
    assert json.loads(message["Body"])["job_id"] == job.id


def test_a_job_that_ended_is_no_matter_for_the_stream(account: Account, context: Context) -> None:
    job = account.create()
    ended = applied(moves.cancel(job, now=job.run_at, retention=RETENTION), job)

    stream_handler.lambda_handler(stream_event(("MODIFY", job, ended)), context)

    assert account.messages(Lane.NORMAL) == []


def test_what_is_no_job_and_what_was_removed_is_no_matter_for_the_stream(account: Account, context: Context) -> None:
    event = stream_event(("INSERT", None, account.create()), ("INSERT", None, account.create()))
    payload, removed = (record["dynamodb"] for record in event["Records"])
    payload["NewImage"] = {"pk": payload["Keys"]["pk"], "sk": {"S": "payload#1"}, "data": {"S": "{}"}}
    removed["OldImage"] = removed.pop("NewImage")

    answer = stream_handler.lambda_handler(event, context)

    assert answer == {"batchItemFailures": []}
    assert account.messages(Lane.NORMAL) == []


def test_a_record_that_cannot_be_sent_is_delivered_again_with_all_after_it(account: Account, context: Context) -> None:
    jobs = [account.create(), *(account.create(priority=Priority.LOW) for _ in range(2)), account.create()]
    account.sqs.delete_queue(QueueUrl=account.queue_urls[Lane.LOW])

    answer = stream_handler.lambda_handler(stream_event(*(("INSERT", None, job) for job in jobs)), context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_a_tick_tells_through_which_shards_it_got(account: Account, context: Context) -> None:
    handler.lambda_handler(EVENTBRIDGE_EVENT, context)

    lanes = ("high", "normal", "low", "long")
    assert account.beats.beats()["populator"].keys() == {f"{lane}#{number:02d}" for lane in lanes for number in (0, 1)}


def test_a_shard_of_which_not_all_could_be_sent_is_behind(account: Account, context: Context) -> None:
    account.create(priority=Priority.LOW)
    account.create(priority=Priority.LOW)
    account.sqs.delete_queue(QueueUrl=account.queue_urls[Lane.LOW])

    handler.lambda_handler(EVENTBRIDGE_EVENT, context)

    assert len(account.beats.beats()["populator"]) < 8
