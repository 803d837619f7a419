"""One HTTP/1.1 request and its response over a connection that is then closed."""

from __future__ import annotations

import contextlib
import http.client
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from functions.executor.targets.connection import ConnectionBroken, TooLong
from functions.executor.targets.endings import CallFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions.executor.targets.connection import Connection

# All that is ever read of one answer: a body in chunks of one byte takes six times its size, and interim responses,
# headers and trailers come on top. Without such a bound a receiver could keep a processor busy until the deadline.
FRAMING_BYTES: Final = 1024 * 1024


class ResponseInvalid(CallFailed):
    """What came back is not HTTP, or ended in its middle. The text repeats nothing of it."""

    kind = "response_invalid"
    text = "the response of {host} cannot be read: {fault}"


@dataclass(frozen=True, slots=True)
class Request:
    """`path` includes the query; `headers` are all that is sent, Host and Content-Length among them."""

    method: str
    path: str
    headers: Sequence[tuple[str, str]]
    body: bytes


@dataclass(slots=True)
class Response:
    """`body` grows while it is read, so that it is there when a call ends before its response does."""

    status: int = 0
    headers: http.client.HTTPMessage = field(default_factory=http.client.HTTPMessage)
    body: bytearray = field(default_factory=bytearray)


class _Http(http.client.HTTPConnection):
    """`http.client` over a connection that is already there."""

    def __init__(self, connection: Connection) -> None:
        super().__init__("connected")
        self._connection = connection

    def connect(self) -> None:
        # Typeshed knows sockets only; http.client asks for `sendall`, `makefile` and `close`.
        self.sock = self._connection

    def close(self) -> None:
        """Left to the connection's owner: http.client would close it once the headers are read, which a socket survives
        while a file is made of it."""


def exchange(connection: Connection, request: Request, response: Response, *, max_body_bytes: int) -> None:
    """Send `request` and read into `response`, of whose body at most `max_body_bytes` are read.

    Raises:
        ResponseInvalid: what came is not a response.
        ConnectionBroken: it broke.
        CallEnded: the deadline was over first.
    """
    http_connection = _Http(connection)
    # A receiver may answer and close before it has read all; its answer is then often still there to be read.
    with contextlib.suppress(OSError):
        _send(http_connection, request)
    try:
        received = http_connection.getresponse()
        response.status, response.headers = received.status, received.headers
        while len(response.body) < max_body_bytes:
            part = received.read1(max_body_bytes - len(response.body))
            if not part:
                break
            response.body += part
    except http.client.RemoteDisconnected:
        raise ConnectionBroken("it was closed without an answer") from None
    except OSError as error:
        raise ConnectionBroken(type(error).__name__) from None
    except TooLong:
        raise ResponseInvalid("more headers or interim responses than anyone sends") from None
    except (http.client.HTTPException, ValueError) as error:
        raise ResponseInvalid(type(error).__name__) from None
    if len(response.body) < max_body_bytes and received.length:
        raise ResponseInvalid("the connection was closed in the middle of the response")


def _send(http_connection: _Http, request: Request) -> None:
    http_connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers:
        http_connection.putheader(name, value.encode("latin-1"))
    http_connection.endheaders(request.body or None)
