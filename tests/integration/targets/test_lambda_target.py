"""The `lambda` target against a stand-in for Lambda's API on loopback."""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from functions.executor.targets.clients import Clients
from functions.executor.targets.lambda_function import LambdaTarget
from functions.executor.targets.protocol import Answer, Deadline
from shared.model import limits
from shared.model.target_rules import TargetRules
from tests.calls import ACCOUNT, JOB_ID, PAYLOAD, REGION, a_call
from tests.integration.targets.receivers import Receiver, body_of, drips, headers_of, resets, stalls

if TYPE_CHECKING:
    from collections.abc import Callable

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"
RULES = TargetRules(allowed_arns=(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:*",), account=ACCOUNT, region=REGION)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


def invoke(receiver: Receiver, *, deadline: Deadline | None = None, **call: Any) -> Answer:
    import botocore.session

    session = botocore.session.get_session()

    def create(service: str, **options: Any) -> Any:
        return session.create_client(service, endpoint_url=f"http://{receiver.host}", **options)

    target = LambdaTarget(Clients(lambda: datetime.now(UTC), create), RULES)
    return target.call(a_call({"type": "lambda", "function": "orders"}, **call), deadline or Deadline(5))


def answer_of_lambda(body: bytes, headers: bytes = b"", status: int = 200) -> bytes:
    return b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers, len(body), body)


def test_the_payload_is_the_event_and_the_identity_its_client_context(receiver_of: Callable[..., Receiver]) -> None:
    receiver = receiver_of(answer_of_lambda(b'{"done": true}'))

    answer = invoke(receiver)

    assert answer == Answer(b'{"done": true}')
    (request,) = receiver.requests
    headers = headers_of(request)
    assert request.startswith(b"POST /2015-03-31/functions/arn%3Aaws%3Alambda")
    assert body_of(request) == PAYLOAD
    assert headers["x-amz-invocation-type"] == "RequestResponse"
    custom = json.loads(base64.b64decode(headers["x-amz-client-context"]))["custom"]
    assert custom["X-Punctual-Job-Id"] == JOB_ID
    assert custom["Idempotency-Key"] == f"acme/{JOB_ID}"


def test_without_payload_the_event_is_an_empty_object(receiver_of: Callable[..., Receiver]) -> None:
    receiver = receiver_of(answer_of_lambda(b"null"))

    invoke(receiver, payload=None)

    assert body_of(receiver.requests[0]) == b"{}"


def test_what_the_function_raised_is_the_failures_type(receiver_of: Callable[..., Receiver]) -> None:
    error = b'{"errorType": "OutOfStock", "errorMessage": "none left"}'
    receiver = receiver_of(answer_of_lambda(error, b"X-Amz-Function-Error: Unhandled\r\n"))

    answer = invoke(receiver)

    assert answer.output == error
    assert answer.failure is not None
    assert (answer.failure.type, answer.failure.retryable) == ("out_of_stock", True)


@pytest.mark.parametrize(
    ("status", "code", "kind", "retryable"),
    [
        (429, b"TooManyRequestsException", "throttled", True),
        (403, b"AccessDeniedException", "access_denied", False),
        (404, b"ResourceNotFoundException", "target_not_found", False),
        (400, b"InvalidRequestContentException", "invalid_request_content_exception", False),
        (500, b"ServiceException", "service_exception", True),
        (502, b"ResourceNotReadyException", "resource_not_ready_exception", True),
    ],
)
def test_a_refusal_is_a_failure_and_is_sent_once(
    receiver_of: Callable[..., Receiver], status: int, code: bytes, kind: str, retryable: bool
) -> None:
    error = b'{"Type": "User", "Message": "s3cret"}'
    receiver = receiver_of(answer_of_lambda(error, b"x-amzn-ErrorType: " + code + b"\r\n", status))

    failure = invoke(receiver).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == (kind, retryable)
    assert "s3cret" not in failure.message
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("behave", [resets, b"", b"garbage\r\n\r\n"], ids=["resets", "closes", "garbage"])
def test_a_broken_call_is_not_sent_again(receiver_of: Callable[..., Receiver], behave: Any) -> None:
    receiver = receiver_of(behave)

    failure = invoke(receiver).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == ("aws_error", True)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("behave", [stalls, drips(b"HTTP/1.1 200 OK\r\n\r\n", b"x")], ids=["stalls", "drips"])
def test_a_function_that_takes_too_long_is_left_at_the_timeout(
    receiver_of: Callable[..., Receiver], behave: Any
) -> None:
    receiver = receiver_of(behave)

    # Long enough for the client to be made first, however busy the machine.
    failure = invoke(receiver, deadline=Deadline(3)).failure

    assert failure is not None
    assert failure.type == "timed_out"
    assert len(receiver.requests) == 1


def test_a_stop_ends_the_wait_for_a_function(receiver_of: Callable[..., Receiver]) -> None:
    receiver, deadline = receiver_of(stalls), Deadline(60)

    def stop_it() -> None:
        while not receiver.requests:
            threading.Event().wait(0.01)
        deadline.stop()

    stopper = threading.Thread(target=stop_it)
    stopper.start()
    failure = invoke(receiver, deadline=deadline).failure
    stopper.join()

    assert failure is not None
    assert failure.type == "stopped"


def test_a_long_answer_is_cut(receiver_of: Callable[..., Receiver]) -> None:
    answer = invoke(receiver_of(answer_of_lambda(b"x" * 2 * limits.MAX_OUTPUT_BYTES)))

    assert answer == Answer(b"x" * limits.MAX_OUTPUT_BYTES)


def test_ten_calls_at_once_are_ten_invocations(receiver_of: Callable[..., Receiver]) -> None:
    receiver = receiver_of(answer_of_lambda(b"1"))
    import botocore.session

    session = botocore.session.get_session()
    clients = Clients(
        lambda: datetime.now(UTC),
        lambda service, **options: session.create_client(service, endpoint_url=f"http://{receiver.host}", **options),
    )
    target = LambdaTarget(clients, RULES)
    answers: list[Answer] = []
    call = a_call({"type": "lambda", "function": FUNCTION})
    threads = [threading.Thread(target=lambda: answers.append(target.call(call, Deadline(10)))) for _ in range(10)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [Answer(b"1")] * 10
    assert len(receiver.requests) == 10
