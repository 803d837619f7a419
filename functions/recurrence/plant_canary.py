"""Sees to it that the scheduler's own template is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.model.canary_template import CANARY, canary
from shared.model.errors import StoreUnavailable, TemplateNotFound, UnreadableTemplate

if TYPE_CHECKING:
    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry
    from shared.ports.templates import TemplateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantCanary:
    """One read, once in the life of a process: templates stay. One that was deleted is missed by the alarm on it."""

    templates: TemplateStore
    clock: Clock
    telemetry: Telemetry

    def __call__(self) -> bool:
        """Whether it is there now."""
        try:
            self.templates.get_template(CANARY)
        except TemplateNotFound:
            return self._plant()
        except UnreadableTemplate:
            # A newer version's, which looks after it.
            return True
        except StoreUnavailable as error:
            self.telemetry.warn("canary_not_read", error=str(error))
            return False
        return True

    def _plant(self) -> bool:
        try:
            self.templates.create_template(canary(self.clock.now()))
        except StoreUnavailable as error:
            self.telemetry.warn("canary_not_planted", error=str(error))
            return False
        self.telemetry.note("canary_planted", **CANARY._asdict())
        return True
