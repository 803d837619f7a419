"""A tenant's alerts, those that match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.model import limits
from shared.model.alerts.alert import SubjectKind

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.alerts.alert import Alert, AlertState
    from shared.model.alerts.rule import Severity
    from shared.ports.alerts import AlertStore

_CHUNK: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """None: any. `since`: opened then or later."""

    states: frozenset[AlertState] | None = None
    severity: Severity | None = None
    template_id: str | None = None
    since: datetime | None = None

    def matches(self, alert: Alert) -> bool:
        subject = alert.subject
        is_of_template = subject.kind is SubjectKind.TEMPLATE and subject.id == self.template_id
        return (
            (self.states is None or alert.state in self.states)
            and (self.severity is None or alert.severity is self.severity)
            and (self.template_id is None or is_of_template)
        )

    def is_before(self, alert: Alert) -> bool:
        """Whether this alert and all that follow it opened too early."""
        return self.since is not None and alert.opened_at < self.since


@dataclass(frozen=True, slots=True)
class FoundAlerts:
    """`next` is the id after which the list goes on, None at its end. A page may be short, even empty."""

    alerts: list[Alert]
    next: str | None


@dataclass(frozen=True, slots=True)
class ListAlerts:
    alerts: AlertStore

    def __call__(self, tenant: str, wanted: AlertFilter, *, limit: int, after: str | None) -> FoundAlerts:
        """At most `limit` matching alerts that opened before `after`, the newest first, from at most
        `limits.MAX_ENTRIES_READ` entries."""
        found: list[Alert] = []
        read = 0
        while read < limits.MAX_ENTRIES_READ:
            page = self.alerts.list_alerts(tenant, before=after, limit=_CHUNK)
            for alert in page.alerts:
                if wanted.is_before(alert):
                    return FoundAlerts(found, None)
                if len(found) == limit:
                    return FoundAlerts(found, after)
                after = alert.id
                if wanted.matches(alert):
                    found.append(alert)
            if page.next is None:
                return FoundAlerts(found, None)
            after = page.next
            read += _CHUNK
        return FoundAlerts(found, after)
