"""The parts of the watcher that are about alerts, put together on ports."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from functions.watcher.alerts.confirmation import Confirmation
from functions.watcher.alerts.evaluate_rule import EvaluateRule
from functions.watcher.alerts.judge_overdue import JudgeOverdue
from functions.watcher.alerts.known_rules import KnownRules
from functions.watcher.alerts.latest_jobs import LatestJobs
from functions.watcher.alerts.look_after_alerts import LookAfterAlerts
from functions.watcher.alerts.notify import Notify
from functions.watcher.alerts.raise_alert import RaiseAlert
from functions.watcher.alerts.recovery import Recovery
from functions.watcher.alerts.silences import Silences
from functions.watcher.journal.judge_failures import JudgeFailures
from shared.every_shard import on_every_shard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.every_shard import OnEveryShard
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
    """`tell` puts events where they are told, to all who want them. `side_by_side` is how looks are taken: by threads,
    unless it is said otherwise."""

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
    side_by_side: OnEveryShard = on_every_shard


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
    silences = Silences(ports.windows, ports.jobs, latest, ports.clock, place)
    confirmation = partial(Confirmation, ports.jobs, latest)
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
    judge_overdue = JudgeOverdue(
        jobs=ports.jobs,
        alerts=ports.alerts,
        known=known,
        silences=silences,
        raise_alert=raise_alert,
        clock=ports.clock,
    )
    evaluate_rule = EvaluateRule(
        rules=ports.rules,
        alerts=ports.alerts,
        latest=latest,
        confirmation=confirmation,
        breakers=ports.breakers,
        silences=silences,
        raise_alert=raise_alert,
        clock=ports.clock,
    )
    return Alerting(
        judge_failures=JudgeFailures(
            known=known,
            alerts=ports.alerts,
            silences=silences,
            raise_alert=raise_alert,
            confirmation=confirmation,
            clock=ports.clock,
        ),
        judge_overdue=judge_overdue,
        look_after=LookAfterAlerts(
            alerts=ports.alerts,
            known=known,
            recovery=Recovery(ports.jobs, latest, known, ports.breakers),
            evaluate_rule=evaluate_rule,
            judge_overdue=judge_overdue,
            silences=silences,
            notify=notify,
            clock=ports.clock,
            telemetry=ports.telemetry,
            side_by_side=ports.side_by_side,
        ),
    )
