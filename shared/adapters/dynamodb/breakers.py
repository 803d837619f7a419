"""`ports.breakers` on the control table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from shared.adapters.aws import ConditionFailed, translated_errors
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import INTEGER, TEXT, TIME, TIME_IN_SECONDS, Kind
from shared.model import limits
from shared.model.breaker import Breaker, BreakerState, Calls
from shared.model.errors import BreakerChanged
from shared.model.job import epoch_ms
from shared.ports.breakers import BreakerChange

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.adapters.dynamodb.codec import Item
    from shared.ports.breakers import Period

_MOST: Final = 1_000
_VERSION: Final = "v"
_STATE: Final = Kind(lambda state: {"S": str(state)}, lambda stored: BreakerState(stored["S"]))
_CALLS: Final = Kind(
    lambda calls: {"L": [INTEGER.encode(number) for number in calls]},
    lambda stored: Calls(*map(INTEGER.decode, stored["L"])),
)
# Field of `Breaker` → (attribute, kind). The tenant is in the partition key, the target in the sort key.
_ATTRIBUTES: Final[Mapping[str, tuple[str, Kind]]] = {
    "state": ("state", _STATE),
    "version": (_VERSION, INTEGER),
    "changed_at": ("u_at", TIME),
    "cool_down_seconds": ("cool", INTEGER),
    "opened_at": ("o_at", TIME),
    "probe_at": ("p_at", TIME),
    "probe": ("probe", TEXT),
    "calls": ("calls", _CALLS),
    "error": ("error", TEXT),
    "changed_by": ("u_by", TEXT),
    "note": ("note", TEXT),
    "expire_item_at": (schema.TTL, TIME_IN_SECONDS),
}


@dataclass(frozen=True, slots=True)
class DynamoBreakers:
    """`dynamodb` is a low-level client. A tenant's breakers are one partition, its counts of calls another; what has
    opened and closed of all tenants is one, by time."""

    dynamodb: Any
    table: str

    def breakers(self, tenant: str) -> list[Breaker]:
        condition, values = f"{schema.PK} = :pk", {":pk": {"S": _partition(tenant)}}
        found = (_decode_if_known(item) for item in self._query(condition, values, _MOST))
        return [breaker for breaker in found if breaker is not None]

    def get_breaker(self, tenant: str, target: str) -> Breaker | None:
        with translated_errors("get breaker"):
            answer = self.dynamodb.get_item(TableName=self.table, Key=_key(tenant, target), ConsistentRead=True)
        return _decode_if_known(answer["Item"]) if "Item" in answer else None

    def put_breaker(self, breaker: Breaker, *, is_news: bool) -> None:
        put: dict[str, Any] = {
            "TableName": self.table,
            "Item": _encode(breaker),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "ConditionExpression": f"attribute_not_exists({schema.PK})",
        }
        if breaker.version > 1:
            seen = INTEGER.encode(breaker.version - 1)
            put |= {"ConditionExpression": f"{_VERSION} = :seen", "ExpressionAttributeValues": {":seen": seen}}
        try:
            if is_news:
                self._put_both(put, _encode_change(breaker))
            else:
                with translated_errors("put breaker"):
                    self.dynamodb.put_item(**put)
        except ConditionFailed as refusal:
            if refusal.item != put["Item"]:
                raise BreakerChanged(breaker.target) from None

    def count(self, period: Period, calls: Calls, *, forget_at: datetime) -> Calls:
        sort_key = f"{period.target}#{period.generation}#{period.number}"
        with translated_errors("count calls"):
            answer = self.dynamodb.update_item(
                TableName=self.table,
                Key={schema.PK: {"S": f"{schema.CALLS_PK}#{period.tenant}"}, schema.SK: {"S": sort_key}},
                UpdateExpression="SET #ttl = :ttl ADD f :failures, s :successes",
                ExpressionAttributeNames={"#ttl": schema.TTL},
                ExpressionAttributeValues={
                    ":ttl": TIME_IN_SECONDS.encode(forget_at),
                    ":failures": INTEGER.encode(calls.failures),
                    ":successes": INTEGER.encode(calls.successes),
                },
                ReturnValues="ALL_NEW",
            )
        return Calls(INTEGER.decode(answer["Attributes"]["f"]), INTEGER.decode(answer["Attributes"]["s"]))

    def changes(self, *, since: datetime, limit: int) -> list[BreakerChange]:
        condition = f"{schema.PK} = :pk AND {schema.SK} >= :since"
        values = {":pk": {"S": schema.BREAKER_CHANGES_PK}, ":since": {"S": f"{epoch_ms(since):013d}"}}
        return [_decode_change(item) for item in self._query(condition, values, limit)]

    def _put_both(self, put: Mapping[str, Any], change: Item) -> None:
        writes: list[dict[str, Any]] = [{"Put": put}, {"Put": {"TableName": self.table, "Item": change}}]
        try:
            with translated_errors("put breaker"):
                self._transact(writes)
        except _Cancelled as cancelled:
            raise ConditionFailed(cancelled.item) from None

    def _transact(self, writes: list[dict[str, Any]]) -> None:
        try:
            self.dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            reasons: Any = error.response.get("CancellationReasons") or [{}]
            reason = reasons[0]
            if reason.get("Code") == "ConditionalCheckFailed":
                raise _Cancelled(reason.get("Item")) from None
            raise

    def _query(self, condition: str, values: Mapping[str, Any], limit: int) -> list[Item]:
        parameters: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
            "Limit": limit,
        }
        items: list[Item] = []
        while True:
            with translated_errors("query breakers"):
                answer = self.dynamodb.query(**parameters)
            items += answer["Items"]
            if "LastEvaluatedKey" not in answer or len(items) >= limit:
                return items[:limit]
            parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


class _Cancelled(Exception):
    """A transaction was not made, since the breaker's condition did not hold. `item` is what it met."""

    def __init__(self, item: Item | None) -> None:
        super().__init__()
        self.item = item


