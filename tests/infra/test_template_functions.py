"""How the functions are configured: the same way, apart from what each is told."""

from __future__ import annotations

from dataclasses import fields, replace
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from infra.settings import Breakers, CommandTarget, Function, Stage, settings_of
from shared.model.breaker import BreakerSettings
from shared.model.retention import Retention, RetentionBounds
from shared.settings import from_environment

if TYPE_CHECKING:
    from tests.infra.template import StageTemplate

COMMON = {"STAGE", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}
QUEUE_URLS = {"QUEUE_URL_HIGH", "QUEUE_URL_NORMAL", "QUEUE_URL_LOW", "QUEUE_URL_LONG"}
TABLES = {"JOBS_TABLE", "CONTROL_TABLE"}
SHARDS = {"DUE_SHARDS", "GROUP_SHARDS"}
RETENTION = {f"RETENTION_{field.name.upper()}" for one in (Retention, RetentionBounds) for field in fields(one)}
BREAKERS = {f"BREAKER_{field.name.upper()}" for field in fields(BreakerSettings)}
TARGETS = {*BREAKERS, "COMMAND_TARGET", "ALLOWED_TARGET_HOSTS", "ALLOWED_TARGET_ARNS", "EMAIL_SENDER"}
EXECUTOR = {
    *QUEUE_URLS,
    *TARGETS,
    *TABLES,
    *("ACCOUNT_ID", "DATA_BUCKET", "GROUP_SHARDS", "RUNNER_FUNCTION"),
    *RETENTION,
    "RES_OPTIONS",
    "SIGNING_SECRET_PREFIX",
    "API_URL",
}

RECURRING = {*TABLES, *SHARDS, *RETENTION, "TEMPLATES_TABLE", "DATA_BUCKET"}
VARIABLES = {
    Function.API: {*RECURRING, *TARGETS, "ARCHIVE_DAYS"},
    Function.AUTHORIZER: {"CONTROL_TABLE"},
    Function.POPULATOR: {*TABLES, *QUEUE_URLS, "DUE_SHARDS"},
    Function.POPULATOR_STREAM: QUEUE_URLS,
    Function.EXECUTOR: EXECUTOR,
    Function.EXECUTOR_LONG: EXECUTOR,
    Function.RUNNER: set(),
    Function.WATCHER: {
        *TABLES,
        *SHARDS,
        *QUEUE_URLS,
        *RETENTION,
        *("DATA_BUCKET", "ACCOUNT_ID", "EVENT_BUS", "EVENT_TYPES"),
    },
    Function.JOURNAL: {*TABLES, *SHARDS, "TEMPLATES_TABLE", "ACCOUNT_ID", "EVENT_BUS", "EVENT_TYPES", "DATA_BUCKET"},
    Function.RECURRENCE: RECURRING,
}

# What the runtime sets by itself.
OF_LAMBDA = {"AWS_REGION": "eu-west-1"}

HANDLERS = {
    Function.API: "functions.api.handler",
    Function.AUTHORIZER: "functions.api.authorizer",
    Function.POPULATOR: "functions.populator.handler",
    Function.POPULATOR_STREAM: "functions.populator.stream_handler",
    Function.EXECUTOR: "functions.executor.handler",
    Function.EXECUTOR_LONG: "functions.executor.handler",
    Function.RUNNER: "functions.runner.handler",
    Function.WATCHER: "functions.watcher.handler",
    Function.JOURNAL: "functions.watcher.journal_handler",
    Function.RECURRENCE: "functions.recurrence.handler",
}

TIMEOUT_SECONDS = {Function.EXECUTOR: 120, Function.EXECUTOR_LONG: 900, Function.RUNNER: 900}


def test_every_function_runs_on_arm_and_python_3_13(template: StageTemplate, function: Function) -> None:
    properties = template.function(function)

    assert properties["Architectures"] == ["arm64"]
    assert properties["Runtime"] == "python3.13"
    assert len(properties["Layers"]) == 1


def test_handlers_are_modules_of_this_repository(template: StageTemplate, function: Function) -> None:
    module, _, name = template.function(function)["Handler"].rpartition(".")

    assert (module, name) == (HANDLERS[function], "lambda_handler")
    assert find_spec(module) is not None


def test_each_function_is_told_what_it_uses_and_no_more(template: StageTemplate, function: Function) -> None:
    variables = template.environment(function)

    assert variables.keys() == COMMON | VARIABLES[function]
    assert variables["STAGE"] == template.settings.stage
    assert variables["POWERTOOLS_SERVICE_NAME"] == function
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Punctual"


def test_names_of_tables_queues_and_the_runner_arrive_where_they_belong(template: StageTemplate) -> None:
    executor = template.environment(Function.EXECUTOR)
    watcher = template.environment(Function.WATCHER)

    assert executor["RUNNER_FUNCTION"] == "<runner>"
    assert executor["DATA_BUCKET"] == "<DataBucket>"
    assert executor["API_URL"] == template.text(template.body["Outputs"]["ApiUrl"]["Value"])
    assert executor["SIGNING_SECRET_PREFIX"] == f"/punctual/{template.settings.stage}/signing/"
    assert (watcher["JOBS_TABLE"], watcher["CONTROL_TABLE"]) == ("<JobsTable>", "<ControlTable>")
    for lane in ("High", "Normal", "Low", "Long"):
        assert watcher[f"QUEUE_URL_{lane.upper()}"] == f"<{lane}>"


