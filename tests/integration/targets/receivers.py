"""Receivers of HTTP calls on loopback, well-behaved and not."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Receiver:
    """Answers every connection by `behave(receiver, connection, request)`, in a thread of its own. `request` is all of
    it, or None when `behave` is to read it itself."""

    def __init__(
        self,
        behave: Callable[[Receiver, socket.socket, bytes], None] | bytes = OK,
        *,
        tls: ssl.SSLContext | None = None,
        reads: bool = True,
    ) -> None:
        self._behave = behave
        self._tls = tls
        self._reads = reads
        self._threads: list[threading.Thread] = []
        self.requests: list[bytes] = []
        self.released = threading.Event()  # ends whatever waits, at the test's end
        self.ended = threading.Event()  # the other side has gone
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/hook") -> str:
        return f"http://{self.host}{path}"

    def close(self) -> None:
        self.released.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name="receiver", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(10)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                request = read_request(connection) if self._reads else b""
                self.requests.append(request)
                if isinstance(self._behave, bytes):
                    connection.sendall(self._behave)
                else:
                    self._behave(self, connection, request)
        self.ended.set()


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def stalls(receiver: Receiver, _connection: socket.socket, _request: bytes) -> None:
    """Never answers."""
    receiver.released.wait(10)


def drips(start: bytes, drop: bytes, pause: float = 0.05) -> Callable[[Receiver, socket.socket, bytes], None]:
    """Sends `start` and then `drop` again and again, always within what a socket's own timeout would allow."""

    def behave(receiver: Receiver, connection: socket.socket, _request: bytes) -> None:
        connection.sendall(start)
        while not receiver.released.wait(pause):
            connection.sendall(drop)

    return behave


def resets(_receiver: Receiver, connection: socket.socket, _request: bytes) -> None:
    """Drops the connection, such as a process that dies does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def headers_of(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    pairs = [line.partition(": ")[::2] for line in lines]
    assert len({name.lower() for name, _ in pairs}) == len(pairs), "a header is there twice"
    return {name.lower(): value for name, value in pairs}


def body_of(request: bytes) -> bytes:
    return request.partition(b"\r\n\r\n")[2]
