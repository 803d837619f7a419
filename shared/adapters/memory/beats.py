"""`ports.beats` in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


class MemoryBeats:
    """Every call is atomic."""

    def __init__(self) -> None:
        self._beats: dict[str, dict[str, datetime]] = {}
        self._lock = threading.Lock()

    def note(self, function: str, shards: Iterable[str], at: datetime) -> None:
        with self._lock:
            self._beats.setdefault(function, {}).update(dict.fromkeys(shards, at))

    def beats(self) -> Mapping[str, Mapping[str, datetime]]:
        with self._lock:
            return {function: dict(shards) for function, shards in self._beats.items() if shards}
