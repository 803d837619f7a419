"""Target kind `email`, to which channels lead: one message by SES, from the stage's own address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.executor.targets.aws import answered, output_of
from functions.executor.targets.protocol import Answer
from shared.model.execution import Failure

if TYPE_CHECKING:
    from functions.executor.targets.clients import Clients
    from functions.executor.targets.protocol import Call, Deadline


@dataclass(frozen=True, slots=True)
class EmailTarget:
    """`sender` is an address that SES has verified; empty where none was set up. The payload is the text."""

    clients: Clients
    sender: str

    def call(self, call: Call, deadline: Deadline) -> Answer:
        """Success is that SES has the message; whether it arrives is not known."""
        if not self.sender:
            failure = Failure("email_not_set_up", "this environment has no address to send from", retryable=False)
            return Answer(failure=failure)
        return answered(lambda: self._send(call, deadline), deadline)

    def _send(self, call: Call, deadline: Deadline) -> Answer:
        client = self.clients.within("sesv2", deadline, tenant=call.tenant, role_arn=None)
        text = {"Data": (call.payload or b"").decode(), "Charset": "UTF-8"}
        response = client.send_email(
            FromEmailAddress=self.sender,
            Destination={"ToAddresses": list(call.target["to"])},
            Content={
                "Simple": {"Subject": {"Data": call.target["subject"], "Charset": "UTF-8"}, "Body": {"Text": text}}
            },
        )
        return Answer(output_of(message_id=response["MessageId"]))
