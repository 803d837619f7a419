"""Alerts in memory: jobs that fail, the journal that judges them, the watcher's minutes, and what was told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from functions.watcher.alerts.alerting import Alerting as Parts
from functions.watcher.alerts.alerting import AlertPorts, alerting_on
from shared.adapters.memory.alerts import MemoryAlertStore
from shared.adapters.memory.breakers import MemoryBreakers
from shared.adapters.memory.clock import SeededIds, VirtualClock
from shared.adapters.memory.jobs import MemoryJobStore
from shared.adapters.memory.maintenance_windows import MemoryMaintenanceWindows
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.memory.versioned import MemoryVersionedStore
from shared.model import moves
from shared.model.alerts import moves as alert_moves
from shared.model.alerts.escalation import EscalationPolicy, Step
from shared.model.alerts.rule import AlertRule, RuleKind
from shared.model.allowed_targets import Place
from shared.model.errors import StoreUnavailable
from shared.model.execution import NO_OUTPUT
from shared.model.groups import NOTIFICATIONS
from shared.model.job import group_partition, template_partition
from shared.model.job_change import JobChange
from shared.model.lanes import spread
from shared.ports.alerts import Standing
from tests.jobs import NOT_FOUND as FINAL
from tests.jobs import RETENTION, SHARDING, START, TENANT, a_job, claim_of, failed_once

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from shared.every_shard import OnEveryShard
    from shared.model.alerts.alert import Alert
    from shared.model.change import Change
    from shared.model.execution import Failure
    from shared.model.job import Job
    from shared.model.lifecycle_event import LifecycleEvent

S = TypeVar("S")
R = TypeVar("R")
PLACE = Place("123456789012", "eu-central-1")
PAGER, CHAT, BOSS = "pager", "chat", "boss"


def a_rule(kind: RuleKind = RuleKind.FAILED_FOR_GOOD, **facts: Any) -> AlertRule:
    """A rule about all of the tenant's jobs, whose alerts nobody is told of unless it is said otherwise."""
    known = {"tenant": TENANT, "id": "r1", "name": "failures", "kind": kind, "created_at": START, "changed_at": START}
    return AlertRule(**{**known, "changed_by": "key", **facts})


def a_policy(*steps: Step, **facts: Any) -> EscalationPolicy:
    """The pager at once, the boss after a quarter of an hour, unless it is said otherwise."""
    known = {"tenant": TENANT, "id": "p1", "name": "on call", "created_at": START, "changed_at": START}
    chosen = steps or (Step(0, (PAGER,)), Step(900, (BOSS,)))
    return EscalationPolicy(**{**known, "changed_by": "key", "steps": chosen, **facts})


def one_after_the_other(work: Callable[[S], R], things: Sequence[S]) -> list[R]:
    """What production does by threads, in an order that repeats."""
    return [work(thing) for thing in things]


