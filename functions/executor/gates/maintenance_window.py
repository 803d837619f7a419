"""The gate of maintenance windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.executor.gates.protocol import Closed, Defer, Skip
from shared.model.maintenance_window import Effect, held_until, ruling

if TYPE_CHECKING:
    from functions.executor.gates.known_windows import KnownWindows
    from shared.model.allowed_targets import Place
    from shared.model.job import Job
    from shared.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class MaintenanceWindowGate:
    """`place` is where the scheduler runs: scopes name AWS resources by their ARNs, targets also by less."""

    known: KnownWindows
    clock: Clock
    place: Place

    def ask(self, job: Job) -> Closed | None:
        windows = self.known.of(job.tenant)
        now = self.clock.now()
        window = ruling(windows, job, now=now, place=self.place)
        if window is None or window.effect is Effect.RUN:
            return None
        reason = f"maintenance_window:{window.id}"
        # A job that has begun is not left half done: its next attempt waits, whatever the effect.
        if window.effect is Effect.SKIP and job.attempt <= 1:
            return Skip(reason)
        return Defer(held_until(window, job, now), reason)
