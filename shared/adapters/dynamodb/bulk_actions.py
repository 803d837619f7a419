"""`ports.bulk_actions` on the control table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.aws import ConditionFailed, translated_errors
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import INTEGER, JSON, TEXT, TIME, TIME_IN_SECONDS, Kind
from shared.model.bulk_action import BulkAction, BulkKind, BulkSpec, BulkStatus, DeadLetterFilter, Refusal
from shared.model.errors import ItemChanged, ItemNotFound
from shared.model.job import epoch_ms, from_epoch_ms
from shared.ports.bulk_actions import BulkStep

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.adapters.dynamodb.codec import AttributeValue, Item

_TIMES: Final = ("failed_from", "failed_before")


def _encode_spec(spec: BulkSpec) -> AttributeValue:
    wanted = {one.name: getattr(spec.wanted, one.name) for one in fields(DeadLetterFilter)}
    stored = {name: epoch_ms(value) if name in _TIMES else value for name, value in wanted.items() if value}
    others = {one.name: getattr(spec, one.name) for one in fields(BulkSpec) if one.name != "wanted"}
    return JSON.encode({**others, "wanted": stored})


def _decode_spec(stored: AttributeValue) -> BulkSpec:
    members = JSON.decode(stored)
    wanted = members["wanted"]
    wanted |= {name: from_epoch_ms(wanted[name]) for name in _TIMES if name in wanted}
    wanted["job_ids"] = tuple(wanted.get("job_ids", ()))
    return BulkSpec(**{**members, "kind": BulkKind(members["kind"]), "wanted": DeadLetterFilter(**wanted)})


_IDS: Final = Kind(lambda ids: JSON.encode(list(ids)), lambda stored: tuple(JSON.decode(stored)))
_REFUSALS: Final = Kind(
    lambda refusals: JSON.encode([[one.job_id, one.why] for one in refusals]),
    lambda stored: tuple(Refusal(job_id=job_id, why=why) for job_id, why in JSON.decode(stored)),
)
# Field of `BulkAction` → (attribute, kind). The tenant is in the partition key, the id is the sort key.
_ATTRIBUTES: Final[Mapping[str, tuple[str, Kind]]] = {
    "spec": ("spec", Kind(_encode_spec, _decode_spec)),
    "created_at": ("c_at", TIME),
    "created_by": ("c_by", TEXT),
    "status": (schema.STATUS, Kind(lambda value: {"S": str(value)}, lambda stored: BulkStatus(stored["S"]))),
    "version": ("v", INTEGER),
    "page": ("page", _IDS),
    "position": ("at", TEXT),
    "is_complete": ("complete", JSON),
    "matched": ("matched", INTEGER),
    "done": ("done", INTEGER),
    "refused": ("refused", INTEGER),
    "failed": ("failed", INTEGER),
    "refusals": ("refusals", _REFUSALS),
    "canary_job_id": ("canary", TEXT),
    "next_slot_at": ("slot", TIME),
    "step_at": ("step", TIME),
    "ended_at": ("e_at", TIME),
    "note": ("note", TEXT),
    "fingerprint": ("idem", TEXT),
    "expire_item_at": (schema.TTL, TIME_IN_SECONDS),
}
_BY_ATTRIBUTE: Final = {attribute: (field, kind) for field, (attribute, kind) in _ATTRIBUTES.items()}


@dataclass(frozen=True, slots=True)
class DynamoBulkActions:
    """`dynamodb` is a low-level client. What is to go on is one partition for all tenants, by time."""

    dynamodb: Any
    table: str

    def create_bulk_action(self, action: BulkAction) -> BulkAction:
        self._note_step(action)
        try:
            self._put(action, ConditionExpression="attribute_not_exists(pk)")
        except ConditionFailed:
            return self.get_bulk_action(action.tenant, action.id)
        return action

    def get_bulk_action(self, tenant: str, action_id: str) -> BulkAction:
        with translated_errors("get bulk action"):
            answer = self.dynamodb.get_item(TableName=self.table, Key=_key(tenant, action_id), ConsistentRead=True)
        if "Item" not in answer:
            raise ItemNotFound("bulk action", action_id)
        return _decode(answer["Item"])

    def replace_bulk_action(self, action: BulkAction) -> None:
        self._note_step(action)
        try:
            self._put(
                action,
                ConditionExpression="v = :seen",
                ExpressionAttributeValues={":seen": INTEGER.encode(action.version - 1)},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as refusal:
            if refusal.item != _encode(action):
                raise ItemChanged("bulk action", action.id) from None

    def list_bulk_actions(self, tenant: str, *, before: str | None, limit: int) -> list[BulkAction]:
        # "~" follows all that an id is made of.
        values = {":pk": {"S": _partition(tenant)}, ":before": {"S": "~" if before is None else before}}
        return [_decode(item) for item in self._query("pk = :pk AND sk < :before", values, limit, newest_first=True)]

    def steps(self, *, until: datetime, limit: int, after: BulkStep | None = None) -> list[BulkStep]:
        values = {":pk": {"S": schema.BULK_STEPS_PK}, ":until": {"S": f"{epoch_ms(until):013d}#~"}}
        position: dict[str, Any] = {} if after is None else {"ExclusiveStartKey": _step_key(after)}
        return [_step(item) for item in self._query("pk = :pk AND sk <= :until", values, limit, **position)]

    def steps_of(self, tenant: str) -> list[BulkStep]:
        # A key's middle is no condition. All tenants together have no more steps than a few pages hold.
        found: list[BulkStep] = []
        position: dict[str, Any] = {}
        while True:
            with translated_errors("query steps"):
                answer = self.dynamodb.query(
                    TableName=self.table,
                    KeyConditionExpression="pk = :pk",
                    ExpressionAttributeValues={":pk": {"S": schema.BULK_STEPS_PK}},
                    ConsistentRead=True,
                    **position,
                )
            found += (step for step in map(_step, answer["Items"]) if step.tenant == tenant)
            if "LastEvaluatedKey" not in answer:
                return found
            position = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def forget_step(self, step: BulkStep) -> None:
        with translated_errors("forget step"):
            self.dynamodb.delete_item(TableName=self.table, Key=_step_key(step))

    def _note_step(self, action: BulkAction) -> None:
        """Before the action says so, so that none is forgotten: a step without such an action does no harm."""
        if action.step_at is None:
            return
        with translated_errors("note step"):
            key = _step_key(BulkStep(action.step_at, action.tenant, action.id))
            self.dynamodb.put_item(TableName=self.table, Item=key)

    def _put(self, action: BulkAction, **condition: Any) -> None:
        with translated_errors("put bulk action"):
            self.dynamodb.put_item(TableName=self.table, Item=_encode(action), **condition)

    def _query(
        self, condition: str, values: Mapping[str, Any], limit: int, *, newest_first: bool = False, **position: Any
    ) -> list[Item]:
        """`limit` items, if there are as many: one answer ends at a megabyte, and actions may be large."""
        items: list[Item] = []
        while True:
            with translated_errors("query bulk actions"):
                answer = self.dynamodb.query(
                    TableName=self.table,
                    KeyConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ConsistentRead=True,
                    ScanIndexForward=not newest_first,
                    Limit=limit - len(items),
                    **position,
                )
            items += answer["Items"]
            if len(items) == limit or "LastEvaluatedKey" not in answer:
                return items
            position = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _partition(tenant: str) -> str:
    return f"{schema.BULK_ACTIONS_PK}#{tenant}"


def _key(tenant: str, action_id: str) -> Item:
    return {schema.PK: {"S": _partition(tenant)}, schema.SK: {"S": action_id}}


def _step_key(step: BulkStep) -> Item:
    at, tenant, action_id = step
    return {schema.PK: {"S": schema.BULK_STEPS_PK}, schema.SK: {"S": f"{epoch_ms(at):013d}#{tenant}#{action_id}"}}


def _step(item: Item) -> BulkStep:
    at, tenant, action_id = item[schema.SK]["S"].split("#")
    return BulkStep(from_epoch_ms(int(at)), tenant, action_id)


def _encode(action: BulkAction) -> Item:
    item = _key(action.tenant, action.id)
    for field, (attribute, kind) in _ATTRIBUTES.items():
        if (value := getattr(action, field)) is not None:
            item[attribute] = kind.encode(value)
    return item


def _decode(item: Item) -> BulkAction:
    values = {
        field: kind.decode(item[attribute]) for attribute, (field, kind) in _BY_ATTRIBUTE.items() if attribute in item
    }
    return BulkAction(tenant=item[schema.PK]["S"].partition("#")[2], id=item[schema.SK]["S"], **values)
