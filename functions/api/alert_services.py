"""What endpoints about alerts, their rules and escalation policies work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions.api.change_alert import ChangeAlert
from functions.api.keep_versioned import KeepVersioned
from functions.api.list_alerts import ListAlerts
from shared.model import limits

if TYPE_CHECKING:
    from shared.model.alerts.escalation import EscalationPolicy
    from shared.model.alerts.rule import AlertRule
    from shared.ports.alerts import AlertStore
    from shared.ports.clock import Ids
    from shared.ports.telemetry import Telemetry
    from shared.ports.versioned import VersionedStore


class AlertPorts(NamedTuple):
    alerts: AlertStore
    rules: VersionedStore[AlertRule]
    policies: VersionedStore[EscalationPolicy]


class AlertServices(NamedTuple):
    alerts: AlertStore
    list: ListAlerts
    change: ChangeAlert
    rules: KeepVersioned[AlertRule]
    policies: KeepVersioned[EscalationPolicy]


def alert_services_on(ports: AlertPorts, ids: Ids, telemetry: Telemetry) -> AlertServices:
    """The use cases on these ports."""
    return AlertServices(
        alerts=ports.alerts,
        list=ListAlerts(ports.alerts),
        change=ChangeAlert(ports.alerts, telemetry),
        rules=KeepVersioned(
            store=ports.rules, ids=ids, telemetry=telemetry, kind="alert_rule", at_most=limits.MAX_ALERT_RULES
        ),
        policies=KeepVersioned(
            store=ports.policies,
            ids=ids,
            telemetry=telemetry,
            kind="escalation_policy",
            at_most=limits.MAX_ESCALATION_POLICIES,
        ),
    )
