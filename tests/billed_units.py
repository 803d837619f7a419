"""The units that DynamoDB bills, as the emulator of `make run` counts them."""

from __future__ import annotations

from collections import Counter
from typing import Any

_READS = ("Query", "GetItem")
_WRITES = ("PutItem", "UpdateItem")


def billed_units(dynamodb: Any) -> Counter[str]:
    """What calls of this client take from now on, as `read` and `write`."""
    units: Counter[str] = Counter()

    def count(model: Any, parsed: dict[str, Any], **_: Any) -> None:
        units["read" if model.name in _READS else "write"] += parsed["ConsumedCapacity"]["CapacityUnits"]

    for operation in (*_READS, *_WRITES):
        dynamodb.meta.events.register(f"provide-client-params.dynamodb.{operation}", _ask)
        dynamodb.meta.events.register(f"after-call.dynamodb.{operation}", count)
    return units


def _ask(params: dict[str, Any], **_: Any) -> dict[str, Any]:
    return {**params, "ReturnConsumedCapacity": "INDEXES"}
