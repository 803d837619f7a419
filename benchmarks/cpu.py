"""CPU per job of populator and executor, as a ratio to a bare boto3 program that makes the same calls."""

from __future__ import annotations

import os
import statistics
import time
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import boto3

from benchmarks.executor import no_op_executor
from benchmarks.imports import ENVIRONMENT
from benchmarks.stub import PAGE, reference_job, stub_server
from benchmarks.table import print_table
from functions.executor.execute_job import ReceivedHint
from functions.populator.queue_due_jobs import QueueDueJobs
from shared.adapters import aws
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.sqs.work_queue import QueueUrls, SqsWorkQueue
from shared.adapters.system import SystemClock
from shared.dispatch import Dispatch
from shared.ports.queue import Hint
from shared.settings import from_environment
from shared.telemetry import PowertoolsTelemetry

if TYPE_CHECKING:
    from collections.abc import Callable

_PAGES: Final = 3
_JOBS: Final = 1_500
_ROUNDS: Final = 9
ASKED: Final = {"populator": 1.3, "executor": 1.5}


def measure() -> dict[str, float]:
    """CPU per job over that of the floor, by function: medians of rounds in which both take turns."""
    with stub_server(_PAGES) as endpoint:
        os.environ.update(ENVIRONMENT, AWS_ENDPOINT_URL=endpoint)
        aws.client.cache_clear()
        clients = [boto3.client(name) for name in ("dynamodb", "sqs")]
        programs: dict[str, tuple[Callable[[], int], Callable[[], int]]] = {
            "populator": (populate, lambda: _bare_populate(*clients)),
            "executor": (execute, lambda: _bare_execute(clients[0])),
        }
        rows, ratios = [], {}
        for name, (ours, bare) in programs.items():
            ours(), bare()
            pairs = [(_cpu_per_job(ours), _cpu_per_job(bare)) for _ in range(_ROUNDS)]
            ratios[name] = statistics.median(a / b for a, b in pairs)
            medians = [statistics.median(column) * 1e6 for column in zip(*pairs, strict=True)]
            rows.append((name, *medians, ratios[name], f"<= {ASKED[name]}"))
    print_table("CPU per job", ("function", "us", "bare boto3, us", "ratio", "asked"), rows)
    return {name: round(ratio, 3) for name, ratio in ratios.items()}


def _cpu_per_job(program: Callable[[], int]) -> float:
    before = time.process_time()
    jobs = program()
    return (time.process_time() - before) / jobs


@cache
def telemetry() -> PowertoolsTelemetry:
    """Log lines are made as in production, and go nowhere."""
    return PowertoolsTelemetry(stream=open(os.devnull, "w", encoding="utf-8"))


def populate() -> int:
    """One tick of the populator over all that the stub has; how many jobs it sent."""
    queue = SqsWorkQueue(aws.client("sqs"), from_environment(QueueUrls).by_lane())
    queue_due_jobs = QueueDueJobs(
        jobs=DynamoJobStore(aws.client("dynamodb"), "jobs"),
        cursors=DynamoControlStore(aws.client("dynamodb"), "control"),
        dispatch=Dispatch(queue, SystemClock(), telemetry()),
        clock=SystemClock(),
        telemetry=telemetry(),
        shards=1,
    )
    return queue_due_jobs(seconds_left=lambda: 60).sent


def _bare_populate(dynamodb: Any, sqs: Any) -> int:
    jobs = 0
    optional: dict[str, Any] = {}
    while True:
        answer = dynamodb.query(
            TableName="jobs",
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND wake_at <= :until",
            ExpressionAttributeValues={":shard": {"S": "normal#00"}, ":until": {"N": "1790000000000"}},
            Limit=PAGE,
            **optional,
        )
        items = answer["Items"]
        for first in range(0, len(items), 10):
            entries = [
                {"Id": str(number), "MessageBody": f"{item['pk']['S']}#{item['wake_at']['N']}", "DelaySeconds": 0}
                for number, item in enumerate(items[first : first + 10])
            ]
            sqs.send_message_batch(QueueUrl=os.environ["QUEUE_URL_NORMAL"], Entries=entries)
        jobs += len(items)
        if "LastEvaluatedKey" not in answer:
            return jobs
        optional = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def execute() -> int:
    """Many no-op jobs by the executor, one after another; how many."""
    queue = SqsWorkQueue(aws.client("sqs"), from_environment(QueueUrls).by_lane())
    execute_job = no_op_executor(DynamoJobStore(aws.client("dynamodb"), "jobs"), queue, telemetry())
    job = reference_job()
    assert job.wake_at is not None
    message = ReceivedHint(Hint(job.tenant, job.id, job.wake_at), job.lane, "receipt")
    for _ in range(_JOBS):
        execute_job(message, seconds_left=lambda: 120)
    return _JOBS


def _bare_execute(dynamodb: Any) -> int:
    key = {"pk": {"S": "acme-corp#" + "0" * 24}, "sk": {"S": "job"}}
    for _ in range(_JOBS):
        dynamodb.update_item(
            TableName="jobs",
            Key=key,
            UpdateExpression="SET #s = :running ADD fence :one",
            ConditionExpression="#s = :scheduled AND wake_at = :wake_at",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={
                ":running": {"S": "running"},
                ":scheduled": {"S": "scheduled"},
                ":wake_at": {"N": "1790000000000"},
                ":one": {"N": "1"},
            },
            ReturnValues="ALL_NEW",
        )
        dynamodb.update_item(
            TableName="jobs",
            Key=key,
            UpdateExpression="SET #s = :succeeded, executions = :executions REMOVE wake_at, due_shard",
            ConditionExpression="#s = :running AND fence = :fence",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={
                ":running": {"S": "running"},
                ":succeeded": {"S": "succeeded"},
                ":fence": {"N": "1"},
                ":executions": {"S": "o" * 160},
            },
        )
    return _JOBS


if __name__ == "__main__":
    measure()
