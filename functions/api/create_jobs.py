"""Create many jobs in one call: each on its own, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from functions.api.create_job import Created, Idempotency
from shared.model.errors import SchedulerError, StoreUnavailable
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from functions.api.create_job import CreateJob
    from shared.model.job import JobSpec

# What may be left of an invocation when another item is begun: enough for its calls to fail in their own time.
_SECONDS_PER_ITEM: Final = 6.0


@dataclass(frozen=True, slots=True)
class Wish:
    """One item of a bulk call: `read_spec` judges it, `fingerprint` is a digest of it."""

    read_spec: Callable[[], JobSpec]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CreateJobs:
    """No BatchWriteItem: it has no conditions, so that a resend of it would put a new job over a claimed one."""

    create_job: CreateJob

    def __call__(
        self,
        tenant: str,
        wishes: Sequence[Wish],
        key: str | None,
        now: datetime,
        seconds_left: Callable[[], float],
    ) -> list[Created | SchedulerError]:
        """For each wish, in order, what was created or why not. An item for which no time is left is not tried."""

        def create(item: tuple[int, Wish]) -> Created | SchedulerError:
            index, wish = item
            if seconds_left() < _SECONDS_PER_ITEM:
                return StoreUnavailable("no time was left for this item", outcome_unknown=False)
            idempotency = None if key is None else Idempotency(key, wish.fingerprint, index)
            try:
                return self.create_job(tenant, wish.read_spec, idempotency, now)
            except SchedulerError as error:
                return error

        return side_by_side(create, enumerate(wishes))


def counted(results: Sequence[Created | SchedulerError]) -> dict[str, Any]:
    """How the items of a call ended, for its log line."""
    created = sum(isinstance(one, Created) and not one.replayed for one in results)
    replayed = sum(isinstance(one, Created) and one.replayed for one in results)
    return {"created_jobs": created, "replayed": replayed, "refused": len(results) - created - replayed}
