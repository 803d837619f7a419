"""Clients for calls on behalf of jobs: bounded by the deadline, never sent again, under a role if one is named."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config

from shared.adapters import aws

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.executor.targets.aws_wire import AwsWire
    from functions.executor.targets.protocol import Deadline

# A client's timeouts are fixed when it is made, which takes as long as ten calls: so there is one for each of these
# spans, in seconds, and a call gets the longest that ends before its deadline.
_SPANS: Final = (1, 2, 5, 10)
_CONNECT_SECONDS: Final = 3
_ROLE_RENEWED: Final = timedelta(minutes=5)
# The longest that a role which is itself a session may hand on (role chaining).
_ROLE_SECONDS: Final = 3600
_MAX_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Credentials:
    """An assumed role's session."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    expires_at: datetime


def config(connect_seconds: float, read_seconds: float) -> Config:
    """Never more than one send: most of these calls do their work anew each time, and a job's own retry policy, or its
    promise to be delivered at most once, must be what decides about that."""
    return Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        max_pool_connections=16,
        retries={"mode": "standard", "total_max_attempts": 1},
    )


class Clients:
    """`now` is the wall clock, `create` botocore's `Session.create_client`."""

    def __init__(self, now: Callable[[], datetime], create: Callable[..., Any] = aws.create_client) -> None:
        self._now = now
        self._create = create
        self._roles: dict[tuple[str, str], Credentials] = {}
        # The threads that ask for the same client get the one that the first of them has made.
        self._lock = threading.Lock()
        self._cached = lru_cache(maxsize=_MAX_KEPT)(self._make)

    def plain(self, service: str, read_seconds: float) -> Any:
        """A client of the executor's own role that waits so long for an answer."""
        return self._client(service, _CONNECT_SECONDS, math.ceil(read_seconds), None)

    def over(self, wire: AwsWire, service: str, deadline: Deadline, *, tenant: str, role_arn: str | None) -> Any:
        """A client that sends over `wire`, which bounds its calls; otherwise like `within`."""
        credentials = None if role_arn is None else self.assumed(role_arn, tenant, deadline)
        return self._client(service, _CONNECT_SECONDS, _CONNECT_SECONDS, credentials, wire)

    def within(self, service: str, deadline: Deadline, *, tenant: str, role_arn: str | None) -> Any:
        """A client whose call ends before `deadline` (but may take a second when less is left), under `role_arn`, which
        is assumed with the tenant as external id.

        Raises:
            ClientError, BotoCoreError: the role cannot be assumed.
        """
        credentials = None if role_arn is None else self.assumed(role_arn, tenant, deadline)
        span = max((span for span in _SPANS if span <= deadline.remaining()), default=_SPANS[0])
        connect = min(_CONNECT_SECONDS, 0.3 * span)
        return self._client(service, connect, span - connect, credentials)

    def assumed(self, role_arn: str, tenant: str, deadline: Deadline) -> Credentials:
        """The session of a role for a tenant, kept until shortly before it expires."""
        kept = self._roles.get((role_arn, tenant))
        if kept is not None and kept.expires_at - self._now() > _ROLE_RENEWED:
            return kept
        answer = self.within("sts", deadline, tenant=tenant, role_arn=None).assume_role(
            RoleArn=role_arn,
            RoleSessionName=f"punctual-{tenant}",
            ExternalId=tenant,
            DurationSeconds=_ROLE_SECONDS,
        )["Credentials"]
        made = Credentials(
            answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], answer["Expiration"]
        )
        if len(self._roles) >= _MAX_KEPT:
            self._roles.clear()
        self._roles[role_arn, tenant] = made
        return made

    def _client(
        self, service: str, connect: float, read: float, credentials: Credentials | None, wire: AwsWire | None = None
    ) -> Any:
        with self._lock:
            return self._cached(service, connect, read, credentials, wire)

    def _make(
        self, service: str, connect: float, read: float, credentials: Credentials | None, wire: AwsWire | None
    ) -> Any:
        session: dict[str, Any] = {}
        if credentials is not None:
            session = {
                "aws_access_key_id": credentials.access_key,
                "aws_secret_access_key": credentials.secret_key,
                "aws_session_token": credentials.token,
            }
        client = self._create(service, config=config(connect, read), **session)
        if wire is not None:
            wire.attach(client)
        return client
