"""`ports.bulk_actions` in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shared.model.errors import ItemChanged, ItemNotFound
from shared.ports.bulk_actions import BulkStep

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.bulk_action import BulkAction


class MemoryBulkActions:
    """Every call is atomic."""

    def __init__(self) -> None:
        self._actions: dict[tuple[str, str], BulkAction] = {}
        self._steps: set[BulkStep] = set()
        self._lock = threading.Lock()

    def create_bulk_action(self, action: BulkAction) -> BulkAction:
        with self._lock:
            existing = self._actions.setdefault((action.tenant, action.id), action)
            if existing is action:
                self._note_step(action)
            return existing

    def get_bulk_action(self, tenant: str, action_id: str) -> BulkAction:
        with self._lock:
            action = self._actions.get((tenant, action_id))
        if action is None:
            raise ItemNotFound("bulk action", action_id)
        return action

    def replace_bulk_action(self, action: BulkAction) -> None:
        with self._lock:
            current = self._actions.get((action.tenant, action.id))
            if current != action and (current is None or current.version != action.version - 1):
                raise ItemChanged("bulk action", action.id)
            self._actions[action.tenant, action.id] = action
            self._note_step(action)

    def list_bulk_actions(self, tenant: str, *, before: str | None, limit: int) -> list[BulkAction]:
        with self._lock:
            found = [one for (owner, _), one in self._actions.items() if owner == tenant]
        found = [one for one in found if before is None or one.id < before]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def steps(self, *, until: datetime, limit: int, after: BulkStep | None = None) -> list[BulkStep]:
        with self._lock:
            due = sorted(one for one in self._steps if one.step_at <= until)
        return [one for one in due if after is None or one > after][:limit]

    def steps_of(self, tenant: str) -> list[BulkStep]:
        with self._lock:
            return sorted(one for one in self._steps if one.tenant == tenant)

    def forget_step(self, step: BulkStep) -> None:
        with self._lock:
            self._steps.discard(step)

    def _note_step(self, action: BulkAction) -> None:
        if action.step_at is not None:
            self._steps.add(BulkStep(action.step_at, action.tenant, action.id))
