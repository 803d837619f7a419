"""`ports.calendars.CalendarStore` on the templates table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.aws import ConditionFailed, translated_errors
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import INTEGER, JSON, TEXT, TIME, Kind
from shared.adapters.dynamodb.template_codec import EXPAND_SHARD, calendar_use_key, calendar_use_prefix
from shared.model.errors import CalendarChanged, CalendarNotFound
from shared.model.schedule.calendar_documents import read_calendar
from shared.model.stored_calendar import StoredCalendar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shared.adapters.dynamodb.codec import Item
    from shared.model.schedule.calendar import Calendar

# Field of `StoredCalendar` → (attribute, kind). The tenant is the partition key, the id in the sort key.
_ATTRIBUTES: Final[Mapping[str, tuple[str, Kind]]] = {
    "document": ("doc", JSON),
    "name": ("name", TEXT),
    "version": ("v", INTEGER),
    "revision": ("rev", INTEGER),
    "created_at": ("c_at", TIME),
    "changed_at": ("u_at", TIME),
    "changed_by": ("u_by", TEXT),
    "was": ("was", JSON),
    "planned_user": ("planned", TEXT),
    "expand_at": (schema.EXPAND_AT, TIME),
    "expand_shard": (schema.EXPAND_SHARD, EXPAND_SHARD),
}
_BY_ATTRIBUTE: Final = {attribute: (field, kind) for field, (attribute, kind) in _ATTRIBUTES.items()}
_DEFAULTS: Final = {one.name: one.default for one in fields(StoredCalendar)}
# A sort key ends with an id; this character comes after all of those that ids have.
_LAST: Final = "~"


@dataclass(frozen=True, slots=True)
class DynamoCalendars:
    """`dynamodb` is a low-level client."""

    dynamodb: Any
    table: str

    def calendars(self, tenant: str, ids: Sequence[str]) -> Mapping[str, Calendar]:
        found = {}
        for name in ids:
            item = self._get(tenant, name)
            if item is not None:
                found[name] = read_calendar(JSON.decode(item["doc"]))
        return found

    def create_calendar(self, calendar: StoredCalendar) -> StoredCalendar:
        try:
            self._put(calendar, ConditionExpression="attribute_not_exists(pk)")
        except ConditionFailed:
            return self.get_calendar(calendar.tenant, calendar.id)
        return calendar

    def get_calendar(self, tenant: str, calendar_id: str) -> StoredCalendar:
        item = self._get(tenant, calendar_id)
        if item is None:
            raise CalendarNotFound(calendar_id)
        return _decode(item)

    def replace_calendar(self, calendar: StoredCalendar) -> None:
        try:
            self._put(
                calendar,
                ConditionExpression="rev = :seen",
                ExpressionAttributeValues={":seen": {"N": str(calendar.revision - 1)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as refusal:
            if refusal.item != _encode(calendar):
                raise CalendarChanged(calendar.id) from None

    def delete_calendar(self, tenant: str, calendar_id: str, *, revision: int) -> None:
        try:
            with translated_errors("delete calendar"):
                self.dynamodb.delete_item(
                    TableName=self.table,
                    Key=_key(tenant, calendar_id),
                    ConditionExpression="attribute_not_exists(pk) OR rev = :seen",
                    ExpressionAttributeValues={":seen": {"N": str(revision)}},
                )
        except ConditionFailed:
            raise CalendarChanged(calendar_id) from None

    def list_calendars(self, tenant: str, *, after: str | None, limit: int) -> list[StoredCalendar]:
        return [_decode(item) for item in self._listed(tenant, f"{schema.CALENDAR_SK}#", after, limit)]

    def note_use(self, tenant: str, template_id: str, calendars: Iterable[str]) -> None:
        for name in calendars:
            with translated_errors("note use of calendar"):
                self.dynamodb.put_item(
                    TableName=self.table,
                    Item=calendar_use_key(tenant, name, template_id),
                )

    def users(self, tenant: str, calendar_id: str, *, after: str | None, limit: int) -> list[str]:
        prefix = calendar_use_prefix(calendar_id)
        return [item[schema.SK]["S"].removeprefix(prefix) for item in self._listed(tenant, prefix, after, limit)]

    def _get(self, tenant: str, calendar_id: str) -> Item | None:
        with translated_errors("get calendar"):
            item: Item | None = self.dynamodb.get_item(
                TableName=self.table, Key=_key(tenant, calendar_id), ConsistentRead=True
            ).get("Item")
        return item

    def _put(self, calendar: StoredCalendar, **condition: Any) -> None:
        with translated_errors("put calendar"):
            self.dynamodb.put_item(TableName=self.table, Item=_encode(calendar), **condition)

    def _listed(self, tenant: str, prefix: str, after: str | None, limit: int) -> list[Item]:
        """At most `limit` items of that prefix, after the one that ends with `after`."""
        found: list[Item] = []
        for item in self._items(tenant, prefix, after, limit):
            # BETWEEN is closed at both ends.
            if item[schema.SK]["S"] != f"{prefix}{after}":
                found.append(item)
            if len(found) == limit:
                break
        return found

    def _items(self, tenant: str, prefix: str, after: str | None, limit: int) -> Iterator[Item]:
        position: dict[str, Any] = {}
        while True:
            with translated_errors("list calendars"):
                answer = self.dynamodb.query(
                    TableName=self.table,
                    KeyConditionExpression="pk = :tenant AND sk BETWEEN :low AND :high",
                    ExpressionAttributeValues={
                        ":tenant": {"S": tenant},
                        ":low": {"S": f"{prefix}{after or ''}"},
                        ":high": {"S": f"{prefix}{_LAST}"},
                    },
                    ConsistentRead=True,
                    Limit=limit + 1,
                    **position,
                )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            position = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _key(tenant: str, calendar_id: str) -> Item:
    return {schema.PK: {"S": tenant}, schema.SK: {"S": f"{schema.CALENDAR_SK}#{calendar_id}"}}


def _encode(calendar: StoredCalendar) -> Item:
    item = _key(calendar.tenant, calendar.id)
    for field, (attribute, kind) in _ATTRIBUTES.items():
        value = getattr(calendar, field)
        if value is not None and (value != _DEFAULTS[field] or field == "revision"):
            item[attribute] = kind.encode(value)
    return item


def _decode(item: Item) -> StoredCalendar:
    values = {}
    for attribute, value in item.items():
        if attribute in _BY_ATTRIBUTE:
            field, kind = _BY_ATTRIBUTE[attribute]
            values[field] = kind.decode(value)
    return StoredCalendar(tenant=item[schema.PK]["S"], id=item[schema.SK]["S"].partition("#")[2], **values)
