"""Stop a backfill: no more jobs are made, and those that have not begun are cancelled."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.api.refusals import Refused, WrongState
from shared.model.backfill import Backfill, BackfillStatus, aborted
from shared.model.errors import BackfillChanged

if TYPE_CHECKING:
    from datetime import datetime

    from shared.expansion.stop_backfill_jobs import StopBackfillJobs
    from shared.ports.backfills import BackfillStore
    from shared.ports.telemetry import Telemetry

_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortBackfill:
    backfills: BackfillStore
    stop_jobs: StopBackfillJobs
    telemetry: Telemetry

    def __call__(self, tenant: str, backfill_id: str, now: datetime) -> Backfill:
        """The aborted backfill; aborting it again cancels again what waits. What runs may end, and is counted.

        Raises:
            BackfillNotFound: there is none.
            WrongState: it is done.
            Refused: it was changed by others each time.
        """
        for _ in range(_TRIES):
            backfill = self.backfills.get_backfill(tenant, backfill_id)
            if backfill.status is BackfillStatus.DONE:
                raise WrongState("done", "the backfill is done: all its jobs have ended")
            if backfill.status is BackfillStatus.ABORTED:
                self.stop_jobs(backfill, now=now)
                return backfill
            stopped = aborted(backfill, now)
            with suppress(BackfillChanged):
                self.backfills.replace_backfill(stopped)
                self.telemetry.note("backfill_aborted", **stopped.identity())
                self.stop_jobs(stopped, now=now)
                return stopped
        raise Refused("conflict", "the backfill was changed at the same time: try again")
