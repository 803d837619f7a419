"""Breakers to test with."""

from __future__ import annotations

from typing import Any

from shared.model.breaker import Breaker, BreakerState, Calls
from tests.jobs import TENANT, at

TARGET = "http:example.com:443"


def a_breaker(**facts: Any) -> Breaker:
    """One that opened at `START`, and whose first probe is due ten seconds later, unless `facts` say otherwise."""
    values: dict[str, Any] = {
        "tenant": TENANT,
        "target": TARGET,
        "state": BreakerState.OPEN,
        "version": 1,
        "changed_at": at(0),
        "cool_down_seconds": 10,
        "opened_at": at(0),
        "probe_at": at(10),
        "calls": Calls(7, 3),
        "error": "http_503",
        "expire_item_at": at(86_410),
    }
    return Breaker(**{**values, **facts})
