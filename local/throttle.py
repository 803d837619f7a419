"""`python -m local.throttle`: see what the running system does when DynamoDB refuses, forgets to answer, or is away.

A proxy on loopback stands between the functions and the table while the command runs; without it nothing is between
them. Functions find it by a variable that every AWS SDK reads, so neither they nor the template know of it. After a
`kill -9` of the command they look for a proxy that has gone: `python -m local.throttle --seconds 0` puts that right.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cli.stage import LOCAL, CommandFailed, find_stage
from local.loopback import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_VARIABLE: Final = "AWS_ENDPOINT_URL_DYNAMODB"
_WRITES: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
_ANSWER_SECONDS: Final = 30
_OWN_HEADERS: Final = frozenset({"connection", "content-length", "date", "server", "transfer-encoding"})

Reply = tuple[int, list[tuple[str, str]], bytes]


class TableProxy(LoopbackServer):
    """A context manager around the proxy; by default it hands everything on as it is.

    throttled: which share of writes is refused without having been carried out.
    unanswered: which share of the others is carried out and answered with an error all the same.
    is_away: every call, reads too, is refused as by a service that is down.
    counts: what was done, by `throttled`, `unanswered`, `away` and `handed on`.
    """

    def __init__(self, endpoint: str, seed: int | None = None) -> None:
        self.throttled = 0.0
        self.unanswered = 0.0
        self.is_away = False
        self.counts: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._target = urlsplit(endpoint).netloc
        self._lock = threading.Lock()
        super().__init__(_handler(self))

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """Take a call; what is answered to it."""
        operation = headers.get("X-Amz-Target", "").rpartition(".")[2]
        fate = self._fate(operation in _WRITES)
        if fate == "away":
            return _refusal(503, "ServiceUnavailable")
        if fate == "throttled":
            return _refusal(400, "ProvisionedThroughputExceededException")
        answered = self._hand_on(path, headers, body)
        return _refusal(500, "InternalServerError") if fate == "unanswered" else answered

    def _fate(self, is_write: bool) -> str:
        with self._lock:
            chance = self._random.random()
            fate = "handed on"
            if self.is_away:
                fate = "away"
            elif is_write and chance < self.throttled:
                fate = "throttled"
            elif is_write and chance < self.throttled + (1 - self.throttled) * self.unanswered:
                fate = "unanswered"
            self.counts[fate] += 1
            return fate

    def _hand_on(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        connection = http.client.HTTPConnection(self._target, timeout=_ANSWER_SECONDS)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OWN_HEADERS]
            return answer.status, kept, answer.read()
        except OSError:
            return _refusal(503, "ServiceUnavailable")
        finally:
            connection.close()


@contextmanager
def in_between(proxy: TableProxy, lambda_: Any, functions: Iterable[str]) -> Iterator[None]:
    """Have functions (whole names) reach DynamoDB through the proxy while the block runs, from their next call on."""
    names = list(functions)
    try:
        for name in names:
            _set_variable(lambda_, name, proxy.url)
        yield
    finally:
        for name in names:
            _set_variable(lambda_, name, None)


def _set_variable(lambda_: Any, name: str, value: str | None) -> None:
    environment = lambda_.get_function_configuration(FunctionName=name).get("Environment", {})
    variables = {key: kept for key, kept in environment.get("Variables", {}).items() if key != _VARIABLE}
    if value is not None:
        variables[_VARIABLE] = value
    lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def _refusal(status: int, name: str) -> Reply:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{name}", "message": "by the proxy in front of the table"}
    return status, [("Content-Type", "application/x-amz-json-1.0")], json.dumps(body).encode()


def _handler(proxy: TableProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            # A caller that was killed, or waits no longer, needs no answer.
            with suppress(ConnectionError):
                super().handle()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, answer = proxy.answer(self.path, dict(self.headers.items()), body)
            self.send_response(status)
            for name, value in [*headers, ("Content-Length", str(len(answer)))]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what was done is counted."""

    return Handler


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.throttle", description=__doc__)
    parser.add_argument("--throttled", type=float, default=0.5, help="share of writes refused")
    parser.add_argument("--unanswered", type=float, default=0.0, help="share of the others that seem to fail")
    parser.add_argument("--away", action="store_true", help="refuse every call, reads too")
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    try:
        stage = find_stage(LOCAL)
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return 1
    lambda_ = stage.client("lambda")
    functions = [value for name, value in stage.outputs.items() if name.endswith("Function")]
    proxy = TableProxy(lambda_.meta.endpoint_url)
    proxy.throttled, proxy.unanswered, proxy.is_away = arguments.throttled, arguments.unanswered, arguments.away
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended in any way but one, it leaves nothing behind
    with proxy, suppress(KeyboardInterrupt), in_between(proxy, lambda_, functions):
        print(f"For {arguments.seconds:g} s; Ctrl-C ends it sooner.", flush=True)
        time.sleep(arguments.seconds)
    print(dict(proxy.counts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
