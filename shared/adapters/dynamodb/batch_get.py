"""Many items of one table in few calls."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from shared.adapters.aws import translated_errors
from shared.model.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.adapters.dynamodb.codec import Item

# What BatchGetItem takes at once, and how often what it left out is asked for again.
_BATCH = 100
_TRIES = 6


def batch_get(dynamodb: Any, table: str, keys: Sequence[Item], *, consistent: bool, action: str) -> list[Item]:
    """Those of the items that exist, in no order. No key may be there twice: BatchGetItem refuses that.

    Raises `StoreUnavailable`, in whose text the `action` stands.
    """
    items: list[Item] = []
    for start in range(0, len(keys), _BATCH):
        items += _one_batch(dynamodb, table, keys[start : start + _BATCH], consistent, action)
    return items


def _one_batch(dynamodb: Any, table: str, keys: Sequence[Item], consistent: bool, action: str) -> list[Item]:
    wanted: Any = {table: {"Keys": list(keys), "ConsistentRead": consistent}}
    items: list[Item] = []
    for attempt in range(_TRIES):
        with translated_errors(action):
            answer = dynamodb.batch_get_item(RequestItems=wanted)
        items += answer["Responses"].get(table, [])
        wanted = answer.get("UnprocessedKeys")
        if not wanted:
            return items
        time.sleep(0.05 * 2**attempt)
    raise StoreUnavailable(f"{action}: the table left keys unprocessed", outcome_unknown=False)
