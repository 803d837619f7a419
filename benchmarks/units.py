"""Billed units of one job, created to finished, as the emulator counts them: indexes included, nothing goes wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from benchmarks.executor import no_op_executor
from benchmarks.expansion import SHARDING, expander
from benchmarks.stub import reference_job, reference_template
from benchmarks.table import print_table
from functions.executor.execute_job import ReceivedHint
from functions.executor.gates.breaker import BreakerGate
from functions.executor.gates.known_breakers import KnownBreakers
from functions.populator.queue_due_jobs import QueueDueJobs
from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.breakers import DynamoBreakers
from shared.adapters.dynamodb.calendars import DynamoCalendars
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.sqs.work_queue import SqsWorkQueue, read_hint
from shared.adapters.system import SystemClock, SystemIds
from shared.dispatch import Dispatch
from shared.model.breaker import BreakerSettings
from shared.model.job import Job, JobKey, JobSpec, new_job
from shared.model.lanes import Lane
from shared.model.template import Misfire

_JOBS: Final = 1_000
_READS: Final = ("Query", "GetItem", "BatchGetItem")
_WRITES: Final = ("PutItem", "UpdateItem")
ASKED: Final = {"write_units_per_job": 6.0, "read_units_per_job": 0.25, "sqs_requests_per_job": 0.31}
ASKED_OF_OCCURRENCES: Final = {"write_units_per_occurrence": 6.2}


class Prepared(NamedTuple):
    """Tables and a queue of one run."""

    jobs_table: str
    control_table: str
    templates_table: str
    queue_url: str


class Meter:
    """Counts what clients are billed for, from the answers' own consumed capacity."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def attach(self, dynamodb: Any, sqs: Any) -> None:
        for operation in (*_READS, *_WRITES):
            dynamodb.meta.events.register(f"provide-client-params.dynamodb.{operation}", self._ask)
            dynamodb.meta.events.register(f"after-call.dynamodb.{operation}", self._count_units)
        sqs.meta.events.register("after-call.sqs.*", self._count_request)

    def _ask(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "ReturnConsumedCapacity": "INDEXES"}

    def _count_units(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        capacity = parsed.get("ConsumedCapacity", [])
        kind = "read" if model.name in _READS else "write"
        for one in capacity if isinstance(capacity, list) else [capacity]:
            self.counts[kind] += one["CapacityUnits"]

    def _count_request(self, **_: Any) -> None:
        self.counts["sqs"] += 1


def measure(dynamodb: Any, sqs: Any) -> dict[str, float]:
    """Units and requests per job: of the reference job, of one with 1 KB of payload, and of reference jobs that a
    template makes each minute, with their share of the template's own writes.

    `dynamodb` and `sqs` are clients of an emulator that counts capacity and has no tables or queues of these names.
    """
    rows, figures = [], {}
    meter = Meter()
    meter.attach(dynamodb, sqs)
    payload = b'"' + b"p" * 1_022 + b'"'
    for name, suffix, create in (
        ("reference job", "plain", _create_jobs),
        ("with 1 KB of payload", "payload", partial(_create_jobs, payload=payload)),
        ("occurrence, each minute", "minutely", _expand_template),
    ):
        prepared = _prepare(dynamodb, sqs, suffix)
        meter.counts.clear()
        count = create(dynamodb, prepared)
        _run_jobs(dynamodb, sqs, prepared, count)
        figures[name] = {key: value / count for key, value in meter.counts.items()}
        rows.append((name, *(figures[name][key] for key in ("write", "read", "sqs"))))
    asked = [
        ("asked of the reference job", *(f"<= {value}" for value in ASKED.values())),
        ("asked of the occurrence", *(f"<= {value}" for value in ASKED_OF_OCCURRENCES.values()), "", ""),
    ]
    print_table("Billed units per job", ("", "write units", "read units", "SQS requests"), [*rows, *asked])
    reference = figures["reference job"]
    # The cursor's write, once a page, is a thousandth of a unit per job.
    per_job = {
        name: round(reference[key], 2 if key == "write" else 4)
        for name, key in zip(ASKED, ("write", "read", "sqs"), strict=True)
    }
    return per_job | {"write_units_per_occurrence": round(figures["occurrence, each minute"]["write"], 2)}


def _prepare(dynamodb: Any, sqs: Any, suffix: str) -> Prepared:
    jobs, control, templates = (f"bench-{name}-{suffix}" for name in ("jobs", "control", "templates"))
    create_tables(dynamodb, jobs, control, templates)
    return Prepared(jobs, control, templates, sqs.create_queue(QueueName=f"bench-{suffix}")["QueueUrl"])


def _create_jobs(dynamodb: Any, names: Prepared, payload: bytes | None = None) -> int:
    """Jobs that are due at once, as the API creates them; how many."""
    clock, ids = SystemClock(), SystemIds()
    jobs = DynamoJobStore(dynamodb, names.jobs_table)
    for _ in range(_JOBS):
        jobs.create(jobs.place_payload(_reference_job(clock, ids, payload)))
    return _JOBS


def _expand_template(dynamodb: Any, names: Prepared) -> int:
    """The occurrences of a template that has fired each minute until now, expanded as time went by; how many. None of
    them is late yet by its misfire policy, so that all of them run."""
    start = SystemClock().now() - timedelta(minutes=_JOBS + 60)
    clock = VirtualClock(start)
    templates = DynamoTemplateStore(dynamodb, names.templates_table)
    patient = Misfire(after_seconds=7 * 86_400)
    template = templates.create_template(replace(reference_template(start), misfire=patient)).template
    calendars = DynamoCalendars(dynamodb, names.templates_table)
    expand = expander(templates, calendars, DynamoJobStore(dynamodb, names.jobs_table), clock)
    count = 0
    while count < _JOBS:
        expanded = expand(templates.get_template(template.key), lambda: 60)
        count += expanded.planned
        if expanded.template.expand_at is not None:
            clock.advance((expanded.template.expand_at - clock.now()).total_seconds())
    return count


def _run_jobs(dynamodb: Any, sqs: Any, names: Prepared, count: int) -> None:
    clock, telemetry = SystemClock(), RecordedTelemetry()
    jobs = DynamoJobStore(dynamodb, names.jobs_table)
    queue = SqsWorkQueue(sqs, dict.fromkeys(Lane, names.queue_url))
    tick = QueueDueJobs(
        jobs=jobs,
        cursors=DynamoControlStore(dynamodb, names.control_table),
        dispatch=Dispatch(queue, clock, telemetry),
        clock=clock,
        telemetry=telemetry,
        shards=SHARDING.due,
    )
    tick(seconds_left=lambda: 60)
    breakers = DynamoBreakers(dynamodb, names.control_table)
    gate = BreakerGate(
        store=breakers,
        known=KnownBreakers(breakers, clock, telemetry),
        settings=BreakerSettings(),
        clock=clock,
        telemetry=telemetry,
    )
    execute_job = no_op_executor(jobs, queue, telemetry, gate)
    executed = 0
    while executed < count:
        messages = sqs.receive_message(QueueUrl=names.queue_url, MaxNumberOfMessages=10)["Messages"]
        for message in messages:
            hint = read_hint(message["Body"])
            execute_job(ReceivedHint(hint, Lane.NORMAL, message["ReceiptHandle"]), seconds_left=lambda: 120)
        entries = [{"Id": one["MessageId"], "ReceiptHandle": one["ReceiptHandle"]} for one in messages]
        sqs.delete_message_batch(QueueUrl=names.queue_url, Entries=entries)
        executed += len(messages)


def _reference_job(clock: SystemClock, ids: SystemIds, payload: bytes | None) -> Job:
    now, reference = clock.now(), reference_job()
    spec = JobSpec(
        target=reference.target,
        run_at=now,
        name=reference.name,
        tags=reference.tags,
        payload=payload,
        correlation_id="c" * 24,
    )
    return new_job(spec, key=JobKey(reference.tenant, ids.job_id(now)), now=now, sharding=SHARDING)


def create_tables(dynamodb: Any, jobs_table: str, control_table: str, templates_table: str) -> None:
    """The three tables as the template makes them, as far as units depend on it."""
    indexes = [
        (schema.DUE_INDEX, schema.DUE_SHARD, schema.WAKE_AT),
        (schema.GROUP_INDEX, schema.GROUP_PK, schema.GROUP_SK),
        (schema.ATTENTION_INDEX, schema.ATTENTION_PK, schema.ATTENTION_SK),
    ]
    attributes = {schema.PK, schema.SK} | {name for _, *names in indexes for name in names}
    dynamodb.create_table(
        TableName=jobs_table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_key_schema(schema.PK, schema.SK),
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "N" if name == schema.WAKE_AT else "S"}
            for name in sorted(attributes)
        ],
        GlobalSecondaryIndexes=[
            {"IndexName": name, "KeySchema": _key_schema(pk, sk), "Projection": {"ProjectionType": "KEYS_ONLY"}}
            for name, pk, sk in indexes
        ],
    )
    dynamodb.create_table(
        TableName=control_table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_key_schema(schema.PK, schema.SK),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in (schema.PK, schema.SK)],
    )
    dynamodb.create_table(
        TableName=templates_table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_key_schema(schema.PK, schema.SK),
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "N" if name == schema.EXPAND_AT else "S"}
            for name in (schema.PK, schema.SK, schema.EXPAND_SHARD, schema.EXPAND_AT)
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": schema.EXPAND_INDEX,
                "KeySchema": _key_schema(schema.EXPAND_SHARD, schema.EXPAND_AT),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )


def _key_schema(pk: str, sk: str) -> list[dict[str, str]]:
    return [{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]
