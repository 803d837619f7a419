"""Calls a task inside a run's process, and turns whatever comes of it into a report."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import traceback
from datetime import datetime
from typing import Any

from tasks.registry import DoNotRetry, TaskContext, UnknownTask, find_task

_MAX_TYPE_LENGTH = 64
_MAX_MESSAGE_LENGTH = 500


def call_task(name: str, payload: bytes, context: dict[str, Any], max_result_bytes: int) -> dict[str, Any]:
    """The report on one call, in the shapes that `bootstrap` names.

    A task's exception is an error with the type of its class (`ValueError` is `value_error`) and its text as the
    message; its traceback is printed, and so kept with the run's output. A task that leaves by `sys.exit` ends this
    process with that code, and reports nothing.
    """
    try:
        function = find_task(name)
    except UnknownTask as error:
        return _error("unknown_task", str(error), retryable=False)
    except Exception as error:
        _print_traceback(error)
        return _error("import_failed", f"the task's module cannot be imported: {_text_of(error)}", retryable=False)
    try:
        value = function(json.loads(payload) if payload else None, _context(context))
        if hasattr(value, "__await__"):
            value = _awaited(value)
    except SystemExit as leaving:
        os._exit(_code_of(leaving))
    # Everything else is the task's outcome, whatever its class: this process has nothing to do but to report it.
    except BaseException as error:
        _print_traceback(error)
        return _error(error_type(type(error).__name__), _text_of(error), retryable=not isinstance(error, DoNotRetry))
    return _result(value, max_result_bytes)


def error_type(class_name: str) -> str:
    """A class's name as an error's type: `ValueError` is `value_error`, `HTTPError` is `http_error`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).lower()
    return re.sub(r"[^a-z0-9_]", "", words).strip("_")[:_MAX_TYPE_LENGTH] or "task_error"


def _result(value: Any, max_bytes: int) -> dict[str, Any]:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError, MemoryError) as error:
        message = f"what the task returned cannot be written as JSON: {_text_of(error)}"
        return _error("invalid_result", message, retryable=False)
    if size > max_bytes:
        message = f"what the task returned takes {size} bytes as JSON, the most is {max_bytes}"
        return _error("result_too_large", message, retryable=False)
    return {"result": None if value is None else text}


def _context(fields: dict[str, Any]) -> TaskContext:
    return TaskContext(**{**fields, "run_at": datetime.fromisoformat(fields["run_at"])})


def _awaited(value: Any) -> Any:
    import asyncio  # noqa: PLC0415 - slow to import, and few tasks are coroutines

    async def wait() -> Any:
        return await value

    return asyncio.run(wait())


def _code_of(leaving: SystemExit) -> int:
    """The exit code that Python itself would give."""
    if leaving.code is None or isinstance(leaving.code, int):
        return (leaving.code or 0) & 0xFF
    sys.stderr.write(f"{leaving.code}\n")
    return 1


def _print_traceback(error: BaseException) -> None:
    # From the task's own frame on. Its streams may be closed, or its exception unprintable.
    with contextlib.suppress(Exception):
        traceback.print_exception(type(error), error, error.__traceback__ and error.__traceback__.tb_next)


def _text_of(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # a foreign class's own `__str__`
        text = ""
    return (text or type(error).__name__)[:_MAX_MESSAGE_LENGTH]


def _error(kind: str, message: str, *, retryable: bool) -> dict[str, Any]:
    return {"error": {"type": kind, "message": message, "retryable": retryable}}
