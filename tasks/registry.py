"""Marks functions as tasks, and finds them by the name that a job gives."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

if TYPE_CHECKING:
    from datetime import datetime

_PACKAGE: Final = "tasks"
MAX_NAME_LENGTH: Final = 200
# At least a module and a function; no part begins with an underscore, so that neither private nor dunder names pass.
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+", re.ASCII)


class TaskContext(NamedTuple):
    """What a task is told about the attempt that it is.

    `idempotency_key` is the same for every attempt of a job, so that a repetition can be recognised; `fence` is larger
    for every attempt, so that one that was overtaken can be refused. `run_at` is when the job was due,
    `timeout_seconds` how long this attempt may take.
    """

    job_id: str
    job_name: str | None
    tenant: str
    attempt: int
    fence: int
    run_at: datetime
    timeout_seconds: float
    correlation_id: str
    idempotency_key: str


# Called with the job's payload (what its JSON says; None when the job has none). The answer is written as JSON.
Task = Callable[[Any, TaskContext], Any]
F = TypeVar("F", bound=Task)


class DoNotRetry(Exception):
    """Raised by a task whose next attempt would fail as well: the job fails at once, unless its policy names the error.

    A subclass gives the error a type of its own: `class CardDeclined(DoNotRetry)` is `card_declined`.
    """


class UnknownTask(LookupError):
    """There is no task of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no task {name[:MAX_NAME_LENGTH]!r}")


_registered: dict[str, Task] = {}


def task(function: F) -> F:
    """Register a function at the top level of a module of this package: jobs can name it from now on.

    Raises:
        TypeError: it is a method, a lambda or an inner function, or its name is private.
    """
    name = f"{function.__module__.removeprefix(f'{_PACKAGE}.')}.{function.__qualname__}"
    if "<" in name or function.__name__ != function.__qualname__ or not _NAME.fullmatch(name):
        raise TypeError(f"{name} cannot be a task: tasks are public functions at the top level of a module")
    _registered[name] = function
    return function


def find_task(name: str) -> Task:
    """The registered function called `name`. Its module is imported, and whatever that raises is raised.

    Raises:
        UnknownTask: no module of this package, or no function of it that is marked as a task, has that name. Nothing
            is looked up by attribute, so a name never reaches what a module merely imports.
    """
    if len(name) > MAX_NAME_LENGTH or not _NAME.fullmatch(name):
        raise UnknownTask(name)
    module = f"{_PACKAGE}.{name.rpartition('.')[0]}"
    if not _exists(module):
        raise UnknownTask(name)
    importlib.import_module(module)
    try:
        return _registered[name]
    except KeyError:
        raise UnknownTask(name) from None


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError as error:
        # Either a folder of the name does not exist, or one exists and imports something that does not.
        if (error.name or "").startswith(f"{_PACKAGE}."):
            return False
        raise
