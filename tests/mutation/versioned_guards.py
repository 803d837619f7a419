"""The store of small things of a tenant, before it writes."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_memory = partial(SourceMutant, "shared/adapters/memory/versioned.py")
_dynamodb = partial(SourceMutant, "shared/adapters/dynamodb/versioned.py")

VERSIONED_MEMORY_GUARDS: Final = (
    _memory("an id of a small thing is given twice", "self._items.setdefault((item.tenant, item.id), item)", "item"),
    _memory("a small thing is replaced whatever its version", "current.version != item.version - 1", "False"),
    _memory("one's own change of a small thing is another's", "if current != item and (current", "if (current"),
    _memory("a small thing is deleted whatever its version", "if current.version != item.version:", "if False:"),
    _memory("a tenant's small things are everybody's", " if key[0] == tenant", ""),
)
VERSIONED_STORE_GUARDS: Final = (
    _dynamodb(
        "dynamodb: an id of a small thing is given twice",
        'self._put(item, ConditionExpression=f"attribute_not_exists({schema.PK})")',
        "self._put(item)",
    ),
    _dynamodb(
        "dynamodb: a small thing is replaced whatever its version",
        'ConditionExpression=f"{_VERSION} = :seen",',
        'ConditionExpression=f"{_VERSION} = :seen OR attribute_exists(pk)",',
    ),
    _dynamodb(
        "dynamodb: one's own change of a small thing is another's", "if refusal.item != self._encode(item):", "if True:"
    ),
    _dynamodb(
        "dynamodb: a small thing is deleted whatever its version",
        '{_VERSION} = :seen",\n                    ExpressionAttributeValues={":seen": INTEGER.encode(item.version)},',
        '{_VERSION} >= :seen",\n                    ExpressionAttributeValues={":seen": INTEGER.encode(item.version)},',
    ),
    _dynamodb(
        "dynamodb: what is gone cannot be deleted", 'f"attribute_not_exists({schema.PK}) OR {_VERSION}', 'f"{_VERSION}'
    ),
    _dynamodb("dynamodb: small things of the first page are all", 'if "LastEvaluatedKey" not in answer:', "if True:"),
)
