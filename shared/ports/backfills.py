"""The backfills in the templates table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared.model.backfill import Backfill


class BackfillStore(Protocol):
    """One item per backfill, found by the expand index while it has a `step_at`.

    Every method raises `StoreUnavailable` as those of the job store do.
    """

    def create_backfill(self, backfill: Backfill) -> Backfill:
        """Put `backfill` unless one of its id exists; the one that is stored then."""
        ...

    def get_backfill(self, tenant: str, backfill_id: str) -> Backfill:
        """The backfill, read consistently.

        Raises:
            BackfillNotFound: there is none.
        """
        ...

    def replace_backfill(self, backfill: Backfill) -> None:
        """Put `backfill` in the place of the one whose revision is one less. Its very own earlier write counts as done.

        Raises:
            BackfillChanged: another has written since, or it is gone.
        """
        ...

    def list_backfills(self, tenant: str, *, before: str | None, limit: int) -> list[Backfill]:
        """At most `limit` of a tenant's backfills with ids less than `before`, newest first."""
        ...
