"""What is pending of an alert becomes jobs, which tell it; its moves are told as events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.model.alerts.alert_event import events_of
from shared.model.alerts.errors import AlertChanged
from shared.model.alerts.moves import handed_over
from shared.model.alerts.notification import notification_job
from shared.model.errors import StoreUnavailable
from shared.ports.alerts import Standing
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.model.alerts.alert import Alert
    from shared.model.job import Sharding
    from shared.model.lifecycle_event import LifecycleEvent
    from shared.ports.alerts import AlertStore
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore
    from shared.ports.telemetry import Telemetry

_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    alerts: AlertStore
    jobs: JobStore
    clock: Clock
    telemetry: Telemetry
    sharding: Sharding
    tell: Callable[[Sequence[LifecycleEvent]], None]

    def __call__(self, alert: Alert) -> Alert:
        """Create the jobs that tell what is pending of `alert`, as it is stored, `tell` its moves that have not been,
        and return the alert without that.

        A job's id is made from the alert, the notification's number and the channel, an event's from the alert and the
        move's number, so that whoever does this again, after a crash or beside another, creates nothing more. Raises
        `StoreUnavailable`; what is pending stays so.
        """
        if not alert.is_news:
            return alert
        now = self.clock.now()
        for pending in alert.pending:
            for channel_id in pending.channels:
                job = notification_job(alert, pending, channel_id, now=now, sharding=self.sharding)
                created = self.jobs.create(self.jobs.place_payload(job)).created
                facts = {"tenant": alert.tenant, "alert_id": alert.id, "kind": pending.kind, "channel_id": channel_id}
                if created:
                    self.telemetry.note("notification_created", job_id=job.id, **facts)
                    self.telemetry.measure(Metric.NOTIFICATIONS)
        return self._hand_over(alert, announced=self._announce(alert))

    def _announce(self, alert: Alert) -> int:
        """Tell its moves as events, and return the version up to which they have been told."""
        try:
            self.tell(events_of(alert))
        except StoreUnavailable as error:
            # Whoever is on call waits for no bus: the next look at the alert tells them.
            self.telemetry.warn("alert_not_announced", error=str(error), tenant=alert.tenant, alert_id=alert.id)
            return alert.announced
        return alert.version

    def _hand_over(self, alert: Alert, *, announced: int) -> Alert:
        numbers = frozenset(one.number for one in alert.pending)
        for _ in range(_TRIES):
            changed = handed_over(alert, numbers, announced=announced)
            if changed is alert:
                return alert
            try:
                self.alerts.record(changed, seen=Standing.of(alert))
            except AlertChanged:
                alert = self.alerts.get_alert(alert.tenant, alert.id)
                continue
            return changed
        # It stays pending: the next look at it finds the jobs there, and tries again.
        return alert
