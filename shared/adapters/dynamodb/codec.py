"""A job as an item of the jobs table, and back.

The item is kept small, since each KB is paid for on each write: names are short, defaults are not stored, times are
milliseconds since 1970, and what nobody's condition looks into (target, tags, executions) is compact JSON.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from shared.adapters.dynamodb import schema
from shared.model.errors import UnreadableJob
from shared.model.execution import Execution, Outcome, Output
from shared.model.job import Completion, Delivery, Job, JobKey, Payload, epoch_ms, from_epoch_ms
from shared.model.lanes import DueShard, Priority
from shared.model.lifecycle import Status
from shared.model.retry import DEFAULT_RETRY, Backoff, Jitter, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

AttributeValue = dict[str, Any]
Item = dict[str, AttributeValue]


class Kind(NamedTuple):
    """How a value of one sort is written and read."""

    encode: Callable[[Any], AttributeValue]
    decode: Callable[[AttributeValue], Any]


def dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _encode_payload(payload: Payload) -> AttributeValue:
    if payload.ref is not None:
        return {"M": {"ref": {"S": payload.ref}}}
    return {"S": (payload.data or b"").decode()}


def _decode_payload(value: AttributeValue) -> Payload:
    return Payload(ref=value["M"]["ref"]["S"]) if "M" in value else Payload(data=value["S"].encode())


def _encode_retry(policy: RetryPolicy) -> AttributeValue:
    stored = {name: value for name, value in asdict(policy).items() if value != getattr(DEFAULT_RETRY, name)}
    return {"S": dumps(stored)}


def _decode_retry(value: AttributeValue) -> RetryPolicy:
    stored = json.loads(value["S"])
    if "backoff" in stored:
        stored["backoff"] = Backoff(stored["backoff"])
    if "jitter" in stored:
        stored["jitter"] = Jitter(stored["jitter"])
    lists = {name: tuple(stored[name]) for name in ("delays_seconds", "retry_on", "never_retry_on") if name in stored}
    return RetryPolicy(**{**stored, **lists})


def _encode_executions(executions: tuple[Execution, ...]) -> AttributeValue:
    return {"S": dumps([_execution_to_json(one) for one in executions])}


def _execution_to_json(execution: Execution) -> dict[str, Any]:
    stored = {
        "n": execution.attempt,
        "f": execution.fence,
        "s": epoch_ms(execution.started_at),
        "e": epoch_ms(execution.ended_at),
        "o": execution.outcome,
        "t": execution.error_type,
        "m": execution.error_message,
        "x": execution.output.text or None,
        "b": execution.output.size_bytes or None,
        "r": execution.output.ref,
        "d": execution.redrive or None,
        "k": execution.receipt,
    }
    return {name: value for name, value in stored.items() if value is not None}


def _decode_executions(value: AttributeValue) -> tuple[Execution, ...]:
    return tuple(
        Execution(
            attempt=one["n"],
            fence=one["f"],
            started_at=from_epoch_ms(one["s"]),
            ended_at=from_epoch_ms(one["e"]),
            outcome=Outcome(one["o"]),
            error_type=one.get("t"),
            error_message=one.get("m"),
            output=Output(one.get("x", ""), one.get("b", 0), one.get("r")),
            redrive=one.get("d", 0),
            receipt=one.get("k"),
        )
        for one in json.loads(value["S"])
    )


TEXT: Final = Kind(lambda value: {"S": value}, lambda value: value["S"])
INTEGER: Final = Kind(lambda value: {"N": str(value)}, lambda value: int(value["N"]))
TIME: Final = Kind(lambda value: {"N": str(epoch_ms(value))}, lambda value: from_epoch_ms(int(value["N"])))
TIME_IN_SECONDS: Final = Kind(
    lambda value: {"N": str(int(value.timestamp()))},
    lambda value: datetime.fromtimestamp(int(value["N"]), UTC),
)
JSON: Final = Kind(lambda value: {"S": dumps(value)}, lambda value: json.loads(value["S"]))


def _enum(kind: Callable[[str], Any]) -> Kind:
    return Kind(lambda value: {"S": str(value)}, lambda value: kind(value["S"]))


_EPOCH: Final = from_epoch_ms(0)

# Field of `Job` → (attribute, kind). The tenant and the id are in the partition key.
ATTRIBUTES: Final[Mapping[str, tuple[str, Kind]]] = {
    "status": (schema.STATUS, _enum(Status)),
    "reason": ("reason", TEXT),
    "version": ("v", INTEGER),
    "fence": ("fence", INTEGER),
    "attempt": ("attempt", INTEGER),
    "name": ("name", TEXT),
    "tags": ("tags", JSON),
    "target": ("target", JSON),
    "payload": ("payload", Kind(_encode_payload, _decode_payload)),
    "priority": ("prio", _enum(Priority)),
    "timeout_seconds": ("timeout", INTEGER),
    "expires_after_seconds": ("exp_s", INTEGER),
    "expires_at": ("exp_at", TIME),
    "retry": ("retry", Kind(_encode_retry, _decode_retry)),
    "delivery": ("deliv", _enum(Delivery)),
    "group": ("grp", TEXT),
    "group_pk": (schema.GROUP_PK, TEXT),
    "group_sk": (schema.GROUP_SK, TEXT),
    "correlation_id": ("corr", TEXT),
    "fingerprint": ("idem", TEXT),
    "run_at": ("run_at", TIME),
    "created_at": ("c_at", TIME),
    "updated_at": ("u_at", TIME),
    "started_at": ("s_at", TIME),
    "ended_at": ("e_at", TIME),
    "template_id": ("tpl", TEXT),
    "template_version": ("tpl_v", INTEGER),
    "nominal_at": ("nom_at", TIME),
    "misfire_at": ("mis_at", TIME),
    "redrives": ("rdv", INTEGER),
    "redriven_at": ("rdv_at", TIME),
    "redriven_by": ("rdv_by", TEXT),
    "discarded_at": ("dis_at", TIME),
    "discarded_by": ("dis_by", TEXT),
    "discard_reason": ("dis_why", TEXT),
    "completion": ("compl", _enum(Completion)),
    "heartbeat_timeout_seconds": ("hb_s", INTEGER),
    "awaiting_since": ("await_at", TIME),
    "checkpoint_at": ("ck_at", TIME),
    "checkpoint_number": ("ck_n", INTEGER),
    "cancel_requested_at": ("cancel_at", TIME),
    "wake_at": (schema.WAKE_AT, TIME),
    "due_shard": (schema.DUE_SHARD, Kind(lambda value: {"S": str(value)}, lambda value: DueShard.parse(value["S"]))),
    "lease_until": ("lease", TIME),
    "claim_id": ("claim", TEXT),
    "attention_pk": (schema.ATTENTION_PK, TEXT),
    "attention_sk": (schema.ATTENTION_SK, TEXT),
    "expire_item_at": (schema.TTL, TIME_IN_SECONDS),
    "executions": ("execs", Kind(_encode_executions, _decode_executions)),
}

_NO_DEFAULT: Final = frozenset(field.name for field in fields(Job) if field.default is field.default_factory is MISSING)
_NOBODYS: Final = Job(tenant="", id="", target={}, run_at=_EPOCH, created_at=_EPOCH, updated_at=_EPOCH)
_DEFAULTS: Final = {name: getattr(_NOBODYS, name) for name in ATTRIBUTES if name not in _NO_DEFAULT}
_BY_ATTRIBUTE: Final = {attribute: (field, kind) for field, (attribute, kind) in ATTRIBUTES.items()}


def partition_key(key: JobKey) -> str:
    return f"{key.tenant}#{key.job_id}"


def job_key(partition: str) -> JobKey:
    # A tenant's name has no `#`, so the first one ends it.
    tenant, _, job_id = partition.partition("#")
    return JobKey(tenant, job_id)


def item_key(key: JobKey, sort_key: str = schema.JOB_SK) -> Item:
    return {schema.PK: {"S": partition_key(key)}, schema.SK: {"S": sort_key}}


def encode_value(field: str, value: Any) -> AttributeValue:
    """One field's value as it is stored; also how conditions compare it."""
    return ATTRIBUTES[field][1].encode(value)


