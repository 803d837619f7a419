"""The DynamoDB of the emulator of `make run`, in this process and without a socket. It shares no code with moto's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from ministack.services import dynamodb as emulated
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

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
    dynamodb.meta.events.register_first("before-send", _answer)
    yield dynamodb
    emulated.reset()


def _answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    handling = emulated.handle_request(request.method, "/", headers, request.body, {})
    try:
        handling.send(None)  # it is a coroutine that waits for nothing
    except StopIteration as over:
        status, answer_headers, body = over.value
    return AWSResponse(request.url, status, answer_headers, MockRawResponse(_text(body)))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
