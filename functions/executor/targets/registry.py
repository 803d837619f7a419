"""Which target serves which kind of job. A kind's module is imported, and its clients made, when a job of it comes:
most executors only ever see one or two kinds, and every import makes a cold start, and so a job, later."""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from shared.adapters.system import SystemClock
from shared.model.target_rules import TargetRules

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.executor.targets.clients import Clients
    from functions.executor.targets.protocol import Target
    from shared.model.channel import Channel
    from shared.ports.versioned import VersionedStore


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """What the targets are told by the environment.

    runner_function: name or ARN of the function that runs tasks and commands.
    command_target: whether jobs may run commands.
    signing_secret_prefix: the SSM path above the tenants' signing secrets.
    allowed_target_hosts, allowed_target_arns: see `TargetRules`.
    email_sender: the address that e-mail is sent from; empty where there is none.
    account_id, aws_region: where the scheduler runs.
    aws_endpoint_url: URL of an emulator that stands for AWS.
    """

    runner_function: str
    command_target: bool
    signing_secret_prefix: str
    allowed_target_hosts: frozenset[str]
    allowed_target_arns: tuple[str, ...]
    account_id: str
    aws_region: str
    email_sender: str = ""
    aws_endpoint_url: str = ""

    def rules(self) -> TargetRules:
        return TargetRules(
            allowed_hosts=self.allowed_target_hosts,
            allowed_arns=self.allowed_target_arns,
            account=self.account_id,
            region=self.aws_region,
            command_enabled=self.command_target,
            endpoint=self.aws_endpoint_url,
        )


def targets(
    settings: TargetSettings, channels: Callable[[], VersionedStore[Channel]]
) -> Callable[[str], Target | None]:
    """A function from a kind to its target, or to None for a kind that this version does not know. `channels` makes the
    store of channels, when the first job for one comes."""
    return _Targets(settings, channels).of


class _Targets:
    def __init__(self, settings: TargetSettings, channels: Callable[[], VersionedStore[Channel]]) -> None:
        self._settings = settings
        self._channels = channels
        self._rules = settings.rules()
        self._made: dict[str, Target] = {}
        self._make: dict[str, Callable[[], Target]] = {
            "http": self._http,
            "lambda": self._lambda,
            "sqs": self._sqs,
            "sns": self._sns,
            "eventbridge": self._eventbridge,
            "step_functions": self._step_functions,
            "task": self._runner,
            "command": self._runner,
            "channel": self._channel,
            "email": self._email,
        }

    def of(self, kind: str) -> Target | None:
        make = self._make.get(kind)
        if make is None:
            return None
        # Two threads may make the same one at once, and the first one stays: targets keep nothing that must be one.
        return self._made.get(kind) or self._made.setdefault(kind, make())

    @cached_property
    def _clients(self) -> Clients:
        from functions.executor.targets.clients import Clients

        return Clients(SystemClock().now)

    def _http(self) -> Target:
        from functions.executor.targets.http import HttpTarget
        from functions.executor.targets.signing_secrets import SsmSigningSecrets

        # Before a call is made its tenant's secrets may have to be read: that must not take long either.
        ssm: Callable[[], Any] = partial(self._clients.plain, "ssm", 2)
        now = SystemClock().now
        secrets = SsmSigningSecrets(ssm, self._settings.signing_secret_prefix, now)
        return HttpTarget(self._rules.allowed_hosts, secrets, now)

    def _lambda(self) -> Target:
        from functions.executor.targets.lambda_function import LambdaTarget

        return LambdaTarget(self._clients, self._rules)

    def _sqs(self) -> Target:
        from functions.executor.targets.sqs import SqsTarget

        return SqsTarget(self._clients, self._rules)

    def _sns(self) -> Target:
        from functions.executor.targets.sns import SnsTarget

        return SnsTarget(self._clients, self._rules)

    def _eventbridge(self) -> Target:
        from functions.executor.targets.eventbridge import EventBridgeTarget

        return EventBridgeTarget(self._clients, self._rules)

    def _step_functions(self) -> Target:
        from functions.executor.targets.step_functions import StepFunctionsTarget

        return StepFunctionsTarget(self._clients, self._rules)

    def _runner(self) -> Target:
        from functions.executor.targets.runner import RunnerTarget

        return RunnerTarget(
            clients=self._clients,
            function=self._settings.runner_function,
            command_enabled=self._settings.command_target,
        )

    def _channel(self) -> Target:
        from functions.executor.targets.channel import ChannelTarget

        return ChannelTarget(self._channels(), self.of)

    def _email(self) -> Target:
        from functions.executor.targets.email import EmailTarget

        return EmailTarget(self._clients, self._settings.email_sender)
