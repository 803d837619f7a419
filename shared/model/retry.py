"""Whether and when a failed attempt is followed by another: a pure decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.model import limits

if TYPE_CHECKING:
    from shared.model.execution import Failure


class Backoff(StrEnum):
    """How the delay grows with the attempts."""

    EXPONENTIAL = "exponential"  # initial · multiplier^(attempt - 1), at most max_delay
    FIXED = "fixed"  # initial, each time
    LADDER = "ladder"  # the delays that are listed, one after the other; then the last of them again


class Jitter(StrEnum):
    """How the delay is spread."""

    FULL = "full"  # uniformly between zero and the computed delay
    NONE = "none"  # exactly the computed delay


class DelayRange(NamedTuple):
    """Seconds between the end of an attempt and the next one, before any Retry-After."""

    least: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how fast a job is tried again.

    `retry_on` and `never_retry_on` name errors: an error's type (`timed_out`, `http_503`, `exit_75`) or a family of
    them (`http_5xx`). What the second names is never tried again. Of the rest, the first says what is; when it is
    empty, the target itself does. `delays_seconds` are a ladder's steps, at least one. `give_up_after_seconds`: no
    attempt begins so long after the first one did, or later.
    """

    max_attempts: int = 3
    backoff: Backoff = Backoff.EXPONENTIAL
    initial_seconds: float = 5.0
    multiplier: float = 2.0
    max_delay_seconds: float = 900.0
    delays_seconds: tuple[float, ...] = ()
    jitter: Jitter = Jitter.FULL
    retry_on: tuple[str, ...] = ()
    never_retry_on: tuple[str, ...] = ()
    give_up_after_seconds: int | None = None

    def covers(self, failure: Failure) -> bool:
        """Whether `failure` is one that this policy tries again, however many attempts are left."""
        names = names_of_error(failure.type)
        if not names.isdisjoint(self.never_retry_on):
            return False
        return not names.isdisjoint(self.retry_on) if self.retry_on else failure.retryable

    def computed_delay(self, attempt: int) -> float:
        """Seconds to wait after attempt number `attempt` (from 1), before jitter."""
        match self.backoff:
            case Backoff.FIXED:
                return self.initial_seconds
            case Backoff.LADDER:
                return self.delays_seconds[min(attempt, len(self.delays_seconds)) - 1]
        # The exponent is bounded so that a long budget cannot overflow a float.
        return min(self.initial_seconds * self.multiplier ** min(attempt - 1, 64), self.max_delay_seconds)

    def delay_range(self, attempt: int) -> DelayRange:
        """Between which delays the one after attempt number `attempt` is drawn."""
        delay = self.computed_delay(attempt)
        return DelayRange(0.0 if self.jitter is Jitter.FULL else delay, delay)


DEFAULT_RETRY: Final = RetryPolicy()


def delay_before_retry(policy: RetryPolicy, *, attempt: int, failure: Failure, chance: float) -> float | None:
    """Seconds from now until the next attempt, or None when there is none. The limit of time is for the caller, who
    knows when the first attempt began.

    `attempt` is the number of the attempt that failed (from 1), `chance` a uniform random number in [0, 1).

    Full jitter is `random_between(0, min(cap, base · multiplier^(attempt - 1)))`, as in "Exponential Backoff And
    Jitter" (AWS Architecture Blog, 2015). A target's own Retry-After (RFC 9110 §10.2.3) is a lower bound, itself
    bounded by `limits.MAX_RETRY_AFTER_SECONDS`.
    """
    if attempt >= policy.max_attempts or not policy.covers(failure):
        return None
    least, most = policy.delay_range(attempt)
    delay = least + (most - least) * chance
    if failure.retry_after_seconds is not None:
        delay = max(delay, min(failure.retry_after_seconds, limits.MAX_RETRY_AFTER_SECONDS))
    return delay


def preview(policy: RetryPolicy) -> tuple[DelayRange, ...]:
    """The delays that `policy` can come to: after the first attempt, the second, and so on. Those are left out before
    which its limit of time is over however short the attempts and the delays are."""
    ranges: list[DelayRange] = []
    waited = 0.0
    for attempt in range(1, policy.max_attempts):
        drawn = policy.delay_range(attempt)
        waited += drawn.least
        if policy.give_up_after_seconds is not None and waited >= policy.give_up_after_seconds:
            break
        ranges.append(drawn)
    return tuple(ranges)


def names_of_error(error_type: str) -> set[str]:
    """An error's own type, and for an HTTP status its family: `http_503` is also `http_5xx`."""
    names = {error_type}
    prefix, _, code = error_type.partition("_")
    if prefix == "http" and len(code) == 3 and code.isdigit():
        names.add(f"http_{code[0]}xx")
    return names
