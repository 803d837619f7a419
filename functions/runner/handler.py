"""The runner: one run an invocation, called by the executor. It never raises for what a run does."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from functions.runner.answer import RunError, failed
from functions.runner.isolation import isolate_this_process
from functions.runner.request import InvalidRequest, read_request
from functions.runner.retire import answer_and_exit
from functions.runner.run import Run
from functions.runner.run_log import RunLog
from functions.runner.settings import ANSWER_SECONDS, Settings, read_settings
from functions.runner.workspace import Workspaces


@cache
def settings() -> Settings:
    return read_settings()


@cache
def log() -> RunLog:
    return RunLog()


@cache
def run() -> Run:
    isolate_this_process()
    scratch = settings().scratch
    workspaces = Workspaces.alone_in(scratch) if settings().exclusive else Workspaces(scratch)
    return Run(workspaces=workspaces, limits=settings().limits, root=Path(__file__).parents[2])


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers a request (`request.py`) in the shape of `answer.py`."""
    try:
        request = read_request(event)
    except InvalidRequest as error:
        log().refused(error)
        return failed(RunError("invalid_request", str(error), retryable=False)).on_the_wire()
    seconds_left = context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS
    request = replace(request, timeout_seconds=min(request.timeout_seconds, max(1.0, seconds_left)))
    log().started(request)
    ended = run()(request)
    log().ended(request, ended)
    answer = ended.answer.on_the_wire()
    runtime_api = settings().runtime_api
    if ended.left_behind and runtime_api is not None:
        answer_and_exit(answer, runtime_api=runtime_api, request_id=context.aws_request_id)
    return answer
