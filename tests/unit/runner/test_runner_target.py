"""The executor's side of the wire: what it sends to the runner, and what it makes of every kind of answer."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
)

from functions.executor.targets.endings import CallEnded
from functions.executor.targets.protocol import Answer, Call, Deadline, Reporting
from functions.executor.targets.runner import ANSWER_SECONDS, RunnerTarget, event_of
from functions.runner import answer as wire
from functions.runner import settings as runner_settings
from functions.runner.request import Kind, read_request
from shared.model import limits
from shared.model.execution import Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.executor.targets.aws_wire import AwsWire
    from functions.executor.targets.clients import Clients

ECHO = {"type": "task", "name": "examples.echo"}
HI = {"type": "command", "argv": ["/bin/echo", "hi"]}
SUCCEEDED = wire.RunAnswer(outcome=wire.Outcome.SUCCEEDED, result="1")


class FakeLambda:
    """Clients, and the client that they give: answers each Invoke by `behave`. `patience` and `calls` tell how it was
    asked."""

    def __init__(self, behave: Callable[[], dict[str, Any]]) -> None:
        self.behave = behave
        self.patience: list[Deadline] = []
        self.calls: list[dict[str, Any]] = []

    def over(self, wire: AwsWire, service: str, deadline: Deadline, *, tenant: str, role_arn: str | None) -> Any:
        assert (service, tenant, role_arn) == ("lambda", "acme", None)
        self.patience.append(deadline)
        return self

    def invoke(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        return self.behave()

    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.calls[0]["Payload"]))


def answering(answer: wire.RunAnswer | bytes, **fields: str) -> FakeLambda:
    text = answer if isinstance(answer, bytes) else json.dumps(answer.on_the_wire()).encode()
    return FakeLambda(lambda: {"StatusCode": 200, "Payload": io.BytesIO(text), **fields})


def failing(error: Exception) -> FakeLambda:
    def behave() -> dict[str, Any]:
        raise error

    return FakeLambda(behave)


def refusing(code: str, status: int = 400) -> FakeLambda:
    response: Any = {"Error": {"Code": code, "Message": "…"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return failing(ClientError(response, "Invoke"))


def call_of(target: dict[str, Any], payload: bytes | None = b'{"a": "\xc3\xbc"}') -> Call:
    return Call(
        target=target,
        payload=payload,
        tenant="acme",
        job_id="job-1",
        job_name=None,
        attempt=2,
        fence=7,
        run_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        correlation_id="corr-1",
        idempotency_key="acme/job-1",
    )


def called(
    runner: FakeLambda, target: dict[str, Any] = ECHO, *, seconds: float = 30, command_enabled: bool = True
) -> Answer:
    target_of_kind = RunnerTarget(
        clients=cast("Clients", runner), function="punctual-runner", command_enabled=command_enabled
    )
    return target_of_kind.call(call_of(target), Deadline(seconds))


def failure_of(runner: FakeLambda, **options: Any) -> Failure:
    failure = called(runner, **options).failure
    assert failure is not None
    return failure


def test_the_runner_understands_what_the_executor_sends() -> None:
    runner = answering(SUCCEEDED)

    called(runner, seconds=30)

    request = read_request(runner.event())
    assert runner.calls[0]["FunctionName"] == "punctual-runner"
    assert (request.kind, request.work, request.payload) == (Kind.TASK, ("examples.echo",), '{"a": "ü"}'.encode())
    assert 29 < request.timeout_seconds <= 30
    assert request.context == {
        "job_id": "job-1",
        "job_name": None,
        "tenant": "acme",
        "attempt": 2,
        "fence": 7,
        "run_at": "2026-03-01T12:00:00Z",
        "correlation_id": "corr-1",
        "idempotency_key": "acme/job-1",
    }


def test_the_runner_understands_what_a_run_is_to_report_with() -> None:
    given = Reporting(token="secret-1", api_url="https://api.example.com", checkpoint='"ü"'.encode())

    sent = event_of(replace(call_of(ECHO), reporting=given), 30)
    read = read_request(sent).reporting

    assert read is not None
    assert (read.token, read.api_url, read.checkpoint) == (given.token, given.api_url, given.checkpoint)
    assert read_request(event_of(call_of(ECHO), 30)).reporting is None


def test_a_command_s_arguments_are_sent_as_they_are() -> None:
    runner = answering(SUCCEEDED)

    called(runner, HI)

    assert read_request(runner.event()).work == ("/bin/echo", "hi")


def test_both_sides_agree_on_the_sizes() -> None:
    assert runner_settings.MAX_OUTPUT_BYTES == limits.MAX_OUTPUT_BYTES
    assert runner_settings.MAX_RESULT_BYTES == limits.MAX_OUTPUT_BYTES
    assert runner_settings.MAX_TIMEOUT_SECONDS >= limits.MAX_TIMEOUT_SECONDS
    assert runner_settings.GRACE_SECONDS + runner_settings.KILL_SECONDS < ANSWER_SECONDS


def test_the_answer_is_awaited_for_longer_than_the_run_may_take() -> None:
    runner = answering(SUCCEEDED)

    called(runner, seconds=30)

    assert 30 < runner.patience[0].seconds <= 30 + ANSWER_SECONDS


def test_a_command_is_refused_where_commands_are_not_enabled() -> None:
    runner = answering(SUCCEEDED)

    failure = failure_of(runner, target=HI, command_enabled=False)

    assert (failure.type, failure.retryable, runner.calls) == ("command_disabled", False, [])


def test_what_a_task_returned_is_the_output() -> None:
    answer = called(answering(wire.RunAnswer(outcome=wire.Outcome.SUCCEEDED, result='{"a":1}', output=b"printed")))

    assert answer == Answer(b'{"a":1}')


def test_what_was_printed_is_the_output_when_nothing_was_returned() -> None:
    for output in (b"printed", b"\xff\xfe"):
        runner = answering(wire.RunAnswer(outcome=wire.Outcome.SUCCEEDED, output=output, output_bytes=len(output)))

        assert called(runner) == Answer(output)


def test_output_that_was_cut_off_says_so_within_the_bound() -> None:
    output = b"x" * limits.MAX_OUTPUT_BYTES
    runner = answering(wire.RunAnswer(outcome=wire.Outcome.SUCCEEDED, output=output, output_bytes=10**8))

    answer = called(runner)

    assert len(answer.output) == limits.MAX_OUTPUT_BYTES
    assert answer.output.endswith(b"x\n[cut off: 100000000 bytes in all]")


def test_a_failed_run_keeps_its_error_and_its_output() -> None:
    error = wire.RunError("card_declined", "for good", retryable=False)
    runner = answering(wire.RunAnswer(outcome=wire.Outcome.FAILED, error=error, output=b"Traceback", output_bytes=9))

    answer = called(runner)

    assert answer == Answer(b"Traceback", Failure("card_declined", "for good", retryable=False))


def test_a_run_that_took_too_long_is_timed_out() -> None:
    answer = called(answering(wire.RunAnswer(outcome=wire.Outcome.TIMED_OUT, output=b"begun", output_bytes=5)))

    assert answer.output == b"begun"
    assert answer.failure is not None
    assert (answer.failure.type, answer.failure.outcome) == ("timed_out", Outcome.TIMED_OUT)


def test_a_runner_that_does_not_answer_in_time_is_timed_out() -> None:
    failure = failure_of(failing(CallEnded()), seconds=30)

    assert (failure.type, failure.outcome) == ("timed_out", Outcome.TIMED_OUT)
    assert "within 30 s" in failure.message


def test_nothing_is_called_when_no_time_is_left() -> None:
    runner = answering(SUCCEEDED)

    assert failure_of(runner, seconds=0).type == "timed_out"
    assert runner.calls == []


def test_a_runner_that_died_is_worth_another_attempt() -> None:
    body = b'{"errorType": "Runtime.ExitError", "errorMessage": "signal: killed"}'

    failure = failure_of(answering(body, FunctionError="Unhandled"))

    assert (failure.type, failure.retryable) == ("runner_failed", True)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b'{"version": 2}', b'{"version": 1}'])
def test_an_answer_that_makes_no_sense_is_worth_another_attempt(body: bytes) -> None:
    failure = failure_of(answering(body))

    assert (failure.type, failure.retryable) == ("runner_failed", True)


@pytest.mark.parametrize(
    ("runner", "error_type", "retryable"),
    [
        (refusing("TooManyRequestsException", 429), "throttled", True),
        (refusing("AccessDeniedException", 403), "access_denied", False),
        (refusing("ResourceNotFoundException", 404), "target_not_found", False),
        (refusing("RequestTooLargeException", 413), "request_too_large_exception", False),
        (refusing("ServiceException", 500), "service_exception", True),
        (failing(ConnectTimeoutError(endpoint_url="…")), "connection_failed", True),
        (failing(EndpointConnectionError(endpoint_url="…")), "connection_failed", True),
        (failing(ConnectionClosedError(endpoint_url="…")), "aws_error", True),
    ],
)
def test_a_call_that_failed_says_why(runner: FakeLambda, error_type: str, retryable: bool) -> None:
    failure = failure_of(runner)

    assert (failure.type, failure.retryable) == (error_type, retryable)


def test_a_stopped_call_stops_the_wait_for_its_answer() -> None:
    deadline = Deadline(30)

    def behave() -> dict[str, Any]:
        deadline.stop()
        assert runner.patience[0].stopped
        raise CallEnded

    runner = FakeLambda(behave)

    answer = RunnerTarget(clients=cast("Clients", runner), function="runner", command_enabled=True).call(
        call_of(ECHO), deadline
    )

    assert answer.failure is not None
    assert answer.failure.type == "stopped"


def test_a_defect_of_ours_is_not_taken_for_the_job_s_failure() -> None:
    with pytest.raises(ZeroDivisionError):
        called(failing(ZeroDivisionError()))
