from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from functions.watcher import handler
from shared.adapters.dynamodb.bulk_actions import DynamoBulkActions
from shared.adapters.sqs.work_queue import read_hint
from shared.adapters.system import SystemClock
from shared.model import moves
from shared.model.bulk_action import BulkKind, BulkSpec, BulkStatus, DeadLetterFilter, new_bulk_action
from shared.model.lanes import Lane
from shared.model.lifecycle import Status
from tests.aws import CONTROL_TABLE
from tests.integration.handlers.conftest import logged
from tests.jobs import NOT_FOUND, failed_once

if TYPE_CHECKING:
    import pytest

    from tests.integration.handlers.conftest import Account, Context


def test_a_lost_message_is_sent_again(account: Account, context: Context) -> None:
    job = account.create(due_in=-100)

    report = handler.lambda_handler({}, context)["sweep"]

    (message,) = account.messages(Lane.NORMAL)
    assert report.pop("oldest_due_ms") >= 100_000
    assert report == {"looked_at": 1, "resent": 1, "reaped": 0}
    assert read_hint(message["Body"]).job_id == job.id


def test_a_job_is_not_sent_again_by_each_sweep(account: Account, context: Context) -> None:
    account.create(due_in=-100)

    handler.lambda_handler({}, context)
    report = handler.lambda_handler({}, context)["sweep"]

    assert report["resent"] == 0


def test_an_attempt_whose_lease_ran_out_is_reaped(account: Account, context: Context) -> None:
    job = account.create(due_in=-100)
    long_ago = SystemClock().now() - timedelta(seconds=90)
    claim = moves.claim(lane=job.lane, wake_at=job.run_at, claim_id="gone", now=long_ago)
    account.jobs.change(job.key, claim)

    report = handler.lambda_handler({}, context)["sweep"]

    assert report == {"looked_at": 1, "resent": 0, "reaped": 1, "oldest_due_ms": 0}
    assert account.jobs.get(job.key).status is Status.SCHEDULED
    assert [one.outcome for one in account.jobs.get(job.key).executions] == ["lost"]


def test_a_bulk_action_is_gone_on_with(account: Account, context: Context) -> None:
    now = SystemClock().now() - timedelta(seconds=100)
    job = account.create(due_in=-200, payload=b'{"to":"a"}')
    claim = moves.claim(lane=job.lane, wake_at=job.run_at, claim_id="claim-1", now=now)
    running = account.jobs.change_and_get(job.key, claim)
    account.jobs.change(job.key, failed_once(running, failure=NOT_FOUND))
    spec = BulkSpec(kind=BulkKind.REDRIVE, wanted=DeadLetterFilter(), payload_patch={"to": "x" * 1_000})
    action = new_bulk_action(
        spec, tenant=job.tenant, action_id="bulk1", by="key-1", now=now + timedelta(seconds=40), fingerprint=None
    )
    actions = DynamoBulkActions(account.dynamodb, CONTROL_TABLE)
    actions.create_bulk_action(action)

    report = handler.lambda_handler({}, context)["bulk_actions"]

    redriven = account.jobs.get(job.key)
    assert report == {"actions": 1, "jobs": 1}
    assert (redriven.status, redriven.redriven_by) == (Status.SCHEDULED, "bulk1")
    assert account.jobs.load_payload(redriven) == b'{"to":"' + b"x" * 1_000 + b'"}'
    assert actions.get_bulk_action(job.tenant, "bulk1").status is BulkStatus.DONE
    assert handler.lambda_handler({}, context)["bulk_actions"] == {"actions": 0, "jobs": 0}


def test_the_depth_of_the_queues_is_measured(
    account: Account, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        account.sqs.send_message(QueueUrl=account.queue_urls[Lane.LOW], MessageBody="work")

    handler.lambda_handler({}, context)

    lines = logged(capsys.readouterr().out)
    assert [line["low"] for line in lines if line.get("action") == "queues_measured"] == [3]
    assert [line["queue_depth"] for line in lines if "_aws" in line] == [[3.0]]


def test_the_age_of_each_part_and_of_the_canary_is_measured(
    account: Account, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    now = SystemClock().now()
    account.beats.note("populator", ["high#00"], now - timedelta(seconds=200))
    account.beats.note("populator", ["high#01"], now)
    account.beats.note("recurrence", ["00"], now - timedelta(seconds=30))

    report = handler.lambda_handler({}, context)["measure_progress"]

    lines = logged(capsys.readouterr().out)
    assert 200_000 <= report["tick_age_ms"] < 210_000
    assert 30_000 <= report["expansion_age_ms"] < 40_000
    assert [list(line["ages_ms"]) for line in lines if line.get("action") == "shards_behind"] == [["high#00"]]
    assert "watcher" in account.beats.beats()