@pytest.mark.parametrize(
    ("function", "module", "settings"),
    [
        (Function.API, "functions.api.handler", "Settings"),
        (Function.AUTHORIZER, "functions.api.authorizer", "Settings"),
        (Function.POPULATOR, "functions.populator.handler", "Settings"),
        (Function.POPULATOR, "shared.adapters.sqs.work_queue", "QueueUrls"),
        (Function.POPULATOR_STREAM, "shared.adapters.sqs.work_queue", "QueueUrls"),
        (Function.EXECUTOR, "functions.executor.wiring", "Settings"),
        (Function.EXECUTOR, "functions.executor.wiring", "TargetSettings"),
        (Function.EXECUTOR_LONG, "shared.adapters.sqs.work_queue", "QueueUrls"),
        (Function.WATCHER, "functions.watcher.wiring", "Settings"),
        (Function.WATCHER, "functions.watcher.wiring", "AlertSettings"),
        (Function.WATCHER, "functions.watcher.wiring", "BulkSettings"),
        (Function.JOURNAL, "functions.watcher.journal_wiring", "Settings"),
        (Function.JOURNAL, "functions.watcher.wiring", "AlertSettings"),
        (Function.RECURRENCE, "functions.recurrence.handler", "Settings"),
    ],
)
def test_functions_find_their_settings_in_the_template(
    template: StageTemplate, function: Function, module: str, settings: str
) -> None:
    # Raises what the function would raise at its cold start.
    wanted = getattr(import_module(module), settings)

    from_environment(wanted, {**OF_LAMBDA, **template.environment(function)})


def test_a_level_of_logging_is_configuration_and_not_code(template: StageTemplate, function: Function) -> None:
    logging = template.function(function)["LoggingConfig"]

    assert logging["LogFormat"] == "JSON"
    assert logging["ApplicationLogLevel"] == "INFO"
    assert "POWERTOOLS_LOG_LEVEL" not in template.environment(function)


def test_logs_are_kept_for_the_stages_days(template: StageTemplate) -> None:
    groups = template.of_type("AWS::Logs::LogGroup").values()
    stage = template.settings.stage

    assert {group["RetentionInDays"] for group in groups} == {template.settings.log_retention_days}
    assert {group["LogGroupName"] for group in groups} == {
        f"/aws/vendedlogs/punctual-{stage}-access",
        *(f"/aws/lambda/punctual-{stage}-{function}" for function in Function),
    }


def test_timeouts_leave_a_batch_time_to_end(template: StageTemplate) -> None:
    for function, seconds in TIMEOUT_SECONDS.items():
        assert template.function(function)["Timeout"] == seconds


def test_traces_are_begun_by_lambda_in_all_functions_but_the_runner(
    template: StageTemplate, function: Function
) -> None:
    mode = template.function(function).get("TracingConfig", {}).get("Mode", "PassThrough")

    assert mode == ("PassThrough" if function is Function.RUNNER else "Active")


def test_populator_has_a_gigabyte(template: StageTemplate) -> None:
    # Its CPU comes with it: a tick hands out in seconds what is due in a minute.
    assert template.function(Function.POPULATOR)["MemorySize"] >= 1024


def test_the_runners_code_is_not_the_schedulers(template: StageTemplate) -> None:
    keys = {function: template.function(function)["Code"]["S3Key"] for function in Function}
    runner = keys.pop(Function.RUNNER)

    assert len(set(keys.values())) == 1
    assert runner not in keys.values()


def test_commands_are_off_on_aws(template: StageTemplate) -> None:
    expected = CommandTarget.ENABLED if template.settings.stage is Stage.LOCAL else CommandTarget.DISABLED

    assert template.environment(Function.API)["COMMAND_TARGET"] == expected
    assert template.environment(Function.EXECUTOR)["COMMAND_TARGET"] == expected


def test_only_the_local_stage_takes_target_hosts_from_outside() -> None:
    environment = {"ALLOWED_TARGET_HOSTS": " 127.0.0.1:9000,,localhost:1 "}

    assert settings_of("local", environment).allowed_target_hosts == ("127.0.0.1:9000", "localhost:1")
    for stage in ("dev", "staging", "prod"):
        assert settings_of(stage, environment).allowed_target_hosts == ()


def test_an_unknown_stage_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no stage 'live'; there are local, dev, staging, prod"):
        settings_of("live", {})


def test_a_stage_that_says_nothing_about_breakers_has_those_of_the_model() -> None:
    assert from_environment(BreakerSettings, Breakers().environment(), prefix="BREAKER_") == BreakerSettings()


@pytest.mark.parametrize("expanders", [0, 6])
def test_as_many_expanders_as_a_rule_has_targets(expanders: int) -> None:
    with pytest.raises(ValueError, match="expanders is"):
        replace(settings_of("dev", {}), expanders=expanders)
