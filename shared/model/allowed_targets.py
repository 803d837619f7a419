"""Which AWS resources jobs may call: the ARN that a target means, and the patterns that allow it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from shared.model.errors import InvalidField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MAX_ARN_LENGTH: Final = 512

# Each resource by the characters that its service allows in a name, so that no wildcard can be one.
_LAMBDA: Final = re.compile(r"function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]{1,128})?")
_FUNCTION: Final = re.compile(r"[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]{1,128})?")
_QUEUE_URL: Final = re.compile(
    r"(?P<endpoint>https?://[A-Za-z0-9.:-]+)/(?P<account>[0-9]{12})/(?P<name>[A-Za-z0-9_-]{1,80}(\.fifo)?)"
)
_TOPIC: Final = re.compile(r"[A-Za-z0-9_-]{1,256}(\.fifo)?")
_BUS: Final = re.compile(r"event-bus/[A-Za-z0-9._/-]{1,256}")
_BUS_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,256}")
_STATE_MACHINE: Final = re.compile(r"stateMachine:[A-Za-z0-9_-]{1,80}(:[A-Za-z0-9_-]{1,80})?")
_ROLE: Final = re.compile(r"role/punctual-target/[A-Za-z0-9_+=,.@/-]{1,128}")

# The field that names the resource, its service, and how its ARN goes on after the account.
_FIELDS: Final = {
    "lambda": ("function", "lambda", _LAMBDA),
    "sns": ("topic_arn", "sns", _TOPIC),
    "eventbridge": ("bus", "events", _BUS),
    "step_functions": ("state_machine_arn", "states", _STATE_MACHINE),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the scheduler runs, which is the only place whose resources jobs may call.

    `endpoint` is the URL of an emulator that stands for AWS, empty on AWS itself.
    """

    account: str
    region: str
    endpoint: str = ""

    @property
    def partition(self) -> str:
        """`aws`, or the name of the separate partition to which the region belongs."""
        return next((name for start, name in _PARTITIONS.items() if self.region.startswith(start)), "aws")

    @property
    def domain(self) -> str:
        """What the names of AWS's endpoints end in here."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue, and the URL by which it is called here: made from the parts that were checked, never the client's own,
    as a signed request must not go to a host of a client's choice."""

    arn: str
    url: str

    @property
    def is_fifo(self) -> bool:
        return self.arn.endswith(".fifo")


def check_resource(target: Mapping[str, Any], place: Place, allowed_arns: Sequence[str]) -> str:
    """The ARN of the resource that an AWS target means, if jobs may call it.

    `allowed_arns` are patterns, in which `*` stands for any text without a colon. A target that names a role is not
    held to them: what it may call is for the role to say, which must lie in this account under `/punctual-target/`.

    Raises:
        InvalidField: with slug `target-not-allowed`: malformed, with a wildcard, of another account or region, or
            matched by no pattern.
    """
    field, arn = _resource_of(target, place)
    role = target.get("role_arn")
    if role is not None:
        check_role(role, place)
    elif not any(matches_arn(pattern, arn) for pattern in allowed_arns):
        raise _refused(field, "is not among the resources that jobs of this environment may call")
    return arn


def resource_arn(target: Mapping[str, Any], place: Place) -> str | None:
    """The ARN of the resource that a target means; None when it is of a kind that calls no AWS resource, or no such one
    could be here."""
    if target.get("type") not in {"sqs", *_FIELDS}:
        return None
    try:
        return _resource_of(target, place)[1]
    except InvalidField:
        return None


def matches_arn(pattern: str, arn: str) -> bool:
    """Whether `pattern`, in which `*` stands for any text without a colon, is one of the resource `arn`."""
    return _matcher(pattern).fullmatch(arn) is not None


def queue_of(queue_url: str, place: Place) -> Queue:
    """The queue of this account and region that `queue_url` names.

    Raises:
        InvalidField: it names none.
    """
    match = _QUEUE_URL.fullmatch(queue_url) if len(queue_url) <= _MAX_ARN_LENGTH else None
    if match is None:
        raise _refused("queue_url", "must be the URL of a queue, https://sqs.<region>.amazonaws.com/<account>/<name>")
    endpoint = place.endpoint.rstrip("/") or f"https://sqs.{place.region}.{place.domain}"
    # An emulator answers under several names of the machine; the request goes to its endpoint in any case.
    if not place.endpoint and match["endpoint"] != endpoint:
        raise _refused("queue_url", f"must be a queue of the region {place.region}, {endpoint}/…")
    if match["account"] != place.account:
        raise _refused("queue_url", "must be a queue of this account")
    name = match["name"]
    return Queue(place.arn("sqs", name), f"{endpoint}/{place.account}/{name}")


def check_role(role_arn: Any, place: Place) -> None:
    """Accept the role that a target wants to be called under.

    Raises:
        InvalidField: it is no role of this account under `/punctual-target/`.
    """
    start = f"arn:{place.partition}:iam::{place.account}:"
    if not isinstance(role_arn, str) or not role_arn.startswith(start) or not _ROLE.fullmatch(role_arn[len(start) :]):
        raise _refused("role_arn", f"must be a role of this account under /punctual-target/: {start}role/…")


def _resource_of(target: Mapping[str, Any], place: Place) -> tuple[str, str]:
    """The field that names the resource, and the resource's ARN."""
    kind = target["type"]
    if kind == "sqs":
        return "queue_url", queue_of(str(target["queue_url"]), place).arn
    field, service, resource = _FIELDS[kind]
    text = str(target[field])
    if kind == "lambda" and _FUNCTION.fullmatch(text):
        text = place.arn(service, f"function:{text}")
    if kind == "eventbridge" and _BUS_NAME.fullmatch(text):
        text = place.arn(service, f"event-bus/{text}")
    parts = text.split(":", 5)
    if len(text) > _MAX_ARN_LENGTH or len(parts) != 6 or not resource.fullmatch(parts[5]):
        raise _refused(field, f"must be the ARN of one resource, such as {place.arn(service, _EXAMPLES[kind])}")
    if text != place.arn(service, parts[5]):
        raise _refused(field, f"must lie in this account and region, {place.arn(service, '…')}")
    return field, text


_EXAMPLES: Final = {
    "lambda": "function:name",
    "sns": "name",
    "eventbridge": "event-bus/name",
    "step_functions": "stateMachine:name",
}


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> re.Pattern[str]:
    """A colon is never matched by a wildcard, as it is in IAM: `function:orders-*` must not mean an alias too."""
    return re.compile("[^:]*".join(re.escape(part) for part in pattern.split("*")))


def _refused(field: str, detail: str) -> InvalidField:
    return InvalidField(f"/target/{field}", detail, slug="target-not-allowed")
