"""What ends an attempt, and which times go with that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.api.refusals import invalid_field
from shared.model import limits
from shared.model.durations import format_seconds
from shared.model.job import Completion

if TYPE_CHECKING:
    from functions.api.models.jobs import Work

_LONGEST = (
    f"at most {format_seconds(limits.MAX_TIMEOUT_SECONDS)}, or "
    f"{format_seconds(limits.MAX_CALLBACK_TIMEOUT_SECONDS)} with completion: callback"
)


def completion_of(asked: Work, pointer: str = "") -> Completion:
    """What is asked for, once its times have been found to go with it.

    Raises:
        Refused: they do not.
    """
    completion = Completion(asked.completion or Completion.RESPONSE)
    check_times(completion, asked.timeout or 0, asked.heartbeat_timeout, pointer)
    return completion


def check_times(
    completion: Completion, timeout_seconds: int, heartbeat_timeout_seconds: int | None, pointer: str = ""
) -> None:
    """
    Raises:
        Refused: an attempt that ends with its target's answer takes too long, or is to be heard of meanwhile.
    """
    if completion is Completion.CALLBACK:
        return
    if timeout_seconds > limits.MAX_TIMEOUT_SECONDS:
        raise invalid_field(f"{pointer}/timeout", "out-of-range", _LONGEST)
    if heartbeat_timeout_seconds is not None:
        raise invalid_field(f"{pointer}/heartbeat_timeout", "contradiction", "only with completion: callback")
