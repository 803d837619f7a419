"""What tenants say about retention, in memory."""

from __future__ import annotations

from functions.api.change_retention import RetentionPorts
from shared.adapters.memory.versioned import MemoryVersionedStore
from shared.model.retention import RetentionBounds
from tests.jobs import RETENTION

BOUNDS = RetentionBounds(minimum_days=1, maximum_days=365)


def retention_ports_in_memory() -> RetentionPorts:
    return RetentionPorts(MemoryVersionedStore("retention"), RETENTION, BOUNDS)
