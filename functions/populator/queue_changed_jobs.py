"""From the stream: send at once what is due sooner than the next ticks would send it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from shared.dispatch import INDEX_LAG_SECONDS, LOOK_AHEAD_SECONDS
from shared.model.lifecycle import Status
from shared.ports.queue import Hint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.dispatch import Dispatch
    from shared.model.lanes import Lane
    from shared.ports.clock import Clock


class Image(NamedTuple):
    """What of a job decides when and through which queue it is sent."""

    status: Status
    wake_at: datetime | None
    lane: Lane | None


class JobWritten(NamedTuple):
    """One record of the stream: a job before the write (None: it is new) and after it."""

    tenant: str
    job_id: str
    old: Image | None
    new: Image


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChangedJobs:
    """Idempotent: a record that comes twice sends twice, and the second message fails its claim."""

    dispatch: Dispatch
    clock: Clock

    def __call__(self, records: Sequence[JobWritten]) -> list[int]:
        """Returns the positions of the records whose message could not be sent, in order."""
        horizon = self.clock.now() + timedelta(seconds=LOOK_AHEAD_SECONDS + INDEX_LAG_SECONDS)
        by_lane: dict[Lane, list[tuple[int, Hint]]] = defaultdict(list)
        for position, record in enumerate(records):
            new = record.new
            if (
                new.status is Status.SCHEDULED
                and new != record.old
                and new.lane
                and new.wake_at
                and new.wake_at <= horizon
            ):
                by_lane[new.lane].append((position, Hint(record.tenant, record.job_id, new.wake_at)))
        failed: list[int] = []
        for lane, positioned in by_lane.items():
            unsent = self.dispatch(lane, [hint for _, hint in positioned])
            failed += (positioned[index][0] for index in unsent)
        return sorted(failed)
