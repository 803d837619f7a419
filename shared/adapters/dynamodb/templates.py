"""`ports.templates.TemplateStore` on the templates table: one partition per tenant, in which the sort key says what an
item is."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.adapters.aws import ConditionFailed, translated_errors
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import TIME_IN_SECONDS, item_bytes
from shared.adapters.dynamodb.template_codec import (
    calendar_use_key,
    calendars_of,
    decode_gap,
    decode_template,
    encode_gap,
    encode_template,
    expand_partition,
    template_item_key,
    version_item_key,
)
from shared.model import limits
from shared.model.errors import PayloadUnavailable, TemplateChanged, TemplateNotFound, UnreadableTemplate
from shared.model.job import Payload, epoch_ms, from_epoch_ms
from shared.ports.templates import ExpandEntry, ExpandPage, TemplateCreation, TemplatePage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from shared.adapters.dynamodb.codec import Item
    from shared.model.gap import Gap
    from shared.model.template import Template, TemplateKey


@dataclass(frozen=True, slots=True)
class DynamoTemplateStore:
    """`dynamodb` is a low-level client."""

    dynamodb: Any
    table: str

    def create_template(self, template: Template) -> TemplateCreation:
        try:
            with translated_errors("create template"):
                self.dynamodb.put_item(
                    TableName=self.table,
                    Item=encode_template(template),
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ConditionFailed:
            return TemplateCreation(self.get_template(template.key), created=False)
        return TemplateCreation(template, created=True)

    def get_template(self, key: TemplateKey) -> Template:
        item = self._get(template_item_key(key), "get template")
        if item is None:
            raise TemplateNotFound(key.template_id)
        return decode_template(item)

    def replace_template(self, template: Template) -> None:
        item = encode_template(template)
        try:
            with translated_errors("replace template"):
                self.dynamodb.put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression="rev = :seen",
                    ExpressionAttributeValues={":seen": {"N": str(template.revision - 1)}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as refusal:
            if refusal.item == item:
                return  # applied before, its answer was lost, and it was sent again
            raise TemplateChanged(decode_template(refusal.item) if refusal.item else None) from None

    def list_templates(self, tenant: str, *, before: str | None, limit: int) -> TemplatePage:
        # After every id stands the character that follows those of base 32.
        high = f"{schema.TEMPLATE_SK}#{'~' if before is None else before}"
        # One more than the page tells whether the list goes on, and BETWEEN brings `before` too.
        items = self._newest(tenant, f"{schema.TEMPLATE_SK}#", high, "list templates", at_once=limit + 2)
        found = list(islice(_readable(item for item in items if item[schema.SK]["S"] < high), limit + 1))
        return TemplatePage(found[:limit], found[limit - 1].id if len(found) > limit else None)

    def to_expand(self, shard: int, *, until: datetime, after: ExpandEntry | None, limit: int) -> ExpandPage:
        if after is not None and after.expand_at > until:
            return ExpandPage((), None)
        parameters: dict[str, Any] = {
            "TableName": self.table,
            "IndexName": schema.EXPAND_INDEX,
            "KeyConditionExpression": f"{schema.EXPAND_SHARD} = :shard AND {schema.EXPAND_AT} <= :until",
            "ExpressionAttributeValues": {
                ":shard": {"S": expand_partition(shard)},
                ":until": {"N": str(epoch_ms(until))},
            },
            "Limit": limit,
        }
        if after is not None:
            parameters["ExclusiveStartKey"] = {
                schema.PK: {"S": after.tenant},
                schema.SK: {"S": f"{after.kind}#{after.id}"},
                schema.EXPAND_SHARD: {"S": expand_partition(shard)},
                schema.EXPAND_AT: {"N": str(epoch_ms(after.expand_at))},
            }
        with translated_errors("query expand index"):
            answer = self.dynamodb.query(**parameters)
        last = answer.get("LastEvaluatedKey")
        return ExpandPage(
            [_expand_entry(item) for item in answer["Items"]], None if last is None else _expand_entry(last)
        )

    def place_template_payload(self, template: Template) -> Template:
        data = template.job.payload.data
        if data is None or item_bytes(encode_template(template)) <= limits.INLINE_ITEM_BYTES:
            return template
        ref = hashlib.sha256(data).hexdigest()
        item = {**_payload_key(template.key, ref), "data": {"S": data.decode()}}
        # Named by its content, so putting it again changes nothing.
        with translated_errors("put template payload"):
            self.dynamodb.put_item(TableName=self.table, Item=item)
        return replace(template, job=replace(template.job, payload=Payload(ref=ref)))

    def load_template_payload(self, template: Template) -> bytes | None:
        ref = template.job.payload.ref
        if ref is None:
            return template.job.payload.data
        try:
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=_payload_key(template.key, ref), ConsistentRead=True
            )
            return str(answer["Item"]["data"]["S"]).encode()
        except (ClientError, BotoCoreError, KeyError) as error:
            detail = f"payload {ref} of template {template.id}: {type(error).__name__}"
            raise PayloadUnavailable(detail) from error

    def archive_version(self, template: Template) -> None:
        item = {**encode_template(template), **version_item_key(template.key, template.version)}
        # An archived version is not to be expanded.
        for attribute in (schema.EXPAND_AT, schema.EXPAND_SHARD):
            item.pop(attribute, None)
        with translated_errors("archive template version"):
            self.dynamodb.put_item(TableName=self.table, Item=item)

    def archived_versions(self, key: TemplateKey, *, before: int | None, limit: int) -> list[Template]:
        prefix = f"{schema.VERSION_SK}#{key.template_id}#"
        high = f"{prefix}~" if before is None else f"{prefix}{before - 1:08d}"
        items = self._newest(key.tenant, prefix, high, "list versions", at_once=limit)
        return list(islice(_readable(items), limit))

    def archived_version(self, key: TemplateKey, version: int) -> Template:
        item = self._get(version_item_key(key, version), "get template version")
        if item is None:
            raise TemplateNotFound(key.template_id)
        return decode_template(item)

    def claim_external_key(
        self,
        tenant: str,
        external_key: str,
        template_id: str,
        *,
        instead_of: str | None,
        keep_until: datetime | None = None,
    ) -> str:
        parameters: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if instead_of is not None:
            parameters = {
                "ConditionExpression": "attribute_not_exists(pk) OR template_id = :old",
                "ExpressionAttributeValues": {":old": {"S": instead_of}},
            }
        item = {**_external_key(tenant, external_key), "template_id": {"S": template_id}}
        if keep_until is not None:
            item[schema.TTL] = TIME_IN_SECONDS.encode(keep_until)
        try:
            with translated_errors("claim external key"):
                self.dynamodb.put_item(TableName=self.table, Item=item, **parameters)
        except ConditionFailed:
            return self.named_by(tenant, external_key) or template_id
        return template_id

    def named_by(self, tenant: str, external_key: str) -> str | None:
        item = self._get(_external_key(tenant, external_key), "get external key")
        return None if item is None else str(item["template_id"]["S"])

    def expire_remains(self, template: Template) -> None:
        if template.expire_item_at is None:
            return
        ttl = {schema.TTL: TIME_IN_SECONDS.encode(template.expire_item_at)}
        calendars = set(template.calendars)
        for kind in (schema.VERSION_SK, schema.TEMPLATE_PAYLOAD_SK):
            prefix = f"{kind}#{template.id}#"
            for item in self._newest(template.tenant, prefix, f"{prefix}~", "list what is left of template"):
                calendars.update(calendars_of(item))
                self._put({**item, **ttl}, "expire what is left of template")
        for name in sorted(calendars):
            self._put({**calendar_use_key(template.tenant, name, template.id), **ttl}, "expire use of calendar")
        if template.external_key is not None:
            self._let_go(template, template.external_key)

    def record_gap(self, key: TemplateKey, gap: Gap, *, keep_until: datetime) -> None:
        item = {
            **_gap_key(key, gap.first),
            "gap": {"S": encode_gap(gap)},
            schema.TTL: TIME_IN_SECONDS.encode(keep_until),
        }
        with translated_errors("record gap"):
            self.dynamodb.put_item(TableName=self.table, Item=item)

    def gaps(self, key: TemplateKey, *, since: datetime, until: datetime) -> list[Gap]:
        low, high = f"{schema.GAP_SK}#{key.template_id}#", _gap_key(key, until)[schema.SK]["S"]
        # All up to `until`: an older one may reach further than a newer one.
        found = [decode_gap(item["gap"]["S"]) for item in self._newest(key.tenant, low, high, "query gaps")]
        return [gap for gap in reversed(found) if gap.last >= since]

    def _let_go(self, template: Template, external_key: str) -> None:
        """Expire the key long before the template: one that names what is gone would bring its id back."""
        item = {
            **_external_key(template.tenant, external_key),
            "template_id": {"S": template.id},
            schema.TTL: TIME_IN_SECONDS.encode(template.changed_at.replace(microsecond=0)),
        }
        # Another template may have claimed it since.
        with suppress(ConditionFailed):
            self._put(
                item,
                "expire external key",
                ConditionExpression="template_id = :mine",
                ExpressionAttributeValues={":mine": {"S": template.id}},
            )

    def _put(self, item: Item, what: str, **condition: Any) -> None:
        with translated_errors(what):
            self.dynamodb.put_item(TableName=self.table, Item=item, **condition)

    def _get(self, key: Item, what: str) -> Item | None:
        with translated_errors(what):
            item: Item | None = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")
        return item

    def _newest(self, tenant: str, low: str, high: str, what: str, *, at_once: int | None = None) -> Iterator[Item]:
        """The items from one sort key to another, both included, the last first; read as far as the caller goes,
        `at_once` so many or as much as an answer holds."""
        more: dict[str, Any] = {} if at_once is None else {"Limit": at_once}
        while True:
            with translated_errors(what):
                answer = self.dynamodb.query(
                    TableName=self.table,
                    KeyConditionExpression="pk = :tenant AND sk BETWEEN :low AND :high",
                    ExpressionAttributeValues={":tenant": {"S": tenant}, ":low": {"S": low}, ":high": {"S": high}},
                    ConsistentRead=True,
                    ScanIndexForward=False,
                    **more,
                )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _readable(items: Iterable[Item]) -> Iterator[Template]:
    for item in items:
        with suppress(UnreadableTemplate):
            yield decode_template(item)


def _expand_entry(item: Item) -> ExpandEntry:
    kind, _, name = item[schema.SK]["S"].partition("#")
    return ExpandEntry(from_epoch_ms(int(item[schema.EXPAND_AT]["N"])), item[schema.PK]["S"], kind, name)


def _payload_key(key: TemplateKey, ref: str) -> Item:
    return {
        schema.PK: {"S": key.tenant},
        schema.SK: {"S": f"{schema.TEMPLATE_PAYLOAD_SK}#{key.template_id}#{ref}"},
    }


def _external_key(tenant: str, external_key: str) -> Item:
    return {schema.PK: {"S": tenant}, schema.SK: {"S": f"{schema.EXTERNAL_KEY_SK}#{external_key}"}}


def _gap_key(key: TemplateKey, first: datetime) -> Item:
    return {
        schema.PK: {"S": key.tenant},
        schema.SK: {"S": f"{schema.GAP_SK}#{key.template_id}#{epoch_ms(first):013d}"},
    }
