"""`ports.maintenance_windows` on the control table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.aws import ConditionFailed, translated_errors
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import INTEGER, JSON, TEXT, TIME, TIME_IN_SECONDS, Kind
from shared.model.errors import WindowChanged, WindowNotFound
from shared.model.job import epoch_ms, from_epoch_ms
from shared.model.maintenance_window import Effect, MaintenanceWindow, Scope, Span, TargetScope
from shared.ports.maintenance_windows import Extension, WindowCreation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.adapters.dynamodb.codec import AttributeValue, Item


def _encode_scope(scope: Scope) -> AttributeValue:
    target = scope.target
    members = {
        "tags": scope.tags,
        "templates": scope.template_ids,
        "target": target and {one.name: value for one in fields(target) if (value := getattr(target, one.name))},
    }
    return JSON.encode({name: value for name, value in members.items() if value is not None})


def _decode_scope(stored: AttributeValue) -> Scope:
    members = JSON.decode(stored)
    if not members.keys() <= {"tags", "templates", "target"}:
        raise ValueError("a scope of another kind")
    templates, target = members.get("templates"), members.get("target")
    return Scope(
        tags=members.get("tags"),
        template_ids=None if templates is None else tuple(templates),
        target=None if target is None else TargetScope(**target),
    )


_SPANS: Final = Kind(
    lambda spans: JSON.encode([[epoch_ms(time) for time in span] for span in spans]),
    lambda stored: tuple(Span(*map(from_epoch_ms, span)) for span in JSON.decode(stored)),
)
# Field of `MaintenanceWindow` → (attribute, kind). The tenant is in the partition key, the id in the sort key.
_ATTRIBUTES: Final[Mapping[str, tuple[str, Kind]]] = {
    "name": ("name", TEXT),
    "note": ("note", TEXT),
    "effect": ("effect", Kind(lambda effect: {"S": str(effect)}, lambda stored: Effect(stored["S"]))),
    "silences_alerts": ("quiet", Kind(lambda silences: {"BOOL": silences}, lambda stored: bool(stored["BOOL"]))),
    "scope": ("scope", Kind(_encode_scope, _decode_scope)),
    "spans": ("spans", _SPANS),
    "schedule": ("schedule", JSON),
    "duration_seconds": ("duration", INTEGER),
    "release_over_seconds": ("release", INTEGER),
    "version": ("v", INTEGER),
    "created_at": ("c_at", TIME),
    "changed_at": ("u_at", TIME),
    "changed_by": ("u_by", TEXT),
    "ended_at": ("e_at", TIME),
    "extend_at": ("x_at", TIME),
    "fingerprint": ("idem", TEXT),
    "expire_item_at": (schema.TTL, TIME_IN_SECONDS),
}
_BY_ATTRIBUTE: Final = {attribute: (field, kind) for field, (attribute, kind) in _ATTRIBUTES.items()}


@dataclass(frozen=True, slots=True)
class DynamoMaintenanceWindows:
    """`dynamodb` is a low-level client. A tenant's windows are one partition, which holds nothing else: the executor
    may read such partitions and no others. What is to be extended is one partition for all tenants, by time."""

    dynamodb: Any
    table: str

    def windows(self, tenant: str) -> list[MaintenanceWindow]:
        found = (_decode_if_known(item) for item in self._query("pk = :pk", {":pk": {"S": _partition(tenant)}}))
        return [window for window in found if window is not None]

    def get_window(self, tenant: str, window_id: str) -> MaintenanceWindow:
        with translated_errors("get maintenance window"):
            answer = self.dynamodb.get_item(TableName=self.table, Key=_key(tenant, window_id), ConsistentRead=True)
        if "Item" not in answer:
            raise WindowNotFound(window_id)
        return _decode(answer["Item"])

    def create_window(self, window: MaintenanceWindow) -> WindowCreation:
        self._note_extension(window)
        try:
            self._put(window, ConditionExpression="attribute_not_exists(pk)")
        except ConditionFailed:
            return WindowCreation(self.get_window(window.tenant, window.id), created=False)
        return WindowCreation(window, created=True)

    def replace_window(self, window: MaintenanceWindow) -> None:
        self._note_extension(window)
        try:
            self._put(
                window,
                ConditionExpression="v = :seen",
                ExpressionAttributeValues={":seen": {"N": str(window.version - 1)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as refusal:
            if refusal.item != _encode(window):
                raise WindowChanged(window.id) from None

    def delete_window(self, window: MaintenanceWindow) -> None:
        try:
            with translated_errors("delete maintenance window"):
                self.dynamodb.delete_item(
                    TableName=self.table,
                    Key=_key(window.tenant, window.id),
                    ConditionExpression="attribute_not_exists(pk) OR v = :seen",
                    ExpressionAttributeValues={":seen": {"N": str(window.version)}},
                )
        except ConditionFailed:
            raise WindowChanged(window.id) from None

    def to_extend(self, *, until: datetime, limit: int) -> list[Extension]:
        # "~" follows all that an id is made of.
        values = {":pk": {"S": schema.EXTENSIONS_PK}, ":until": {"S": f"{epoch_ms(until):013d}#~"}}
        return [_extension(item) for item in self._query("pk = :pk AND sk <= :until", values, limit)]

    def forget_extension(self, extension: Extension) -> None:
        with translated_errors("forget extension"):
            self.dynamodb.delete_item(TableName=self.table, Key=_extension_key(extension))

    def _note_extension(self, window: MaintenanceWindow) -> None:
        """Before the window says that it is to be extended, so that no window is forgotten: an extension without such
        a window does no harm."""
        if window.extend_at is None:
            return
        extension = Extension(window.extend_at, window.tenant, window.id)
        with translated_errors("note extension"):
            self.dynamodb.put_item(TableName=self.table, Item=_extension_key(extension))

    def _put(self, window: MaintenanceWindow, **condition: Any) -> None:
        with translated_errors("put maintenance window"):
            self.dynamodb.put_item(TableName=self.table, Item=_encode(window), **condition)

    def _query(self, condition: str, values: Mapping[str, Any], limit: int | None = None) -> list[Item]:
        parameters: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
            **({} if limit is None else {"Limit": limit}),
        }
        items: list[Item] = []
        while True:
            with translated_errors("query maintenance windows"):
                answer = self.dynamodb.query(**parameters)
            items += answer["Items"]
            if "LastEvaluatedKey" not in answer or (limit is not None and len(items) >= limit):
                return items
            parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _partition(tenant: str) -> str:
    return f"{schema.WINDOWS_PK}#{tenant}"


def _key(tenant: str, window_id: str) -> Item:
    return {schema.PK: {"S": _partition(tenant)}, schema.SK: {"S": window_id}}


def _extension_key(extension: Extension) -> Item:
    at, tenant, window_id = extension
    return {schema.PK: {"S": schema.EXTENSIONS_PK}, schema.SK: {"S": f"{epoch_ms(at):013d}#{tenant}#{window_id}"}}


def _extension(item: Item) -> Extension:
    at, tenant, window_id = item[schema.SK]["S"].split("#")
    return Extension(from_epoch_ms(int(at)), tenant, window_id)


def _encode(window: MaintenanceWindow) -> Item:
    item = _key(window.tenant, window.id)
    for field, (attribute, kind) in _ATTRIBUTES.items():
        if (value := getattr(window, field)) is not None:
            item[attribute] = kind.encode(value)
    return item


def _decode(item: Item) -> MaintenanceWindow:
    values = {
        field: kind.decode(item[attribute]) for attribute, (field, kind) in _BY_ATTRIBUTE.items() if attribute in item
    }
    return MaintenanceWindow(tenant=item[schema.PK]["S"].partition("#")[2], id=item[schema.SK]["S"], **values)


def _decode_if_known(item: Item) -> MaintenanceWindow | None:
    """None for a window with an effect or a scope that a newer version has introduced."""
    try:
        return _decode(item)
    except (ValueError, TypeError):
        return None
