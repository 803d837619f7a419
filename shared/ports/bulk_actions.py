"""The bulk actions of the control table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.bulk_action import BulkAction


class BulkStep(NamedTuple):
    """A bulk action that is to go on at a time. A hint: the action itself says whether that is so."""

    step_at: datetime
    tenant: str
    action_id: str


class BulkActionStore(Protocol):
    """One item per action; every write of it is conditional on the version that the writer has seen.

    Every method raises `StoreUnavailable` as those of the job store do.
    """

    def create_bulk_action(self, action: BulkAction) -> BulkAction:
        """Put `action` unless one of its id exists; the one that is stored then."""
        ...

    def get_bulk_action(self, tenant: str, action_id: str) -> BulkAction:
        """The action, read consistently.

        Raises:
            ItemNotFound: there is none.
        """
        ...

    def replace_bulk_action(self, action: BulkAction) -> None:
        """Put `action` in the place of the one whose version is one less. Its very own earlier write, whose answer was
        lost, counts as done.

        Raises:
            ItemChanged: another has written since, or it is gone; nothing was written.
        """
        ...

    def list_bulk_actions(self, tenant: str, *, before: str | None, limit: int) -> Sequence[BulkAction]:
        """At most `limit` of a tenant's actions with ids less than `before`, the greatest first."""
        ...

    def steps(self, *, until: datetime, limit: int, after: BulkStep | None = None) -> Sequence[BulkStep]:
        """The oldest steps that are due at `until`, of all tenants: one for each `step_at` that an action had; those
        behind `after`."""
        ...

    def steps_of(self, tenant: str) -> Sequence[BulkStep]:
        """All steps of one tenant, those that are not due as well: at least one for each action that has not ended."""
        ...

    def forget_step(self, step: BulkStep) -> None:
        """Drop a step that was dealt with."""
        ...
