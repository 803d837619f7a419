"""Whether and when a failed attempt is followed by another: a pure decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from shared.model import limits

if TYPE_CHECKING:
    from shared.model.execution import Failure


class Backoff(StrEnum):
    """How the delay grows with the attempts."""

    EXPONENTIAL = "exponential"  # initial · multiplier^(attempt - 1), at most max_delay


class Jitter(StrEnum):
    """How the delay is spread."""

    FULL = "full"  # uniformly between zero and the computed delay
    NONE = "none"  # exactly the computed delay


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how fast a job is tried again.

    `retry_on` names the errors that are worth another attempt: an error's type (`timed_out`, `http_503`) or a family of
    them (`http_5xx`). When it is empty, the target itself says which of its errors are.
    """

    max_attempts: int = 3
    backoff: Backoff = Backoff.EXPONENTIAL
    initial_seconds: float = 5.0
    multiplier: float = 2.0
    max_delay_seconds: float = 900.0
    jitter: Jitter = Jitter.FULL
    retry_on: tuple[str, ...] = ()

    def covers(self, failure: Failure) -> bool:
        """Whether `failure` is one that this policy tries again, however many attempts are left."""
        if not self.retry_on:
            return failure.retryable
        return bool(_names_of(failure.type) & set(self.retry_on))

    def computed_delay(self, attempt: int) -> float:
        """Seconds to wait after attempt number `attempt` (from 1), before jitter."""
        # The exponent is bounded so that a long budget cannot overflow a float.
        return min(self.initial_seconds * self.multiplier ** min(attempt - 1, 64), self.max_delay_seconds)


DEFAULT_RETRY: Final = RetryPolicy()


def delay_before_retry(policy: RetryPolicy, *, attempt: int, failure: Failure, chance: float) -> float | None:
    """Seconds from now until the next attempt, or None when there is none.

    `attempt` is the number of the attempt that failed (from 1), `chance` a uniform random number in [0, 1).

    Full jitter is `random_between(0, min(cap, base · multiplier^(attempt - 1)))`, as in "Exponential Backoff And
    Jitter" (AWS Architecture Blog, 2015). A target's own Retry-After (RFC 9110 §10.2.3) is a lower bound, itself
    bounded by `limits.MAX_RETRY_AFTER_SECONDS`.
    """
    if attempt >= policy.max_attempts or not policy.covers(failure):
        return None
    delay = policy.computed_delay(attempt)
    if policy.jitter is Jitter.FULL:
        delay *= chance
    if failure.retry_after_seconds is not None:
        delay = max(delay, min(failure.retry_after_seconds, limits.MAX_RETRY_AFTER_SECONDS))
    return delay


def _names_of(error_type: str) -> set[str]:
    """An error's own type, and for an HTTP status its family: `http_503` is also `http_5xx`."""
    names = {error_type}
    prefix, _, code = error_type.partition("_")
    if prefix == "http" and len(code) == 3 and code.isdigit():
        names.add(f"http_{code[0]}xx")
    return names
