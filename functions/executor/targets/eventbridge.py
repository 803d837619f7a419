"""Target kind `eventbridge`: one event on a bus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.executor.targets.aws import answered, output_of, with_identity, word_of
from functions.executor.targets.protocol import Answer
from shared.model.allowed_targets import check_resource
from shared.model.execution import Failure

if TYPE_CHECKING:
    from functions.executor.targets.clients import Clients
    from functions.executor.targets.protocol import Call, Deadline
    from shared.model.target_rules import TargetRules

# What an entry may fail with that is EventBridge's own trouble (PutEvents, "ErrorCode").
_RETRYABLE: Final = frozenset({"InternalFailure", "InternalException", "ThrottlingException"})


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
            "Detail": with_identity(call),
        }
        response = client.put_events(Entries=[entry])
        # A refused event is no error of the call.
        (result,) = response["Entries"]
        if response["FailedEntryCount"]:
            code = str(result.get("ErrorCode") or "InternalFailure")
            failure = Failure(word_of(code), f"EventBridge refused the event: {code}", retryable=code in _RETRYABLE)
            return Answer(failure=failure)
        return Answer(output_of(event_id=result["EventId"]))
