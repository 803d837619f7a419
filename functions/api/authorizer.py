"""The authorizer's function: whose API key came with a request, in the HTTP API's simple response (payload 2.0).

API Gateway asks once per key and keeps the answer for a while, so scopes are left to the API itself: they depend on the
route. When the control table does not answer, this raises and the gateway says 500. A refusal instead would be a lie,
which a client may act on (it throws its key away) and which the gateway would go on telling for as long as it keeps it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from shared.adapters import aws
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.system import SystemClock
from shared.model.api_key import ApiKey, split_api_key
from shared.settings import from_environment
from shared.telemetry import PowertoolsTelemetry

if TYPE_CHECKING:
    from shared.ports.control import ApiKeyStore

_BEARER: Final = re.compile(r"Bearer +([!-~]{1,512})", re.IGNORECASE | re.ASCII)
REFUSED: Final[dict[str, Any]] = {"isAuthorized": False}
# Compared with when there is no such key, so that the time of a refusal does not tell which ids exist.
_NOBODYS: Final = ApiKey(
    id="", tenant="", secret_sha256="0" * 64, scopes=frozenset(), created_at=datetime(1970, 1, 1, tzinfo=UTC)
)


@dataclass(frozen=True, slots=True)
class Settings:
    control_table: str


def authorize(event: dict[str, Any], keys: ApiKeyStore, now: datetime) -> dict[str, Any]:
    """The answer to the gateway's question: refused, or for which tenant and scopes the key stands."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    match = _BEARER.fullmatch(headers.get("authorization") or "")
    parts = split_api_key(match[1]) if match else None
    if parts is None:
        return REFUSED
    key_id, secret = parts
    found = keys.get_api_key(key_id)
    if not (found or _NOBODYS).accepts(secret, now) or found is None:
        return REFUSED
    return {
        "isAuthorized": True,
        "context": {"tenant": found.tenant, "scopes": " ".join(sorted(found.scopes)), "key_id": found.id},
    }


@cache
def key_store() -> DynamoControlStore:
    return DynamoControlStore(aws.client("dynamodb"), from_environment(Settings).control_table)


@cache
def telemetry() -> PowertoolsTelemetry:
    return PowertoolsTelemetry()


def warm_up() -> None:
    """What the first event of a process would otherwise wait for."""
    key_store()
    telemetry()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers the gateway. What came with the request is not logged: it holds the secret."""
    del context
    answer = authorize(event, key_store(), SystemClock().now())
    facts = answer.get("context", {})
    telemetry().debug("authorized" if answer["isAuthorized"] else "refused", **facts)
    return answer
