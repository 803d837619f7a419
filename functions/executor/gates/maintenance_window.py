"""The gate of maintenance windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.executor.gates.protocol import Closed, Defer, Skip
from shared.model.groups import is_reserved
from shared.model.maintenance_window import REASON, Effect, effect_on, held_until, ruling

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
        if is_reserved(job.group):
            # What the scheduler tells is no work of the tenant's: who is on call for what runs all the same is told.
            return None
        windows = self.known.of(job.tenant)
        now = self.clock.now()
        window = ruling(windows, job, now=now, place=self.place)
        effect = Effect.RUN if window is None else effect_on(window, job.attempt)
        if window is None or effect is Effect.RUN:
            return None
        reason = f"{REASON}{window.id}"
        return Skip(reason) if effect is Effect.SKIP else Defer(held_until(window, job, now), reason)
