"""`ports.versioned` in memory."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

from shared.model.errors import ItemChanged, ItemNotFound
from shared.ports.versioned import Versioned, VersionedCreation

T = TypeVar("T", bound=Versioned)


class MemoryVersionedStore(Generic[T]):
    """Every call is atomic. `kind` is what errors call the things that are kept."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._items: dict[tuple[str, str], T] = {}
        self._lock = threading.Lock()

    def all_of(self, tenant: str) -> list[T]:
        with self._lock:
            return [item for key, item in sorted(self._items.items()) if key[0] == tenant]

    def get(self, tenant: str, item_id: str) -> T:
        with self._lock:
            item = self._items.get((tenant, item_id))
        if item is None:
            raise ItemNotFound(self._kind, item_id)
        return item

    def create(self, item: T) -> VersionedCreation[T]:
        with self._lock:
            existing = self._items.setdefault((item.tenant, item.id), item)
        return VersionedCreation(existing, created=existing is item)

    def replace(self, item: T) -> None:
        with self._lock:
            current = self._items.get((item.tenant, item.id))
            if current != item and (current is None or current.version != item.version - 1):
                raise ItemChanged(self._kind, item.id)
            self._items[item.tenant, item.id] = item

    def delete(self, item: T) -> None:
        with self._lock:
            current = self._items.get((item.tenant, item.id), item)
            if current.version != item.version:
                raise ItemChanged(self._kind, item.id)
            self._items.pop((item.tenant, item.id), None)
