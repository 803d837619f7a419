"""`python -m local.receiver`: an HTTP server to point jobs at. It prints what it gets and answers with it."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from local.loopback import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_LARGEST_BODY: Final = 10_000_000


class Received(NamedTuple):
    """A request: `number` is the how-manieth with its Idempotency-Key, `answered` the status it got, `at` when it came,
    in seconds since 1970."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    number: int
    answered: int
    at: float


class Receiver(LoopbackServer):
    """What it got is in `received`, in order. `host` is written as ALLOWED_TARGET_HOSTS takes it.

    By default it answers 200 and echoes. Query parameters ask for something else: `?fail=2` answers the first two
    requests with one Idempotency-Key (so: of one job) with 500, `?fail=always` all; `&status=503` says with what;
    `&retry_after=3` adds that header; `?down_until=1763734800` answers with 503 up to that time, in seconds since 1970;
    `?sleep=1.5` waits before answering.
    """

    def __init__(self, port: int = 0, note: Callable[[Received], None] | None = None) -> None:
        self.received: list[Received] = []
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._note = note
        super().__init__(_handler(self), port)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.set()
        super().__exit__(kind, error, traceback)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Take a request in; status, headers and body of its answer."""
        at = time.time()
        wishes = {name: values[-1] for name, values in parse_qs(urlsplit(path).query).items()}
        with self._lock:
            key = headers.get("idempotency-key", "")
            self._counts[key] += 1
            number = self._counts[key]
            fails = wishes.get("fail", "0")
            status = int(wishes.get("status", "500")) if fails == "always" or number <= int(fails) else 200
            if at < float(wishes.get("down_until", "0")):
                status = 503
            received = Received(method, path, headers, body, number, status, at)
            self.received.append(received)
        if self._note is not None:
            self._note(received)
        self._closing.wait(float(wishes.get("sleep", "0")))
        extra = {"Retry-After": wishes["retry_after"]} if status != 200 and "retry_after" in wishes else {}
        echo = {"method": method, "path": path, "number": number, "body": body.decode(errors="replace")}
        return status, extra, json.dumps(echo).encode()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            # A client that has gone, such as an attempt that ran out of time, needs no answer.
            with suppress(ConnectionError):
                super().handle()

        def _handle(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), _LARGEST_BODY)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, extra, body = receiver.answer(self.command, self.path, headers, self.rfile.read(length))
            self.send_response(status)
            for name, value in {**extra, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - names of http.server

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what came is told by `note`."""

    return Handler


def shown(received: Received, *, with_headers: bool) -> str:
    """A request as it is printed: in a line, and with each of its headers in one of its own if they are asked for."""
    body = received.body.decode(errors="replace")
    line = f"{received.method} {received.path} -> {received.answered} (number {received.number}) {body}"
    headers = received.headers if with_headers else {}
    return "\n".join([line, *(f"  {name}: {value}" for name, value in headers.items())])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.receiver", description=Receiver.__doc__)
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--headers", action="store_true", help="print the headers too, the secrets among them")
    arguments = parser.parse_args()

    def tell(received: Received) -> None:
        print(shown(received, with_headers=arguments.headers), flush=True)

    try:
        server = Receiver(arguments.port, tell)
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else "there is no such port"
        print(f"Cannot listen on port {arguments.port} ({why}); choose another one with --port.", file=sys.stderr)
        return 1
    try:
        with server as receiver:
            print(f"Listening; start the system with `make run ALLOWED_TARGET_HOSTS={receiver.host}`", flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        print("Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
