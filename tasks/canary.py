"""The scheduler's own task: each minute it is run all the way, and an alarm sounds when it was not. Leave it here."""

from __future__ import annotations

from typing import Any

from tasks.registry import TaskContext, task


@task
def sing(payload: Any, context: TaskContext) -> str:
    """Answers, which is all there is to it."""
    del payload, context
    return "tweet"
