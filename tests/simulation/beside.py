"""What the scheduler keeps beside its jobs, and where it tells what happened: each as AWS has it, and each looked at.

Small things are kept by the stores in memory, which pass the same contract suites as those in DynamoDB. What is told is
remembered as it was told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from shared.adapters.memory.alerts import MemoryAlertStore
from shared.adapters.memory.beats import MemoryBeats
from shared.adapters.memory.bulk_actions import MemoryBulkActions
from shared.adapters.memory.checkpoints import MemoryCheckpoints
from shared.adapters.memory.versioned import MemoryVersionedStore
from tests.simulation.faults import SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from shared.adapters.memory.outputs import MemoryOutputs
    from shared.model.alerts.alert import Alert
    from shared.model.alerts.escalation import EscalationPolicy
    from shared.model.alerts.rule import AlertRule
    from shared.model.bulk_action import BulkAction
    from shared.model.job import Job, JobKey
    from shared.model.lifecycle_event import LifecycleEvent
    from shared.model.subscription import Subscription
    from shared.ports.alerts import Mark, Standing, StormSlot
    from tests.simulation.kernel import Kernel
    from tests.simulation.store import SimulatedJobStore


CHECKPOINT: Final = "checkpoint"


def _nobody(*_: object) -> None:
    """Nobody looks."""


class SimulatedAlertStore(MemoryAlertStore):
    """`on_write` is told each write: the alert before (None: it is new), after it, and what it has counted."""

    def __init__(self) -> None:
        super().__init__()
        self.on_write: Callable[[Alert | None, Alert, Sequence[Mark]], None] = _nobody

    def record(
        self,
        alert: Alert,
        *,
        seen: Standing,
        marks: Collection[Mark] = (),
        marked_until: datetime | None = None,
        slot: StormSlot | None = None,
    ) -> None:
        before = self._alerts.get((alert.tenant, alert.id))
        if before == alert:
            return  # it has met itself, sent before
        super().record(alert, seen=seen, marks=marks, marked_until=marked_until, slot=slot)
        self.on_write(before, alert, tuple(marks))

    def all_alerts(self) -> list[Alert]:
        return list(self._alerts.values())


class SimulatedBulkActions(MemoryBulkActions):
    """`on_write` is told each write: the action before (None: it is new) and after it."""

    def __init__(self) -> None:
        super().__init__()
        self.on_write: Callable[[BulkAction | None, BulkAction], None] = _nobody

    def create_bulk_action(self, action: BulkAction) -> BulkAction:
        is_new = (action.tenant, action.id) not in self._actions
        stored = super().create_bulk_action(action)
        if is_new:
            self.on_write(None, stored)
        return stored

    def replace_bulk_action(self, action: BulkAction) -> None:
        before = self._actions.get((action.tenant, action.id))
        super().replace_bulk_action(action)
        if before != action:
            self.on_write(before, action)

    def all_actions(self) -> list[BulkAction]:
        return list(self._actions.values())


@dataclass
class SimulatedBucket:
    """The data bucket's part that is the archive. Its members are called as S3's."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803
        del Bucket, ContentType
        self.objects[Key] = Body


@dataclass
class SimulatedBus:
    """Each event as often as it was told."""

    told: dict[str, list[LifecycleEvent]] = field(default_factory=dict)

    def publish(self, events: Sequence[LifecycleEvent]) -> None:
        for event in events:
            self.told.setdefault(event.id, []).append(event)


class SimulatedCheckpoints(MemoryCheckpoints):
    def forget(self, key: JobKey, *, put_before: datetime) -> bool:
        """Whether there was a checkpoint of before then, which is gone now."""
        kept = self._kept.get(key)
        is_old = kept is not None and kept.saved_at < put_before
        if is_old:
            del self._kept[key]
        return is_old

    def all_keys(self) -> set[JobKey]:
        return set(self._kept)


class SimulatedLeftovers:
    """What lies beside jobs. It looks, and removes one thing after the other, while others go on: `on_removed` is told
    whose payload or checkpoint is gone."""

    def __init__(
        self, kernel: Kernel, jobs: SimulatedJobStore, outputs: MemoryOutputs, checkpoints: SimulatedCheckpoints
    ) -> None:
        self._kernel = kernel
        self._jobs = jobs
        self._outputs = outputs
        self._checkpoints = checkpoints
        self.on_removed: Callable[[JobKey, str], None] = _nobody

    def remove(self, job: Job, *, put_before: datetime) -> int:
        if self._jobs.get_many([job.key], consistent=True):
            return 0
        payloads = [(ref, at) for (key, ref), at in self._jobs.payloads_put_at.items() if key == job.key]
        has_checkpoint = job.key in self._checkpoints.all_keys()
        outputs = [one.output.ref for one in job.executions if one.output.ref in self._outputs.objects]
        removed = 0
        for ref, _ in payloads:
            self._kernel.sleep(SECOND // 20)
            put_at = self._jobs.payloads_put_at.get((job.key, ref))
            if put_at is not None and put_at < put_before:
                self._jobs.remove_payload(job.key, ref)
                self.on_removed(job.key, ref)
                removed += 1
        if has_checkpoint and self._checkpoints.forget(job.key, put_before=put_before):
            self.on_removed(job.key, CHECKPOINT)
            removed += 1
        for ref in outputs:
            self._outputs.objects.pop(ref or "", None)
        return removed + len(outputs)


@dataclass
class Beside:
    """All of it, one of each."""

    leftovers: SimulatedLeftovers
    alerts: SimulatedAlertStore = field(default_factory=SimulatedAlertStore)
    rules: MemoryVersionedStore[AlertRule] = field(default_factory=lambda: MemoryVersionedStore("alert rule"))
    policies: MemoryVersionedStore[EscalationPolicy] = field(
        default_factory=lambda: MemoryVersionedStore("escalation policy")
    )
    subscriptions: MemoryVersionedStore[Subscription] = field(
        default_factory=lambda: MemoryVersionedStore("subscription")
    )
    actions: SimulatedBulkActions = field(default_factory=SimulatedBulkActions)
    beats: MemoryBeats = field(default_factory=MemoryBeats)
    bucket: SimulatedBucket = field(default_factory=SimulatedBucket)
    bus: SimulatedBus = field(default_factory=SimulatedBus)
