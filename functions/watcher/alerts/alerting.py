"""The parts of the watcher that are about alerts, put together on ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.watcher.alerts.evaluate_rule import EvaluateRule
from functions.watcher.alerts.judge_overdue import JudgeOverdue
from functions.watcher.alerts.known_rules import KnownRules
from functions.watcher.alerts.latest_jobs import LatestJobs
from functions.watcher.alerts.look_after_alerts import LookAfterAlerts
from functions.watcher.alerts.notify import Notify
from functions.watcher.alerts.raise_alert import RaiseAlert
from functions.watcher.alerts.recovery import Recovery
from functions.watcher.journal.judge_failures import JudgeFailures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.model.alerts.escalation import EscalationPolicy
    from shared.model.alerts.rule import AlertRule
    from shared.model.allowed_targets import Place
    from shared.model.job import Sharding
    from shared.model.lifecycle_event import LifecycleEvent
    from shared.ports.alerts import AlertStore
    from shared.ports.breakers import Breakers
    from shared.ports.clock import Clock, Ids
    from shared.ports.jobs import JobStore
    from shared.ports.maintenance_windows import MaintenanceWindows
    from shared.ports.telemetry import Telemetry
    from shared.ports.versioned import VersionedStore


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPorts:
    """`tell` puts events where they are told, to all who want them."""

    jobs: JobStore
    alerts: AlertStore
    rules: VersionedStore[AlertRule]
    policies: VersionedStore[EscalationPolicy]
    breakers: Breakers
    windows: MaintenanceWindows
    clock: Clock
    ids: Ids
    telemetry: Telemetry
    tell: Callable[[Sequence[LifecycleEvent]], None]


@dataclass(frozen=True, slots=True)
class Alerting:
    """`judge_failures` reads the journal, `judge_overdue` is given what the sweep reads, `look_after` is for each
    minute."""

    judge_failures: JudgeFailures
    judge_overdue: JudgeOverdue
    look_after: LookAfterAlerts


def alerting_on(ports: AlertPorts, *, sharding: Sharding, place: Place) -> Alerting:
    """The use cases on these ports; `place` is where the scheduler runs."""
    known = KnownRules(ports.rules, ports.policies, ports.clock)
    latest = LatestJobs(ports.jobs, ports.clock, sharding)
    notify = Notify(
        alerts=ports.alerts,
        jobs=ports.jobs,
        clock=ports.clock,
        telemetry=ports.telemetry,
        sharding=sharding,
        tell=ports.tell,
    )
    raise_alert = RaiseAlert(
        alerts=ports.alerts,
        known=known,
        notify=notify,
        clock=ports.clock,
        ids=ports.ids,
        telemetry=ports.telemetry,
    )
    return Alerting(
        judge_failures=JudgeFailures(
            known=known,
            windows=ports.windows,
            raise_alert=raise_alert,
            is_confirmed=latest.confirms,
            clock=ports.clock,
            place=place,
        ),
        judge_overdue=JudgeOverdue(known, raise_alert),
        look_after=LookAfterAlerts(
            alerts=ports.alerts,
            known=known,
            recovery=Recovery(ports.jobs, latest, known, ports.breakers),
            evaluate_rule=EvaluateRule(
                rules=ports.rules,
                alerts=ports.alerts,
                latest=latest,
                breakers=ports.breakers,
                raise_alert=raise_alert,
                clock=ports.clock,
            ),
            notify=notify,
            clock=ports.clock,
            telemetry=ports.telemetry,
        ),
    )
