"""What the executor and a gate say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from functions.executor.targets.protocol import Answer
    from shared.model.job import Job


@dataclass(frozen=True, slots=True)
class Defer:
    """The job is to ask again at `until`, a slot that is its own and lies ahead: never now, or it would spin. (One that
    will not begin any more by then ends at its own time.)"""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """The job is not to run at all. Only for one that has not begun before."""

    reason: str


Closed = Defer | Skip


class Gate(Protocol):
    """One reason for which a job may not run now.

    A gate is asked by several threads at once, about jobs that this process has claimed, whose lease runs and is not
    extended meanwhile: it answers within seconds. It does not raise for a store that does not answer, but decides. It
    writes nothing about a job that it lets pass.
    """

    def ask(self, job: Job) -> Closed | None:
        """Why the claimed `job` is not to run now; None when this gate is open for it. `reason` begins with the gate's
        name, a lower-case word."""
        ...


class Observer(Protocol):
    """Who is told how calls of targets ended, after that was written down."""

    def answered(self, job: Job, answer: Answer | None) -> None:
        """The call of a job that all gates let through has ended; `answer` is None when the target was not called.
        Never raises for a store that does not answer."""
        ...
