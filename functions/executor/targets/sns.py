"""Target kind `sns`: one message to a topic's subscribers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.executor.targets.aws import answered, identity_attributes, output_of, text_of
from functions.executor.targets.protocol import Answer
from functions.executor.targets.sqs import fifo_ids
from shared.model.allowed_targets import check_resource

if TYPE_CHECKING:
    from functions.executor.targets.clients import Clients
    from functions.executor.targets.protocol import Call, Deadline
    from shared.model.target_rules import TargetRules


@dataclass(frozen=True, slots=True)
class SnsTarget:
    """The payload is the message, the call's identity its attributes. FIFO topics get what FIFO queues get.

    A `subject`, which only channels give, is what subscribers by e-mail see first.
    """

    clients: Clients
    rules: TargetRules

    def call(self, call: Call, deadline: Deadline) -> Answer:
        """Success is that the topic has the message; who received it is not known."""
        return answered(lambda: self._publish(call, deadline), deadline)

    def _publish(self, call: Call, deadline: Deadline) -> Answer:
        topic = check_resource(call.target, self.rules.place, self.rules.allowed_arns)
        client = self.clients.within("sns", deadline, tenant=call.tenant, role_arn=call.target.get("role_arn"))
        response = client.publish(
            TopicArn=topic,
            Message=text_of(call),
            MessageAttributes=identity_attributes(call),
            **({"Subject": call.target["subject"]} if "subject" in call.target else {}),
            **(fifo_ids(call) if topic.endswith(".fifo") else {}),
        )
        return Answer(output_of(message_id=response["MessageId"]))
