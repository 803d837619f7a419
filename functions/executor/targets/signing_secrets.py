"""`signing.SigningSecrets` in SSM: a SecureString per tenant, one or two secrets separated by a space."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from functions.executor.targets.signing import SigningUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

FRESH: Final = timedelta(minutes=5)
# While SSM does not answer, what it said last stands for this long. Secrets cannot be changed meanwhile either, and
# without this an outage of SSM would use up the attempts of every job of every tenant.
STALE: Final = timedelta(hours=1)
# After a failure SSM is left alone for so long; asking for every job would make each wait for a timeout.
REST: Final = timedelta(seconds=10)
_MAX_KEPT: Final = 1_000


class _Kept(NamedTuple):
    secrets: tuple[str, ...]
    read_at: datetime


class SsmSigningSecrets:
    """`ssm_client` gives the client; `prefix` is the path above the tenants' names, `now` the wall clock.

    That a tenant has no secrets is kept as long as what they are, so that it costs one call in five minutes.
    """

    def __init__(self, ssm_client: Callable[[], Any], prefix: str, now: Callable[[], datetime]) -> None:
        self._ssm_client = ssm_client
        self._prefix = prefix
        self._now = now
        self._kept: dict[str, _Kept] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._fault = ""
        self._rests_until = now()

    def secrets_of(self, tenant: str) -> tuple[str, ...]:
        kept = self._fresh(tenant)
        if kept is None:
            # One thread asks; the others of a batch that run jobs of the same tenant then find the answer.
            with self._locks.setdefault(tenant, threading.Lock()):
                kept = self._fresh(tenant) or self._read(tenant)
        return kept.secrets

    def _fresh(self, tenant: str) -> _Kept | None:
        kept = self._kept.get(tenant)
        return kept if kept is not None and self._now() - kept.read_at < FRESH else None

    def _read(self, tenant: str) -> _Kept:
        now = self._now()
        if now >= self._rests_until:
            try:
                kept = _Kept(self._ask(tenant), now)
            except (ClientError, BotoCoreError) as error:
                self._fault = _code_of(error)
                self._rests_until = self._now() + REST
            else:
                if len(self._kept) >= _MAX_KEPT:
                    self._kept.clear()
                self._kept[tenant] = kept
                return kept
        last = self._kept.get(tenant)
        if last is None or now - last.read_at >= STALE:
            raise SigningUnavailable(f"the signing secrets could not be read: {self._fault}")
        return last

    def _ask(self, tenant: str) -> tuple[str, ...]:
        try:
            answer = self._ssm_client().get_parameter(Name=f"{self._prefix}{tenant}", WithDecryption=True)
        except ClientError as error:
            if _code_of(error) != "ParameterNotFound":
                raise
            return ()
        return tuple(answer["Parameter"]["Value"].split())


def _code_of(error: ClientError | BotoCoreError) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
