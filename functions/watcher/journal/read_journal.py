"""Every reader is given every change, and none can keep another from its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shared.model.canary import SYSTEM_TENANT
from shared.model.errors import StoreUnavailable
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.model.job_change import JobChange
    from shared.ports.telemetry import Telemetry


class Reader(Protocol):
    """Does something about changes of jobs. What it does is idempotent by tenant, job id and version: the same change
    may be told again, alone or among others, also after later ones."""

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Deal with all of `changes`, of which those of one job are in order.

        Raises:
            StoreUnavailable: some could not be dealt with now; all will be told again.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReadJournal:
    """`readers` by the name under which their trouble is told."""

    readers: Mapping[str, Reader]
    telemetry: Telemetry

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Raises `StoreUnavailable` when any reader did, after all have had their turn: the changes are to come again.

        A change that a reader fails at by a defect is found and left out, since it would hold up everything behind it.
        """
        # What the scheduler does for itself each minute is nobody's news, and nothing to keep.
        changes = [change for change in changes if change.tenant != SYSTEM_TENANT]
        unavailable: StoreUnavailable | None = None
        for name, reader in self.readers.items():
            try:
                self._give(name, reader, changes)
            except StoreUnavailable as error:
                self.telemetry.warn("journal_held_up", reader=name, error=str(error))
                unavailable = error
        if unavailable is not None:
            raise unavailable

    def _give(self, name: str, reader: Reader, changes: Sequence[JobChange]) -> None:
        try:
            reader(changes)
        except StoreUnavailable:
            raise
        except Exception as error:
            # One of the changes, or all: halves tell.
            if len(changes) > 1:
                middle = len(changes) // 2
                self._give(name, reader, changes[:middle])
                self._give(name, reader, changes[middle:])
                return
            job = changes[0].new or changes[0].old
            self.telemetry.defect("journal_left_out", error, reader=name, **(job.identity() if job else {}))
            self.telemetry.measure(Metric.JOURNAL_LEFT_OUT)
