"""What this process knows of each tenant's settings, read once in a while and not once for each job."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ports.clock import Clock

T = TypeVar("T")

_TENANTS: Final = 1_000


@dataclass(slots=True)
class _Entry(Generic[T]):
    """What is known of one tenant; its lock is held by the one thread that reads."""

    value: T
    asked_at: datetime | None = None
    reading: threading.Lock = field(default_factory=threading.Lock)


class KnownPerTenant(Generic[T]):
    """What `read` says of a tenant, at most `fresh` old. It is given the tenant and what was known of it so far, which
    is `nothing` at first. What it raises is raised to whoever asked, and the next who asks has it read again. `at_most`
    so many are known at a time: the one that was asked for the longest ago is forgotten."""

    def __init__(
        self, read: Callable[[str, T], T], nothing: T, *, fresh: timedelta, clock: Clock, at_most: int = _TENANTS
    ) -> None:
        self._read = read
        self._nothing = nothing
        self._fresh = fresh
        self._clock = clock
        self._at_most = at_most
        self._tenants: OrderedDict[str, _Entry[T]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, tenant: str) -> T:
        """What is known, read anew if it was read longer than `fresh` ago."""
        entry = self._entry(tenant)
        with entry.reading:
            now = self._clock.now()
            # Older than the future: a clock that was set back must not keep old news fresh.
            if entry.asked_at is None or not timedelta() <= now - entry.asked_at < self._fresh:
                entry.value = self._read(tenant, entry.value)
                entry.asked_at = now
            return entry.value

    def learn(self, tenant: str, change: Callable[[T], T]) -> None:
        """Put what `change` makes of what is known in its place: news that came in another way."""
        entry = self._entry(tenant)
        with entry.reading:
            entry.value = change(entry.value)

    def _entry(self, tenant: str) -> _Entry[T]:
        with self._lock:
            entry = self._tenants.pop(tenant, None) or _Entry(self._nothing)
            self._tenants[tenant] = entry
            if len(self._tenants) > self._at_most:
                self._tenants.popitem(last=False)
            return entry
