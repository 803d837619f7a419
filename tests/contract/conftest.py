"""Every port with each of its adapters: what a test here says holds for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.control import MemoryControlStore
from shared.adapters.memory.jobs import MemoryJobStore
from shared.adapters.memory.outputs import MemoryOutputs
from shared.adapters.memory.queue import MemoryWorkQueue
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.adapters.outputs import BucketOutputs
from shared.adapters.sqs.work_queue import SqsWorkQueue, read_hint
from tests.aws import (
    BUCKET,
    CONTROL_TABLE,
    JOBS_TABLE,
    TEMPLATES_TABLE,
    aws,
    client,
    create_bucket,
    create_queues,
    create_tables,
)
from tests.jobs import START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.lanes import Lane
    from shared.ports.jobs import JobStore
    from shared.ports.outputs import OutputStore
    from shared.ports.queue import Hint, WorkQueue
    from shared.ports.templates import TemplateStore


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[JobStore]:
    if request.param == "memory":
        yield MemoryJobStore()
        return
    with aws():
        dynamodb, s3 = client("dynamodb"), client("s3")
        create_tables(dynamodb)
        create_bucket(s3)
        yield DynamoJobStore(dynamodb, JOBS_TABLE, lambda: s3, BUCKET)


@pytest.fixture(params=["memory", "dynamodb"])
def control(request: pytest.FixtureRequest) -> Iterator[MemoryControlStore | DynamoControlStore]:
    if request.param == "memory":
        yield MemoryControlStore()
        return
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        yield DynamoControlStore(dynamodb, CONTROL_TABLE)


@pytest.fixture(params=["memory", "dynamodb"])
def templates(request: pytest.FixtureRequest) -> Iterator[TemplateStore]:
    if request.param == "memory":
        yield MemoryTemplateStore()
        return
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        yield DynamoTemplateStore(dynamodb, TEMPLATES_TABLE)


@pytest.fixture(params=["memory", "bucket"])
def outputs(request: pytest.FixtureRequest) -> Iterator[OutputStore]:
    if request.param == "memory":
        yield MemoryOutputs()
        return
    with aws():
        s3 = client("s3")
        create_bucket(s3)
        yield BucketOutputs(lambda: s3, BUCKET)


@dataclass
class MemoryQueues:
    """A work queue and its receiving end, which no port has: Lambda receives."""

    queue: MemoryWorkQueue
    clock: VirtualClock

    def receive(self, lane: Lane) -> list[tuple[Hint, str]]:
        return [(message.hint, message.receipt) for message in self.queue.receive(lane)]


@dataclass
class SqsQueues:
    queue: WorkQueue
    sqs: Any
    urls: Any

    def receive(self, lane: Lane) -> list[tuple[Hint, str]]:
        answer = self.sqs.receive_message(QueueUrl=self.urls[lane], MaxNumberOfMessages=10)
        return [(read_hint(message["Body"]), message["ReceiptHandle"]) for message in answer.get("Messages", [])]


@pytest.fixture(params=["memory", "sqs"])
def queues(request: pytest.FixtureRequest) -> Iterator[MemoryQueues | SqsQueues]:
    if request.param == "memory":
        clock = VirtualClock(START)
        yield MemoryQueues(MemoryWorkQueue(clock), clock)
        return
    with aws():
        sqs = client("sqs")
        urls = create_queues(sqs)
        yield SqsQueues(SqsWorkQueue(sqs, urls), sqs, urls)
