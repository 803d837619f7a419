"""`ports.templates.Calendars` on the templates table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.adapters.aws import translated_errors
from shared.adapters.dynamodb import schema
from shared.model.schedule.calendar_documents import read_calendar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.adapters.dynamodb.codec import Item
    from shared.model.schedule.calendar import Calendar


@dataclass(frozen=True, slots=True)
class DynamoCalendars:
    """`dynamodb` is a low-level client. A calendar is an item `calendar#<id>` in its tenant's partition."""

    dynamodb: Any
    table: str

    def calendars(self, tenant: str, ids: Sequence[str]) -> Mapping[str, Calendar]:
        found = {}
        for name in ids:
            with translated_errors("get calendar"):
                answer = self.dynamodb.get_item(
                    TableName=self.table, Key=calendar_key(tenant, name), ConsistentRead=True
                )
            if "Item" in answer:
                found[name] = read_calendar(json.loads(answer["Item"]["doc"]["S"]))
        return found


def calendar_key(tenant: str, name: str) -> Item:
    return {schema.PK: {"S": tenant}, schema.SK: {"S": f"{schema.CALENDAR_SK}#{name}"}}
