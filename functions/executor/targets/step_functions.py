"""Target kind `step_functions`: an execution of a state machine is started, and not waited for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.executor.targets.aws import answered, output_of, text_of, with_identity
from functions.executor.targets.protocol import Answer
from shared.model.allowed_targets import check_resource

if TYPE_CHECKING:
    from functions.executor.targets.clients import Clients
    from functions.executor.targets.protocol import Call, Deadline
    from shared.model.target_rules import TargetRules


@dataclass(frozen=True, slots=True)
class StepFunctionsTarget:
    """The payload is the execution's input. Its name is made of tenant and job, the same for every attempt: a standard
    state machine starts a name once in 90 days, so that an attempt whose answer was lost is not repeated.

    Express state machines know no such rule; there a repeated attempt starts a second execution. So does any attempt
    whose outcome is to be reported, since each has a token of its own: that is in the input, as `punctual`.
    """

    clients: Clients
    rules: TargetRules

    def call(self, call: Call, deadline: Deadline) -> Answer:
        """Success is that the job's execution has been started, by this attempt or one before."""
        return answered(lambda: self._start(call, deadline), deadline)

    def _start(self, call: Call, deadline: Deadline) -> Answer:
        machine = check_resource(call.target, self.rules.place, self.rules.allowed_arns)
        client = self.clients.within(
            "stepfunctions", deadline, tenant=call.tenant, role_arn=call.target.get("role_arn")
        )
        name = execution_name(call)
        try:
            # Parsed before anything is asked of AWS.
            given = text_of(call) if call.reporting is None else with_identity(call)
            response = client.start_execution(stateMachineArn=machine, name=name, input=given)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
            return Answer(output_of(execution_name=name, note="started by an earlier attempt"))
        return Answer(output_of(execution_arn=response["executionArn"]))


def execution_name(call: Call) -> str:
    """At most 80 characters: a tenant has 40 of them, a job's id 24."""
    name = f"{call.tenant}-{call.job_id}"
    return name if call.reporting is None else f"{name}-{call.fence}"
