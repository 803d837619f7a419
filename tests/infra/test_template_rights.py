"""What each function may do, word for word. A right more or less is a decision, and this is where it shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from infra.app import add_stage, new_app
from infra.settings import Function, Stage, settings_of
from tests.infra.template import StageTemplate

if TYPE_CHECKING:
    from pathlib import Path

    from infra.bundling import Bundles
    from tests.infra.template import Rights

QUEUES = {"<High>", "<Normal>", "<Low>", "<Long>"}
DEAD = {"<HighDead>", "<NormalDead>", "<LowDead>", "<LongDead>"}
TRACES = {"xray:PutTraceSegments": {"*"}, "xray:PutTelemetryRecords": {"*"}}
TARGETS = {
    "lambda:InvokeFunction": {"arn:aws:lambda:region:account:function:demo-*"},
    "sqs:SendMessage": {"arn:aws:sqs:region:account:demo-*"},
    "sns:Publish": {"arn:aws:sns:region:account:demo-*"},
    "events:PutEvents": {"arn:aws:events:region:account:event-bus/demo-*"},
    "states:StartExecution": {"arn:aws:states:region:account:stateMachine:demo-*"},
}

# Every wildcard that a policy may hold. The reasons stand beside the grants in infra/rights.py.
WILDCARDS = {
    "*",  # X-Ray alone, see test_only_traces_are_allowed_on_everything
    "<DataBucket>/payloads/*",
    "<DataBucket>/outputs/*",
    "<DataBucket>/checkpoints/*",
    "<DataBucket>/archive/*",
    "<JobsTable>/stream/*",
    "arn:aws:iam::account:role/punctual-target/*",
    *(f"arn:aws:ssm:region:account:parameter/punctual/{stage}/signing/*" for stage in Stage),
    *(arn for arns in TARGETS.values() for arn in arns),
}


# What it takes to raise alerts: the jobs before a failure, the rules, the alerts, and the jobs that tell of them.
RAISING_ALERTS = {
    "dynamodb:Query": {"<JobsTable>/index/group", "<JobsTable>/index/attention", "<ControlTable>"},
    "dynamodb:GetItem": {"<JobsTable>", "<ControlTable>"},
    "dynamodb:BatchGetItem": {"<JobsTable>", "<ControlTable>"},
    "dynamodb:PutItem": {"<JobsTable>", "<ControlTable>"},
    "dynamodb:UpdateItem": {"<ControlTable>"},
}


def log_rights(function: Function) -> Rights:
    return {action: {f"<{function}-log>"} for action in ("logs:CreateLogStream", "logs:PutLogEvents")}


def executor_rights(template: StageTemplate, function: Function, queues: set[str]) -> Rights:
    stage = template.settings.stage
    receiving = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
    secrets = {f"arn:aws:ssm:region:account:parameter/punctual/{stage}/signing/*"}
    targets = TARGETS if stage in (Stage.LOCAL, Stage.DEV) else {}
    return {
        **log_rights(function),
        **TRACES,
        **{f"sqs:{action}": queues for action in receiving},
        "dynamodb:GetItem": {"<JobsTable>", "<ControlTable>"},
        "dynamodb:UpdateItem": {"<JobsTable>", "<ControlTable>"},
        "dynamodb:PutItem": {"<ControlTable>"},
        "dynamodb:Query": {"<ControlTable>"},
        "s3:GetObject": {"<DataBucket>/payloads/*", "<DataBucket>/checkpoints/*"},
        "s3:PutObject": {"<DataBucket>/outputs/*"},
        "ssm:GetParameter": secrets,
        "sts:AssumeRole": {"arn:aws:iam::account:role/punctual-target/*"},
        **targets,
        "lambda:InvokeFunction": {"<runner>", *targets.get("lambda:InvokeFunction", set())},
    }


def test_the_runner_may_write_its_own_log_and_nothing_else(template: StageTemplate) -> None:
    statements = template.statements(Function.RUNNER)

    assert template.rights(Function.RUNNER) == log_rights(Function.RUNNER)
    assert [statement["effect"] for statement in statements] == ["Allow"]
    assert template.function(Function.RUNNER).get("TracingConfig", {}).get("Mode") != "Active"


def test_api_creates_edits_and_lists_jobs_and_templates(template: StageTemplate) -> None:
    assert template.rights(Function.API) == {
        **log_rights(Function.API),
        **TRACES,
        "dynamodb:GetItem": {"<JobsTable>", "<TemplatesTable>", "<ControlTable>"},
        "dynamodb:BatchGetItem": {"<JobsTable>"},
        "dynamodb:PutItem": {"<JobsTable>", "<TemplatesTable>", "<ControlTable>"},
        "dynamodb:DeleteItem": {"<TemplatesTable>", "<ControlTable>"},
        "dynamodb:UpdateItem": {"<JobsTable>"},
        "dynamodb:Query": {
            "<JobsTable>/index/group",
            "<JobsTable>/index/attention",
            "<TemplatesTable>",
            "<ControlTable>",
        },
        "s3:PutObject": {f"<DataBucket>/{objects}/*" for objects in ("payloads", "outputs", "checkpoints")},
        "s3:GetObject": {f"<DataBucket>/{objects}/*" for objects in ("payloads", "outputs", "checkpoints", "archive")},
        "s3:ListBucket": {"<DataBucket>"},
    }


@pytest.mark.parametrize(("function", "prefix"), [(Function.API, "archive/*"), (Function.JOURNAL, "payloads/*")])
def test_of_the_bucket_only_what_is_looked_for_is_listed(
    template: StageTemplate, function: Function, prefix: str
) -> None:
    (listing,) = [one for one in template.statements(function) if "s3:ListBucket" in one["actions"]]

    assert listing["conditions"] == {"StringLike": {"s3:prefix": [prefix]}}


API_PARTITIONS = [
    *("windows#*", "channels#*", "breakers#*", "subscriptions#*", "retention#*"),
    *("alerts#*", "alert-rules#*", "escalation-policies#*", "latest-alerts#*", "alert-looks"),
    *("windows-to-extend", "breaker-changes", "beats", "bulk-actions#*", "bulk-actions-to-go-on"),
]


def test_the_api_writes_maintenance_windows_and_no_api_keys(template: StageTemplate) -> None:
    statements = [one for one in template.statements(Function.API) if "<ControlTable>" in one["resources"]]

    assert [(one["actions"], one["conditions"]) for one in statements] == [
        (["dynamodb:GetItem"], {}),
        (
            ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Query"],
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": API_PARTITIONS}},
        ),
    ]


def test_recurrence_reads_templates_and_plans_jobs(template: StageTemplate) -> None:
    assert template.rights(Function.RECURRENCE) == {
        **log_rights(Function.RECURRENCE),
        **TRACES,
        "dynamodb:GetItem": {"<JobsTable>", "<TemplatesTable>", "<ControlTable>"},
        "dynamodb:BatchGetItem": {"<JobsTable>"},
        "dynamodb:PutItem": {"<JobsTable>", "<TemplatesTable>", "<ControlTable>"},
        "dynamodb:UpdateItem": {"<JobsTable>", "<ControlTable>"},
        "dynamodb:DeleteItem": {"<ControlTable>"},
        "dynamodb:Query": {
            "<JobsTable>/index/group",
            "<TemplatesTable>",
            "<TemplatesTable>/index/expand",
            "<ControlTable>",
        },
        "s3:PutObject": {"<DataBucket>/payloads/*"},
    }


def test_of_the_control_table_recurrence_sees_windows_retentions_and_signs_of_life_alone(
    template: StageTemplate,
) -> None:
    statements = [one for one in template.statements(Function.RECURRENCE) if "<ControlTable>" in one["resources"]]

    assert [one["conditions"] for one in statements] == [
        {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["beats"]}},
        {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["windows#*", "windows-to-extend"]}},
        {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["retention#*"]}},
    ]


def test_authorizer_reads_api_keys(template: StageTemplate) -> None:
    assert template.rights(Function.AUTHORIZER) == {
        **log_rights(Function.AUTHORIZER),
        **TRACES,
        "dynamodb:GetItem": {"<ControlTable>"},
    }


def test_populator_reads_the_due_index_and_no_job(template: StageTemplate) -> None:
    assert template.rights(Function.POPULATOR) == {
        **log_rights(Function.POPULATOR),
        **TRACES,
        "dynamodb:UpdateItem": {"<ControlTable>"},
        "dynamodb:Query": {"<JobsTable>/index/due", "<ControlTable>"},
        "dynamodb:GetItem": {"<ControlTable>"},
        "dynamodb:PutItem": {"<ControlTable>"},
        "sqs:SendMessage": QUEUES,
    }


@pytest.mark.parametrize("function", [Function.POPULATOR, Function.WATCHER])
def test_who_keeps_a_cursor_writes_no_api_keys(template: StageTemplate, function: Function) -> None:
    written = [
        one["conditions"].get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys")
        for one in template.statements(function)
        if "<ControlTable>" in one["resources"] and "dynamodb:PutItem" in one["actions"]
    ]

    assert ["cursor#*"] in written
    assert all(keys and not any(key.startswith(("tenant", "*")) for key in keys) for keys in written)


def test_populator_on_the_stream_reads_it_and_sends(template: StageTemplate) -> None:
    assert template.rights(Function.POPULATOR_STREAM) == {
        **log_rights(Function.POPULATOR_STREAM),
        **TRACES,
        "dynamodb:DescribeStream": {"<JobsTable.StreamArn>"},
        "dynamodb:GetRecords": {"<JobsTable.StreamArn>"},
        "dynamodb:GetShardIterator": {"<JobsTable.StreamArn>"},
        "dynamodb:ListStreams": {"<JobsTable>/stream/*"},
        "sqs:SendMessage": QUEUES,
    }


def test_the_journal_reads_the_stream_tells_the_bus_and_where_it_gave_up(template: StageTemplate) -> None:
    assert template.rights(Function.JOURNAL) == {
        **log_rights(Function.JOURNAL),
        **TRACES,
        "dynamodb:DescribeStream": {"<JobsTable.StreamArn>"},
        "dynamodb:GetRecords": {"<JobsTable.StreamArn>"},
        "dynamodb:GetShardIterator": {"<JobsTable.StreamArn>"},
        "dynamodb:ListStreams": {"<JobsTable>/stream/*"},
        "events:PutEvents": {"<EventBus>"},
        **RAISING_ALERTS,
        **{
            f"dynamodb:{action}": {*RAISING_ALERTS[f"dynamodb:{action}"], "<TemplatesTable>"}
            for action in ("GetItem", "Query", "PutItem")
        },
        # What ends is archived, and what lies beside a job that is gone is removed.
        "dynamodb:Query": {*RAISING_ALERTS["dynamodb:Query"], "<TemplatesTable>", "<JobsTable>"},
        "dynamodb:DeleteItem": {*RAISING_ALERTS.get("dynamodb:DeleteItem", set()), "<JobsTable>"},
        "s3:PutObject": {"<DataBucket>/archive/*"},
        "s3:ListBucket": {"<DataBucket>"},
        "s3:DeleteObject": {f"<DataBucket>/{kind}/*" for kind in ("payloads", "outputs", "checkpoints")},
        # Lambda itself tells it, with the function's role, where in the stream lies what was given up.
        **{f"sqs:{action}": {"<JournalLost>"} for action in ("SendMessage", "GetQueueAttributes", "GetQueueUrl")},
    }


def test_each_executor_takes_from_its_own_queues(template: StageTemplate) -> None:
    short = template.rights(Function.EXECUTOR)
    long = template.rights(Function.EXECUTOR_LONG)

    assert short == executor_rights(template, Function.EXECUTOR, QUEUES - {"<Long>"})
    assert long == executor_rights(template, Function.EXECUTOR_LONG, {"<Long>"})


@pytest.mark.parametrize("executor", [Function.EXECUTOR, Function.EXECUTOR_LONG])
def test_of_the_control_table_an_executor_reads_settings_of_tenants_and_keeps_breakers(
    template: StageTemplate, executor: Function
) -> None:
    statements = [one for one in template.statements(executor) if "<ControlTable>" in one["resources"]]

    assert [(one["actions"], one["conditions"]) for one in statements] == [
        ([f"dynamodb:{action}"], {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": partitions}})
        for action, partitions in (
            ("Query", ["windows#*", "breakers#*"]),
            ("GetItem", ["channels#*", "breakers#*", "retention#*"]),
            ("PutItem", ["breakers#*", "breaker-changes"]),
            ("UpdateItem", ["breaker-calls#*"]),
        )
    ]


def test_e_mail_is_sent_from_the_stages_own_address_alone(bundles: Bundles, tmp_path: Path) -> None:
    settings = replace(settings_of("dev", {}), email_sender="news@mail.example.com")
    app = new_app(tmp_path)
    add_stage(app, settings, bundles)

    app.synth()

    template = StageTemplate(settings, tmp_path / "punctual-dev.template.json")
    prefix = "arn:aws:ses:region:account:identity/"
    assert template.environment(Function.EXECUTOR)["EMAIL_SENDER"] == "news@mail.example.com"
    assert template.rights(Function.EXECUTOR)["ses:SendEmail"] == {
        f"{prefix}news@mail.example.com",
        f"{prefix}mail.example.com",
    }


def test_watcher_reaps_jobs_and_sends_messages_again(template: StageTemplate) -> None:
    assert template.rights(Function.WATCHER) == {
        **log_rights(Function.WATCHER),
        **TRACES,
        **RAISING_ALERTS,
        "dynamodb:Query": {
            "<JobsTable>/index/due",
            "<JobsTable>/index/attention",
            *RAISING_ALERTS["dynamodb:Query"],
        },
        "dynamodb:PutItem": {"<JobsTable>", "<ControlTable>"},
        "dynamodb:UpdateItem": {"<JobsTable>", "<ControlTable>"},
        "dynamodb:DeleteItem": {"<ControlTable>"},
        "s3:PutObject": {"<DataBucket>/payloads/*"},
        "s3:GetObject": {"<DataBucket>/payloads/*"},
        "sqs:SendMessage": QUEUES,
        "sqs:GetQueueAttributes": QUEUES,
        "events:PutEvents": {"<EventBus>"},
    }


def test_bulk_actions_are_gone_on_with_in_partitions_of_their_own(template: StageTemplate) -> None:
    partitions = {
        tuple(one["actions"]): one["conditions"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        for one in template.statements(Function.WATCHER)
        if "bulk-actions" in str(one["conditions"])
    }

    rights = ("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
    assert partitions == {rights: ["bulk-actions#*", "bulk-actions-to-go-on"]}


@pytest.mark.parametrize("function", [Function.WATCHER, Function.JOURNAL])
def test_who_tells_events_reads_who_has_subscribed(template: StageTemplate, function: Function) -> None:
    keys = [
        one["conditions"].get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys")
        for one in template.statements(function)
        if one["actions"] == ["dynamodb:Query"]
    ]

    assert ["subscriptions#*"] in keys


@pytest.mark.parametrize("function", [Function.WATCHER, Function.JOURNAL])
def test_alerts_are_raised_in_partitions_of_their_own(template: StageTemplate, function: Function) -> None:
    partitions = {}
    for one in template.statements(function):
        keys = one["conditions"].get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [])
        if any(key.startswith("alert") for key in keys):
            partitions[tuple(one["actions"])] = keys

    assert partitions.pop(("dynamodb:DeleteItem",), ["alert-looks"]) == ["alert-looks"]
    assert partitions == {
        ("dynamodb:GetItem", "dynamodb:Query"): [
            *("alert-rules#*", "escalation-policies#*", "windows#*", "breakers#*"),
            *("alerts#*", "latest-alerts#*", "alert-looks"),
        ],
        ("dynamodb:BatchGetItem",): ["alerts#*", "latest-alerts#*"],
        ("dynamodb:PutItem",): ["alerts#*", "latest-alerts#*", "alert-marks#*", "alert-looks"],
        ("dynamodb:UpdateItem",): ["alert-slots#*"],
    }


@pytest.mark.parametrize("executor", [Function.EXECUTOR, Function.EXECUTOR_LONG])
def test_no_pattern_lets_a_job_call_the_scheduler_itself(template: StageTemplate, executor: Function) -> None:
    prefix = f"arn:aws:lambda:region:account:function:punctual-{template.settings.stage}-"
    others = [f"{prefix}{name}" for name in Function if name is not Function.RUNNER]

    denied = template.rights(executor, "Deny")

    assert denied["sqs:SendMessage"] == QUEUES | DEAD
    assert denied["events:PutEvents"] == {"<EventBus>"}
    assert denied["lambda:InvokeFunction"] == {*others, *(f"{arn}:*" for arn in others)}


def test_no_action_is_a_wildcard(template: StageTemplate, function: Function) -> None:
    assert [action for action in template.rights(function) if "*" in action] == []


def test_no_resource_is_a_wildcard_without_being_listed(template: StageTemplate, function: Function) -> None:
    resources = {resource for resources in template.rights(function).values() for resource in resources}

    assert {resource for resource in resources if "*" in resource} <= WILDCARDS


def test_only_traces_are_allowed_on_everything(template: StageTemplate, function: Function) -> None:
    everywhere = {action for action, resources in template.rights(function).items() if "*" in resources}

    assert everywhere <= TRACES.keys()


def test_each_function_has_a_role_of_its_own_that_only_lambda_takes(template: StageTemplate) -> None:
    functions = template.of_type("AWS::Lambda::Function").values()
    roles = template.of_type("AWS::IAM::Role")

    assert {function["Role"]["Fn::GetAtt"][0] for function in functions} == roles.keys()
    assert len(functions) == len(roles) == len(Function)
    for role in roles.values():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert "ManagedPolicyArns" not in role


def test_event_sources_can_be_read_by_the_functions_that_they_invoke(template: StageTemplate) -> None:
    # An emulator does not check these; on AWS a mapping without them is refused.
    needed = {
        "Queue": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        "Stream": ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
    }

    for source, function in template.mappings():
        rights = template.rights(Function(function))
        for action in needed["Stream" if source.endswith(".StreamArn>") else "Queue"]:
            assert source in rights[action], f"{action} on {source}"
