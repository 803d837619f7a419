"""One connection to one host, every wait of which is bounded by the call's deadline."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import threading
import time
from functools import cache
from typing import TYPE_CHECKING, Final

from functions.executor.targets.endings import CallEnded, CallFailed, seconds_left

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from _typeshed import ReadableBuffer, WriteableBuffer

    from functions.executor.targets.lookup import Address
    from functions.executor.targets.protocol import Deadline

CONNECT_SECONDS: Final = 3


class ConnectFailed(CallFailed):
    """None of the host's addresses accepted a connection in time."""

    kind = "connection_failed"
    text = "{host} does not accept connections: {fault}"


class ConnectionBroken(CallFailed):
    """The connection ended before the response did."""

    kind = "connection_failed"
    text = "the connection to {host} broke: {fault}"


class TlsFailed(CallFailed):
    """There is no secure connection: a certificate that is not the host's, or a handshake that broke off."""

    kind = "tls_failed"
    text = "no secure connection with {host}: {fault}"


class TooLong(Exception):
    """The other side sent more than is read of any answer."""


@cache
def tls_context() -> ssl.SSLContext:
    """The system's certificates, host names checked, TLS 1.2 or newer. One a process: it takes 20 ms to make."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class Connection:
    """A socket that `http.client` can be given.

    A socket's own timeout counts anew with every byte that comes; here each wait gets what is left of the whole call.
    Stopping the deadline shuts the socket down, which wakes up whoever waits on it. Not more than `max_bytes` are read.
    """

    def __init__(self, deadline: Deadline, *, max_bytes: int) -> None:
        self._deadline = deadline
        self._bytes_left = max_bytes
        self._socket: socket.socket | None = None
        # Between closing and shutting down: a number of a closed socket may soon be another socket's.
        self._lock = threading.Lock()
        deadline.on_stop(self._interrupt)

    def connect(self, addresses: Sequence[Address]) -> None:
        """Connect to the first of `addresses` that answers, all of them within `CONNECT_SECONDS`.

        Raises:
            ConnectFailed: none did.
            CallEnded: the deadline was over first.
        """
        give_up_at = time.monotonic() + CONNECT_SECONDS
        fault = "it has no address"
        for position, address in enumerate(addresses):
            # One address that swallows packets must not take the time of those after it.
            seconds = (give_up_at - time.monotonic()) / (len(addresses) - position)
            if seconds <= 0:
                break
            try:
                self._open(address, seconds)
            except OSError as error:
                self.close()
                fault = "no answer" if isinstance(error, TimeoutError) else error.strerror or type(error).__name__
            else:
                return
            seconds_left(self._deadline)
        raise ConnectFailed(fault.lower())

    def start_tls(self, host: str, context: ssl.SSLContext) -> None:
        """Make it a TLS connection with the owner of `host`, by its certificate.

        Raises:
            TlsFailed: the handshake failed.
            CallEnded: the deadline was over first.
        """
        try:
            with self._ended_as_such():
                plain = self._present()
                plain.settimeout(seconds_left(self._deadline))
                secured = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
                self._keep(secured)
                secured.settimeout(seconds_left(self._deadline))
                secured.do_handshake()
        except ssl.SSLCertVerificationError as error:
            raise TlsFailed(error.verify_message) from None
        except OSError as error:
            reason = error.reason if isinstance(error, ssl.SSLError) else None
            raise TlsFailed((reason or "the connection was closed").lower().replace("_", " ")) from None

    def sendall(self, data: ReadableBuffer) -> None:
        """Send all of `data`. (An SSL socket's own `sendall` grants its timeout to each part anew.)

        Raises:
            OSError: the connection broke.
            CallEnded: the deadline was over first.
        """
        view = memoryview(data).cast("B")
        while view:
            with self._ended_as_such():
                self._present().settimeout(seconds_left(self._deadline))
                view = view[self._present().send(view) :]

    def receive_into(self, buffer: WriteableBuffer) -> int:
        """Read what has come, at least a byte; 0 at the end of what the other side sends.

        Raises:
            TooLong: that was more than `max_bytes` in all.
            OSError, CallEnded: as in `sendall`.
        """
        with self._ended_as_such():
            self._present().settimeout(seconds_left(self._deadline))
            count = self._present().recv_into(buffer)
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise TooLong
        return count

    def makefile(self, _mode: str = "rb") -> io.BufferedReader:
        """A reader over it. Closing that does not close the connection."""
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _open(self, address: Address, seconds: float) -> None:
        opened = socket.socket(address.family, socket.SOCK_STREAM)
        self._keep(opened)
        opened.settimeout(min(seconds, seconds_left(self._deadline)))
        opened.connect(address.sockaddr)
        # The headers and the body are two writes; without this the second may wait for the first's acknowledgement.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _keep(self, opened: socket.socket) -> None:
        with self._lock:
            self._socket = opened
        # If it was stopped just before, nobody has shut this one down.
        seconds_left(self._deadline)

    def _present(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionResetError("the connection is closed")
        return self._socket

    @contextlib.contextmanager
    def _ended_as_such(self) -> Iterator[None]:
        """Whatever a socket says after its shutdown or at its timeout is the end of the call."""
        try:
            yield
        except TimeoutError:
            raise CallEnded from None
        except OSError:
            if self._deadline.stopped:
                raise CallEnded from None
            raise
        if self._deadline.stopped:
            raise CallEnded

    def _interrupt(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._socket is not None:
                # Not an SSL socket's own method: that first makes it a plain one, and the other thread could then send
                # the rest of a secret in clear.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Reader(io.RawIOBase):
    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._connection.receive_into(buffer)
