"""Bulk actions to test with."""

from __future__ import annotations

from typing import Any

from shared.model.bulk_action import BulkAction, BulkKind, BulkSpec, DeadLetterFilter, new_bulk_action
from tests.jobs import TENANT, at


def a_bulk_action(*, tenant: str = TENANT, action_id: str = "bulk1", **asked: Any) -> BulkAction:
    """A redrive of all dead letters, created at 1,000 s, unless `asked` says otherwise."""
    spec = BulkSpec(**{"kind": BulkKind.REDRIVE, "wanted": DeadLetterFilter(), **asked})
    return new_bulk_action(spec, tenant=tenant, action_id=action_id, by="key-1", now=at(1_000), fingerprint=None)
