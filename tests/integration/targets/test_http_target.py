from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook

from functions.executor.targets.http import HttpTarget
from functions.executor.targets.protocol import Answer, Deadline
from functions.executor.targets.signing import SigningUnavailable
from shared.model import limits
from shared.model.execution import Outcome
from tests.calls import JOB_ID, PAYLOAD, a_call
from tests.integration.targets.receivers import Receiver, body_of, drips, headers_of, resets, stalls

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=")


class Secrets:
    def __init__(self, *secrets: str) -> None:
        self._secrets = secrets

    def secrets_of(self, tenant: str) -> tuple[str, ...]:
        return self._secrets


class NoSecretsNow:
    def secrets_of(self, tenant: str) -> tuple[str, ...]:
        raise SigningUnavailable("the signing secrets could not be read: InternalServerError")


def now() -> datetime:
    return datetime.now(UTC)


def send(
    receiver: Receiver, *, secrets: Any = None, seconds: float = 5, deadline: Deadline | None = None, **target: Any
) -> Answer:
    call = a_call({"type": "http", "url": receiver.url(), **target.pop("target", {})}, **target)
    http = HttpTarget(frozenset({receiver.host}), secrets or Secrets(), now)
    return http.call(call, deadline or Deadline(seconds))


def test_a_call_carries_payload_identity_and_the_jobs_own_headers(receiver_of: Callable[..., Receiver]) -> None:
    receiver = receiver_of()

    answer = send(
        receiver, target={"url": receiver.url("/a/b?c=d&e=%20"), "headers": {"Authorization": "Bearer s3cret"}}
    )

    assert answer == Answer(b"ok")
    (request,) = receiver.requests
    headers = headers_of(request)
    assert request.startswith(b"POST /a/b?c=d&e=%20 HTTP/1.1\r\n")
    assert body_of(request) == PAYLOAD
    assert headers["host"] == receiver.host
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == "Bearer s3cret"
    assert headers["user-agent"].startswith("Punctual/")
    assert headers["idempotency-key"] == f"acme/{JOB_ID}"
    assert headers["x-correlation-id"] == "c-1"
    assert headers["x-punctual-attempt"] == "2"
    assert headers["x-punctual-fence"] == "5"
    assert not any(name.startswith("webhook-") for name in headers)


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_method_that_needs_no_body_has_none_without_payload(
    receiver_of: Callable[..., Receiver], method: str
) -> None:
    receiver = receiver_of()

    answer = send(receiver, target={"method": method}, payload=None)

    assert answer.failure is None
    (request,) = receiver.requests
    assert request.startswith(method.encode())
    assert "content-length" not in headers_of(request)
    assert "content-type" not in headers_of(request)


def test_each_valid_secret_makes_a_signature_that_its_owner_can_verify(receiver_of: Callable[..., Receiver]) -> None:
    receiver = receiver_of()

    send(receiver, secrets=Secrets(*SECRETS))

    headers = headers_of(receiver.requests[0])
    assert headers["webhook-id"] == JOB_ID
    for secret in SECRETS:
        Webhook(secret).verify(body_of(receiver.requests[0]), headers)


def test_a_call_is_not_made_while_it_is_unknown_how_to_sign_it(receiver_of: Callable[..., Receiver]) -> None:
    receiver = receiver_of()

    failure = send(receiver, secrets=NoSecretsNow()).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == ("signing_unavailable", True)
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(400, False), (404, False), (408, True), (425, True), (429, True), (500, True), (501, False), (503, True)],
)
def test_a_status_says_whether_another_attempt_may_help(
    receiver_of: Callable[..., Receiver], status: int, retryable: bool
) -> None:
    receiver = receiver_of(f"HTTP/1.1 {status} Whatever\r\nRetry-After: 7\r\nContent-Length: 3\r\n\r\nsad".encode())

    answer = send(receiver)

    assert answer.output == b"sad"
    assert answer.failure is not None
    assert answer.failure.type == f"http_{status}"
    assert answer.failure.retryable is retryable
    assert answer.failure.retry_after_seconds == 7


def test_a_redirect_is_not_followed_and_says_only_to_which_host(receiver_of: Callable[..., Receiver]) -> None:
    other = receiver_of()
    location = f"http://user:pw@{other.host}/t0ken?secret=1".encode()
    receiver = receiver_of(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n")

    failure = send(receiver).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == ("http_302", False)
    assert other.host in failure.message
    assert not any(secret in failure.message for secret in ("t0ken", "secret", "pw"))
    assert other.requests == []


def test_only_the_beginning_of_a_large_response_is_read(receiver_of: Callable[..., Receiver]) -> None:
    size = 1024 * 1024
    receiver = receiver_of(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)

    answer = send(receiver)

    assert answer == Answer(b"x" * limits.MAX_RESPONSE_BYTES)
    assert receiver.ended.wait(5)


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
    ids=["chunked", "until-closed", "http-1.0", "after-100"],
)
def test_every_framing_of_a_response_is_read(receiver_of: Callable[..., Receiver], response: bytes) -> None:
    assert send(receiver_of(response)) == Answer(b"ok")


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (b"", "connection_failed"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "response_invalid"),
        (b"\x00\xff" * 500, "response_invalid"),
        (b"HTTP/1.1 abc\r\n\r\n", "response_invalid"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "response_invalid"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "response_invalid"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "response_invalid"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "response_invalid"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", "response_invalid"),
        (b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n", "response_invalid"),
    ],
    ids=[
        "nothing",
        "another-protocol",
        "garbage",
        "bad-status",
        "switching",
        "half-a-body",
        "bad-chunk",
        "half-a-chunk",
        "many-headers",
        "long-header",
    ],
)
def test_what_is_no_response_is_a_failure(receiver_of: Callable[..., Receiver], response: bytes, kind: str) -> None:
    failure = send(receiver_of(response)).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == (kind, True)
    assert "127.0.0.1" in failure.message