def _partition(tenant: str) -> str:
    return f"{schema.BREAKERS_PK}#{tenant}"


def _key(tenant: str, target: str) -> Item:
    return {schema.PK: {"S": _partition(tenant)}, schema.SK: {"S": target}}


def _encode(breaker: Breaker) -> Item:
    item = _key(breaker.tenant, breaker.target)
    for field, (attribute, kind) in _ATTRIBUTES.items():
        if (value := getattr(breaker, field)) is not None:
            item[attribute] = kind.encode(value)
    return item


def _decode_if_known(item: Item) -> Breaker | None:
    """None for a breaker in a state that a newer version has introduced."""
    known = {field: (attribute, kind) for field, (attribute, kind) in _ATTRIBUTES.items() if attribute in item}
    try:
        values = {field: kind.decode(item[attribute]) for field, (attribute, kind) in known.items()}
        return Breaker(tenant=item[schema.PK]["S"].partition("#")[2], target=item[schema.SK]["S"], **values)
    except (ValueError, TypeError):
        return None


def _encode_change(breaker: Breaker) -> Item:
    sort_key = f"{epoch_ms(breaker.changed_at):013d}#{breaker.tenant}#{breaker.target}#{breaker.version}"
    return {
        schema.PK: {"S": schema.BREAKER_CHANGES_PK},
        schema.SK: {"S": sort_key},
        "tenant": TEXT.encode(breaker.tenant),
        "target": TEXT.encode(breaker.target),
        **{name: kind.encode(getattr(breaker, field)) for field, (name, kind) in _TOLD.items()},
        **({} if breaker.error is None else {"error": TEXT.encode(breaker.error)}),
        schema.TTL: TIME_IN_SECONDS.encode(breaker.changed_at + timedelta(seconds=limits.BREAKER_CHANGES_KEPT_SECONDS)),
    }


_TOLD: Final = {field: _ATTRIBUTES[field] for field in ("state", "version", "changed_at", "calls")}


def _decode_change(item: Item) -> BreakerChange:
    return BreakerChange(
        tenant=item["tenant"]["S"],
        target=item["target"]["S"],
        error=item["error"]["S"] if "error" in item else None,
        **{field: kind.decode(item[attribute]) for field, (attribute, kind) in _TOLD.items()},
    )
