"""Sends one call of AWS over a connection of its own, which the deadline bounds as a whole and can end.

botocore's own way to the network gives no way to its sockets: a call of a function that runs for minutes could not be
left when its job is cancelled. What it would reuse a connection for is not worth that: such a call is a single one.
"""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

from functions.executor.targets.connection import ConnectFailed, Connection, TlsFailed, tls_context
from functions.executor.targets.endings import CallFailed
from functions.executor.targets.http_exchange import FRAMING_BYTES, Request, Response, exchange
from functions.executor.targets.lookup import Lookup, LookupFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.parse import SplitResult

    from botocore.awsrequest import AWSPreparedRequest

    from functions.executor.targets.protocol import Deadline

_PORTS: Final = {"https": 443, "http": 80}
_FRAMING: Final = frozenset({"connection", "content-length", "host", "transfer-encoding"})


class AwsWire:
    """Answers botocore's `before-send` event, and thereby sends instead of it. At most `max_body_bytes` of a response
    are read."""

    def __init__(self, *, max_body_bytes: int, lookup: Lookup | None = None) -> None:
        self._max_body_bytes = max_body_bytes
        self._lookup = lookup or Lookup()
        self._calling = threading.local()

    def attach(self, client: Any) -> None:
        """Send all that `client` sends. To be called once for a client: twice would send everything twice."""
        client.meta.events.register("before-send", self._send)

    @contextmanager
    def until(self, deadline: Deadline) -> Iterator[None]:
        """The calls that this thread makes inside the block end with `deadline`, by `CallEnded`."""
        self._calling.deadline = deadline
        try:
            yield
        finally:
            self._calling.deadline = None

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        url = urlsplit(request.url)
        host, port = str(url.hostname), url.port or _PORTS[url.scheme]
        deadline: Deadline = self._calling.deadline
        response = Response()
        connection = Connection(deadline, max_bytes=FRAMING_BYTES + self._max_body_bytes)
        try:
            connection.connect(self._lookup(host, port, deadline, absolute=False))
            if url.scheme == "https":
                connection.start_tls(host, tls_context())
            exchange(connection, _request_of(request, url), response, max_body_bytes=self._max_body_bytes)
        except (LookupFailed, ConnectFailed, TlsFailed) as error:
            raise EndpointConnectionError(endpoint_url=f"{url.scheme}://{host}", error=error) from error
        except CallFailed as error:
            raise ConnectionClosedError(endpoint_url=f"{url.scheme}://{host}", error=error) from error
        finally:
            connection.close()
        return AWSResponse(request.url, response.status, _headers_of(response), _Body(response.body))


class _Body(io.BytesIO):
    """A body that has been read, as botocore wants to read it."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


def _request_of(request: AWSPreparedRequest, url: SplitResult) -> Request:
    body: Any = request.body or b""
    body = body.encode() if isinstance(body, str) else bytes(body)
    # As it was signed: without a default port.
    host = url.hostname if url.port in (None, _PORTS[url.scheme]) else url.netloc
    headers = [("Host", str(host)), ("Content-Length", str(len(body))), ("Connection", "close")]
    headers += [(name, _text(value)) for name, value in request.headers.items() if name.lower() not in _FRAMING]
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return Request(request.method, path, headers, body)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _headers_of(response: Response) -> HTTPHeaders:
    """Of a response that was read in part only, the length that it announced is wrong: botocore would complain."""
    announced = [(name, value) for name, value in response.headers.items() if name.lower() != "content-length"]
    return HTTPHeaders.from_pairs([*announced, ("Content-Length", str(len(response.body)))])
