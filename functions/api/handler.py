"""The HTTP API's function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from functions.api.application import Application
from functions.api.wiring import services, telemetry
from shared.model.target_rules import TargetRules
from shared.settings import from_environment


@dataclass(frozen=True, slots=True)
class Settings:
    aws_region: str
    command_target: bool
    allowed_target_hosts: frozenset[str]
    allowed_target_arns: tuple[str, ...]
    email_sender: str = ""
    aws_endpoint_url: str = ""

    def target_rules(self, account: str) -> TargetRules:
        return TargetRules(
            allowed_hosts=self.allowed_target_hosts,
            allowed_arns=self.allowed_target_arns,
            account=account,
            region=self.aws_region,
            command_enabled=self.command_target,
            email_enabled=bool(self.email_sender),
            endpoint=self.aws_endpoint_url,
        )


@cache
def application(account: str) -> Application:
    return Application(services(from_environment(Settings).target_rules(account)))


def warm_up() -> None:
    """What the first event of a process would otherwise wait for."""
    application("000000000000")


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers an event of an HTTP API, payload 2.0."""
    # arn:aws:lambda:region:account:function:name
    answer = application(context.invoked_function_arn.split(":")[4])(event, context)
    telemetry().flush()
    return answer
