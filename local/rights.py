"""What the emulator asks of a role beyond what AWS asks."""

from __future__ import annotations

import json
from typing import Any, Final

# On AWS the right to send a message is the right to send a batch; the emulator asks for the call's own name.
_COVERED: Final = {"sqs:SendMessage": "sqs:SendMessageBatch"}
_POLICY: Final = "emulator"


def grant_what_aws_implies(iam: Any, role_name: str) -> None:
    """Give a role, on the same resources and with the same effect, each right that another one covers on AWS.

    Nothing is granted that the template does not: a right that is missing there is still missing here.
    """
    names = [name for name in iam.list_role_policies(RoleName=role_name)["PolicyNames"] if name != _POLICY]
    statements = [
        {**statement, "Action": implied}
        for name in names
        for statement in iam.get_role_policy(RoleName=role_name, PolicyName=name)["PolicyDocument"]["Statement"]
        if (implied := [_COVERED[action] for action in _actions(statement) if action in _COVERED])
    ]
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName=role_name, PolicyName=_POLICY, PolicyDocument=document)


def _actions(statement: dict[str, Any]) -> list[str]:
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else actions
