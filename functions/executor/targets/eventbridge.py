"""Target kind `eventbridge`: one event on a bus."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.executor.targets.aws import answered, output_of, text_of, word_of
from functions.executor.targets.protocol import Answer
from shared.model.allowed_targets import check_resource
from shared.model.execution import Failure

if TYPE_CHECKING:
    from functions.executor.targets.clients import Clients
    from functions.executor.targets.protocol import Call, Deadline
    from shared.model.target_rules import TargetRules

# What an entry may fail with that is EventBridge's own trouble (PutEvents, "ErrorCode").
_RETRYABLE: Final = frozenset({"InternalFailure", "InternalException", "ThrottlingException"})
IDENTITY_FIELD: Final = "punctual"


@dataclass(frozen=True, slots=True)
class EventBridgeTarget:
    """The payload is the event's detail, or the detail's `payload` if it is no object. The call's identity is added to
    the detail as `punctual`, unless the payload has such a field: events have no other place for it."""

    clients: Clients
    rules: TargetRules

    def call(self, call: Call, deadline: Deadline) -> Answer:
        """Success is that the bus has the event; whether a rule matched is not known."""
        return answered(lambda: self._put(call, deadline), deadline)

    def _put(self, call: Call, deadline: Deadline) -> Answer:
        bus = check_resource(call.target, self.rules.place, self.rules.allowed_arns)
        client = self.clients.within("events", deadline, tenant=call.tenant, role_arn=call.target.get("role_arn"))
        entry = {
            "EventBusName": bus,
            "Source": call.target["source"],
            "DetailType": call.target["detail_type"],
            "Detail": detail_of(call),
        }
        response = client.put_events(Entries=[entry])
        # A refused event is no error of the call.
        (result,) = response["Entries"]
        if response["FailedEntryCount"]:
            code = str(result.get("ErrorCode") or "InternalFailure")
            failure = Failure(word_of(code), f"EventBridge refused the event: {code}", retryable=code in _RETRYABLE)
            return Answer(failure=failure)
        return Answer(output_of(event_id=result["EventId"]))


def detail_of(call: Call) -> str:
    """The event's detail, which must be an object. The payload's own text is kept as it is: to read and write it again
    would change some numbers."""
    text = text_of(call).strip()
    payload = json.loads(text)
    identity = f"{json.dumps(IDENTITY_FIELD)}:{json.dumps(_identity_of(call), separators=(',', ':'))}"
    if not isinstance(payload, dict):
        return f'{{{identity},"payload":{text}}}'
    if IDENTITY_FIELD in payload:
        return text
    return f"{{{identity}{',' if payload else ''}{text[1:]}"


def _identity_of(call: Call) -> dict[str, str | int]:
    return {
        "job_id": call.job_id,
        "attempt": call.attempt,
        "fence": call.fence,
        "run_at": call.run_at.isoformat().replace("+00:00", "Z"),
        "correlation_id": call.correlation_id,
        "idempotency_key": call.idempotency_key,
    }
