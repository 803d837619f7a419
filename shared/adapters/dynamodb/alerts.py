"""`ports.alerts` on the control table."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.aws import ConditionFailed, translated_errors, unavailable
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.alert_codec import REVISION, alert_item_key, decode_alert, encode_alert
from shared.adapters.dynamodb.batch_get import batch_get
from shared.adapters.dynamodb.codec import TIME_IN_SECONDS
from shared.model.alerts.errors import AlertChanged, AlreadyCounted, StormReached
from shared.model.errors import ItemNotFound, StoreUnavailable
from shared.model.job import epoch_ms, from_epoch_ms
from shared.ports.alerts import AlertPage, DueKind, DueLook, Standing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from shared.adapters.dynamodb.codec import Item
    from shared.model.alerts.alert import Alert
    from shared.ports.alerts import Mark, StormSlot

_ABSENT: Final = f"attribute_not_exists({schema.PK})"
_REFUSED: Final = "ConditionalCheckFailed"
_BUSY: Final = "TransactionConflict"
_NOTHING: Final = "None"
_LATEST: Final = "alert"
_COUNT: Final = "n"
# Looks at jobs, of which there may be any number, lie behind all others.
_OF_JOBS: Final = "job#"


@dataclass(frozen=True, slots=True)
class DynamoAlertStore:
    """`dynamodb` is a low-level client.

    A tenant has one partition of its alerts, one of what the latest alert with each key is, and one of what its rules
    have opened in each window. Marks have partitions of their own, one for each job, since a burst writes thousands.
    The looks of all tenants are one partition, by time.
    """

    dynamodb: Any
    table: str

    def standing(self, tenant: str, key: str) -> Standing:
        found = self._get(_latest_key(tenant, key), "get latest alert")
        if found is None:
            return Standing(None, None)
        alert_id = found[_LATEST]["S"]
        item = self._get(alert_item_key(tenant, alert_id), "get alert")
        return Standing(alert_id, None if item is None else decode_alert(item))

    def standings(self, tenant: str, keys: Collection[str]) -> dict[str, Standing]:
        wanted = [_latest_key(tenant, key) for key in dict.fromkeys(keys)]
        latest = {item[schema.SK]["S"]: item[_LATEST]["S"] for item in self._get_many(wanted, "get latest alerts")}
        items = self._get_many([alert_item_key(tenant, one) for one in latest.values()], "get alerts")
        alerts = {alert.id: alert for alert in map(decode_alert, items)}
        known = {key: Standing(alert_id, alerts.get(alert_id)) for key, alert_id in latest.items()}
        return {key: known.get(key, Standing(None, None)) for key in keys}

    def get_alert(self, tenant: str, alert_id: str) -> Alert:
        item = self._get(alert_item_key(tenant, alert_id), "get alert")
        if item is None:
            raise ItemNotFound("alert", alert_id)
        return decode_alert(item)

    def record(
        self,
        alert: Alert,
        *,
        seen: Standing,
        marks: Collection[Mark] = (),
        marked_until: datetime | None = None,
        slot: StormSlot | None = None,
    ) -> None:
        if _comes_back(alert, seen):
            # Before it says so: what goes in time must not be what a live alert is found by.
            self._keep_latest(alert)
        writes = [self._put_mark(alert.tenant, mark, marked_until) for mark in marks]
        if slot is not None:
            writes.append(self._take(alert.tenant, slot))
        writes += self._put_alert(alert, seen)
        if alert.due_at is not None:
            writes.append({"Put": {"Item": _look_key(DueLook(alert.due_at, alert.tenant, DueKind.ALERT, alert.id))}})
        refused = self._transact(writes)
        if refused is None or (_REFUSED in refused and self._is_stored(alert)):
            if alert.expire_item_at is not None:
                # Where that cannot be written, a key stays that leads nowhere one day.
                with suppress(StoreUnavailable):
                    self._keep_latest(alert)
            return
        repeated = [place for place, code in enumerate(refused[: len(marks)]) if code == _REFUSED]
        if repeated:
            raise AlreadyCounted(repeated)
        if slot is not None and refused[len(marks)] == _REFUSED:
            raise StormReached(slot.rule_id)
        if _REFUSED in refused or _BUSY in refused:
            raise AlertChanged(alert.id)
        # The other writes of a transaction, with which nothing is wrong, are answered with this.
        raise unavailable("record alert", set(refused) - {_NOTHING}, outcome_unknown=False)

    def list_alerts(self, tenant: str, *, before: str | None, limit: int) -> AlertPage:
        # "~" follows all that an id is made of.
        values = {":pk": {"S": f"{schema.ALERTS_PK}#{tenant}"}, ":before": {"S": before or "~"}}
        with translated_errors("query alerts"):
            answer = self.dynamodb.query(
                TableName=self.table,
                KeyConditionExpression=f"{schema.PK} = :pk AND {schema.SK} < :before",
                ExpressionAttributeValues=values,
                ConsistentRead=True,
                ScanIndexForward=False,
                Limit=limit,
            )
        alerts = []
        for item in answer["Items"]:
            # A newer version's is left out.
            with suppress(ValueError, TypeError):
                alerts.append(decode_alert(item))
        last = answer.get("LastEvaluatedKey")
        return AlertPage(alerts, None if last is None else last[schema.SK]["S"])

    def looks(self, *, until: datetime, limit: int, after: DueLook | None = None) -> list[DueLook]:
        return self._looks("", until, limit, after)

    def looks_at_jobs(self, *, until: datetime, limit: int, after: DueLook | None = None) -> list[DueLook]:
        return self._looks(_OF_JOBS, until, limit, after)

    def plan_look(self, look: DueLook) -> None:
        with translated_errors("plan look"):
            self.dynamodb.put_item(TableName=self.table, Item=_look_key(look))

    def forget_look(self, look: DueLook) -> None:
        with translated_errors("forget look"):
            self.dynamodb.delete_item(TableName=self.table, Key=_look_key(look))

    def _get(self, key: Item, action: str) -> Item | None:
        with translated_errors(action):
            answer = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        found: Item | None = answer.get("Item")
        return found

    def _get_many(self, keys: Sequence[Item], action: str) -> list[Item]:
        return batch_get(self.dynamodb, self.table, keys, consistent=True, action=action)

    def _looks(self, order: str, until: datetime, limit: int, after: DueLook | None) -> list[DueLook]:
        position = {} if after is None else {"ExclusiveStartKey": _look_key(after)}
        with translated_errors("query looks"):
            answer = self.dynamodb.query(
                TableName=self.table,
                KeyConditionExpression=f"{schema.PK} = :pk AND {schema.SK} BETWEEN :from AND :until",
                ExpressionAttributeValues={
                    ":pk": {"S": schema.ALERT_LOOKS_PK},
                    ":from": {"S": f"{order}0"},
                    ":until": {"S": f"{order}{epoch_ms(until):013d}#~"},
                },
                ConsistentRead=True,
                Limit=limit,
                **position,
            )
        return [_look(item) for item in answer["Items"]]

    def _is_stored(self, alert: Alert) -> bool:
        """Whether a refused write has met itself, applied by an earlier send of the same call."""
        item = self._get(alert_item_key(alert.tenant, alert.id), "get alert")
        return item == encode_alert(alert)

    def _transact(self, writes: list[dict[str, Any]]) -> list[str] | None:
        """The code of each write when all were refused; None when all were made."""
        for write in writes:
            (request,) = write.values()
            request["TableName"] = self.table
        with translated_errors("record alert"):
            try:
                self.dynamodb.transact_write_items(TransactItems=writes)
            except self.dynamodb.exceptions.TransactionCanceledException as refusal:
                return [str(reason.get("Code")) for reason in refusal.response["CancellationReasons"]]
        return None

    def _put_alert(self, alert: Alert, seen: Standing) -> list[dict[str, Any]]:
        item = encode_alert(alert)
        if seen.alert is not None and seen.alert.id == alert.id:
            values = {":seen": {"N": str(seen.alert.revision)}}
            condition = {"ConditionExpression": f"{REVISION} = :seen", "ExpressionAttributeValues": values}
            return [{"Put": {"Item": item, **condition}}]
        latest = {**_latest_key(alert.tenant, alert.key), _LATEST: {"S": alert.id}}
        in_place: dict[str, Any] = {"ConditionExpression": _ABSENT}
        if seen.alert_id is not None:
            in_place = {
                "ConditionExpression": f"{_LATEST} = :seen",
                "ExpressionAttributeValues": {":seen": {"S": seen.alert_id}},
            }
        return [{"Put": {"Item": item, "ConditionExpression": _ABSENT}}, {"Put": {"Item": latest, **in_place}}]

    def _keep_latest(self, alert: Alert) -> None:
        """What says that the alert is the latest with its key, unless another is by now, goes when the alert does."""
        item = {**_latest_key(alert.tenant, alert.key), _LATEST: {"S": alert.id}}
        if alert.expire_item_at is not None:
            item[schema.TTL] = TIME_IN_SECONDS.encode(alert.expire_item_at)
        with suppress(ConditionFailed), translated_errors("keep latest alert"):
            self.dynamodb.put_item(
                TableName=self.table,
                Item=item,
                ConditionExpression=f"{_LATEST} = :this",
                ExpressionAttributeValues={":this": {"S": alert.id}},
            )

    def _put_mark(self, tenant: str, mark: Mark, until: datetime | None) -> dict[str, Any]:
        item: Item = {
            schema.PK: {"S": f"{schema.ALERT_MARKS_PK}#{tenant}#{mark.job_id}"},
            schema.SK: {"S": f"{mark.rule_id}#{mark.name}"},
        }
        if until is not None:
            item[schema.TTL] = TIME_IN_SECONDS.encode(until)
        return {"Put": {"Item": item, "ConditionExpression": _ABSENT}}

    def _take(self, tenant: str, slot: StormSlot) -> dict[str, Any]:
        return {
            "Update": {
                "Key": {
                    schema.PK: {"S": f"{schema.ALERT_SLOTS_PK}#{tenant}"},
                    schema.SK: {"S": f"{slot.rule_id}#{slot.window}"},
                },
                "UpdateExpression": "ADD #n :one SET #ttl = :free_at",
                "ConditionExpression": "attribute_not_exists(#n) OR #n < :cap",
                "ExpressionAttributeNames": {"#n": _COUNT, "#ttl": schema.TTL},
                "ExpressionAttributeValues": {
                    ":one": {"N": "1"},
                    ":cap": {"N": str(slot.cap)},
                    ":free_at": TIME_IN_SECONDS.encode(slot.free_at),
                },
            }
        }


def _comes_back(alert: Alert, seen: Standing) -> bool:
    before = seen.alert
    if before is None or before.id != alert.id:
        return False
    return before.expire_item_at is not None and alert.expire_item_at is None


def _latest_key(tenant: str, key: str) -> Item:
    return {schema.PK: {"S": f"{schema.LATEST_ALERTS_PK}#{tenant}"}, schema.SK: {"S": key}}


def _look_key(look: DueLook) -> Item:
    at, tenant, kind, name = look
    order = _OF_JOBS if kind is DueKind.JOB else ""
    return {
        schema.PK: {"S": schema.ALERT_LOOKS_PK},
        schema.SK: {"S": f"{order}{epoch_ms(at):013d}#{tenant}#{kind}#{name}"},
    }


def _look(item: Item) -> DueLook:
    at, tenant, kind, name = item[schema.SK]["S"].removeprefix(_OF_JOBS).split("#")
    return DueLook(from_epoch_ms(int(at)), tenant, DueKind(kind), name)
