"""The authorizer's function, in the simple response of HTTP APIs (payload 2.0).

API Gateway asks once per key and keeps the answer for a while, so scopes are left to the API itself: they depend on the
route. When the control table does not answer, this raises and the gateway says 500. A refusal instead would be a lie,
which a client may act on (it throws its key away) and which the gateway would go on telling for as long as it keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from functions.api.authorize import authorize
from shared.adapters import aws
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.system import SystemClock
from shared.settings import from_environment
from shared.telemetry import PowertoolsTelemetry


@dataclass(frozen=True, slots=True)
class Settings:
    control_table: str


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
    """Answers the gateway. Of the header nothing is logged: it holds the secret."""
    del context
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    key = authorize(headers.get("authorization") or "", key_store(), SystemClock().now())
    request_id = event.get("requestContext", {}).get("requestId")
    if key is None:
        telemetry().note("unauthenticated", request_id=request_id)
        return {"isAuthorized": False}
    facts = {"tenant": key.tenant, "scopes": " ".join(sorted(key.scopes)), "key_id": key.id}
    telemetry().debug("authenticated", request_id=request_id, **facts)
    return {"isAuthorized": True, "context": facts}
