"""Go on with the bulk actions whose time has come."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from shared.dead_letters.advance_bulk_action import PAGE_SECONDS
from shared.model.bulk_action import STEP_EVERY
from shared.model.errors import ItemChanged, ItemNotFound, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.dead_letters.advance_bulk_action import AdvanceBulkAction
    from shared.ports.bulk_actions import BulkActionStore, BulkStep
    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry

_PAGE: Final = 100
# Several that are due have a turn each; what is left of one is done in the next minute.
_SECONDS_EACH: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceBulkActions:
    """A minute that is late, doubled or dies in between does no harm: an action is replaced by its version, its next
    step is noted before that, and the last one forgotten after it.

    A step that fails stays where it is, before those that are due later; so the process remembers it, and gives it its
    turn after all others.
    """

    actions: BulkActionStore
    advance: AdvanceBulkAction
    clock: Clock
    telemetry: Telemetry
    _failed: set[BulkStep] = field(default_factory=set, init=False)

    def __call__(self, seconds_left: Callable[[], float]) -> dict[str, int]:
        """How many actions were gone on with, and how many jobs were redriven or discarded."""
        steps = self._due()
        actions = jobs = 0
        for step in steps:
            before = seconds_left()
            if before <= PAGE_SECONDS:
                # Its step stays where it is, so that its turn is the first of the next minute.
                break
            own = min(before, _SECONDS_EACH) if len(steps) > 1 else before
            done = self._advance(step, lambda spare=before - own: seconds_left() - spare)  # type: ignore[misc]
            actions += done is not None
            jobs += done or 0
        return {"actions": actions, "jobs": jobs}

    def _due(self) -> list[BulkStep]:
        """All steps that are due, in the order of their turns."""
        until = self.clock.now()
        steps = page = list(self.actions.steps(until=until, limit=_PAGE))
        while len(page) == _PAGE:
            page = list(self.actions.steps(until=until, limit=_PAGE, after=page[-1]))
            steps += page
        self._failed.intersection_update(steps)
        return sorted(steps, key=self._failed.__contains__)

    def _advance(self, step: BulkStep, seconds_left: Callable[[], float]) -> int | None:
        """How many of its jobs were dealt with; None for a step that nobody waits for, and one that did not succeed."""
        identity = {"tenant": step.tenant, "bulk_action_id": step.action_id}
        try:
            action = self.actions.get_bulk_action(step.tenant, step.action_id)
            if action.step_at == step.step_at:
                after = self.advance(action, seconds_left)
                if not after.has_ended:
                    later = self.clock.now() + STEP_EVERY
                    self.actions.replace_bulk_action(replace(after, version=after.version + 1, step_at=later))
                self.actions.forget_step(step)
                return after.done - action.done
            self.actions.forget_step(step)
        except ItemNotFound:
            self.actions.forget_step(step)
        except ItemChanged:
            # By a client, or another watcher: whoever it was knows what comes next, or the step is looked at again.
            self.telemetry.debug("bulk_action_left_to_another", **identity)
        except StoreUnavailable as error:
            self._failed.add(step)
            self.telemetry.warn("bulk_action_not_advanced", error=str(error), **identity)
        except Exception as error:
            self._failed.add(step)
            # Of one action, perhaps since a newer version wrote it: it must not stand before all others.
            self.telemetry.defect("bulk_action_not_advanced", error, **identity)
        return None
