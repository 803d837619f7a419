"""Target kinds `task` and `command`: foreign code, which never runs beside the executor's credentials but in the
runner, a function whose role may write logs only. The executor calls it like any other Lambda function."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from functions.executor.targets.aws import answered
from functions.executor.targets.aws_wire import AwsWire
from functions.executor.targets.endings import CallEnded, ended
from functions.executor.targets.protocol import Answer, Deadline, timed_out
from shared.model import limits
from shared.model.execution import Failure

if TYPE_CHECKING:
    from functions.executor.targets.clients import Clients
    from functions.executor.targets.protocol import Call, Reporting

VERSION: Final = 1
# A run is ended at its timeout by the runner itself, which then asks, kills, clears away and answers; and before that
# its function may have had a cold start. This much later, nothing more is to be expected.
ANSWER_SECONDS: Final = 5
# What Lambda lets a function answer.
_MAX_ANSWER_BYTES: Final = 6 * 1024 * limits.KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerTarget:
    """`function` is the runner's name or ARN.

    A run that was stopped goes on in the runner up to its timeout, since Lambda can end no invocation: only its answer
    is no longer waited for.
    """

    clients: Clients
    function: str
    command_enabled: bool
    wire: AwsWire = field(default_factory=lambda: AwsWire(max_body_bytes=_MAX_ANSWER_BYTES))

    def call(self, call: Call, deadline: Deadline) -> Answer:
        if call.target["type"] == "command" and not self.command_enabled:
            failure = Failure("command_disabled", "this environment runs no commands", retryable=False)
            return Answer(failure=failure)
        return answered(lambda: self._invoke(call, deadline), deadline)

    def _invoke(self, call: Call, deadline: Deadline) -> Answer:
        event = json.dumps(event_of(call, deadline.remaining()), ensure_ascii=False).encode()
        # Longer than the run may take, so that what it had put out by its timeout still arrives.
        patience = Deadline(deadline.remaining() + ANSWER_SECONDS)
        deadline.on_stop(patience.stop)
        client = self.clients.over(self.wire, "lambda", patience, tenant=call.tenant, role_arn=None)
        try:
            with self.wire.until(patience):
                return answer_of(client.invoke(FunctionName=self.function, Payload=event), deadline)
        except CallEnded:
            return ended(deadline)


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
        "reporting": None if call.reporting is None else _reporting(call.reporting),
    }


def _reporting(reporting: Reporting) -> dict[str, Any]:
    checkpoint = reporting.checkpoint
    return {
        "token": reporting.token,
        "api_url": reporting.api_url,
        "checkpoint": None if checkpoint is None else checkpoint.decode(),
    }


def answer_of(response: Any, deadline: Deadline) -> Answer:
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
