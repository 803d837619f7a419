"""`ports.alerts` in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shared.model.alerts.errors import AlertChanged, AlreadyCounted, StormReached
from shared.model.errors import ItemNotFound
from shared.ports.alerts import AlertPage, DueKind, DueLook, Mark, Standing, StormSlot

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from shared.model.alerts.alert import Alert


class MemoryAlertStore:
    """Every call is atomic. Marks and slots are kept for ever."""

    def __init__(self) -> None:
        self._alerts: dict[tuple[str, str], Alert] = {}
        self._latest: dict[tuple[str, str], str] = {}
        self._marks: set[tuple[str, Mark]] = set()
        self._slots: dict[tuple[str, str, int], int] = {}
        self._looks: set[DueLook] = set()
        self._lock = threading.Lock()

    def standing(self, tenant: str, key: str) -> Standing:
        return self.standings(tenant, [key])[key]

    def standings(self, tenant: str, keys: Collection[str]) -> dict[str, Standing]:
        with self._lock:
            latest = {key: self._latest.get((tenant, key)) for key in keys}
            return {
                key: Standing(alert_id, None if alert_id is None else self._alerts.get((tenant, alert_id)))
                for key, alert_id in latest.items()
            }

    def get_alert(self, tenant: str, alert_id: str) -> Alert:
        with self._lock:
            alert = self._alerts.get((tenant, alert_id))
        if alert is None:
            raise ItemNotFound("alert", alert_id)
        return alert

    def record(
        self,
        alert: Alert,
        *,
        seen: Standing,
        marks: Collection[Mark] = (),
        marked_until: datetime | None = None,
        slot: StormSlot | None = None,
    ) -> None:
        del marked_until
        tenant = alert.tenant
        with self._lock:
            repeated = [place for place, mark in enumerate(marks) if (tenant, mark) in self._marks]
            if repeated:
                raise AlreadyCounted(repeated)
            taken = None if slot is None else (tenant, slot.rule_id, slot.window)
            if slot is not None and taken is not None and self._slots.get(taken, 0) >= slot.cap:
                raise StormReached(slot.rule_id)
            if not self._is_as_seen(alert, seen):
                raise AlertChanged(alert.id)
            self._alerts[tenant, alert.id] = alert
            if seen.alert_id != alert.id:
                self._latest[tenant, alert.key] = alert.id
            self._marks |= {(tenant, mark) for mark in marks}
            if taken is not None:
                self._slots[taken] = self._slots.get(taken, 0) + 1
            if alert.due_at is not None:
                self._looks.add(DueLook(alert.due_at, tenant, DueKind.ALERT, alert.id))

    def list_alerts(self, tenant: str, *, before: str | None, limit: int) -> AlertPage:
        with self._lock:
            ids = sorted((key[1] for key in self._alerts if key[0] == tenant), reverse=True)
            older = [one for one in ids if before is None or one < before]
            page = [self._alerts[tenant, one] for one in older[:limit]]
        return AlertPage(page, page[-1].id if len(older) > limit else None)

    def looks(self, *, until: datetime, limit: int, after: DueLook | None = None) -> list[DueLook]:
        return [look for look in self._due(until, after) if look.kind is not DueKind.JOB][:limit]

    def looks_at_jobs(self, *, until: datetime, limit: int, after: DueLook | None = None) -> list[DueLook]:
        return [look for look in self._due(until, after) if look.kind is DueKind.JOB][:limit]

    def plan_look(self, look: DueLook) -> None:
        with self._lock:
            self._looks.add(look)

    def forget_look(self, look: DueLook) -> None:
        with self._lock:
            self._looks.discard(look)

    def _due(self, until: datetime, after: DueLook | None) -> list[DueLook]:
        with self._lock:
            due = sorted(look for look in self._looks if look.due_at <= until)
        return [look for look in due if after is None or look > after]

    def _is_as_seen(self, alert: Alert, seen: Standing) -> bool:
        if seen.alert is not None and seen.alert.id == alert.id:
            current = self._alerts.get((alert.tenant, alert.id))
            return current is not None and current.revision == seen.alert.revision
        is_latest = self._latest.get((alert.tenant, alert.key)) == seen.alert_id
        return is_latest and (alert.tenant, alert.id) not in self._alerts