class Alerting:
    """Time passes by `clock.advance` and `minutes`; `all`, `only` and `told` say what has become of it."""

    def __init__(self, *rules: AlertRule, policy: EscalationPolicy | None = None) -> None:
        self.clock = VirtualClock(START)
        self.jobs = MemoryJobStore()
        self.alerts = MemoryAlertStore()
        self.rules: MemoryVersionedStore[AlertRule] = MemoryVersionedStore("alert rule")
        self.policies: MemoryVersionedStore[EscalationPolicy] = MemoryVersionedStore("escalation policy")
        self.windows = MemoryMaintenanceWindows()
        self.breakers = MemoryBreakers()
        self.telemetry = RecordedTelemetry()
        for rule in rules:
            self.rules.create(rule)
        if policy is not None:
            self.policies.create(policy)
        self.events: list[LifecycleEvent] = []
        self.is_bus_away = False
        self.parts = self.process()
        self._created = 0

    def process(self, side_by_side: OnEveryShard = one_after_the_other) -> Parts:
        """Another process's parts: they know nothing of what others have seen."""
        ports = AlertPorts(
            jobs=self.jobs,
            alerts=self.alerts,
            rules=self.rules,
            policies=self.policies,
            breakers=self.breakers,
            windows=self.windows,
            clock=self.clock,
            ids=SeededIds(),
            telemetry=self.telemetry,
            tell=self.tell,
            side_by_side=side_by_side,
        )
        return alerting_on(ports, sharding=SHARDING, place=PLACE)

    def tell(self, events: Sequence[LifecycleEvent]) -> None:
        """Where events are told."""
        if self.is_bus_away:
            raise StoreUnavailable("the bus is away", outcome_unknown=True)
        self.events.extend(events)

    def job(self, *, template: str | None = None, group: str | None = None, **facts: Any) -> Job:
        """A stored job that is due now."""
        self._created += 1
        now = self.clock.now()
        job = a_job(job_id=f"job-{self._created:08d}", now=now, group=group, **facts)
        if template is not None:
            job = replace(job, template_id=template, group_pk=template_partition(TENANT, template))
        elif group is not None:
            job = replace(job, group_pk=group_partition(TENANT, group, spread(job.id, SHARDING.group)))
        return self.jobs.create(job).job

    def fail(self, failure: Failure = FINAL, **facts: Any) -> JobChange:
        """A job fails for good now; its change is not judged yet."""
        running = self.start(self.job(**facts)).new
        assert running is not None
        return JobChange(running, self.jobs.change_and_get(running.key, failed_once(running, failure=failure)))

    def succeed(self, *, after_seconds: float = 1, **facts: Any) -> JobChange:
        """A job begins now and succeeds so many seconds later."""
        running = self.start(self.job(**facts)).new
        assert running is not None
        now = self.clock.now() + timedelta(seconds=after_seconds)
        change = moves.succeed(running, output=NO_OUTPUT, now=now, retention=RETENTION)
        return JobChange(running, self.jobs.change_and_get(running.key, change))

    def end(self, running: JobChange) -> JobChange:
        """What has begun succeeds now."""
        job = running.new
        assert job is not None
        change = moves.succeed(job, output=NO_OUTPUT, now=self.clock.now(), retention=RETENTION)
        return self.change(job, change)

    def change(self, job: Job, change: Change) -> JobChange:
        """Any change of a job, carried out."""
        return JobChange(job, self.jobs.change_and_get(job.key, change))

    def start(self, job: Job) -> JobChange:
        """The job begins now."""
        return JobChange(job, self.jobs.change_and_get(job.key, claim_of(job, now=self.clock.now())))

    def judge(self, *changes: JobChange, parts: Parts | None = None) -> None:
        """What the journal's reader does with a batch."""
        (parts or self.parts).judge_failures(changes)

    def overdue(self, *jobs: Job, after: datetime, until: datetime) -> None:
        """What the sweep tells of jobs that it reads."""
        self.parts.judge_overdue(jobs, after=after, until=until)

    def failure(self, **facts: Any) -> Job:
        """A job fails for good and is judged."""
        change = self.fail(**facts)
        self.judge(change)
        assert change.new is not None
        return change.new

    def minutes(self, count: int = 1) -> None:
        """Let minutes pass, after each of which the watcher looks."""
        for _ in range(count):
            self.clock.advance(60)
            self.look()

    def look(self) -> None:
        self.parts.look_after(lambda: 60)

    def acknowledge(self) -> None:
        """Somebody looks after the only alert."""
        alert = self.only()
        acknowledged = alert_moves.acknowledged(alert, by="key", note=None, now=self.clock.now())
        self.alerts.record(acknowledged, seen=Standing.of(alert))

    def all(self) -> list[Alert]:
        """All alerts, the newest first."""
        return list(self.alerts.list_alerts(TENANT, before=None, limit=10_000).alerts)

    def only(self) -> Alert:
        (alert,) = self.all()
        return alert

    def notifications(self) -> list[Job]:
        """The jobs that tell of alerts, in the order of their creation."""
        found = [job for job in self.jobs._jobs.values() if job.group == NOTIFICATIONS]
        return sorted(found, key=lambda job: job.created_at)

    def told(self) -> list[tuple[str, str]]:
        """What was told to whom: the kinds of notifications and the channels."""
        return [(self.document(job)["type"], job.target["channel_id"]) for job in self.notifications()]

    def document(self, job: Job) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.jobs.load_payload(job) or b"")
        return document
