"""What the runner is asked to do, as it comes over the wire (version 1).

{"version": 1, "kind": "task", "name": "examples.echo",      or  "kind": "command", "argv": ["/bin/echo", "hi"]
 "payload": "{\\"a\\": 1}",                                     JSON text, or null
 "timeout_seconds": 30,
 "context": {"job_id": …, "job_name": …, "tenant": …, "attempt": …, "fence": …, "run_at": …,
             "correlation_id": …, "idempotency_key": …},
 "reporting": {"token": …, "api_url": …, "checkpoint": "{\\"page\\": 3}"}}   or null; the checkpoint: JSON text, or null
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from functions.runner.settings import MAX_TIMEOUT_SECONDS

VERSION: Final = 1
_TEXTS: Final = ("job_id", "tenant", "run_at", "correlation_id", "idempotency_key")
_NUMBERS: Final = ("attempt", "fence")


class Kind(StrEnum):
    TASK = "task"  # a registered function of the package `tasks`
    COMMAND = "command"  # a program and its arguments; no shell


class InvalidRequest(ValueError):
    """The event is not a request of this version; the message names the field, never its value."""


@dataclass(frozen=True, slots=True)
class Reporting:
    """By what the run reports to the scheduler's API: a token, which is a secret, and where that is. `checkpoint` is
    what an earlier attempt left, as JSON text."""

    token: str = field(repr=False)
    api_url: str
    checkpoint: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One run. `work` is the task's name alone, or the command's argv; `payload` is JSON text, empty without one;
    `context` holds the fields of `tasks.registry.TaskContext`, as they came."""

    kind: Kind
    work: tuple[str, ...]
    payload: bytes
    timeout_seconds: float
    context: dict[str, Any]
    reporting: Reporting | None = None


def read_request(event: Any) -> RunRequest:
    """The request that `event` holds.

    Raises:
        InvalidRequest: it is not one.
    """
    if not isinstance(event, dict) or event.get("version") != VERSION:
        raise InvalidRequest(f"version is not {VERSION}")
    if event.get("kind") not in tuple(Kind):
        raise InvalidRequest("kind is neither task nor command")
    kind = Kind(event["kind"])
    payload, reporting = _payload(event.get("payload")), _reporting(event.get("reporting"))
    return RunRequest(kind, _work(kind, event), payload, _timeout(event), _context(event), reporting)


def _work(kind: Kind, event: dict[str, Any]) -> tuple[str, ...]:
    if kind is Kind.TASK:
        return (_text(event.get("name"), "name"),)
    argv = event.get("argv")
    if not isinstance(argv, list) or not argv:
        raise InvalidRequest("argv is not a list of texts")
    return tuple(_text(one, "argv") for one in argv)


def _payload(payload: Any) -> bytes:
    return b"" if payload is None else _text(payload, "payload").encode()


def _reporting(given: Any) -> Reporting | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        raise InvalidRequest("reporting is not an object")
    token, api_url = (_text(given.get(name), f"reporting.{name}") for name in ("token", "api_url"))
    checkpoint = given.get("checkpoint")
    return Reporting(token, api_url, None if checkpoint is None else _text(checkpoint, "reporting.checkpoint").encode())


def _timeout(event: dict[str, Any]) -> float:
    seconds = event.get("timeout_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= MAX_TIMEOUT_SECONDS:
        raise InvalidRequest(f"timeout_seconds is not between 0 and {MAX_TIMEOUT_SECONDS}")
    return float(seconds)


def _context(event: dict[str, Any]) -> dict[str, Any]:
    given = event.get("context")
    if not isinstance(given, dict):
        raise InvalidRequest("context is not an object")
    context: dict[str, Any] = {name: _text(given.get(name), f"context.{name}") for name in _TEXTS}
    for name in _NUMBERS:
        if isinstance(given.get(name), bool) or not isinstance(given.get(name), int):
            raise InvalidRequest(f"context.{name} is not a whole number")
        context[name] = given[name]
    job_name = given.get("job_name")
    context["job_name"] = None if job_name is None else _text(job_name, "context.job_name")
    return context


def _text(value: Any, name: str) -> str:
    """`value`, if it is a text that the operating system can take as an argument or a variable."""
    if not isinstance(value, str) or "\0" in value:
        raise InvalidRequest(f"{name} is not a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidRequest(f"{name} is not valid Unicode") from None
    return value
