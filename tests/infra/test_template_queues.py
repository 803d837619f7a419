"""Queues, and what invokes whom."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from infra import lanes
from infra.settings import Function, Stage
from shared.adapters.dynamodb import schema
from shared.model.lanes import Lane
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from tests.infra.template import StageTemplate

WAITING = (Status.BLOCKED, Status.SCHEDULED)
SERVED_BY = {
    "High": Function.EXECUTOR,
    "Normal": Function.EXECUTOR,
    "Low": Function.EXECUTOR,
    "Long": Function.EXECUTOR_LONG,
}


def queue(template: StageTemplate, name: str) -> dict[str, Any]:
    (properties,) = [
        properties
        for logical_id, properties in template.of_type("AWS::SQS::Queue").items()
        if template.names[logical_id] == name
    ]
    return properties


def test_template_and_model_know_the_same_lanes() -> None:
    assert {lane.value for lane in lanes.Lane} == {lane.value for lane in Lane}
    assert len(SERVED_BY) == len(Lane)


@pytest.mark.parametrize("lane", SERVED_BY)
def test_a_message_stays_hidden_a_minute_longer_than_its_function_runs(template: StageTemplate, lane: str) -> None:
    function = template.function(SERVED_BY[lane])

    assert queue(template, lane)["VisibilityTimeout"] == function["Timeout"] + 60


@pytest.mark.parametrize("lane", SERVED_BY)
def test_each_lane_has_a_dead_letter_queue_that_keeps_longest(template: StageTemplate, lane: str) -> None:
    main, dead = queue(template, lane), queue(template, f"{lane}Dead")

    assert main["RedrivePolicy"]["maxReceiveCount"] >= 10
    assert dead["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert main["MessageRetentionPeriod"] < dead["MessageRetentionPeriod"]


def test_queues_are_encrypted_and_ask_for_tls_but_on_the_emulator(template: StageTemplate) -> None:
    queues = template.of_type("AWS::SQS::Queue")
    guarded = {
        template.names[target["Ref"]]
        for policy in template.of_type("AWS::SQS::QueuePolicy").values()
        for target in policy["Queues"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }

    assert all(properties["SqsManagedSseEnabled"] for properties in queues.values())
    assert guarded == (set() if template.settings.stage is Stage.LOCAL else {template.names[name] for name in queues})


@pytest.mark.parametrize("lane", SERVED_BY)
def test_executors_are_given_batches_within_the_lanes_concurrency(template: StageTemplate, lane: str) -> None:
    mapping = template.mappings()[f"<{lane}>", SERVED_BY[lane]]

    assert mapping["BatchSize"] == (1 if lane == "Long" else 10)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    concurrency = template.settings.maximum_concurrency[lanes.Lane(lane.lower())]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": concurrency}
    assert "MaximumBatchingWindowInSeconds" not in mapping


def test_the_stream_invokes_the_populator_for_scheduled_jobs_only(template: StageTemplate) -> None:
    mapping = template.mappings()["<JobsTable.StreamArn>", Function.POPULATOR_STREAM]
    (filter_,) = mapping["FilterCriteria"]["Filters"]

    assert json.loads(filter_["Pattern"]) == {
        "dynamodb": {
            "Keys": {schema.SK: {"S": [schema.JOB_SK]}},
            "NewImage": {schema.STATUS: {"S": [Status.SCHEDULED.value]}},
        }
    }


def test_the_stream_gives_up_after_two_minutes_and_leaves_it_to_the_sweep(template: StageTemplate) -> None:
    mapping = template.mappings()["<JobsTable.StreamArn>", Function.POPULATOR_STREAM]

    assert mapping["MaximumRetryAttempts"] == 3
    assert mapping["MaximumRecordAgeInSeconds"] == 120
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["ParallelizationFactor"] > 1


def test_the_journal_is_told_of_starts_ends_and_items_that_go(template: StageTemplate) -> None:
    mapping = template.mappings()["<JobsTable.StreamArn>", Function.JOURNAL]
    of_a_job = {schema.SK: {"S": [schema.JOB_SK]}}

    assert [json.loads(filter_["Pattern"]) for filter_ in mapping["FilterCriteria"]["Filters"]] == [
        {
            "dynamodb": {
                "Keys": of_a_job,
                "NewImage": {schema.STATUS: {"S": [status.value for status in Status if status not in WAITING]}},
            }
        },
        {"eventName": ["REMOVE"], "dynamodb": {"Keys": of_a_job}},
    ]


def test_the_journal_tries_as_long_as_the_stream_keeps_and_then_tells_what_it_gave_up(template: StageTemplate) -> None:
    mapping = template.mappings()["<JobsTable.StreamArn>", Function.JOURNAL]

    assert "MaximumRetryAttempts" not in mapping
    assert mapping["MaximumRecordAgeInSeconds"] == 24 * 3600
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert template.text(mapping["DestinationConfig"]["OnFailure"]["Destination"]) == "<JournalLost>"
    assert queue(template, "JournalLost")["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_what_runs_each_minute_is_not_tried_again(template: StageTemplate) -> None:
    invoked = set()
    for rule in template.of_type("AWS::Events::Rule").values():
        assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
        for target in rule["Targets"]:
            invoked.add(template.text(target["Arn"]))
            assert target["RetryPolicy"]["MaximumRetryAttempts"] == 0

    assert invoked == {f"<{name}>" for name in (Function.POPULATOR, Function.WATCHER, Function.RECURRENCE)}
    retries = template.of_type("AWS::Lambda::EventInvokeConfig").values()
    assert {template.text(config["FunctionName"]) for config in retries} == invoked
    assert {config["MaximumRetryAttempts"] for config in retries} == {0}


def test_the_templates_are_shared_out_among_as_many_expanders_as_the_stage_has(template: StageTemplate) -> None:
    rules = template.of_type("AWS::Events::Rule").values()
    targets = [target for rule in rules for target in rule["Targets"]]
    inputs = [target.get("Input") for target in targets if template.text(target["Arn"]) == f"<{Function.RECURRENCE}>"]

    count = template.settings.expanders
    parts = [None] if count == 1 else [{"part": part, "of": count} for part in range(count)]
    assert [text and json.loads(text) for text in inputs] == parts
