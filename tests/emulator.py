"""The DynamoDB of the emulator of `make run`, in this process and without a socket. It shares no code with moto's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from ministack.services import dynamodb as emulated
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

from shared.adapters.dynamodb import schema
from tests.aws import client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.awsrequest import AWSPreparedRequest


@contextmanager
def emulated_dynamodb() -> Iterator[Any]:
    """A client of an empty DynamoDB for the block."""
    emulated.reset()
    dynamodb = client("dynamodb")
    dynamodb.meta.events.unregister("before-send", botocore_stubber)
    dynamodb.meta.events.register_first("before-send", answer)
    yield dynamodb
    emulated.reset()


def forget_everything() -> None:
    emulated.reset()


def keep_what_has_ended(dynamodb: Any, table: str) -> None:
    """No deletion by TTL: the emulator's goes by the real time, at which all jobs of a test have ended long ago."""
    dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": False, "AttributeName": schema.TTL}
    )


def stream_records(table: str, position: int) -> list[dict[str, Any]]:
    """What the stream of a table has from that position on, oldest first; the first record's is 0."""
    return emulated.stream_records_since(table, position, limit=1_000)


def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    """What the emulator answers to a request as botocore would send it."""
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    handling = emulated.handle_request(request.method, "/", headers, request.body, {})
    try:
        handling.send(None)  # it is a coroutine that waits for nothing
    except StopIteration as over:
        status, answer_headers, body = over.value
    return AWSResponse(request.url, status, answer_headers, MockRawResponse(_text(body)))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
