from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.executor import handler, wiring
from functions.executor.targets.protocol import Answer, Call, Deadline
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.maintenance_windows import DynamoMaintenanceWindows
from shared.adapters.system import SystemClock
from shared.model import limits
from shared.model.execution import Failure
from shared.model.lifecycle import Move, Status
from shared.model.maintenance_window import Scope, Span
from tests.aws import CONTROL_TABLE
from tests.integration.handlers.conftest import logged
from tests.windows import a_window

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.change import Change
    from shared.model.job import Job, JobKey
    from tests.integration.handlers.conftest import Account, Context


class Scripted:
    """A target that runs a function, for jobs whose target's type is `scripted`."""

    def __init__(self, answer: Callable[[Call], Answer]) -> None:
        self.answer = answer

    def call(self, call: Call, deadline: Deadline) -> Answer:
        del deadline
        return self.answer(call)


@pytest.fixture
def answer_with(account: Account, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Call], Answer]], None]:
    del account  # its environment must be there before anything is wired

    def install(answer: Callable[[Call], Answer]) -> None:
        target = Scripted(answer)
        monkeypatch.setattr(wiring, "targets", lambda settings, channels: {"scripted": target}.get)

    return install


def test_a_batch_runs_side_by_side(account: Account, context: Context, answer_with: Any) -> None:
    together = threading.Barrier(3, timeout=10)

    def wait_for_the_others(call: Call) -> Answer:
        together.wait()
        return Answer(b"met")

    answer_with(wait_for_the_others)
    jobs = [account.create() for _ in range(3)]

    answer = handler.lambda_handler(account.sqs_event(*jobs), context)

    assert answer == {"batchItemFailures": []}
    assert {account.jobs.get(job.key).status for job in jobs} == {Status.SUCCEEDED}


def test_a_maintenance_window_of_the_tenant_holds_a_job(account: Account, context: Context, answer_with: Any) -> None:
    answer_with(lambda call: Answer())
    windows = DynamoMaintenanceWindows(account.dynamodb, CONTROL_TABLE)
    now = SystemClock().now()
    scope = Scope(tags={"team": "ops"})
    windows.create_window(a_window(Span(now, now + timedelta(hours=1)), scope=scope))
    held, free = account.create(tags={"team": "ops"}), account.create()

    handler.lambda_handler(account.sqs_event(held, free), context)

    assert account.jobs.get(held.key).reason == "maintenance_window:w1"
    assert [account.jobs.get(job.key).status for job in (held, free)] == [Status.SCHEDULED, Status.SUCCEEDED]


def test_the_payload_reaches_the_target_wherever_it_lies(account: Account, context: Context, answer_with: Any) -> None:
    answer_with(lambda call: Answer(str(len(call.payload or b"")).encode()))
    sizes = [10, 2_000, 150_000]
    jobs = [account.create(payload=b'"' + b"p" * (size - 2) + b'"') for size in sizes]

    handler.lambda_handler(account.sqs_event(*jobs), context)

    outputs = [account.jobs.get(job.key).executions[0].output.text for job in jobs]
    assert outputs == [str(size) for size in sizes]


def test_the_leases_of_a_batch_are_kept_while_it_runs(
    account: Account, context: Context, answer_with: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, write = threading.Event(), DynamoJobStore.change_and_get

    def watched(store: DynamoJobStore, key: JobKey, change: Change) -> Job:
        job = write(store, key, change)
        if change.move is Move.HEARTBEAT:
            kept.set()
        return job

    monkeypatch.setattr(DynamoJobStore, "change_and_get", watched)
    monkeypatch.setattr(limits, "HEARTBEAT_SECONDS", 0)
    monkeypatch.setattr(handler, "_BEAT_EVERY_SECONDS", 0.01)
    answer_with(lambda call: Answer(b"kept" if kept.wait(timeout=10) else b"not kept"))
    job = account.create()

    handler.lambda_handler(account.sqs_event(job), context)

    assert account.jobs.get(job.key).executions[0].output.text == "kept"


def test_only_the_messages_that_were_not_dealt_with_come_back(
    account: Account, context: Context, answer_with: Any
) -> None:
    answer_with(lambda call: Answer())
    due, early = account.create(), account.create(due_in=60)

    answer = handler.lambda_handler(account.sqs_event(due, early), context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    assert account.jobs.get(early.key).status is Status.SCHEDULED


def test_a_message_that_is_not_ours_comes_back_and_harms_nobody(
    account: Account, context: Context, answer_with: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_with(lambda call: Answer())
    job = account.create()
    event = account.sqs_event(job, job)
    event["Records"][1]["body"] = "rubbish"

    answer = handler.lambda_handler(event, context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    assert account.jobs.get(job.key).status is Status.SUCCEEDED
    assert "message_failed" in [line.get("action") for line in logged(capsys.readouterr().out)]


def test_the_log_tells_who_when_and_what_and_never_the_payload(
    account: Account, context: Context, answer_with: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_with(lambda call: Answer(b"output-secret", Failure("http_500", "the service failed")))
    job = account.create(payload=b'"payload-secret"', correlation_id="order-7")

    handler.lambda_handler(account.sqs_event(job), context)

    output = capsys.readouterr().out
    lines = {line["action"]: line for line in logged(output) if "action" in line}
    assert lines["claimed"]["correlation_id"] == "order-7"
    assert lines["retried"]["error"] == "http_500"
    assert {"tenant", "job_id", "attempt", "fence"} <= lines["retried"].keys()
    metrics = {name for line in logged(output) if "_aws" in line for name in line}
    assert {"started", "lateness_ms", "duration_ms", "retried"} <= metrics
    assert "secret" not in output
