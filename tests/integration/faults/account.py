"""An account in this process whose time is a virtual clock's: SQS is moto's, DynamoDB moto's or the emulator's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from botocore import UNSIGNED
from moto.core.models import botocore_stubber

from shared.adapters.memory.clock import VirtualClock
from tests import emulator
from tests.aws import CONTROL_TABLE, JOBS_TABLE, TEMPLATES_TABLE, aws, client, create_queues, create_tables
from tests.jobs import START

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from shared.ports.clock import Clock

# What adapters send is held to the services' models elsewhere. Here that only takes time, and so do signatures.
_QUICK: dict[str, Any] = {"signature_version": UNSIGNED, "parameter_validation": False, "user_agent": "tests"}


class Account:
    """`dynamodb` and `sqs` are clients of it, for the adapters; `poller` is one of SQS for what Lambda does by itself.

    `serve_dynamodb` and `serve_sqs` answer requests; `clock` tells the queues the time.
    """

    def __init__(self, name: str) -> None:
        self.clock: Clock = VirtualClock(START)
        self.serve_dynamodb, self._new_stream = (
            (_answer_of_moto, _moto_stream) if name == "moto" else (emulator.answer, _emulated_stream)
        )
        self.serve_sqs = _answer_of_moto
        self.dynamodb = _served(client("dynamodb", **_QUICK), self.serve_dynamodb)
        self.sqs = _served(client("sqs", **_QUICK), self.serve_sqs)
        self.poller = client("sqs", **_QUICK)
        self.urls = create_queues(self.poller)
        self._create_tables()

    def begin_anew(self, clock: Clock) -> None:
        """Empty tables and queues."""
        self.clock = clock
        for table in (JOBS_TABLE, CONTROL_TABLE, TEMPLATES_TABLE):
            self.dynamodb.delete_table(TableName=table)
        for url in self.urls.values():
            self.poller.purge_queue(QueueUrl=url)
        self._create_tables()

    def sleep(self, seconds: float) -> None:
        """What an adapter does by itself, before it asks for unprocessed keys again."""
        self.clock.sleep(seconds)

    def new_records(self) -> list[dict[str, Any]]:
        """What the stream of the jobs table has had since this was asked last."""
        return self._read_stream()

    def _create_tables(self) -> None:
        create_tables(self.dynamodb)
        emulator.keep_what_has_ended(self.dynamodb, JOBS_TABLE)
        self._read_stream = self._new_stream(self.dynamodb)


@contextmanager
def account_on(name: str) -> Iterator[Account]:
    """For the block, with its DynamoDB on `moto` or on the `emulator`."""
    with aws():
        account = Account(name)
        with (
            patch("moto.sqs.models.unix_time", lambda: account.clock.now().timestamp()),
            patch("moto.sqs.models.unix_time_millis", lambda: account.clock.now().timestamp() * 1000),
            patch("moto.sqs.models.sqs_enforce_strict_queue_purge_behaviour", lambda: False),
            patch("shared.adapters.dynamodb.batch_get.time", account),
        ):
            yield account
    emulator.forget_everything()


def _served(a_client: Any, serve: Callable[..., AWSResponse]) -> Any:
    a_client.meta.events.unregister("before-send", botocore_stubber)
    a_client.meta.events.register_first("before-send", serve)
    return a_client


def _answer_of_moto(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    answer = botocore_stubber("before-send", request)
    assert answer is not None, f"moto does not know {request.url}"
    return answer


def _moto_stream(dynamodb: Any) -> Callable[[], list[dict[str, Any]]]:
    streams = client("dynamodbstreams")
    arn = dynamodb.describe_table(TableName=JOBS_TABLE)["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    position = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(**position)["ShardIterator"]

    def read() -> list[dict[str, Any]]:
        nonlocal iterator
        answer = streams.get_records(ShardIterator=iterator)
        iterator = answer["NextShardIterator"]
        return [record["dynamodb"] for record in answer["Records"]]

    return read


def _emulated_stream(_: Any) -> Callable[[], list[dict[str, Any]]]:
    seen = 0

    def read() -> list[dict[str, Any]]:
        nonlocal seen
        records = emulator.stream_records(JOBS_TABLE, seen)
        seen += len(records)
        return [record["dynamodb"] for record in records]

    return read
