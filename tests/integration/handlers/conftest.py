"""The functions' handlers on moto: real events in, real items and messages out."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters import aws as aws_adapters
from shared.adapters.dynamodb.beats import DynamoBeats
from shared.adapters.dynamodb.codec import encode_job
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.adapters.sqs.work_queue import write_hint
from shared.adapters.system import SystemClock, SystemIds
from shared.model.job import Job, JobKey, JobSpec, Sharding, new_job
from shared.ports.queue import Hint
from tests import aws

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.model.lanes import Lane

WIRED = (
    "functions.api.handler",
    "functions.populator.handler",
    "functions.populator.stream_handler",
    "functions.executor.handler",
    "functions.executor.wiring",
    "functions.watcher.wiring",
    "functions.watcher.journal_handler",
    "functions.watcher.journal_wiring",
    "functions.recurrence.handler",
)
SHARDING = Sharding(due=2, group=2)


@dataclass
class Context:
    """Lambda's context, as far as handlers look at it."""

    milliseconds_left: int = 120_000
    function_name: str = "punctual-test"
    aws_request_id: str = "request-1"
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:punctual-test"

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds_left


@dataclass
class Account:
    """An AWS account with the scheduler's tables, queues and bucket, and ways to prepare and look at them."""

    dynamodb: Any
    sqs: Any
    queue_urls: Mapping[Lane, str]

    @property
    def jobs(self) -> DynamoJobStore:
        return DynamoJobStore(self.dynamodb, aws.JOBS_TABLE, lambda: aws.client("s3"), aws.BUCKET)

    @property
    def templates(self) -> DynamoTemplateStore:
        return DynamoTemplateStore(self.dynamodb, aws.TEMPLATES_TABLE)

    @property
    def beats(self) -> DynamoBeats:
        return DynamoBeats(self.dynamodb, aws.CONTROL_TABLE)

    @property
    def control(self) -> DynamoControlStore:
        return DynamoControlStore(self.dynamodb, aws.CONTROL_TABLE)

    def create(self, *, due_in: float = 0, **spec: Any) -> Job:
        now = SystemClock().now()
        target = spec.pop("target", {"type": "scripted"})
        wanted = JobSpec(target=target, run_at=now + timedelta(seconds=due_in), **spec)
        job = new_job(wanted, key=JobKey("acme", SystemIds().job_id(now)), now=now, sharding=SHARDING)
        return self.jobs.create(self.jobs.place_payload(job)).job

    def messages(self, lane: Lane) -> list[dict[str, Any]]:
        """What can be received from a lane's queue now."""
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_urls[lane], MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        return list(answer.get("Messages", []))

    def sqs_event(self, *jobs: Job) -> dict[str, Any]:
        """What Lambda hands the executor for messages about `jobs`."""
        return {"Records": [self._sqs_record(f"message-{number}", job) for number, job in enumerate(jobs)]}

    def _sqs_record(self, message_id: str, job: Job) -> dict[str, Any]:
        assert job.wake_at is not None
        name = self.queue_urls[job.lane].rpartition("/")[2]
        return {
            "messageId": message_id,
            "receiptHandle": f"receipt-of-{message_id}",
            "body": write_hint(Hint(job.tenant, job.id, job.wake_at)),
            "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": job.tenant},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{name}",
            "awsRegion": "eu-central-1",
        }


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def account(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with aws.aws():
        dynamodb, sqs = aws.client("dynamodb"), aws.client("sqs")
        aws.create_tables(dynamodb)
        aws.create_bucket(aws.client("s3"))
        urls = aws.create_queues(sqs)
        aws.create_event_bus(aws.client("events"))
        environment = {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": aws.REGION,
            "AWS_REGION": aws.REGION,
            "JOBS_TABLE": aws.JOBS_TABLE,
            "CONTROL_TABLE": aws.CONTROL_TABLE,
            "EVENT_BUS": aws.EVENT_BUS,
            "EVENT_TYPES": "job.started,job.succeeded,job.failed,job.cancelled,job.skipped,alert.*,breaker.*",
            "TEMPLATES_TABLE": aws.TEMPLATES_TABLE,
            "DATA_BUCKET": aws.BUCKET,
            "DUE_SHARDS": str(SHARDING.due),
            "GROUP_SHARDS": str(SHARDING.group),
            **{f"RETENTION_{end}_DAYS": "30" for end in ("SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED")},
            "RETENTION_MINIMUM_DAYS": "1",
            "RETENTION_MAXIMUM_DAYS": "365",
            "ACCOUNT_ID": "123456789012",
            "RUNNER_FUNCTION": "runner",
            "API_URL": "https://api.example.com",
            "COMMAND_TARGET": "disabled",
            "ALLOWED_TARGET_HOSTS": "",
            "ALLOWED_TARGET_ARNS": "",
            "SIGNING_SECRET_PREFIX": "/punctual/test/signing/",
            "STAGE": "test",
            # A logger is kept by this name, and with it the output that it was made for: one for each test.
            "POWERTOOLS_SERVICE_NAME": request.node.name,
            "POWERTOOLS_METRICS_NAMESPACE": "Punctual",
            **{f"QUEUE_URL_{lane.name}": url for lane, url in urls.items()},
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        _forget_wiring()
        yield Account(dynamodb, sqs, urls)
        _forget_wiring()


def stream_event(*records: tuple[str, Job | None, Job | None]) -> dict[str, Any]:
    """What Lambda hands a reader of the jobs table's stream: per write its name, the job before it and after it."""
    return {"Records": [_stream_record(number, *record) for number, record in enumerate(records)]}


def _stream_record(number: int, name: str, old: Job | None, new: Job | None) -> dict[str, Any]:
    images = {key: encode_job(job) for key, job in (("NewImage", new), ("OldImage", old)) if job is not None}
    item = next(iter(images.values()))
    return {
        "eventID": f"event-{number}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/jobs/stream/2026-03-01T12:00:00.000",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_772_366_400.0,
            "Keys": {"pk": item["pk"], "sk": item["sk"]},
            "SequenceNumber": str(number),
            "SizeBytes": 512,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **images,
        },
    }


def logged(output: str) -> list[dict[str, Any]]:
    """The log lines and metrics that a handler wrote, as what they say."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def _forget_wiring() -> None:
    """What handlers keep from one event to the next belongs to an account that is gone."""
    aws_adapters.session.cache_clear()
    aws_adapters.client.cache_clear()
    for name in WIRED:
        for value in vars(importlib.import_module(name)).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
