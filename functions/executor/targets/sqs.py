"""Target kind `sqs`: one message."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.executor.targets.aws import answered, identity_attributes, output_of, text_of
from functions.executor.targets.protocol import Answer
from shared.model.allowed_targets import check_resource, queue_of

if TYPE_CHECKING:
    from functions.executor.targets.clients import Clients
    from functions.executor.targets.protocol import Call, Deadline
    from shared.model.target_rules import TargetRules


@dataclass(frozen=True, slots=True)
class SqsTarget:
    """The payload is the message's body, the call's identity its attributes.

    On a FIFO queue the tenant is the message group, and a repeated attempt within SQS's five minutes is one message;
    but not where its outcome is to be reported: the token is another one for each attempt.
    """

    clients: Clients
    rules: TargetRules

    def call(self, call: Call, deadline: Deadline) -> Answer:
        """Success is that the queue has the message."""
        return answered(lambda: self._send(call, deadline), deadline)

    def _send(self, call: Call, deadline: Deadline) -> Answer:
        check_resource(call.target, self.rules.place, self.rules.allowed_arns)
        queue = queue_of(call.target["queue_url"], self.rules.place)
        client = self.clients.within("sqs", deadline, tenant=call.tenant, role_arn=call.target.get("role_arn"))
        response = client.send_message(
            QueueUrl=queue.url,
            MessageBody=text_of(call),
            MessageAttributes=identity_attributes(call),
            **(fifo_ids(call) if queue.is_fifo else {}),
        )
        return Answer(output_of(message_id=response["MessageId"]))


def fifo_ids(call: Call) -> dict[str, Any]:
    """What FIFO queues and topics ask for."""
    what = call.idempotency_key if call.reporting is None else f"{call.idempotency_key}/{call.fence}"
    digest = hashlib.sha256(what.encode()).hexdigest()
    return {"MessageGroupId": call.tenant, "MessageDeduplicationId": digest}
