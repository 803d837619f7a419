"""A template as an item of the templates table, and back.

It is written with each refill of its jobs, so it is kept within the one KB of a write unit where it can be: short
names, no defaults, compact JSON, times as milliseconds since 1970. What it says about its jobs is stored as in a job.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import ATTRIBUTES as JOB_ATTRIBUTES
from shared.adapters.dynamodb.codec import INTEGER, JSON, TEXT, TIME, TIME_IN_SECONDS, Item, Kind, dumps
from shared.model.errors import UnreadableTemplate
from shared.model.gap import Gap
from shared.model.job import epoch_ms, from_epoch_ms
from shared.model.template import (
    DEFAULT_MISFIRE,
    ExpansionFailure,
    FailingRow,
    JobDefinition,
    Misfire,
    MisfirePolicy,
    Missed,
    Pause,
    Progress,
    Template,
    TemplateKey,
    TemplateStatus,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.adapters.dynamodb.codec import AttributeValue

T = TypeVar("T")


def pack(value: Any) -> dict[str, Any]:
    """A flat dataclass as JSON: without the fields that have their defaults."""
    return {
        one.name: _plain(getattr(value, one.name))
        for one in fields(value)
        if one.default is MISSING or getattr(value, one.name) != one.default
    }


def unpack(kind: type[T], stored: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]) -> T:
    """What `pack` made of a `kind`; `readers` are for those fields that JSON has no type for."""
    return kind(**{name: readers[name](value) if name in readers else value for name, value in stored.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return epoch_ms(value)
    return pack(value) if isinstance(value, ExpansionFailure) else value


def _packed(kind: type[T], readers: Mapping[str, Callable[[Any], Any]]) -> Kind:
    return Kind(lambda value: JSON.encode(pack(value)), lambda stored: unpack(kind, JSON.decode(stored), readers))


def _failure(stored: Mapping[str, Any]) -> ExpansionFailure:
    return unpack(ExpansionFailure, stored, {"since": from_epoch_ms})


_TIMES: Final = Kind(
    lambda times: JSON.encode([epoch_ms(time) for time in times]),
    lambda stored: tuple(from_epoch_ms(time) for time in JSON.decode(stored)),
)
EXPAND_SHARD: Final = Kind(lambda shard: {"S": expand_partition(shard)}, lambda stored: int(stored["S"]))

# Field of `Template` → (attribute, kind). The tenant is the partition key, the id in the sort key.
_ATTRIBUTES: Final[Mapping[str, tuple[str, Kind]]] = {
    "status": (schema.STATUS, Kind(lambda value: {"S": str(value)}, lambda stored: TemplateStatus(stored["S"]))),
    "version": ("v", INTEGER),
    "revision": ("rev", INTEGER),
    "name": ("name", TEXT),
    "external_key": ("key", TEXT),
    "tags": ("tags", JSON),
    "schedule": ("sched", JSON),
    "misfire": ("mis", _packed(Misfire, {"policy": MisfirePolicy})),
    "pause": ("pause", _packed(Pause, {"at": from_epoch_ms, "until": from_epoch_ms, "missed": Missed})),
    "pause_after_failures": ("p_fail", INTEGER),
    "failing": ("failing", _packed(FailingRow, {})),
    "skipped": ("skip", _TIMES),
    "progress": (
        "prog",
        _packed(
            Progress,
            {
                "expanded_until": from_epoch_ms,
                "previous_at": from_epoch_ms,
                "since": from_epoch_ms,
                "counted_from": from_epoch_ms,
                "stale_since": from_epoch_ms,
                "settle_at": from_epoch_ms,
                "failure": _failure,
            },
        ),
    ),
    "created_at": ("c_at", TIME),
    "changed_at": ("ch_at", TIME),
    "changed_by": ("ch_by", TEXT),
    "change": ("ch", TEXT),
    "fingerprint": ("idem", TEXT),
    "expand_at": (schema.EXPAND_AT, TIME),
    "expand_shard": (schema.EXPAND_SHARD, EXPAND_SHARD),
    "expire_item_at": (schema.TTL, TIME_IN_SECONDS),
}
_DEFAULTS: Final = {"tags": {}, "misfire": DEFAULT_MISFIRE, "skipped": ()}
_BY_ATTRIBUTE: Final = {attribute: (field, kind) for field, (attribute, kind) in _ATTRIBUTES.items()}
_JOB_FIELDS: Final = {one.name: one.default for one in fields(JobDefinition)}
_JOB_BY_ATTRIBUTE: Final = {JOB_ATTRIBUTES[name][0]: (name, JOB_ATTRIBUTES[name][1]) for name in _JOB_FIELDS}


def expand_partition(shard: int) -> str:
    """The partition key of one shard of the expand index."""
    return f"{shard:02d}"


def template_item_key(key: TemplateKey) -> Item:
    return {schema.PK: {"S": key.tenant}, schema.SK: {"S": f"{schema.TEMPLATE_SK}#{key.template_id}"}}


def version_item_key(key: TemplateKey, version: int) -> Item:
    return {schema.PK: {"S": key.tenant}, schema.SK: {"S": f"{schema.VERSION_SK}#{key.template_id}#{version:08d}"}}


def calendar_use_prefix(calendar_id: str) -> str:
    """How the sort keys of all uses of a calendar begin."""
    return f"{schema.CALENDAR_USE_SK}#{calendar_id}#"


def calendar_use_key(tenant: str, calendar_id: str, template_id: str) -> Item:
    """The item that says that a template may use a calendar: nothing but a key."""
    return {schema.PK: {"S": tenant}, schema.SK: {"S": f"{calendar_use_prefix(calendar_id)}{template_id}"}}


def encode_template(template: Template) -> Item:
    item = template_item_key(template.key)
    for field, (attribute, kind) in _ATTRIBUTES.items():
        value = getattr(template, field)
        if value is not None and (field not in _DEFAULTS or value != _DEFAULTS[field]):
            item[attribute] = kind.encode(value)
    for name, default in _JOB_FIELDS.items():
        value = getattr(template.job, name)
        if value != default:
            attribute, kind = JOB_ATTRIBUTES[name]
            item[attribute] = kind.encode(value)
    return item


def decode_template(item: Mapping[str, AttributeValue]) -> Template:
    """The template of an item, be it the present one or an archived version.

    Raises:
        UnreadableTemplate: an attribute that this version knows has a value that it does not.
    """
    tenant, template_id = item[schema.PK]["S"], item[schema.SK]["S"].split("#")[1]
    values: dict[str, Any] = {}
    job: dict[str, Any] = {}
    try:
        for attribute, value in item.items():
            if attribute in _BY_ATTRIBUTE:
                field, kind = _BY_ATTRIBUTE[attribute]
                values[field] = kind.decode(value)
            elif attribute in _JOB_BY_ATTRIBUTE:
                field, kind = _JOB_BY_ATTRIBUTE[attribute]
                job[field] = kind.decode(value)
        return Template(tenant=tenant, id=template_id, job=JobDefinition(**job), **values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnreadableTemplate(template_id) from error


def calendars_of(item: Mapping[str, AttributeValue]) -> list[str]:
    """The calendars that an item's schedule names, if it has one, whatever else a newer version has put into it."""
    attribute, kind = _ATTRIBUTES["schedule"]
    return list(kind.decode(item[attribute]).get("calendars", ())) if attribute in item else []


def encode_gap(gap: Gap) -> str:
    return dumps(pack(gap))


def decode_gap(text: str) -> Gap:
    times = dict.fromkeys(("first", "last", "recorded_at"), from_epoch_ms)
    return unpack(Gap, json.loads(text), times)
