"""Every reader is given every change, and none can keep another from its own."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from functions.watcher.journal.memory import Memory
from shared.model.canary import SYSTEM_TENANT
from shared.model.errors import StoreRefused, StoreUnavailable
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from shared.model.job_change import JobChange
    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry

# A reader that fails at more changes is broken itself, by a deployment perhaps: what it leaves out is not for nobody.
MOST_LEFT_OUT: Final = 100
WITHIN: Final = timedelta(hours=1)
# Six readers' share of eight batches, which is more than wait for one process.
_MOST_REMEMBERED: Final = 24_000


class Reader(Protocol):
    """Does something about changes of jobs. What it does is idempotent by tenant, job id and version: the same change
    may be told again, alone or among others, also after later ones."""

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Deal with all of `changes`, of which those of one job are in order.

        Raises:
            StoreRefused: there is one among them that can never be dealt with.
            StoreUnavailable: some could not be dealt with now; all will be told again.
        """
        ...


class ReadJournal:
    """`readers` by the name under which their trouble is told, the most urgent first.

    In one process a reader is given no change again that it has dealt with, although others make the batch come again.
    """

    def __init__(self, readers: Mapping[str, Reader], telemetry: Telemetry, clock: Clock) -> None:
        self._readers = readers
        self._telemetry = telemetry
        self._clock = clock
        self._done = Memory(_MOST_REMEMBERED)
        self._left_out: dict[str, deque[datetime]] = {name: deque() for name in readers}

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Raises `StoreUnavailable` when any reader did, after all have had their turn: the changes are to come again.

        A change that a reader fails at by a defect, or that its store will never take, is found and left out, since it
        would hold up everything behind it. But a reader that fails at more than `MOST_LEFT_OUT` of them in an hour
        counts as unavailable.
        """
        # What the scheduler does for itself each minute is nobody's news, and nothing to keep.
        changes = [change for change in changes if change.tenant != SYSTEM_TENANT]
        unavailable: StoreUnavailable | None = None
        for name in self._readers:
            try:
                self._give(name, [change for change in changes if (name, change.event_id) not in self._done])
            except StoreUnavailable as error:
                self._telemetry.warn("journal_held_up", reader=name, error=str(error))
                unavailable = error
        if unavailable is not None:
            raise unavailable
        self._done.forget(_keys(self._readers, changes))

    def _give(self, name: str, changes: Sequence[JobChange]) -> None:
        if not changes:
            return
        try:
            self._readers[name](changes)
        except Exception as error:
            if isinstance(error, StoreUnavailable) and not isinstance(error, StoreRefused):
                raise
            # One of the changes, or all: halves tell.
            if len(changes) > 1:
                middle = len(changes) // 2
                self._give(name, changes[:middle])
                self._give(name, changes[middle:])
                return
            self._leave_out(name, changes[0], error)
        self._done.remember(_keys([name], changes))

    def _leave_out(self, name: str, change: JobChange, error: Exception) -> None:
        now, left_out = self._clock.now(), self._left_out[name]
        while left_out and left_out[0] <= now - WITHIN:
            left_out.popleft()
        if len(left_out) >= MOST_LEFT_OUT:
            raise StoreUnavailable(f"it fails at too many changes: {error!r}", outcome_unknown=True) from error
        left_out.append(now)
        job = change.new or change.old
        facts = {"version": job.version, "status": job.status, **job.identity()} if job else {}
        self._telemetry.defect("journal_left_out", error, reader=name, **facts)
        self._telemetry.measure(Metric.JOURNAL_LEFT_OUT)


def _keys(names: Iterable[str], changes: Sequence[JobChange]) -> Iterator[tuple[str, str]]:
    """Of what is told by hand there are none: it is done each time."""
    for name in names:
        yield from ((name, change.event_id) for change in changes if change.event_id is not None)
