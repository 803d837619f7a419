"""`ports.control` in memory."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.model.api_key import ApiKey
    from shared.model.cursor import SweepCursor
    from shared.model.lanes import DueShard
    from shared.ports.jobs import DueEntry


class MemoryControlStore:
    """Cursors and API keys. Every call is atomic."""

    def __init__(self) -> None:
        self._ticks: dict[DueShard, DueEntry] = {}
        self._sweeps: dict[DueShard, SweepCursor] = {}
        self._keys: dict[str, ApiKey] = {}
        self._lock = threading.Lock()

    def tick_cursors(self) -> Mapping[DueShard, DueEntry]:
        with self._lock:
            return dict(self._ticks)

    def advance_tick(self, shard: DueShard, *, seen: DueEntry | None, to: DueEntry) -> bool:
        with self._lock:
            if self._ticks.get(shard) != seen:
                return False
            self._ticks[shard] = to
            return True

    def sweep_cursors(self) -> Mapping[DueShard, SweepCursor]:
        with self._lock:
            return dict(self._sweeps)

    def advance_sweep(self, shard: DueShard, *, seen: SweepCursor | None, to: SweepCursor) -> bool:
        with self._lock:
            if self._sweeps.get(shard) != seen:
                return False
            self._sweeps[shard] = to
            return True

    def put_api_key(self, key: ApiKey) -> None:
        with self._lock:
            if self._keys.setdefault(key.id, key) != key:
                raise ValueError(f"there is a key {key.id}")

    def get_api_key(self, key_id: str) -> ApiKey | None:
        with self._lock:
            return self._keys.get(key_id)

    def list_api_keys(self, tenant: str) -> list[ApiKey]:
        with self._lock:
            keys = [key for key in self._keys.values() if key.tenant == tenant]
        return sorted(keys, key=lambda key: (key.created_at, key.id))

    def revoke_api_key(self, key_id: str, now: datetime) -> bool:
        with self._lock:
            key = self._keys.get(key_id)
            if key is None:
                return False
            if key.revoked_at is None:
                self._keys[key_id] = replace(key, revoked_at=now)
            return True

    def is_reachable(self) -> bool:
        return True
