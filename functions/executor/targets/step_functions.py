"""Target kind `step_functions`: an execution of a state machine is started, and not waited for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.executor.targets.aws import answered, output_of, text_of
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

    Express state machines know no such rule; there a repeated attempt starts a second execution.
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
            response = client.start_execution(stateMachineArn=machine, name=name, input=text_of(call))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
            return Answer(output_of(execution_name=name, note="started by an earlier attempt"))
        return Answer(output_of(execution_arn=response["executionArn"]))


def execution_name(call: Call) -> str:
    return f"{call.tenant}-{call.job_id}"
