"""A queue's dead-letter queue holds hints, which nobody reads: the sweep sends new ones for their jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions.executor import handler as executor
from functions.executor import wiring
from functions.executor.targets.protocol import Answer
from functions.watcher import handler as watcher
from shared.adapters.sqs.work_queue import read_hint, write_hint
from shared.model.lanes import Lane
from shared.model.lifecycle import Status
from shared.ports.queue import Hint

if TYPE_CHECKING:
    import pytest

    from functions.executor.targets.protocol import Call, Deadline
    from shared.model.job import Job
    from tests.integration.handlers.conftest import Account, Context


class Fine:
    """A target that does what is asked."""

    def call(self, call: Call, deadline: Deadline) -> Answer:
        del call, deadline
        return Answer(b"done")


def test_a_job_whose_hints_all_ended_in_the_dead_letter_queue_still_runs(
    account: Account, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "targets", lambda settings, channels: {"scripted": Fine()}.get)
    dead = with_a_dead_letter_queue(account, Lane.NORMAL)
    job = account.create(due_in=-100)
    send_hint(account, job)
    assert [read_hint(one["Body"]).job_id for one in account.messages(Lane.NORMAL)] == [job.id]

    assert account.messages(Lane.NORMAL) == []  # received once too often: it is dead now
    watcher.lambda_handler({}, context)

    (message,) = account.messages(Lane.NORMAL)
    assert read_hint(message["Body"]) == Hint(job.tenant, job.id, job.wake_at)
    executor.lambda_handler(account.sqs_event(job), context)
    assert account.jobs.get(job.key).status is Status.SUCCEEDED
    assert depth(account, dead) == 1


def with_a_dead_letter_queue(account: Account, lane: Lane) -> str:
    """The lane's queue gives a message up after one delivery, which is over at once."""
    url: str = account.sqs.create_queue(QueueName="dead")["QueueUrl"]
    attributes = account.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    policy = {"deadLetterTargetArn": attributes["QueueArn"], "maxReceiveCount": 1}
    account.sqs.set_queue_attributes(
        QueueUrl=account.queue_urls[lane], Attributes={"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "0"}
    )
    return url


def send_hint(account: Account, job: Job) -> None:
    assert job.wake_at is not None
    body = write_hint(Hint(job.tenant, job.id, job.wake_at))
    account.sqs.send_message(QueueUrl=account.queue_urls[job.lane], MessageBody=body)


def depth(account: Account, url: str) -> int:
    answer: dict[str, Any] = account.sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])
