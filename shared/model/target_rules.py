"""What a job's target may be, beyond its shape: one question for the API and the executor alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shared.model.allowed_targets import Place, check_resource
from shared.model.errors import InvalidField
from shared.model.outbound import check_headers, check_url

if TYPE_CHECKING:
    from collections.abc import Mapping

_AWS_KINDS: Final = frozenset({"lambda", "sqs", "sns", "eventbridge", "step_functions"})
_KINDS: Final = _AWS_KINDS | {"http", "task", "command", "channel"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRules:
    """What a stage allows.

    allowed_hosts: exact `host:port` of HTTP targets that are exempt from https and from the rule about addresses.
    allowed_arns: patterns of the AWS resources that jobs may call; `*` stands for any text without a colon.
    account, region: where the scheduler runs.
    command_enabled: whether jobs may run commands.
    email_enabled: whether channels may send e-mail.
    endpoint: URL of an emulator that stands for AWS, empty on AWS itself (the variable AWS_ENDPOINT_URL).
    """

    allowed_hosts: frozenset[str] = frozenset()
    allowed_arns: tuple[str, ...] = ()
    account: str
    region: str
    command_enabled: bool = False
    email_enabled: bool = False
    endpoint: str = ""

    @property
    def place(self) -> Place:
        return Place(self.account, self.region, self.endpoint)


def check_target(target: Mapping[str, Any], rules: TargetRules) -> None:
    """Accept a target whose shape has been checked: required fields are there, texts are texts.

    Raises:
        InvalidField: pointing into `/target`, with slug `target-url-forbidden`, `invalid-header` or
            `target-not-allowed`.
    """
    kind = target.get("type")
    if kind == "http":
        check_url(target["url"], rules.allowed_hosts)
        check_headers(target.get("headers") or {})
    elif kind in _AWS_KINDS:
        check_resource(target, rules.place, rules.allowed_arns)
    elif kind == "command" and not rules.command_enabled:
        raise InvalidField("/target/type", "this environment runs no commands", slug="target-not-allowed")
    elif kind == "email" and not rules.email_enabled:
        raise InvalidField("/target/type", "this environment has no address to send from", slug="target-not-allowed")
    elif kind not in _KINDS and kind != "email":
        raise InvalidField("/target/type", f"must be one of {', '.join(sorted(_KINDS))}")
