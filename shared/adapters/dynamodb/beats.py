"""`ports.beats` on the control table: an item for each function, with an attribute for each of its shards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.adapters.aws import translated_errors
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

# No key of the item begins so.
_SHARD = "@"
# An expression may have 300 operators.
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class DynamoBeats:
    """`dynamodb` is a low-level client."""

    dynamodb: Any
    table: str

    def note(self, function: str, shards: Iterable[str], at: datetime) -> None:
        named = list(shards)
        for start in range(0, len(named), _AT_ONCE):
            self._note(function, named[start : start + _AT_ONCE], at)

    def _note(self, function: str, shards: Sequence[str], at: datetime) -> None:
        names = {f"#s{number}": f"{_SHARD}{shard}" for number, shard in enumerate(shards)}
        # No condition: whoever comes last was there at about the same time.
        with translated_errors("note beat"):
            self.dynamodb.update_item(
                TableName=self.table,
                Key={schema.PK: {"S": schema.BEATS_PK}, schema.SK: {"S": function}},
                UpdateExpression="SET " + ", ".join(f"{name} = :at" for name in names),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={":at": TIME.encode(at)},
            )

    def beats(self) -> Mapping[str, Mapping[str, datetime]]:
        with translated_errors("query beats"):
            answer = self.dynamodb.query(
                TableName=self.table,
                KeyConditionExpression=f"{schema.PK} = :pk",
                ExpressionAttributeValues={":pk": {"S": schema.BEATS_PK}},
                ConsistentRead=True,
            )
        return {item[schema.SK]["S"]: _shards(item) for item in answer["Items"]}


def _shards(item: dict[str, Any]) -> dict[str, datetime]:
    return {name[len(_SHARD) :]: TIME.decode(value) for name, value in item.items() if name.startswith(_SHARD)}
