"""A calendar as it is stored: a tenant's, with a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCalendar:
    """`document` is what `shared.model.schedule.calendar_documents` reads. `version` rises with each change by a client
    and is its ETag, `revision` with every write. `expand_at` is when the templates that use it have to be planned anew,
    from the one after `planned_user` on; `expand_shard` the slice of the expand index in which that is found. `was` is
    the document by which they are still planned."""

    tenant: str
    id: str
    document: Mapping[str, Any]
    created_at: datetime
    changed_at: datetime
    changed_by: str
    name: str | None = None
    version: int = 1
    revision: int = 1
    was: Mapping[str, Any] | None = None
    planned_user: str | None = None
    expand_at: datetime | None = None
    expand_shard: int | None = None