def test_a_reset_is_a_failure_of_the_connection(receiver_of: Callable[..., Receiver]) -> None:
    failure = send(receiver_of(resets)).failure

    assert failure is not None
    assert failure.type == "connection_failed"


def test_an_answer_before_the_request_was_read_counts(receiver_of: Callable[..., Receiver]) -> None:
    def refuses_early(_receiver: Receiver, connection: socket.socket, _request: bytes) -> None:
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        while connection.recv(65536):
            pass

    failure = send(receiver_of(refuses_early, reads=False), payload=b"1" * limits.MAX_PAYLOAD_BYTES).failure

    assert failure is not None
    assert failure.type == "http_413"


@pytest.mark.parametrize(
    "behave",
    [
        stalls,
        drips(b"", b"H"),
        drips(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["stalls", "status", "headers", "body", "chunks", "trailers", "interim"],
)
def test_a_receiver_that_never_ends_is_left_at_the_timeout(receiver_of: Callable[..., Receiver], behave: Any) -> None:
    receiver = receiver_of(behave)

    failure = send(receiver, seconds=0.4).failure

    assert failure is not None
    assert (failure.type, failure.outcome) == ("timed_out", Outcome.TIMED_OUT)
    receiver.released.set()
    assert receiver.ended.wait(5)


def test_what_had_come_before_the_timeout_is_kept(receiver_of: Callable[..., Receiver]) -> None:
    answer = send(receiver_of(drips(b"HTTP/1.1 200 OK\r\n\r\nbegun", b"")), seconds=0.4)

    assert answer.output == b"begun"


@pytest.mark.parametrize(
    "endless", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"]
)
def test_a_flood_is_left_long_before_the_timeout(receiver_of: Callable[..., Receiver], endless: bytes) -> None:
    receiver = receiver_of(drips(endless, (b"a: b\r\n" if b"200" in endless else endless) * 1000, pause=0))

    failure = send(receiver, seconds=60).failure

    assert failure is not None
    assert failure.type == "response_invalid"


def test_a_receiver_that_reads_nothing_is_left_at_the_timeout(receiver_of: Callable[..., Receiver]) -> None:
    receiver = receiver_of(stalls, reads=False)

    # More than the buffers of both sides hold.
    failure = send(receiver, payload=b"1" * 20_000_000, seconds=0.4).failure

    assert failure is not None
    assert failure.type == "timed_out"


def test_a_stopped_call_ends_at_once(receiver_of: Callable[..., Receiver]) -> None:
    deadline = Deadline(60)
    answers: list[Answer] = []
    receiver = receiver_of(stalls)
    thread = threading.Thread(target=lambda: answers.append(send(receiver, deadline=deadline)))

    thread.start()
    while not receiver.requests:
        threading.Event().wait(0.01)
    deadline.stop()
    thread.join(5)

    assert not thread.is_alive()
    assert answers[0].failure is not None
    assert answers[0].failure.type == "stopped"


def test_a_call_that_was_stopped_before_it_began_sends_nothing(receiver_of: Callable[..., Receiver]) -> None:
    receiver, deadline = receiver_of(), Deadline(60)
    deadline.stop()

    failure = send(receiver, deadline=deadline).failure

    assert failure is not None
    assert failure.type == "stopped"
    assert receiver.requests == []


def test_nobody_listening_is_a_failure_of_the_connection(receiver_of: Callable[..., Receiver]) -> None:
    receiver = receiver_of()
    receiver.close()

    failure = send(receiver).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == ("connection_failed", True)
    assert "refused" in failure.message


def test_no_failure_repeats_a_secret_of_the_url_or_the_headers(receiver_of: Callable[..., Receiver]) -> None:
    for behave in (b"", resets, b"HTTP/1.1 500 s3cret\r\n\r\n", stalls):
        receiver = receiver_of(behave)
        target = {"url": receiver.url("/s3cret?s3cret=s3cret"), "headers": {"Authorization": "s3cret"}}

        failure = send(receiver, seconds=0.4, target=target, payload=b'"s3cret"').failure

        assert failure is not None
        assert "s3cret" not in failure.message
