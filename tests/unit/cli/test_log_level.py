from __future__ import annotations

from typing import Any

import pytest

from cli.log_level import set_log_level
from cli.stage import CommandFailed, Stage


class Functions:
    """Lambda, as far as the command calls it."""

    def __init__(self) -> None:
        self.changes: list[dict[str, Any]] = []

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        return {
            "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "LogGroup": "group"},
            "Environment": {"Variables": {"STAGE": "x"}},
        }

    def update_function_configuration(self, **change: Any) -> None:
        self.changes.append(change)


def stage(name: str, functions: Functions) -> Stage:
    return Stage(name, lambda _: functions, {"ExecutorFunction": f"punctual-{name}-executor", "JobsTable": "jobs"})


@pytest.mark.parametrize("said", ["executor", "punctual-dev-executor"])
def test_on_aws_only_the_logging_configuration_changes(said: str) -> None:
    functions = Functions()

    assert set_log_level(stage("dev", functions), said, "DEBUG") == "punctual-dev-executor"

    assert functions.changes == [
        {
            "FunctionName": "punctual-dev-executor",
            "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "LogGroup": "group"},
        }
    ]


def test_on_the_emulator_the_variable_that_lambda_would_make_is_set_too() -> None:
    functions = Functions()

    set_log_level(stage("local", functions), "executor", "WARN")

    (change,) = functions.changes
    assert change["Environment"] == {"Variables": {"STAGE": "x", "AWS_LAMBDA_LOG_LEVEL": "WARN"}}


@pytest.mark.parametrize(("function", "level", "named"), [("jobs", "DEBUG", "executor"), ("executor", "LOUD", "LEVEL")])
def test_an_unknown_function_or_level_changes_nothing(function: str, level: str, named: str) -> None:
    functions = Functions()

    with pytest.raises(CommandFailed, match=named):
        set_log_level(stage("dev", functions), function, level)

    assert functions.changes == []
