"""An ended job as a line of JSON, and back: the archive's schema, which `docs/archive.md` describes.

A member that is null is left out. Times are RFC 3339 in UTC. What has a shape of its own for each kind of target stands
in one text column as JSON. Columns are added; none changes its meaning.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from shared.adapters.dynamodb.codec import ATTRIBUTES, dumps
from shared.model.execution import Execution, Outcome, Output
from shared.model.job import Completion, Delivery, Job, Payload
from shared.model.lanes import Priority
from shared.model.lifecycle import Status
from shared.model.times import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable


class Column(NamedTuple):
    """What a field of `Job` is in a line: the type that Athena has for it, and how its value is written and read."""

    kind: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _write_retry(policy: Any) -> str:
    text: str = ATTRIBUTES["retry"][1].encode(policy)["S"]
    return text


def _write_executions(executions: tuple[Execution, ...]) -> list[dict[str, Any]]:
    return [
        _without_nulls(
            {
                "attempt": one.attempt,
                "fence": one.fence,
                "redrive": one.redrive,
                "started_at": format_time(one.started_at),
                "ended_at": format_time(one.ended_at),
                "outcome": one.outcome,
                "error_type": one.error_type,
                "error_message": one.error_message,
                "output": one.output.text,
                "output_bytes": one.output.size_bytes,
            }
        )
        for one in executions
    ]


def _read_executions(executions: list[dict[str, Any]]) -> tuple[Execution, ...]:
    return tuple(
        Execution(
            attempt=one["attempt"],
            fence=one["fence"],
            redrive=one["redrive"],
            started_at=parse_time(one["started_at"]),
            ended_at=parse_time(one["ended_at"]),
            outcome=Outcome(one["outcome"]),
            error_type=one.get("error_type"),
            error_message=one.get("error_message"),
            output=Output(one["output"], one["output_bytes"]),
        )
        for one in executions
    )


TEXT: Final = Column("string", _same, _same)
INTEGER: Final = Column("bigint", _same, _same)
TIME: Final = Column("string", format_time, parse_time)
JSON: Final = Column("string", dumps, json.loads)
EXECUTIONS: Final = Column(
    "array<struct<attempt:bigint,fence:bigint,redrive:bigint,started_at:string,ended_at:string,outcome:string,"
    "error_type:string,error_message:string,output:string,output_bytes:bigint>>",
    _write_executions,
    _read_executions,
)


def _enum(kind: Callable[[str], Any]) -> Column:
    return Column("string", str, kind)


# Field of `Job` → its column, which has the field's name. The tenant is a column, and a partition as well.
COLUMNS: Final = {
    "id": TEXT,
    "version": INTEGER,
    "status": _enum(Status),
    "reason": TEXT,
    "name": TEXT,
    "tags": Column("map<string,string>", dict, _same),
    "group": TEXT,
    "template_id": TEXT,
    "template_version": INTEGER,
    "nominal_at": TIME,
    "run_at": TIME,
    "created_at": TIME,
    "updated_at": TIME,
    "started_at": TIME,
    "ended_at": TIME,
    "expires_at": TIME,
    "expires_after_seconds": INTEGER,
    "cancel_requested_at": TIME,
    "correlation_id": TEXT,
    "priority": _enum(Priority),
    "timeout_seconds": INTEGER,
    "completion": _enum(Completion),
    "heartbeat_timeout_seconds": INTEGER,
    "delivery": _enum(Delivery),
    "retry": Column("string", _write_retry, lambda text: ATTRIBUTES["retry"][1].decode({"S": text})),
    "target": JSON,
    "attempt": INTEGER,
    "fence": INTEGER,
    "redrives": INTEGER,
    "redriven_at": TIME,
    "redriven_by": TEXT,
    "executions": EXECUTIONS,
}
# Beside the fields: the tenant, which kind of target it is, and the payload as its text or as the name that it had
# where it lay, outside of the job's item.
BESIDE: Final = {"tenant": "string", "target_type": "string", "payload": "string", "payload_ref": "string"}


def write_line(job: Job) -> str:
    """The line of a job as `archived_job.archived` makes it, without its end."""
    columns = {name: column.write(value) for name, column, value in _values(job)}
    data = job.payload.data
    beside = {
        "target_type": str(job.target.get("type", "")),
        "payload": None if data is None else data.decode(),
        "payload_ref": job.payload.ref,
    }
    return dumps(_without_nulls({"tenant": job.tenant, **columns, **beside}))


def read_line(line: str) -> Job:
    """
    Raises:
        ValueError, KeyError, TypeError: it is no line of a job.
    """
    document = json.loads(line)
    values = {name: column.read(document[name]) for name, column in COLUMNS.items() if name in document}
    payload = document.get("payload")
    return Job(
        tenant=document["tenant"],
        payload=Payload(None if payload is None else payload.encode(), document.get("payload_ref")),
        **values,
    )


def _values(job: Job) -> list[tuple[str, Column, Any]]:
    found = [(name, column, getattr(job, name)) for name, column in COLUMNS.items()]
    return [(name, column, value) for name, column, value in found if value is not None]


def _without_nulls(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
