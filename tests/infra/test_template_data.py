"""Tables and bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.settings import Function, Stage
from shared.adapters.dynamodb import schema
from shared.model import limits
from shared.model.event_types import FAMILIES
from shared.model.lifecycle_event import EVENT_TYPES

if TYPE_CHECKING:
    from tests.infra.template import StageTemplate


def table(template: StageTemplate, name: str) -> dict[str, Any]:
    (properties,) = [
        properties
        for logical_id, properties in template.of_type("AWS::DynamoDB::Table").items()
        if template.names[logical_id] == name
    ]
    return properties


def keys(properties: dict[str, Any]) -> tuple[str, str]:
    partition, sort = properties["KeySchema"]
    assert (partition["KeyType"], sort["KeyType"]) == ("HASH", "RANGE")
    return partition["AttributeName"], sort["AttributeName"]


def test_tables_bill_on_demand_and_can_be_restored_to_any_second(template: StageTemplate) -> None:
    for name in ("JobsTable", "ControlTable"):
        properties = table(template, name)
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["TimeToLiveSpecification"] == {"AttributeName": schema.TTL, "Enabled": True}
        assert keys(properties) == (schema.PK, schema.SK)


def test_only_jobs_has_a_stream_with_both_images(template: StageTemplate) -> None:
    assert table(template, "JobsTable")["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert "StreamSpecification" not in table(template, "ControlTable")
    assert "StreamSpecification" not in table(template, "TemplatesTable")


def test_jobs_indexes_hold_keys_only(template: StageTemplate) -> None:
    indexes = {index["IndexName"]: index for index in table(template, "JobsTable")["GlobalSecondaryIndexes"]}

    assert {name: keys(index) for name, index in indexes.items()} == {
        schema.DUE_INDEX: (schema.DUE_SHARD, schema.WAKE_AT),
        schema.GROUP_INDEX: (schema.GROUP_PK, schema.GROUP_SK),
        schema.ATTENTION_INDEX: (schema.ATTENTION_PK, schema.ATTENTION_SK),
    }
    assert {index["Projection"]["ProjectionType"] for index in indexes.values()} == {"KEYS_ONLY"}


def test_templates_are_found_by_the_time_at_which_they_are_to_be_expanded(template: StageTemplate) -> None:
    (index,) = table(template, "TemplatesTable")["GlobalSecondaryIndexes"]

    assert (index["IndexName"], keys(index)) == (schema.EXPAND_INDEX, (schema.EXPAND_SHARD, schema.EXPAND_AT))
    assert index["Projection"]["ProjectionType"] == "KEYS_ONLY"


def test_wake_at_is_the_one_key_that_is_a_number(template: StageTemplate) -> None:
    types = {
        definition["AttributeName"]: definition["AttributeType"]
        for definition in table(template, "JobsTable")["AttributeDefinitions"]
    }

    assert {name for name, kind in types.items() if kind == "N"} == {schema.WAKE_AT}


def test_production_tables_refuse_to_be_deleted(template: StageTemplate) -> None:
    for name in ("JobsTable", "ControlTable"):
        assert table(template, name)["DeletionProtectionEnabled"] is (template.settings.stage is Stage.PROD)


def test_data_outlives_the_stack_where_it_matters(template: StageTemplate) -> None:
    kept = template.settings.stage in (Stage.STAGING, Stage.PROD)
    expected = "RetainExceptOnCreate" if kept else "Delete"

    holding = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Logs::LogGroup")
    for resource in template.body["Resources"].values():
        if resource["Type"] in holding:
            assert resource["DeletionPolicy"] == expected


def test_bucket_is_private_and_encrypted(template: StageTemplate) -> None:
    bucket = template.one("AWS::S3::Bucket")

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_bucket_asks_for_tls_but_on_the_emulator(template: StageTemplate) -> None:
    policies = template.of_type("AWS::S3::BucketPolicy").values()
    denials = [
        statement
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    ]

    assert len(denials) == (0 if template.settings.stage is Stage.LOCAL else 1)


def test_objects_outlive_the_jobs_that_name_them(template: StageTemplate) -> None:
    rules = {rule["Id"]: rule for rule in template.one("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]}
    retention = template.settings.retention.maximum_days

    assert {name: rule.get("Prefix") for name, rule in rules.items()} == {
        "payloads": "payloads/",
        "outputs": "outputs/",
        "checkpoints": "checkpoints/",
        "archive": "archive/",
        "uploads": None,
    }
    assert rules["archive"]["ExpirationInDays"] == template.settings.archive_days > retention
    assert rules["outputs"]["ExpirationInDays"] > retention
    attempt = limits.MAX_CALLBACK_TIMEOUT_SECONDS + limits.MAX_RETRY_DELAY_SECONDS
    assert rules["checkpoints"]["ExpirationInDays"] > attempt / limits.DAY_SECONDS + retention
    assert rules["payloads"]["ExpirationInDays"] > limits.MAX_AHEAD_SECONDS / limits.DAY_SECONDS + retention


def test_what_happens_to_jobs_is_told_on_a_bus_of_the_stage(template: StageTemplate) -> None:
    assert template.one("AWS::Events::EventBus")["Name"] == f"punctual-{template.settings.stage}"


def test_events_of_all_kinds_are_told_unless_a_stage_says_otherwise(template: StageTemplate) -> None:
    types = template.environment(Function.JOURNAL)["EVENT_TYPES"].split(",")

    assert types == [*EVENT_TYPES.values(), *(one for one in FAMILIES if one != "job.*")]
