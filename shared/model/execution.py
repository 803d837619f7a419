"""One attempt at a job, and how it can end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.model import limits

if TYPE_CHECKING:
    from datetime import datetime


class Outcome(StrEnum):
    """How an attempt ended."""

    SUCCEEDED = "succeeded"  # the target said so
    FAILED = "failed"  # the target said no, or could not be reached
    TIMED_OUT = "timed_out"  # it took longer than the job's timeout
    LOST = "lost"  # the lease ran out: the executor died, froze, or lost its way to the table
    CANCELLED = "cancelled"  # a client cancelled the job, and the attempt ended without success


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed.

    `type` is one lower-case word for programs (`http_503`, `timed_out`, `exit_1`, `connection_failed`), `message` a
    sentence for people. `retryable` is the target's own judgement; a retry policy may overrule it.
    """

    type: str
    message: str
    retryable: bool = True
    retry_after_seconds: float | None = None
    outcome: Outcome = Outcome.FAILED


@dataclass(frozen=True, slots=True)
class Output:
    """What a target answered: the text that is kept with the execution, and where the whole of it lies when that is
    longer than `limits.LAST_OUTPUT_BYTES` (`ref`, a key in the data bucket; `size_bytes` counts the whole)."""

    text: str = ""
    size_bytes: int = 0
    ref: str | None = None

    @classmethod
    def beginning_of(cls, data: bytes) -> Output:
        """What is kept with the execution itself; bytes that are no UTF-8 are replaced."""
        return cls(clip(data.decode("utf-8", "replace"), limits.LAST_OUTPUT_BYTES), len(data))


NO_OUTPUT = Output()


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A finished attempt, as it is kept in the job. `redrive` is how often the job had been redriven before: attempts
    are numbered anew each time, `fence` is not. `receipt`: where its end was to be reported, what tells a report that
    comes again from a guess (`LeaseToken.receipt`)."""

    attempt: int
    fence: int
    started_at: datetime
    ended_at: datetime
    outcome: Outcome
    error_type: str | None = None
    error_message: str | None = None
    output: Output = NO_OUTPUT
    redrive: int = 0
    receipt: str | None = None

    def shortened(self) -> Execution:
        """The same execution once another has followed: it keeps the beginning of its output only."""
        beginning = replace(self.output, text=clip(self.output.text, limits.OLDER_OUTPUT_BYTES))
        return replace(self, output=beginning, receipt=None)


def clip(text: str, max_bytes: int) -> str:
    """The longest beginning of `text` that takes at most `max_bytes` in UTF-8. What has no UTF-8 becomes `?`: one lone
    surrogate in an exception's text would make the store refuse the whole outcome."""
    encoded = text.encode("utf-8", "replace")
    return encoded[:max_bytes].decode("utf-8", "ignore")
