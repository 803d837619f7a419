"""`make log-level`: how much a function logs, from its next call on, without a deployment."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cli.stage import LOCAL, CommandFailed, Stage, find_stage

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVELS: Final = ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_OUTPUT_SUFFIX: Final = "Function"


def set_log_level(stage: Stage, function: str, level: str) -> str:
    """Set it; the function's whole name.

    A later deployment that changes the function sets the level of the stage's settings again.

    Raises:
        CommandFailed: there is no such function or level, or it cannot be changed now.
    """
    if level not in LEVELS:
        raise CommandFailed(f"LEVEL is {level!r}; it takes {', '.join(LEVELS)}.")
    prefix = f"punctual-{stage.name}-"
    names = sorted(value for key, value in stage.outputs.items() if key.endswith(_OUTPUT_SUFFIX))
    name = prefix + function.removeprefix(prefix)
    if name not in names:
        known = ", ".join(one.removeprefix(prefix) for one in names)
        raise CommandFailed(f"FUNCTION is {function!r}; there are {known}.")
    lambda_ = stage.client("lambda")
    try:
        lambda_.update_function_configuration(**_change(lambda_, stage, name, level))
    except (ClientError, BotoCoreError) as error:
        raise CommandFailed(f"{name} could not be changed: {error}") from error
    return name


def _change(lambda_: Any, stage: Stage, name: str, level: str) -> dict[str, Any]:
    now = lambda_.get_function_configuration(FunctionName=name)
    change = {"FunctionName": name, "LoggingConfig": {**now["LoggingConfig"], "ApplicationLogLevel": level}}
    if stage.name == LOCAL:
        # From that setting Lambda makes this variable, which it lets nobody set; the emulator does not make it.
        variables = {**now["Environment"]["Variables"], "AWS_LAMBDA_LOG_LEVEL": level}
        change["Environment"] = {"Variables": variables}
    return change


def main(command_line: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m cli.log_level")
    parser.add_argument("--stage", default="local")
    parser.add_argument("--function", default="")
    parser.add_argument("--level", default="")
    arguments = parser.parse_args(command_line)
    try:
        name = set_log_level(find_stage(arguments.stage), arguments.function, arguments.level.upper())
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{name} logs from {arguments.level.upper()} on, from its next call.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
