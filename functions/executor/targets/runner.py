"""Target kinds `task` and `command`: foreign code, which never runs beside the executor's credentials but in the
runner, a function whose role may write logs only. The executor calls it like any other Lambda function."""

from __future__ import annotations

import base64
import json
import math
import threading
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from functions.executor.targets.protocol import Answer, timed_out
from shared.model import limits
from shared.model.execution import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_lambda.type_defs import InvocationResponseTypeDef

    from functions.executor.targets.protocol import Call, Deadline

VERSION: Final = 1
# A run is ended at its timeout by the runner itself, which then asks, kills, clears away and answers; and before that
# its function may have had a cold start. This much later, nothing more is to be expected.
ANSWER_SECONDS: Final = 5

_THROTTLED: Final = frozenset({"TooManyRequestsException", "ThrottlingException", "EC2ThrottledException"})
_REFUSED: Final = frozenset({"AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException"})


class RunnerTarget:
    """`lambda_client_for` gives a client whose calls wait so many seconds for an answer and are **never sent again** by
    the SDK (`total_max_attempts=1`): the runner would run the job twice. `function` is the runner's name or ARN."""

    def __init__(
        self, lambda_client_for: Callable[[float], LambdaClient], function: str, *, command_enabled: bool
    ) -> None:
        self._lambda_client_for = lambda_client_for
        self._function = function
        self._command_enabled = command_enabled

    def call(self, call: Call, deadline: Deadline) -> Answer:
        if call.target["type"] == "command" and not self._command_enabled:
            failure = Failure("command_disabled", "this environment runs no commands", retryable=False)
            return Answer(failure=failure)
        seconds = deadline.remaining()
        if seconds <= 0:
            return timed_out(deadline.seconds)
        event = json.dumps(event_of(call, seconds), ensure_ascii=False).encode()
        client = self._lambda_client_for(math.ceil(seconds) + ANSWER_SECONDS)

        def invoke() -> Answer:
            try:
                return answer_of(client.invoke(FunctionName=self._function, Payload=event), deadline)
            except ReadTimeoutError:
                return timed_out(deadline.seconds)
            except (ClientError, BotoCoreError) as error:
                return Answer(failure=failure_of(error))

        return _until_stopped(invoke, deadline)


def event_of(call: Call, timeout_seconds: float) -> dict[str, Any]:
    """The runner's event, as `functions/runner/request.py` describes it."""
    target = call.target
    work = {"name": target["name"]} if target["type"] == "task" else {"argv": list(target["argv"])}
    return {
        "version": VERSION,
        "kind": target["type"],
        **work,
        "payload": None if call.payload is None else call.payload.decode(),
        "timeout_seconds": round(timeout_seconds, 3),
        "context": {
            "job_id": call.job_id,
            "job_name": call.job_name,
            "tenant": call.tenant,
            "attempt": call.attempt,
            "fence": call.fence,
            "run_at": call.run_at.isoformat().replace("+00:00", "Z"),
            "correlation_id": call.correlation_id,
            "idempotency_key": call.idempotency_key,
        },
    }


def answer_of(response: InvocationResponseTypeDef, deadline: Deadline) -> Answer:
    """What the runner answered, as `functions/runner/answer.py` describes it; a failure if it died instead."""
    text = response["Payload"].read()
    if response.get("FunctionError"):
        # Out of memory, killed by what it ran, or at its own timeout: another attempt gets a fresh sandbox.
        return Answer(failure=_runner_failed("the runner ended without an answer"))
    try:
        answer = json.loads(text)
        if answer["version"] != VERSION:
            return Answer(failure=_runner_failed("the runner is of another version"))
        return _read(answer, deadline)
    except (ValueError, KeyError, TypeError) as error:
        return Answer(failure=_runner_failed(f"the runner's answer cannot be read: {type(error).__name__}"))


def failure_of(error: ClientError | BotoCoreError) -> Failure:
    """An Invoke that was refused or that nobody answered, as a failure of the job's attempt."""
    if isinstance(error, (ConnectTimeoutError, EndpointConnectionError)):
        return Failure("connection_failed", "the runner could not be reached")
    if not isinstance(error, ClientError):
        return _runner_failed(f"the call of the runner broke off: {type(error).__name__}")
    code = error.response["Error"]["Code"]
    if code in _THROTTLED:
        return Failure("throttled", "too many runs at once")
    if code in _REFUSED:
        return Failure("access_denied", f"the runner may not be called: {code}", retryable=False)
    if code == "ResourceNotFoundException":
        return Failure("target_not_found", "there is no runner", retryable=False)
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return Failure("runner_failed", f"the runner was not called: {code}", retryable=status >= 500)


def _read(answer: dict[str, Any], deadline: Deadline) -> Answer:
    output = _output_of(answer)
    match answer["outcome"]:
        case "succeeded":
            result = answer["result"]
            # What a task returned is its output; what it printed stands in when it returned nothing.
            return Answer(output if result is None else result.encode())
        case "timed_out":
            return timed_out(deadline.seconds, output)
        case _:
            error = answer["error"]
            return Answer(output, Failure(error["type"], error["message"], retryable=error["retryable"]))


def _output_of(answer: dict[str, Any]) -> bytes:
    text: str = answer["output"]
    output = base64.b64decode(text) if answer["output_encoding"] == "base64" else text.encode()
    if not answer["truncated"]:
        return output
    note = f"\n[cut off: {answer['output_bytes']} bytes in all]".encode()
    return output[: limits.MAX_OUTPUT_BYTES - len(note)] + note


def _runner_failed(message: str) -> Failure:
    return Failure("runner_failed", message)


def _until_stopped(invoke: Callable[[], Answer], deadline: Deadline) -> Answer:
    """What `invoke` returns, unless the call is stopped before.

    A stopped run goes on in the runner up to its timeout, since Lambda can end no invocation: only its answer is no
    longer waited for. botocore gives no way to its sockets, so that a thread is left waiting, which writes nothing.
    """
    answers: list[Answer] = []
    defects: list[Exception] = []
    done = threading.Event()

    def wait() -> None:
        try:
            answers.append(invoke())
        except Exception as error:
            defects.append(error)
        done.set()

    deadline.on_stop(done.set)
    threading.Thread(target=wait, name="runner-invoke", daemon=True).start()
    done.wait()
    if defects:
        raise defects[0]
    return answers[0] if answers else Answer(failure=Failure("stopped", "the call was stopped"))
