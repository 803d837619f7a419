"""cdk-nag's rules that are not followed, each with its reason. Synthesis fails on any other finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Acknowledgment, App, Stack, Validations
from cdk_nag import AwsSolutionsChecks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

PYTHON_VERSION: Final = (
    "Python 3.13 is what the locked wheels are tried on; a newer runtime is a change of its own, with its own tests."
)
TRACES: Final = "X-Ray has no resources to name: sending traces can only be allowed on all."
BUCKET_LOG: Final = (
    "Only roles of this stack can read or write the bucket, and the name of each object tells whose it is. A log "
    "bucket would cost more than the data."
)
PLAIN_HTTP: Final = (
    "The local stage only: the emulator speaks plain HTTP on loopback, where a policy that asks for TLS denies all."
)
END_OF_THE_LINE: Final = "It is told what was given up elsewhere; nothing takes from it but a person."
ALARM_TOPIC: Final = (
    "What passes through it is an alarm's name and a threshold. A key of our own would need a policy that lets "
    "CloudWatch use it, and would cost more than all alarms."
)
PUBLIC_ROUTES: Final = (
    "Health, readiness and the description of the API are public. What no other route matches reaches the function "
    "only to be answered 404 or 401: it refuses everything under /v1 that comes without an authorizer's answer."
)


def check_with_nag(app: App) -> None:
    """Have synthesis fail on whatever cdk-nag's AWS Solutions rules find and nothing here acknowledges."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def acknowledge(construct: Construct, rule: str, reason: str) -> None:
    """Accept what `rule` finds in `construct` and below."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason))


def acknowledge_wildcards(construct: Construct, resources: Sequence[str], reason: str) -> None:
    """Accept the wildcards in the ARNs `resources`, in policies of `construct` and below."""
    for resource in resources:
        text = _as_nag_writes(Stack.of(construct).resolve(resource))
        if "*" in text:
            acknowledge(construct, f"IAM5[Resource::{text}]", reason)


def _as_nag_writes(value: Any) -> str:
    """A resolved CloudFormation value as cdk-nag prints it in the name of a finding: references in angle brackets."""
    match value:
        case str():
            return value
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_as_nag_writes(part) for part in parts)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
        case _:
            raise TypeError(f"no way is known to write {value!r} in a finding's name")
