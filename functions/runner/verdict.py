"""How a run ended, judged by what is left of it: its report, its output and its exit code."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from functions.runner.answer import Outcome, RunAnswer, RunError, error_of_exit
from functions.runner.request import Kind

if TYPE_CHECKING:
    from functions.runner.output import CappedPipe
    from functions.runner.request import RunRequest

# It is written to the log, which never holds a text of the run's choice.
_TYPE: Final = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)


def verdict(request: RunRequest, report: CappedPipe, output: CappedPipe, *, exit_code: int | None) -> RunAnswer:
    """The answer to `request`; `exit_code` is None for a run that was ended because its time was over.

    A report is what the run's own process says of itself. Foreign code in it may forge one, and so only ever lie about
    its own outcome; nothing of it is trusted to have the right shape.
    """
    outcome, result = Outcome.SUCCEEDED, None
    error: RunError | None = None
    if exit_code is None:
        outcome = Outcome.TIMED_OUT
    else:
        reported = None if report.overflowed else read_report(report.kept)
        if isinstance(reported, RunError):
            error = reported
        elif reported is not None:
            result = reported.get("result")
        elif exit_code != 0:
            error = error_of_exit(exit_code)
        elif request.kind is Kind.TASK:
            error = RunError("no_result", "the task ended its process without returning")
        if error is not None:
            outcome = Outcome.FAILED
    return RunAnswer(
        outcome=outcome,
        error=error,
        result=result,
        output=output.kept,
        output_bytes=output.size,
        exit_code=exit_code,
    )


def read_report(text: bytes) -> RunError | dict[str, str | None] | None:
    """What `bootstrap` reported: an error, `{"result": …}`, or None when there is no report, or none that is whole."""
    try:
        report = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(report, dict):
        return None
    error = report.get("error")
    if isinstance(error, dict):
        return _error(error)
    result = report.get("result", False)
    if result is None or isinstance(result, str):
        return {"result": None if result is None else _clean(result)}
    return None


def _error(error: dict[str, Any]) -> RunError | None:
    kind, message = error.get("type"), error.get("message")
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind) or not isinstance(message, str):
        return None
    return RunError(kind, _clean(message), error.get("retryable") is not False)


def _clean(text: str) -> str:
    """Without the halves of surrogate pairs, which JSON can write and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()
