"""`ports.backfills.BackfillStore` in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shared.model.errors import BackfillChanged, BackfillNotFound
from shared.ports.templates import Planned

if TYPE_CHECKING:
    from shared.adapters.memory.templates import MemoryTemplateStore
    from shared.model.backfill import Backfill


class MemoryBackfillStore:
    """Every call is atomic. The expand index is that of `templates`, as they share a table."""

    def __init__(self, templates: MemoryTemplateStore) -> None:
        self._backfills: dict[tuple[str, str], Backfill] = {}
        self._planned = templates.planned
        self._lock = threading.RLock()

    def create_backfill(self, backfill: Backfill) -> Backfill:
        with self._lock:
            existing = self._backfills.get((backfill.tenant, backfill.id))
            if existing is None:
                self._write(backfill)
            return existing or backfill

    def get_backfill(self, tenant: str, backfill_id: str) -> Backfill:
        with self._lock:
            found = self._backfills.get((tenant, backfill_id))
        if found is None:
            raise BackfillNotFound(backfill_id)
        return found

    def replace_backfill(self, backfill: Backfill) -> None:
        with self._lock:
            current = self._backfills.get((backfill.tenant, backfill.id))
            if current != backfill and (current is None or current.revision != backfill.revision - 1):
                raise BackfillChanged(backfill.id)
            self._write(backfill)

    def list_backfills(self, tenant: str, *, before: str | None, limit: int) -> list[Backfill]:
        with self._lock:
            found = [one for (owner, _), one in self._backfills.items() if owner == tenant]
        found = [one for one in found if before is None or one.id < before]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def _write(self, backfill: Backfill) -> None:
        self._backfills[(backfill.tenant, backfill.id)] = backfill
        entry = (Planned.BACKFILL, backfill.tenant, backfill.id)
        self._planned.pop(entry, None)
        if backfill.step_at is not None and backfill.step_shard is not None:
            self._planned[entry] = (backfill.step_shard, backfill.step_at)
