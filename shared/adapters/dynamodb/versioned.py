"""`ports.versioned` on the control table: of each kind a tenant has one partition, and in it an item for each thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from shared.adapters.aws import ConditionFailed, translated_errors
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import INTEGER, JSON
from shared.model.errors import ItemChanged, ItemNotFound
from shared.ports.telemetry import Metric
from shared.ports.versioned import Versioned, VersionedCreation

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.adapters.dynamodb.codec import Item
    from shared.ports.telemetry import Telemetry

T = TypeVar("T", bound=Versioned)

_VERSION = "v"
_DOCUMENT = "doc"


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How one kind of thing is stored: in the partitions `<partition>#<tenant>`, as the JSON that `encode` makes of it
    and `decode` reads with the tenant, the id and the version. `kind` is what errors call it.

    `decode` raises ValueError, KeyError or TypeError for what it cannot read: a newer version wrote it.
    """

    kind: str
    partition: str
    encode: Callable[[T], dict[str, Any]]
    decode: Callable[[str, str, int, dict[str, Any]], T]


@dataclass(frozen=True, slots=True)
class DynamoVersionedStore(Generic[T]):
    """`dynamodb` is a low-level client. `telemetry` is told of what is left out of lists, by name once in a process:
    whoever works by such a list does not do what it asks for."""

    dynamodb: Any
    table: str
    form: Form[T]
    telemetry: Telemetry | None = None
    _named: set[str] = field(default_factory=set, init=False, compare=False)

    def all_of(self, tenant: str) -> list[T]:
        parameters: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": f"{schema.PK} = :pk",
            "ExpressionAttributeValues": {":pk": {"S": self._partition(tenant)}},
            "ConsistentRead": True,
        }
        found: list[T] = []
        while True:
            with translated_errors(f"query {self.form.kind}"):
                answer = self.dynamodb.query(**parameters)
            found += (one for one in map(self._decode_if_known, answer["Items"]) if one is not None)
            if "LastEvaluatedKey" not in answer:
                return found
            parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def get(self, tenant: str, item_id: str) -> T:
        with translated_errors(f"get {self.form.kind}"):
            answer = self.dynamodb.get_item(TableName=self.table, Key=self._key(tenant, item_id), ConsistentRead=True)
        if "Item" not in answer:
            raise ItemNotFound(self.form.kind, item_id)
        return self._decode(answer["Item"])

    def create(self, item: T) -> VersionedCreation[T]:
        try:
            self._put(item, ConditionExpression=f"attribute_not_exists({schema.PK})")
        except ConditionFailed:
            return VersionedCreation(self.get(item.tenant, item.id), created=False)
        return VersionedCreation(item, created=True)

    def replace(self, item: T) -> None:
        try:
            self._put(
                item,
                ConditionExpression=f"{_VERSION} = :seen",
                ExpressionAttributeValues={":seen": INTEGER.encode(item.version - 1)},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as refusal:
            if refusal.item != self._encode(item):
                raise ItemChanged(self.form.kind, item.id) from None

    def delete(self, item: T) -> None:
        try:
            with translated_errors(f"delete {self.form.kind}"):
                self.dynamodb.delete_item(
                    TableName=self.table,
                    Key=self._key(item.tenant, item.id),
                    ConditionExpression=f"attribute_not_exists({schema.PK}) OR {_VERSION} = :seen",
                    ExpressionAttributeValues={":seen": INTEGER.encode(item.version)},
                )
        except ConditionFailed:
            raise ItemChanged(self.form.kind, item.id) from None

    def _put(self, item: T, **condition: Any) -> None:
        with translated_errors(f"put {self.form.kind}"):
            self.dynamodb.put_item(TableName=self.table, Item=self._encode(item), **condition)

    def _partition(self, tenant: str) -> str:
        return f"{self.form.partition}#{tenant}"

    def _key(self, tenant: str, item_id: str) -> Item:
        return {schema.PK: {"S": self._partition(tenant)}, schema.SK: {"S": item_id}}

    def _encode(self, item: T) -> Item:
        version, document = INTEGER.encode(item.version), JSON.encode(self.form.encode(item))
        return {**self._key(item.tenant, item.id), _VERSION: version, _DOCUMENT: document}

    def _decode(self, item: Item) -> T:
        tenant, item_id = item[schema.PK]["S"].partition("#")[2], item[schema.SK]["S"]
        return self.form.decode(tenant, item_id, INTEGER.decode(item[_VERSION]), JSON.decode(item[_DOCUMENT]))

    def _decode_if_known(self, item: Item) -> T | None:
        try:
            return self._decode(item)
        except (ValueError, KeyError, TypeError) as error:
            self._tell_of(item, error)
            return None

    def _tell_of(self, item: Item, error: Exception) -> None:
        if self.telemetry is None:
            return
        partition, item_id = item[schema.PK]["S"], item[schema.SK]["S"]
        self.telemetry.measure(Metric.UNREADABLE_ITEMS)
        if (name := f"{partition}#{item_id}") not in self._named:
            self._named.add(name)
            facts = {"kind": self.form.kind, "id": item_id, "tenant": partition.partition("#")[2]}
            self.telemetry.warn("item_left_out", error=repr(error), **facts)
