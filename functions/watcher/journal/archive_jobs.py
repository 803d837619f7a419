"""What jobs came to, kept for longer than their items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.model.lifecycle import TERMINAL
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.model.job_change import JobChange
    from shared.ports.archive import Archive
    from shared.ports.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class ArchiveJobs:
    """Each job is archived when it ends, so that no item has to be read again before it goes."""

    archive: Archive
    telemetry: Telemetry

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Raises `StoreUnavailable` when not all were put."""
        ends = (change.new for change in changes if change.enters(*TERMINAL))
        ended = [job for job in ends if job is not None]
        if ended:
            self.archive.keep(ended)
            self.telemetry.measure(Metric.JOBS_ARCHIVED, len(ended))
