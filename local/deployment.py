"""Stacks in the emulator: made, brought up to date, and read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from local.failure import CannotRun

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS: Final = 60
_POLL_SECONDS: Final = 0.05
_LONGEST_MESSAGE: Final = 300
_BOOTSTRAP_VERSION: Final = "/cdk-bootstrap/hnb659fds/version"
_GOOD: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
# In these a stack can be changed; from any other it has to be made anew, as on AWS.
_UPDATABLE: Final = _GOOD | {"UPDATE_ROLLBACK_COMPLETE"}


def bootstrap(ssm: Any) -> None:
    """What `cdk bootstrap` leaves in an account, as far as a template looks for it."""
    ssm.put_parameter(Name=_BOOTSTRAP_VERSION, Value="30", Type="String", Overwrite=True)


def deploy(cloudformation: Any, stack: str, template: Mapping[str, str]) -> dict[str, str]:
    """Create the stack, or update it if the template says something new; its outputs.

    `template` is the parameter that brings it: `TemplateBody`, or for over 51,200 bytes `TemplateURL`.

    Raises:
        CannotRun: the stack did not come to a good end.
    """
    status = _status(cloudformation, stack)
    if status is not None and status not in _UPDATABLE:
        cloudformation.delete_stack(StackName=stack)
        _settled(cloudformation, stack)
        status = None
    parameters = {"StackName": stack, **template, "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    try:
        if status is None:
            cloudformation.create_stack(**parameters)
        else:
            cloudformation.update_stack(**parameters)
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if "No updates are to be performed" not in message:
            raise CannotRun(f"The stack {stack} was refused: {message[:_LONGEST_MESSAGE]}") from error
        return _outputs(cloudformation, stack)
    status = _settled(cloudformation, stack)
    if status not in _GOOD:
        raise CannotRun(f"The stack {stack} could not be deployed: {_reason(cloudformation, stack)} ({status}).")
    return _outputs(cloudformation, stack)


def _status(cloudformation: Any, stack: str) -> str | None:
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    status = found[0]["StackStatus"] if found else None
    return None if status == "DELETE_COMPLETE" else status


def _settled(cloudformation: Any, stack: str) -> str | None:
    deadline = time.monotonic() + _SECONDS
    while True:
        status = _status(cloudformation, stack)
        if status is None or not status.endswith("_IN_PROGRESS"):
            return status
        if time.monotonic() > deadline:
            raise CannotRun(f"The stack {stack} is {status} since {_SECONDS} s.")
        time.sleep(_POLL_SECONDS)


def _reason(cloudformation: Any, stack: str) -> str:
    """What failed first."""
    for event in reversed(cloudformation.describe_stack_events(StackName=stack)["StackEvents"]):
        if event["ResourceStatus"].endswith("_FAILED"):
            why = event.get("ResourceStatusReason", "no reason was given").rstrip(".")
            return f"{event['LogicalResourceId']}: {why}"
    return "no resource says why"


def _outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", ())}
