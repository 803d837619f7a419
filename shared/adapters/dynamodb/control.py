"""`ports.control` on the control table."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.adapters.aws import ConditionFailed, translated_errors
from shared.adapters.dynamodb import schema
from shared.model.api_key import ApiKey, Scope, tenant_of
from shared.model.cursor import SweepCursor
from shared.model.errors import StoreUnavailable
from shared.model.job import epoch_ms, from_epoch_ms
from shared.model.lanes import DueShard
from shared.ports.jobs import DueEntry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Item = dict[str, dict[str, Any]]

_TICKS = f"{schema.CURSORS_PK}#tick"
_SWEEPS = f"{schema.CURSORS_PK}#sweep"


@dataclass(frozen=True, slots=True)
class DynamoControlStore:
    """`dynamodb` is a low-level client.

    Cursors: one partition per kind of cursor, so that one query reads those of all shards. API keys: in their tenant's
    partition, so that a query lists them, and found by id alone, since the id begins with the tenant.
    """

    dynamodb: Any
    table: str

    def tick_cursors(self) -> Mapping[DueShard, DueEntry]:
        return {_shard_of(item): _entry_of(item["at"]["S"]) for item in self._partition(_TICKS)}

    def advance_tick(self, shard: DueShard, *, seen: DueEntry | None, to: DueEntry) -> bool:
        return self._replace(
            {**_cursor_key(_TICKS, shard), "at": {"S": _position(to)}},
            seen=None if seen is None else {"at": {"S": _position(seen)}},
        )

    def sweep_cursors(self) -> Mapping[DueShard, SweepCursor]:
        return {_shard_of(item): _sweep_of(item) for item in self._partition(_SWEEPS)}

    def advance_sweep(self, shard: DueShard, *, seen: SweepCursor | None, to: SweepCursor) -> bool:
        return self._replace(
            {**_cursor_key(_SWEEPS, shard), **_sweep_attributes(to)},
            seen=None if seen is None else _sweep_attributes(seen),
        )

    def put_api_key(self, key: ApiKey) -> None:
        item: Item = {
            **_api_key_key(key.id, key.tenant),
            "secret_sha256": {"S": key.secret_sha256},
            "scopes": {"SS": sorted(key.scopes)},
            "created_at": {"N": str(epoch_ms(key.created_at))},
        }
        if key.expires_at is not None:
            item["expires_at"] = {"N": str(epoch_ms(key.expires_at))}
        if key.revoked_at is not None:
            item["revoked_at"] = {"N": str(epoch_ms(key.revoked_at))}
        if key.name is not None:
            item["name"] = {"S": key.name}
        # A resend by the SDK of a put that was applied meets its own item, known by the secret's digest.
        if not (self._put(item, "attribute_not_exists(pk)", {}, {}) or self._is_stored(item)):
            raise ValueError(f"there is a key {key.id}")

    def get_api_key(self, key_id: str) -> ApiKey | None:
        tenant = tenant_of(key_id)
        if tenant is None:
            return None
        with translated_errors("get API key"):
            # Consistent, so that a revoked key is refused as soon as no gateway remembers its last use.
            answer = self.dynamodb.get_item(TableName=self.table, Key=_api_key_key(key_id, tenant), ConsistentRead=True)
        return _api_key_of(answer["Item"]) if "Item" in answer else None

    def list_api_keys(self, tenant: str) -> list[ApiKey]:
        keys = [_api_key_of(item) for item in self._partition(f"tenant#{tenant}", begins_with="apikey#")]
        return sorted(keys, key=lambda key: key.created_at)

    def revoke_api_key(self, key_id: str, now: datetime) -> bool:
        tenant = tenant_of(key_id)
        if tenant is None:
            return False
        try:
            with translated_errors("revoke API key"):
                self.dynamodb.update_item(
                    TableName=self.table,
                    Key=_api_key_key(key_id, tenant),
                    UpdateExpression="SET revoked_at = if_not_exists(revoked_at, :now)",
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeValues={":now": {"N": str(epoch_ms(now))}},
                )
        except ConditionFailed:
            return False
        return True

    def is_reachable(self) -> bool:
        try:
            with translated_errors("check the control table"):
                self.dynamodb.get_item(TableName=self.table, Key={"pk": {"S": "ready"}, "sk": {"S": "ready"}})
        except StoreUnavailable:
            return False
        return True

    def _partition(self, partition: str, *, begins_with: str | None = None) -> list[Item]:
        values: dict[str, Any] = {":pk": {"S": partition}}
        condition = "pk = :pk"
        if begins_with is not None:
            condition += " AND begins_with(sk, :prefix)"
            values[":prefix"] = {"S": begins_with}
        parameters: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
        }
        items: list[Item] = []
        while True:
            with translated_errors(f"query {partition}"):
                answer = self.dynamodb.query(**parameters)
            items += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return items
            parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _replace(self, item: Item, *, seen: Item | None) -> bool:
        """Put `item` if the stored one still has the attributes `seen`, or if there is none when `seen` is None.

        A resend by the SDK of a put that was applied meets its own item, known by its token: that counts as done.
        """
        item = {**item, "written_by": {"S": secrets.token_hex(8)}}
        if seen is None:
            return self._put(item, "attribute_not_exists(pk)", {}, {}) or self._is_stored(item)
        condition = " AND ".join(f"#{name} = :{name}" for name in seen)
        names = {f"#{name}": name for name in seen}
        values = {f":{name}": value for name, value in seen.items()}
        return self._put(item, condition, names, values) or self._is_stored(item)

    def _put(self, item: Item, condition: str, names: dict[str, str], values: Item) -> bool:
        optional: dict[str, Any] = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
        try:
            with translated_errors("put control item"):
                self.dynamodb.put_item(
                    TableName=self.table, Item=item, ConditionExpression=condition, **(optional if names else {})
                )
        except ConditionFailed:
            return False
        return True

    def _is_stored(self, item: Item) -> bool:
        key = {schema.PK: item[schema.PK], schema.SK: item[schema.SK]}
        with translated_errors("get control item"):
            answer = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return bool(answer.get("Item") == item)


def _cursor_key(kind: str, shard: DueShard) -> Item:
    return {schema.PK: {"S": kind}, schema.SK: {"S": str(shard)}}


def _shard_of(item: Item) -> DueShard:
    return DueShard.parse(item[schema.SK]["S"])


def _position(entry: tuple[datetime, str, str]) -> str:
    wake_at, tenant, job_id = entry
    return f"{epoch_ms(wake_at)}#{tenant}#{job_id}"


def _entry_of(position: str) -> DueEntry:
    wake_at, tenant, job_id = position.split("#", 2)
    return DueEntry(from_epoch_ms(int(wake_at)), tenant, job_id)


def _sweep_attributes(cursor: SweepCursor) -> Item:
    return {
        "pass_at": {"N": str(epoch_ms(cursor.pass_at))},
        "previous_pass_at": {"N": str(epoch_ms(cursor.previous_pass_at))},
        "at": {"S": "" if cursor.position is None else _position(cursor.position)},
    }


def _sweep_of(item: Item) -> SweepCursor:
    return SweepCursor(
        pass_at=from_epoch_ms(int(item["pass_at"]["N"])),
        previous_pass_at=from_epoch_ms(int(item["previous_pass_at"]["N"])),
        position=_entry_of(item["at"]["S"]) if item["at"]["S"] else None,
    )


def _api_key_key(key_id: str, tenant: str) -> Item:
    return {schema.PK: {"S": f"tenant#{tenant}"}, schema.SK: {"S": f"apikey#{key_id}"}}


def _api_key_of(item: Item) -> ApiKey:
    tenant = item[schema.PK]["S"].removeprefix("tenant#")
    return ApiKey(
        id=item[schema.SK]["S"].removeprefix("apikey#"),
        tenant=tenant,
        secret_sha256=item["secret_sha256"]["S"],
        scopes=frozenset(Scope(scope) for scope in item["scopes"]["SS"]),
        created_at=from_epoch_ms(int(item["created_at"]["N"])),
        expires_at=_time_of(item.get("expires_at")),
        revoked_at=_time_of(item.get("revoked_at")),
        name=item["name"]["S"] if "name" in item else None,
    )


def _time_of(value: dict[str, Any] | None) -> datetime | None:
    return None if value is None else from_epoch_ms(int(value["N"]))
