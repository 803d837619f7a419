"""What lay beside the items of jobs, removed once the items are gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model.leftovers import may_have_left
from shared.ports.telemetry import Metric
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.model.job_change import JobChange
    from shared.ports.leftovers import Leftovers
    from shared.ports.telemetry import Telemetry
    from shared.side_by_side import Together

# Longer than it takes to create a job, from its time of creation to its item, and than clocks are apart.
_BEING_CREATED: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RemoveLeftovers:
    """The bucket's lifecycle removes in the end what this does not come to know of."""

    leftovers: Leftovers
    telemetry: Telemetry
    together: Together = side_by_side

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Raises `StoreUnavailable` when not all could be removed."""
        gone = [change for change in changes if change.new is None and change.old and may_have_left(change.old)]
        if gone:
            removed = sum(self.together(self._remove, gone))
            self.telemetry.measure(Metric.LEFTOVERS_REMOVED, removed)

    def _remove(self, change: JobChange) -> int:
        if change.old is None or change.written_at is None:
            return 0
        return self.leftovers.remove(change.old, put_before=change.written_at - _BEING_CREATED)
