"""Tasks to try the scheduler with, and to copy from."""

from __future__ import annotations

import time
from typing import Any

from tasks import run
from tasks.registry import DoNotRetry, TaskContext, task

_LONGEST_SLEEP_SECONDS = 840.0


class Refused(DoNotRetry):
    """A failure that another attempt cannot mend."""


@task
def echo(payload: Any, context: TaskContext) -> dict[str, Any]:
    """Answers with what it was given, and which attempt this is."""
    return {"payload": payload, "job_id": context.job_id, "attempt": context.attempt}


@task
def sleep(payload: Any, context: TaskContext) -> dict[str, float]:
    """Sleeps for `{"seconds": 2.5}`."""
    seconds = float(payload["seconds"])
    if not 0 <= seconds <= _LONGEST_SLEEP_SECONDS:
        raise Refused(f"seconds must be between 0 and {_LONGEST_SLEEP_SECONDS:g}")
    time.sleep(seconds)
    return {"slept_seconds": seconds}


@task
def fail(payload: Any, context: TaskContext) -> None:
    """Fails, with the message of `{"message": "…"}`; for good when `{"retry": false}` is given as well."""
    wishes = payload or {}
    message = str(wishes.get("message", "this task always fails"))
    if wishes.get("retry", True):
        raise RuntimeError(message)
    raise Refused(message)


@task
def succeed_on_attempt(payload: Any, context: TaskContext) -> dict[str, int]:
    """Fails until attempt number `{"attempt": 3}`, and succeeds then: to watch retries."""
    wanted = int(payload["attempt"])
    if context.attempt < wanted:
        raise RuntimeError(f"this is attempt {context.attempt}, it succeeds on attempt {wanted}")
    return {"attempt": context.attempt}


@task
def count_slowly(payload: Any, context: TaskContext) -> dict[str, int]:
    """Counts to `{"steps": 10}`, `{"seconds": 0.5}` for each, and goes on from where the attempt before had come to."""
    steps, seconds = int(payload["steps"]), float(payload.get("seconds", 0.5))
    begun_at = run.checkpoint() or 0
    for step in range(begun_at, steps):
        time.sleep(seconds)
        run.save_checkpoint(step + 1)
    return {"steps": steps, "begun_at": begun_at, "attempt": context.attempt}


@task
def word_count(payload: Any, context: TaskContext) -> dict[str, int]:
    """Counts the words of `{"text": "…"}`: a task that does something."""
    words = str(payload["text"]).split()
    # What a task prints is kept with its execution when it fails, or when it returns nothing.
    print(f"counted {len(words)} words for job {context.job_id}")  # noqa: T201
    return {"words": len(words), "distinct": len(set(words))}
