"""A callback job on moto: accepted by the executor's function, reported to the API's, looked at by the watcher's."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.api import handler as api
from functions.executor import handler as executor
from functions.executor import wiring
from functions.executor.targets.protocol import Answer, Call, Deadline
from shared.adapters.dynamodb.checkpoints import DynamoCheckpoints
from shared.adapters.system import SystemClock
from shared.model import moves
from shared.model.job import Completion
from shared.model.lanes import DueShard
from shared.model.lifecycle import Status
from tests import aws
from tests.http_api import LambdaContext, http_event
from tests.integration.handlers.conftest import logged

if TYPE_CHECKING:
    from shared.model.job import Job
    from tests.integration.handlers.conftest import Account, Context


class Accepting:
    """A target that accepts whatever it is asked to do."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def call(self, call: Call, deadline: Deadline) -> Answer:
        del deadline
        self.calls.append(call)
        return Answer()


@pytest.fixture
def target(account: Account, monkeypatch: pytest.MonkeyPatch) -> Accepting:
    del account  # its environment must be there before anything is wired
    accepting = Accepting()
    monkeypatch.setenv("ARCHIVE_DAYS", "365")
    monkeypatch.setattr(wiring, "targets", lambda *_: {"scripted": accepting}.get)
    return accepting


def accepted(account: Account, context: Context) -> Job:
    job = account.create(completion=Completion.CALLBACK, timeout_seconds=86_400)
    assert executor.lambda_handler(account.sqs_event(job), context) == {"batchItemFailures": []}
    return account.jobs.get(job.key)


def report(target: Accepting, what: str, body: Any = None) -> tuple[int, Any]:
    reporting = target.calls[-1].reporting
    assert reporting is not None
    assert reporting.api_url == "https://api.example.com"
    headers = {} if body is None else {"content-type": "application/json"}
    path = f"/v1/executions/{reporting.token}/{what}"
    sent = None if body is None else json.dumps(body).encode()
    answer = api.lambda_handler(http_event("POST", path, headers=headers, body=sent, tenant=None), LambdaContext())
    return answer["statusCode"], json.loads(answer["body"])


def test_a_job_whose_work_was_accepted_is_in_the_slice_that_only_the_watcher_looks_at(
    account: Account, context: Context, target: Accepting
) -> None:
    job = accepted(account, context)

    assert target.calls[0].fence == job.fence == 1
    shard = job.due_shard
    assert isinstance(shard, DueShard)
    assert shard.lane is None
    page = account.jobs.due(shard, until=SystemClock().now() + timedelta(days=1), after=None, limit=10)
    assert [entry.job_id for entry in page.entries] == [job.id]


def test_it_is_kept_alive_and_ended_with_its_token_alone(
    account: Account, context: Context, target: Accepting, capsys: pytest.CaptureFixture[str]
) -> None:
    job = accepted(account, context)

    beaten, _ = report(target, "heartbeat")
    saved, _ = report(target, "checkpoint", {"checkpoint": {"page": 3, "rows": "x" * 9_000}})
    done, answer = report(target, "complete", {"output": "x" * 3_000})
    late, problem = report(target, "heartbeat")

    ended = account.jobs.get(job.key)
    assert (beaten, saved, done, answer["status"]) == (200, 200, 200, "succeeded")
    assert (late, problem["type"]) == (409, "/problems/lease-lost")
    assert (ended.status, ended.executions[0].output.size_bytes) == (Status.SUCCEEDED, 3_000)
    output = capsys.readouterr().out
    assert {"accepted", "reported"} <= {line.get("action") for line in logged(output)}
    token = target.calls[0].reporting
    assert token is not None
    assert token.token.rpartition(".")[2] not in output


def test_what_it_has_left_is_there_after_its_attempt(account: Account, context: Context, target: Accepting) -> None:
    job = accepted(account, context)
    report(target, "checkpoint", {"checkpoint": {"page": 3, "rows": "x" * 9_000}})

    status, answer = report(target, "fail", {"error": {"type": "disk_full"}, "retry_after": "1s"})

    waiting = account.jobs.get(job.key)
    s3 = aws.client("s3")
    kept = DynamoCheckpoints(account.dynamodb, aws.JOBS_TABLE, lambda: s3, aws.BUCKET).load(job.key)
    assert (status, answer["status"]) == (200, "scheduled")
    assert (waiting.due_shard, waiting.awaiting_since) == (DueShard(job.lane, job.due_shard.number), None)
    assert kept is not None
    assert json.loads(kept.data)["page"] == 3
    assert waiting.checkpoint_number == kept.number == 1


def test_a_claim_by_the_message_for_its_retry_is_in_its_own_lane(
    account: Account, context: Context, target: Accepting
) -> None:
    job = accepted(account, context)
    report(target, "fail")
    waiting = account.jobs.get(job.key)
    assert waiting.wake_at is not None

    again = account.jobs.change_and_get(
        job.key, moves.claim(lane=job.lane, wake_at=waiting.wake_at, claim_id="claim-2", now=waiting.wake_at)
    )

    assert (again.status, again.fence) == (Status.RUNNING, 2)
