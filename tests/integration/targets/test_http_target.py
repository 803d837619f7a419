from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from standardwebhooks import Webhook

from functions.executor.targets.protocol import Answer
from functions.executor.targets.signing import SigningUnavailable
from shared.model import limits
from tests.calls import JOB_ID, PAYLOAD
from tests.integration.targets.receivers import Receiver, body_of, headers_of
from tests.integration.targets.sending import Secrets, send

if TYPE_CHECKING:
    from collections.abc import Callable

SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=")


class NoSecretsNow:
    def secrets_of(self, tenant: str) -> tuple[str, ...]:
        raise SigningUnavailable("the signing secrets could not be read: InternalServerError")


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
