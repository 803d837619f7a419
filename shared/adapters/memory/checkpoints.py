"""`ports.checkpoints` in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.model.checkpoint import Checkpoint
    from shared.model.job import JobKey


class MemoryCheckpoints:
    """Every call is atomic."""

    def __init__(self) -> None:
        self._kept: dict[JobKey, Checkpoint] = {}
        self._lock = threading.Lock()

    def save(self, key: JobKey, checkpoint: Checkpoint) -> bool:
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.number > checkpoint.number:
                return False
            self._kept[key] = checkpoint
            return True

    def load(self, key: JobKey) -> Checkpoint | None:
        return self._kept.get(key)
