"""Ways for a call of AWS to go wrong, on a client of moto."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator

_URL = "https://dynamodb.example"


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "injected"}}, "Injected")


def resent(error: ClientError) -> ClientError:
    """The same answer, to a call that the SDK had sent before."""
    response: Any = {**error.response, "ResponseMetadata": {"RetryAttempts": 1}}
    return ClientError(response, error.operation_name)


THROTTLED = refusal("ProvisionedThroughputExceededException")
DENIED = refusal("AccessDeniedException")
BROKEN = refusal("InternalServerError")
NO_CONNECTION = EndpointConnectionError(endpoint_url=_URL)
CONNECT_TIMEOUT = ConnectTimeoutError(endpoint_url=_URL)
READ_TIMEOUT = ReadTimeoutError(endpoint_url=_URL)


@contextmanager
def not_applied(client: Any, error: Exception, *, only: str = "") -> Iterator[None]:
    """Every call fails before it reaches the service; or only those of one operation, such as `dynamodb.PutItem`."""

    def fail(**_: Any) -> None:
        raise error

    with _handling(client, f"before-send.{only}".rstrip("."), fail):
        yield


@contextmanager
def applied_but_failed(client: Any, error: Exception) -> Iterator[None]:
    """Every call reaches the service, and its answer is lost."""

    def fail(**_: Any) -> None:
        raise error

    with _handling(client, "after-call", fail):
        yield


@contextmanager
def sent_twice(client: Any) -> Iterator[list[str]]:
    """The first call reaches the service, its answer is lost, and the SDK sends it again. Gives what was sent again."""
    resent: list[str] = []

    def retry(operation: Any, **_: Any) -> int | None:
        if resent:
            return None
        resent.append(operation.name)
        return 0  # seconds to wait

    with _handling(client, "needs-retry", retry):
        yield resent


@contextmanager
def _handling(client: Any, event: str, handler: Any) -> Iterator[None]:
    # First, before moto's own handlers.
    client.meta.events.register_first(event, handler)
    try:
        yield
    finally:
        client.meta.events.unregister(event, handler)
