"""How a call ends without an answer: its time is over, the executor stopped it, or something on the way failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from functions.executor.targets.protocol import Answer, timed_out
from shared.model.execution import Failure

if TYPE_CHECKING:
    from functions.executor.targets.protocol import Deadline


class CallEnded(Exception):
    """The deadline is over or was stopped while something was waited for."""


class CallFailed(Exception):
    """Something on the way to the target's answer failed, which another attempt may mend.

    A subclass has the failure's type as `kind`, and its `text` says what went wrong with `{host}`; the exception's own
    text, `{fault}`, says why. Neither ever holds a path, a query or a header: they may be secret.
    """

    kind: ClassVar[str]
    text: ClassVar[str]

    def failure(self, host: str) -> Failure:
        return Failure(self.kind, self.text.format(host=host, fault=self))


def seconds_left(deadline: Deadline) -> float:
    """More than 0, for a timeout.

    Raises:
        CallEnded: nothing is left.
    """
    seconds = deadline.remaining()
    if seconds <= 0:
        raise CallEnded
    return seconds


def ended(deadline: Deadline, output: bytes = b"") -> Answer:
    """The answer of a call that `deadline` has ended; `output` is what came before."""
    if deadline.stopped:
        return Answer(output, Failure("stopped", "the call was stopped before the target had answered"))
    return timed_out(deadline.seconds, output)
