"""AWS in this process, by moto: clients, tables, queues and bucket as the adapters find them in an account."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from moto import mock_aws

from shared.adapters.dynamodb import schema
from shared.model.lanes import Lane

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REGION = "eu-central-1"
JOBS_TABLE = "jobs"
CONTROL_TABLE = "control"
TEMPLATES_TABLE = "templates"
BUCKET = "punctual-data"
EVENT_BUS = "punctual-events"

_JOBS_INDEXES = {
    schema.DUE_INDEX: ((schema.DUE_SHARD, "S"), (schema.WAKE_AT, "N")),
    schema.GROUP_INDEX: ((schema.GROUP_PK, "S"), (schema.GROUP_SK, "S")),
    schema.ATTENTION_INDEX: ((schema.ATTENTION_PK, "S"), (schema.ATTENTION_SK, "S")),
}
_TEMPLATES_INDEXES = {schema.EXPAND_INDEX: ((schema.EXPAND_SHARD, "S"), (schema.EXPAND_AT, "N"))}


@contextmanager
def aws() -> Iterator[None]:
    """An account of its own, empty, for the block; no call leaves the process."""
    with mock_aws():
        yield


def client(service: str, **config: Any) -> Any:
    """A client that checks its parameters against the service's model (which the ones in Lambda leave to the tests),
    and that sends once unless `config` says otherwise."""
    settings = {"retries": {"mode": "standard", "total_max_attempts": 1}, **config}
    return _session().create_client(
        service,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(**settings),
    )


@cache
def _session() -> botocore.session.Session:
    # One for all: it keeps the services' models, whose reading takes longer than a test. Made after moto was imported,
    # which stands in the way of every session made from then on.
    return botocore.session.Session()


def create_tables(dynamodb: Any) -> None:
    """The jobs, templates and control table, with the keys, indexes, stream and TTL of the template."""
    stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
    _create_table(dynamodb, JOBS_TABLE, _JOBS_INDEXES, **stream)
    _create_table(dynamodb, TEMPLATES_TABLE, _TEMPLATES_INDEXES)
    for table in (JOBS_TABLE, TEMPLATES_TABLE):
        dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": schema.TTL}
        )
    _create_table(dynamodb, CONTROL_TABLE, {})


def _create_table(dynamodb: Any, name: str, indexes: Mapping[str, Any], **more: Any) -> None:
    attributes = {schema.PK: "S", schema.SK: "S"}
    for index_key in indexes.values():
        attributes.update(dict(index_key))
    if indexes:
        more["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index,
                "KeySchema": _key(*(attribute for attribute, _ in index_key)),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index, index_key in indexes.items()
        ]
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=_definitions(attributes),
        KeySchema=_key(schema.PK, schema.SK),
        **more,
    )


def create_bucket(s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})


def create_event_bus(events: Any) -> None:
    events.create_event_bus(Name=EVENT_BUS)


def create_queues(sqs: Any) -> Mapping[Lane, str]:
    """One queue per lane; their URLs."""
    return {
        lane: sqs.create_queue(QueueName=f"punctual-{lane}", Attributes={"VisibilityTimeout": "180"})["QueueUrl"]
        for lane in Lane
    }


def _definitions(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in attributes.items()]


def _key(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
