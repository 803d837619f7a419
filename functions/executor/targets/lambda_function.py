"""Target kind `lambda`: a function is invoked and its answer waited for."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions.executor.targets.aws import answered, text_of, word_of
from functions.executor.targets.aws_wire import AwsWire
from functions.executor.targets.protocol import Answer
from shared.model import limits
from shared.model.allowed_targets import check_resource
from shared.model.execution import Failure

if TYPE_CHECKING:
    from functions.executor.targets.clients import Clients
    from functions.executor.targets.protocol import Call, Deadline
    from shared.model.target_rules import TargetRules


@dataclass(frozen=True, slots=True)
class LambdaTarget:
    """The payload is the event. The call's identity is the client context: `context.client_context.custom` in Python.

    Lambda can end no invocation: of one that was stopped, or takes longer than its job's timeout, only the answer is
    no longer waited for.
    """

    clients: Clients
    rules: TargetRules
    wire: AwsWire = field(default_factory=lambda: AwsWire(max_body_bytes=limits.MAX_OUTPUT_BYTES))

    def call(self, call: Call, deadline: Deadline) -> Answer:
        """Success is an answer of the function that is no error of it."""
        return answered(lambda: self._invoke(call, deadline), deadline)

    def _invoke(self, call: Call, deadline: Deadline) -> Answer:
        function = check_resource(call.target, self.rules.place, self.rules.allowed_arns)
        role_arn = call.target.get("role_arn")
        client = self.clients.over(self.wire, "lambda", deadline, tenant=call.tenant, role_arn=role_arn)
        with self.wire.until(deadline):
            response = client.invoke(
                FunctionName=function,
                InvocationType="RequestResponse",
                ClientContext=client_context(call),
                Payload=text_of(call).encode(),
            )
        return _answer_of(response)


def client_context(call: Call) -> str:
    """The call's identity as Lambda takes it: base64 of JSON, at most 3,583 bytes."""
    return base64.b64encode(json.dumps({"custom": call.headers()}).encode()).decode()


def _answer_of(response: Any) -> Answer:
    output = response["Payload"].read()
    if not response.get("FunctionError"):
        return Answer(output)
    name = _error_type(output)
    return Answer(output, Failure(word_of(name), f"the function failed: {name[:80]}"))


def _error_type(output: bytes) -> str:
    """The name of what the function raised, such as `ValueError` or `Sandbox.Timedout`. Its text is in the output."""
    try:
        name = json.loads(output)["errorType"]
    except (ValueError, KeyError, TypeError, RecursionError):
        name = None
    return name if isinstance(name, str) and name.isprintable() and name else "FunctionError"
