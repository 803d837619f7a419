"""`ports.backfills.BackfillStore` on the templates table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.aws import ConditionFailed, translated_errors
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import INTEGER, JSON, TEXT, TIME, TIME_IN_SECONDS, Kind
from shared.adapters.dynamodb.template_codec import EXPAND_SHARD, pack, unpack
from shared.model.backfill import Backfill, BackfillOnly, BackfillOrder, BackfillSpec, BackfillStatus
from shared.model.errors import BackfillChanged, BackfillNotFound
from shared.model.job import from_epoch_ms
from shared.model.lanes import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.adapters.dynamodb.codec import Item

_SPEC: Final[Mapping[str, Callable[[Any], Any]]] = {
    "since": from_epoch_ms,
    "until": from_epoch_ms,
    "only": BackfillOnly,
    "order": BackfillOrder,
    "priority": Priority,
}
# Field of `Backfill` → (attribute, kind). The tenant is the partition key, the id in the sort key.
_ATTRIBUTES: Final[Mapping[str, tuple[str, Kind]]] = {
    "status": (schema.STATUS, Kind(lambda value: {"S": str(value)}, lambda stored: BackfillStatus(stored["S"]))),
    "spec": (
        "spec",
        Kind(lambda spec: JSON.encode(pack(spec)), lambda it: unpack(BackfillSpec, JSON.decode(it), _SPEC)),
    ),
    "revision": ("rev", INTEGER),
    "created_at": ("c_at", TIME),
    "created_by": ("c_by", TEXT),
    "total": ("total", INTEGER),
    "position": ("at", TIME),
    "is_complete": ("complete", JSON),
    "made": ("made", INTEGER),
    "passed_over": ("passed", INTEGER),
    "succeeded": ("ok", INTEGER),
    "failed": ("bad", INTEGER),
    "open": ("open", Kind(lambda ids: JSON.encode(list(ids)), lambda stored: tuple(JSON.decode(stored)))),
    "ended_at": ("e_at", TIME),
    "note": ("note", TEXT),
    "fingerprint": ("idem", TEXT),
    "step_at": (schema.EXPAND_AT, TIME),
    "step_shard": (schema.EXPAND_SHARD, EXPAND_SHARD),
    "expire_item_at": (schema.TTL, TIME_IN_SECONDS),
}
_BY_ATTRIBUTE: Final = {attribute: (field, kind) for field, (attribute, kind) in _ATTRIBUTES.items()}
_DEFAULTS: Final = {one.name: one.default for one in fields(Backfill)}


@dataclass(frozen=True, slots=True)
class DynamoBackfillStore:
    """`dynamodb` is a low-level client."""

    dynamodb: Any
    table: str

    def create_backfill(self, backfill: Backfill) -> Backfill:
        try:
            self._put(backfill, ConditionExpression="attribute_not_exists(pk)")
        except ConditionFailed:
            return self.get_backfill(backfill.tenant, backfill.id)
        return backfill

    def get_backfill(self, tenant: str, backfill_id: str) -> Backfill:
        with translated_errors("get backfill"):
            answer = self.dynamodb.get_item(TableName=self.table, Key=_key(tenant, backfill_id), ConsistentRead=True)
        if "Item" not in answer:
            raise BackfillNotFound(backfill_id)
        return _decode(answer["Item"])

    def replace_backfill(self, backfill: Backfill) -> None:
        try:
            self._put(
                backfill,
                ConditionExpression="rev = :seen",
                ExpressionAttributeValues={":seen": {"N": str(backfill.revision - 1)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as refusal:
            if refusal.item != _encode(backfill):
                raise BackfillChanged(backfill.id) from None

    def list_backfills(self, tenant: str, *, before: str | None, limit: int) -> list[Backfill]:
        with translated_errors("list backfills"):
            answer = self.dynamodb.query(
                TableName=self.table,
                KeyConditionExpression="pk = :tenant AND sk BETWEEN :low AND :high",
                ExpressionAttributeValues={
                    ":tenant": {"S": tenant},
                    ":low": {"S": f"{schema.BACKFILL_SK}#"},
                    ":high": _key(tenant, "~" if before is None else before)[schema.SK],
                },
                ConsistentRead=True,
                ScanIndexForward=False,
                Limit=limit + 1,  # BETWEEN is closed, and `before` itself is dropped
            )
        found = [_decode(item) for item in answer["Items"]]
        return [one for one in found if one.id != before][:limit]

    def _put(self, backfill: Backfill, **condition: Any) -> None:
        with translated_errors("put backfill"):
            self.dynamodb.put_item(TableName=self.table, Item=_encode(backfill), **condition)


def _key(tenant: str, backfill_id: str) -> Item:
    return {schema.PK: {"S": tenant}, schema.SK: {"S": f"{schema.BACKFILL_SK}#{backfill_id}"}}


def _encode(backfill: Backfill) -> Item:
    item = _key(backfill.tenant, backfill.id)
    for field, (attribute, kind) in _ATTRIBUTES.items():
        value = getattr(backfill, field)
        if value is not None and (value != _DEFAULTS[field] or field == "revision"):
            item[attribute] = kind.encode(value)
    return item


def _decode(item: Item) -> Backfill:
    values = {}
    for attribute, value in item.items():
        if attribute in _BY_ATTRIBUTE:
            field, kind = _BY_ATTRIBUTE[attribute]
            values[field] = kind.decode(value)
    return Backfill(tenant=item[schema.PK]["S"], id=item[schema.SK]["S"].partition("#")[2], **values)
