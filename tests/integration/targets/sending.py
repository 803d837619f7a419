"""Sends calls to receivers on loopback."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from functions.executor.targets.http import HttpTarget
from functions.executor.targets.protocol import Answer, Deadline
from tests.calls import a_call

if TYPE_CHECKING:
    from tests.integration.targets.receivers import Receiver


class Secrets:
    def __init__(self, *secrets: str) -> None:
        self._secrets = secrets

    def secrets_of(self, tenant: str) -> tuple[str, ...]:
        return self._secrets


def now() -> datetime:
    return datetime.now(UTC)


def send(
    receiver: Receiver, *, secrets: Any = None, seconds: float = 5, deadline: Deadline | None = None, **target: Any
) -> Answer:
    call = a_call({"type": "http", "url": receiver.url(), **target.pop("target", {})}, **target)
    http = HttpTarget(frozenset({receiver.host}), secrets or Secrets(), now)
    return http.call(call, deadline or Deadline(seconds))
