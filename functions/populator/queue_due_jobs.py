"""The tick: send every job that wakes within the look-ahead, shard by shard, from where the last tick stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.dispatch import LOOK_AHEAD_SECONDS
from shared.every_shard import OnEveryShard, on_every_shard
from shared.model.job import from_epoch_ms
from shared.model.lanes import DueShard, due_shards
from shared.ports.queue import Hint

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.dispatch import Dispatch
    from shared.ports.clock import Clock
    from shared.ports.control import CursorStore
    from shared.ports.jobs import DueEntry, JobStore
    from shared.ports.telemetry import Telemetry

# Some 100 KB of index keys: one query, and a hundred messages between two writes of the cursor.
PAGE: Final = 1_000
# A page takes a few seconds at the most; what is left waits for the next tick rather than for the function's timeout.
_LAST_PAGE_SECONDS: Final = 15
_CLOCK_SKEW: Final = timedelta(seconds=60)
_NEVER: Final = from_epoch_ms(0)


@dataclass(frozen=True, slots=True)
class TickReport:
    """How many jobs a tick sent, how many it could not send, how many shards another populator had, and through which
    shards it got: all that is due there by the look-ahead is sent."""

    sent: int
    unsent: int
    shards_of_another: int
    complete: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDueJobs:
    """One tick. No read and no write per job: the index's keys are all that a message needs.

    The cursor of a shard is advanced after all of a page was sent, and never past an entry that was not. When another
    populator has moved it meanwhile, the shard is that one's: this is the whole leader election. Dying anywhere in
    between repeats some messages, which is harmless.
    """

    jobs: JobStore
    cursors: CursorStore
    dispatch: Dispatch
    clock: Clock
    telemetry: Telemetry
    shards: int
    on_every_shard: OnEveryShard = on_every_shard

    def __call__(self, seconds_left: Callable[[], float]) -> TickReport:
        cursors = self.cursors.tick_cursors()
        until = self.clock.now() + timedelta(seconds=LOOK_AHEAD_SECONDS)
        reports = self.on_every_shard(
            lambda shard: self._tick(shard, cursors.get(shard), until, seconds_left),
            # The furthest behind first, so that time which runs out is not always that of the same shards.
            sorted(due_shards(self.shards), key=lambda shard: cursors[shard].wake_at if shard in cursors else _NEVER),
        )
        return TickReport(
            sum(one.sent for one in reports),
            sum(one.unsent for one in reports),
            sum(one.shards_of_another for one in reports),
            tuple(shard for one in reports for shard in one.complete),
        )

    def _tick(
        self, shard: DueShard, cursor: DueEntry | None, until: datetime, seconds_left: Callable[[], float]
    ) -> TickReport:
        sent = 0
        # A cursor that a clock running ahead has left in the future hides what is due until then: begin anew.
        position = None if cursor is not None and cursor.wake_at > until + _CLOCK_SKEW else cursor
        while seconds_left() > _LAST_PAGE_SECONDS:
            page = self.jobs.due(shard, until=until, after=position, limit=PAGE)
            unsent = self.dispatch(shard.queue, [Hint(one.tenant, one.job_id, one.wake_at) for one in page.entries])
            handled = unsent[0] if unsent else len(page.entries)
            if handled:
                reached = page.entries[handled - 1]
                if not self.cursors.advance_tick(shard, seen=cursor, to=reached):
                    self.telemetry.debug("shard_left_to_another", shard=str(shard))
                    return TickReport(sent, 0, 1)
                cursor = position = reached
            sent += len(page.entries) - len(unsent)
            if unsent:
                self.telemetry.warn("page_not_sent", shard=str(shard), unsent=len(unsent))
                return TickReport(sent, len(unsent), 0)
            if page.next is None:
                return TickReport(sent, 0, 0, (str(shard),))
        return TickReport(sent, 0, 0)
