"""What the runner answers, as it goes over the wire (version 1).

{"version": 1, "outcome": "succeeded | failed | timed_out",
 "error": {"type": "value_error", "message": "…", "retryable": true},      null unless failed
 "result": "{\\"a\\": 1}",                                                   what a task returned, as JSON text; or null
 "output": "…", "output_encoding": "utf-8 | base64", "output_bytes": 12,   printed, both streams, first 256 KiB
 "truncated": false, "exit_code": 0, "duration_seconds": 0.05}             exit_code < 0: minus the signal's number
"""

from __future__ import annotations

import base64
import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

VERSION: Final = 1
_MAX_TYPE_LENGTH: Final = 64
_MAX_MESSAGE_LENGTH: Final = 500


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class RunError:
    """Why a run failed: a lower-case word for programs, a sentence for people, and whether another attempt may help."""

    type: str
    message: str
    retryable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAnswer:
    """How a run ended. `output` is the beginning of what it printed, `output_bytes` counts all of it."""

    outcome: Outcome
    error: RunError | None = None
    result: str | None = None
    output: bytes = b""
    output_bytes: int = 0
    exit_code: int | None = None
    duration_seconds: float = 0.0

    @property
    def truncated(self) -> bool:
        return self.output_bytes > len(self.output)

    def on_the_wire(self) -> dict[str, Any]:
        output, encoding = _as_text(self.output, whole=not self.truncated)
        error = self.error and {
            "type": self.error.type[:_MAX_TYPE_LENGTH],
            "message": self.error.message[:_MAX_MESSAGE_LENGTH],
            "retryable": self.error.retryable,
        }
        return {
            "version": VERSION,
            "outcome": self.outcome.value,
            "error": error,
            "result": self.result,
            "output": output,
            "output_encoding": encoding,
            "output_bytes": self.output_bytes,
            "truncated": self.truncated,
            "exit_code": self.exit_code,
            "duration_seconds": round(self.duration_seconds, 3),
        }


def failed(error: RunError) -> RunAnswer:
    """The answer of a run that failed before it began."""
    return RunAnswer(outcome=Outcome.FAILED, error=error)


def error_of_exit(exit_code: int) -> RunError:
    """The error that a process's exit code (negative: a signal's number) stands for."""
    if exit_code >= 0:
        return RunError(f"exit_{exit_code}", f"it ended with exit code {exit_code}")
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = f"signal {-exit_code}"
    hint = ", which is also how the system ends it when memory is short" if -exit_code == signal.SIGKILL else ""
    return RunError(f"killed_{name.lower().replace(' ', '_')}", f"it was ended by {name}{hint}")


def _as_text(output: bytes, *, whole: bool) -> tuple[str, str]:
    """`output` as UTF-8 where it is that; a character that was cut in two at the end of a part is left out."""
    try:
        return output.decode(), "utf-8"
    except UnicodeDecodeError as error:
        if not whole and error.start >= len(output) - 3 and error.reason == "unexpected end of data":
            return output[: error.start].decode(), "utf-8"
        return base64.b64encode(output).decode("ascii"), "base64"
