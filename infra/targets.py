"""From the patterns of what jobs may call to the executor's policy."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from aws_cdk import Aws

if TYPE_CHECKING:
    from collections.abc import Sequence

# The one action by which a job calls a resource of a service.
_ACTIONS: Final = {
    "lambda": "lambda:InvokeFunction",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "events": "events:PutEvents",
    "states": "states:StartExecution",
}


def target_arns(patterns: Sequence[str]) -> list[str]:
    """The patterns with the stack's partition, region and account filled in."""
    return [pattern.format(partition=Aws.PARTITION, region=Aws.REGION, account=Aws.ACCOUNT_ID) for pattern in patterns]


def target_rights(patterns: Sequence[str]) -> dict[str, list[str]]:
    """Action to the ARNs on which it is allowed.

    Raises:
        ValueError: a pattern is no ARN of a service that jobs can call, or leaves the service or the kind of resource
            open: `arn:…:lambda:…:*` would hold for more than functions.
    """
    rights: dict[str, list[str]] = defaultdict(list)
    for pattern, arn in zip(patterns, target_arns(patterns), strict=True):
        parts = pattern.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn" or parts[2] not in _ACTIONS or parts[5].strip("*") == "":
            raise ValueError(f"{pattern!r} is not a pattern of a target; services are {', '.join(_ACTIONS)}")
        rights[_ACTIONS[parts[2]]].append(arn)
    return dict(rights)