# Stored although they have defaults: filters of the stream look for them, and conditions compare them. To DynamoDB a
# comparison with a missing attribute is false, whatever its default would say.
_ALWAYS: Final = frozenset({"status", "version", "fence", "attempt"})


def is_stored(field: str, value: Any) -> bool:
    """Whether a field of this value has an attribute at all: None and defaults have none."""
    return value is not None and (field in _ALWAYS or field not in _DEFAULTS or value != _DEFAULTS[field])


def encode_job(job: Job) -> Item:
    item = item_key(job.key)
    for field, (attribute, kind) in ATTRIBUTES.items():
        value = getattr(job, field)
        if is_stored(field, value):
            item[attribute] = kind.encode(value)
    return item


def decode_job(item: Mapping[str, AttributeValue]) -> Job:
    """The job of an item. Attributes that this version does not know are left out: a newer one wrote them.

    Raises:
        UnreadableJob: an attribute that it knows has a value that it does not.
    """
    key = job_key(item[schema.PK]["S"])
    values = {}
    try:
        for attribute, value in item.items():
            known = _BY_ATTRIBUTE.get(attribute)
            if known is not None:
                values[known[0]] = known[1].decode(value)
        return Job(tenant=key.tenant, id=key.job_id, **values)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableJob(key.job_id) from error


def item_bytes(item: Mapping[str, AttributeValue]) -> int:
    """About what DynamoDB counts: names and strings in UTF-8, a number by its digits ("Item sizes and formats")."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: AttributeValue) -> int:
    (kind, content), *_ = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return (len(content.lstrip("-")) + 1) // 2 + 1
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_bytes(inner) for name, inner in content.items())
        case _:
            return len(content)
